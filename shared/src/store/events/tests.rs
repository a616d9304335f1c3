use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::domain::Timestamp;
use crate::domain::event::{Actor, EventType, ExpectedVersion, StreamState};
use crate::store::append::SealedEvent;
use crate::testing;

fn now() -> Timestamp {
    Timestamp::from_epoch_seconds(1_800_000_000).unwrap()
}

fn note() -> StreamName {
    StreamName::parse(&format!("note-{}", Uuid::new_v4())).unwrap()
}

fn event(id: Uuid, text: &str) -> SealedEvent {
    SealedEvent {
        event_id: id,
        kind: EventType::parse("note.written").unwrap(),
        type_version: 1,
        actor: Actor::system(),
        purpose: None,
        correlation_id: None,
        causation_id: None,
        payload_sha256: text.to_owned(),
        sealed: text.to_owned(),
        digest: text.to_owned(),
    }
}

fn append(user: UserId, stream: &StreamName, expected: ExpectedVersion, count: u64) -> Append {
    let events = (0..count).map(|at| event(Uuid::new_v4(), &format!("text {at}")));
    Append {
        user,
        stream: stream.clone(),
        expected,
        at: now(),
        events: events.collect(),
        room: None,
        ids_known_for: None,
    }
}

async fn fill(store: &Store, user: UserId, stream: &StreamName, count: u64) {
    let append = append(user, stream, ExpectedVersion::Any, count);
    let done = store.append_events(append).await.unwrap();
    assert!(matches!(done, AppendOutcome::Done(_)), "{done:?}");
}

async fn numbers(store: &Store, user: UserId, stream: &StreamName, from: ReadFrom) -> Vec<u64> {
    let head = store.stream(user, stream).await.unwrap().unwrap();
    let events = store.events(user, &head, from, 1000).await.unwrap();
    events.iter().map(|it| it.header.number).collect()
}

/// The place that a verification names as broken.
async fn broken(store: &Store, user: UserId) -> Option<(String, u64)> {
    let found = store.verify_events(user).await.unwrap();
    assert_eq!(found.ok, found.broken_at.is_none());
    found.broken_at.map(|it| (it.stream, it.number))
}

#[tokio::test]
async fn events_get_the_next_numbers_and_are_read_both_ways() {
    let (store, user, stream) = (testing::store().await, UserId::random(), note());
    fill(&store, user, &stream, 3).await;
    fill(&store, user, &stream, 2).await;
    // A stream whose name begins alike is another one.
    fill(&store, user, &StreamName::parse("note").unwrap(), 1).await;
    let read = async |from| numbers(&store, user, &stream, from).await;
    assert_eq!(read(ReadFrom::Forward(0)).await, [0, 1, 2, 3, 4]);
    assert_eq!(read(ReadFrom::Forward(4)).await, [4]);
    assert_eq!(read(ReadFrom::Forward(5)).await, [0_u64; 0]);
    assert_eq!(read(ReadFrom::Backward(u64::MAX)).await, [4, 3, 2, 1, 0]);
    assert_eq!(read(ReadFrom::Backward(1)).await, [1, 0]);
    let found = store.verify_events(user).await.unwrap();
    assert_eq!((found.ok, found.checked, found.streams), (true, 6, 2));
    let streams = store.streams(user).await.unwrap();
    assert_eq!(streams.iter().map(|it| it.next).collect::<Vec<_>>(), [1, 5]);
}

#[tokio::test]
async fn writers_side_by_side_leave_no_gap() {
    let (store, user, stream) = (testing::store().await, UserId::random(), note());
    const WRITERS: u64 = 12;
    const APPENDS: u64 = 10;
    let write = async || {
        let mut places = Vec::new();
        for _ in 0..APPENDS {
            let append = append(user, &stream, ExpectedVersion::Any, 1);
            // Who was overtaken too often tries the same event again, as a client does.
            let done = loop {
                match store.append_events(append.clone()).await {
                    Ok(done) => break done,
                    Err(err) => assert!(err.is_retryable(), "{}", err.chain()),
                }
            };
            let AppendOutcome::Done(place) = done else {
                panic!("{done:?}");
            };
            places.push(place.first);
        }
        places
    };
    let places = join_all((0..WRITERS).map(|_| write())).await;
    let places: BTreeSet<u64> = places.into_iter().flatten().collect();
    assert!(places.into_iter().eq(0..WRITERS * APPENDS));
    let all = numbers(&store, user, &stream, ReadFrom::Forward(0)).await;
    assert!(all.into_iter().eq(0..WRITERS * APPENDS));
    assert_eq!(broken(&store, user).await, None);
}

#[tokio::test]
async fn an_append_is_stored_with_the_callers_change_or_not_at_all() {
    let (store, user, stream) = (testing::store().await, UserId::random(), note());
    let row = Row::new(Key::user(user, "THING"), serde_json::json!({ "a": 1 }));
    let both = async || {
        let append = append(user, &stream, ExpectedVersion::Any, 2);
        store.tx().create(&row).append(append).commit().await
    };
    assert!(both().await.unwrap().is_done());
    let refused = TxOutcome::Refused(vec![Condition::Unnamed]);
    assert_eq!(both().await.unwrap(), refused);
    assert_eq!(store.stream(user, &stream).await.unwrap().unwrap().next, 2);
}

#[tokio::test]
async fn an_id_is_stored_once_whatever_the_stream() {
    let (store, user, stream) = (testing::store().await, UserId::random(), note());
    let once = append(user, &stream, ExpectedVersion::Any, 2);
    let done = store.append_events(once.clone()).await.unwrap();
    assert!(matches!(done, AppendOutcome::Done(_)));
    assert_eq!(
        store.append_events(once.clone()).await.unwrap(),
        AppendOutcome::Known
    );
    let elsewhere = Append {
        stream: note(),
        ..once.clone()
    };
    assert_eq!(
        store.append_events(elsewhere).await.unwrap(),
        AppendOutcome::Known
    );
    let ids: Vec<Uuid> = once.events.iter().map(|it| it.event_id).collect();
    let mut places = store.event_places(user, &ids).await.unwrap();
    places.sort_by_key(|it| it.number);
    let found: Vec<_> = places.iter().map(|it| (it.event_id, it.number)).collect();
    assert_eq!(found, [(ids[0], 0), (ids[1], 1)]);
}

#[tokio::test]
async fn a_stream_keeps_no_more_than_it_has_room_for() {
    let (store, user, stream) = (testing::store().await, UserId::random(), note());
    let add = async |count| {
        let append = Append {
            room: Some(5),
            ..append(user, &stream, ExpectedVersion::Any, count)
        };
        store.append_events(append).await.unwrap()
    };
    assert!(matches!(add(4).await, AppendOutcome::Done(_)));
    assert_eq!(add(2).await, AppendOutcome::Full);
    assert!(matches!(add(1).await, AppendOutcome::Done(_)));
    assert_eq!(add(1).await, AppendOutcome::Full);
}

#[tokio::test]
async fn a_page_of_more_than_a_megabyte_is_whole() {
    let (store, user, stream) = (testing::store().await, UserId::random(), note());
    for _ in 0..5 {
        let mut append = append(user, &stream, ExpectedVersion::Any, 10);
        for event in &mut append.events {
            event.sealed = "x".repeat(30_000);
        }
        store.append_events(append).await.unwrap();
    }
    let all = numbers(&store, user, &stream, ReadFrom::Backward(u64::MAX)).await;
    assert!(all.into_iter().eq((0..50).rev()));
    assert_eq!(store.verify_events(user).await.unwrap().checked, 50);
}

#[tokio::test]
async fn a_change_of_any_attribute_is_found_where_it_is() {
    let (store, client) = testing::table().await;
    let (user, stream) = (UserId::random(), note());
    fill(&store, user, &stream, 5).await;
    let key = event_key(user, &stream, 2);
    let item = store.item(&key).await.unwrap().unwrap();
    let put = async |item: Item| {
        let put = client.put_item().table_name("vara");
        put.set_item(Some(item)).send().await.unwrap();
    };
    let mut changed = 0;
    for (name, value) in &item {
        let other = match value {
            AttributeValue::S(text) => {
                let mut bytes = text.clone().into_bytes();
                let last = bytes.len() - 1;
                bytes[last] ^= 1;
                AttributeValue::S(String::from_utf8(bytes).unwrap())
            }
            AttributeValue::N(number) => AttributeValue::N(format!("1{number}")),
            AttributeValue::M(_) => AttributeValue::M(Item::new()),
            _ => continue,
        };
        // The shape of a row may change by a migration; it is no part of what was said.
        if ["pk", "sk", "v"].contains(&name.as_str()) {
            continue;
        }
        let mut spoilt = item.clone();
        spoilt.insert(name.clone(), other);
        put(spoilt).await;
        let found = broken(&store, user).await;
        assert_eq!(found, Some((stream.to_string(), 2)), "{name}");
        changed += 1;
    }
    assert!(changed >= 9, "{changed}");
    put(item).await;
    assert_eq!(broken(&store, user).await, None);
}

#[tokio::test]
async fn missing_events_and_moved_heads_are_found() {
    let (store, client) = testing::table().await;
    let delete = async |key: Key| {
        let delete = client.delete_item().table_name("vara");
        delete.set_key(Some(key.item())).send().await.unwrap();
    };
    for gone in [0, 2, 4] {
        let (user, stream) = (UserId::random(), note());
        fill(&store, user, &stream, 5).await;
        delete(event_key(user, &stream, gone)).await;
        assert_eq!(broken(&store, user).await, Some((stream.to_string(), gone)));
    }
    let (user, stream) = (UserId::random(), note());
    fill(&store, user, &stream, 5).await;
    let sk = format!("STREAM#{stream}");
    testing::set_text(&client, user, &sk, "link", &"0".repeat(64)).await;
    let found = broken(&store, user).await;
    assert_eq!(found, Some((stream.to_string(), 4)));
    delete(Key::user(user, sk)).await;
    let found = broken(&store, user).await;
    assert_eq!(found, Some((stream.to_string(), 0)));
}

#[tokio::test]
async fn a_deleted_stream_is_empty_and_its_numbers_go_on() {
    let (store, user, stream) = (testing::store().await, UserId::random(), note());
    fill(&store, user, &stream, 30).await;
    let head = store.stream(user, &stream).await.unwrap().unwrap();
    let at = now();
    assert!(
        store
            .delete_stream(user, &head, at)
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        store
            .delete_stream(user, &head, at)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        numbers(&store, user, &stream, ReadFrom::Forward(0))
            .await
            .is_empty()
    );
    let rows = store.parts::<Key>(Key::user(user, "EVENT"), "pk, sk");
    assert_eq!(rows.await.unwrap(), [], "neither events nor their ids");
    let none = append(user, &stream, ExpectedVersion::NoStream, 2);
    let done = store.append_events(none).await.unwrap();
    assert!(matches!(done, AppendOutcome::Done(it) if it.first == 30));
    assert_eq!(broken(&store, user).await, None);
    assert_eq!(
        numbers(&store, user, &stream, ReadFrom::Backward(99)).await,
        [31, 30]
    );
}

#[tokio::test]
async fn nothing_is_appended_for_who_has_left() {
    let (store, user) = (testing::store().await, UserId::random());
    let account = crate::domain::Account::new(user, "ana@example.net", now());
    assert!(store.create_account(&account, "hash", None).await.unwrap());
    let key = || DataKeyRow {
        wrapped: "w".into(),
        created_at: now(),
    };
    assert!(store.keep_data_key(user, key()).await.unwrap());
    assert!(!store.keep_data_key(user, key()).await.unwrap(), "once");
    fill(&store, user, &note(), 3).await;
    let begun = store.begin_erasure(&account, "a", &[], now()).await;
    assert!(begun.unwrap());
    // At once: the sweeps that follow only remove what nobody can read any more.
    assert!(store.data_key(user).await.unwrap().is_none());
    while !store.erase_all_rows(user, 100).await.unwrap().1 {}
    let late = append(user, &note(), ExpectedVersion::Any, 1);
    assert_eq!(
        store.append_events(late).await.unwrap(),
        AppendOutcome::Gone
    );
    assert!(!store.keep_data_key(user, key()).await.unwrap());
    let left = store.parts::<Key>(Key::user(user, ""), "pk, sk");
    assert_eq!(left.await.unwrap(), [Key::user(user, ERASED)]);
}

/// What is done to a stream, and to a list that it is compared with.
#[derive(Clone, Debug)]
enum Step {
    Append(ExpectedVersion, u64),
    Delete,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let expected = prop_oneof![
        Just(ExpectedVersion::Any),
        Just(ExpectedVersion::NoStream),
        Just(ExpectedVersion::Exists),
        (0_u64..8).prop_map(ExpectedVersion::At),
    ];
    let append = (expected, 1_u64..4).prop_map(|(expected, count)| Step::Append(expected, count));
    proptest::collection::vec(prop_oneof![6 => append, 1 => Just(Step::Delete)], 1..12)
}

#[test]
fn a_stream_is_what_a_list_in_memory_is() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = runtime.block_on(testing::store());
    let mut runner = TestRunner::new(Config::with_cases(24));
    let compared = runner.run(&steps(), |steps| {
        runtime.block_on(async {
            let (user, stream) = (UserId::random(), note());
            let (mut kept, mut model) = (Vec::new(), StreamState::default());
            for step in steps {
                let head = store.stream(user, &stream).await.unwrap();
                let Step::Append(expected, count) = step else {
                    if let Some(head) = head {
                        store.delete_stream(user, &head, now()).await.unwrap();
                        kept.clear();
                        model.deleted = true;
                    }
                    continue;
                };
                let append = append(user, &stream, expected, count);
                let done = store.append_events(append).await.unwrap();
                if expected.admits(model) {
                    assert!(matches!(done, AppendOutcome::Done(_)), "{done:?}");
                    kept.extend(model.next..model.next + count);
                    model.next += count;
                    model.deleted = false;
                } else {
                    assert_eq!(done, AppendOutcome::Unexpected);
                }
            }
            if model.next > 0 {
                assert_eq!(
                    numbers(&store, user, &stream, ReadFrom::Forward(0)).await,
                    kept
                );
            }
            assert_eq!(broken(&store, user).await, None);
        });
        Ok(())
    });
    compared.unwrap();
}
