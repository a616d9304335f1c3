use serde_json::json;

use super::*;
use crate::clock;
use crate::domain::event::{Actor, EventPayload, event_spec};
use crate::testing::{self, Cloud};

fn note() -> StreamName {
    StreamName::parse(&format!("note-{}", Uuid::new_v4())).unwrap()
}

fn draft(text: &str) -> Draft {
    Draft {
        event_id: Uuid::new_v4(),
        spec: event_spec("note.written").unwrap(),
        actor: Actor::system(),
        purpose: None,
        payload: EventPayload {
            data: json!({ "text": text }).as_object().unwrap().clone(),
            meta: json!({ "source": "test" }).as_object().unwrap().clone(),
        },
    }
}

async fn add(log: &EventLog, of: (UserId, &StreamName), count: usize) -> AppendedEvents {
    let drafts: Vec<Draft> = (0..count)
        .map(|at| draft(&format!("secret {at}")))
        .collect();
    let appended = log.append(of, ExpectedVersion::Any, &drafts, clock::now());
    appended.await.unwrap()
}

#[tokio::test]
async fn what_is_appended_is_read_and_is_stored_sealed() {
    let (store, client) = testing::table().await;
    let log = EventLog::new(store, testing::vault());
    let (user, stream, now) = (UserId::random(), note(), clock::now());
    let of = (user, &stream);
    let stored = add(&log, of, 3).await;
    assert_eq!((stored.first, stored.last), (0, 2));
    let event = log.event(of, 1, now).await.unwrap();
    assert_eq!(event.data["text"], "secret 1");
    assert_eq!(event.meta["source"], "test");
    assert_eq!(log.event(of, 2, now).await.unwrap().link, stored.link);
    assert_eq!(
        log.event(of, 3, now).await.unwrap_err().code,
        "EVENT_NOT_FOUND"
    );
    let rows = client.scan().table_name("vara").send().await.unwrap();
    assert!(!format!("{rows:?}").contains("secret"), "it is in no row");
    // Another woman's stream of the same name is another stream.
    let other = log.read(
        (UserId::random(), &stream),
        None,
        Direction::Forward,
        9,
        now,
    );
    assert_eq!(other.await.unwrap_err().code, "STREAM_NOT_FOUND");
}

#[tokio::test]
async fn pages_lead_from_one_to_the_next_in_both_orders() {
    let log = EventLog::new(testing::store().await, testing::vault());
    let (user, stream, now) = (UserId::random(), note(), clock::now());
    add(&log, (user, &stream), 7).await;
    for (direction, order) in [
        (Direction::Forward, [0, 1, 2, 3, 4, 5, 6]),
        (Direction::Backward, [6, 5, 4, 3, 2, 1, 0]),
    ] {
        let (mut seen, mut from) = (Vec::new(), None);
        loop {
            let page = log
                .read((user, &stream), from, direction, 3, now)
                .await
                .unwrap();
            seen.extend(page.events.iter().map(|it| it.number));
            assert_eq!(page.place.end_of_stream, page.place.next.is_none());
            from = page.place.next;
            if from.is_none() {
                break;
            }
        }
        assert_eq!(seen, order, "{direction:?}");
    }
    let of = (user, &stream);
    let middle = log
        .read(of, Some(3), Direction::Forward, 2, now)
        .await
        .unwrap();
    let place = (middle.place.previous, middle.place.next, middle.place.head);
    assert_eq!(place, (Some(2), Some(5), None));
    let end = log
        .read(of, Some(7), Direction::Forward, 2, now)
        .await
        .unwrap();
    assert_eq!((end.events.len(), end.place.head), (0, Some(6)));
    assert_eq!(end.place.previous, Some(6));
}

#[tokio::test]
async fn the_same_sent_again_is_answered_alike_and_another_is_refused() {
    let log = EventLog::new(testing::store().await, testing::vault());
    let (user, stream, now) = (UserId::random(), note(), clock::now());
    let of = (user, &stream);
    let drafts = [draft("a"), draft("b")];
    let send = async |drafts: &[Draft], expected| log.append(of, expected, drafts, now).await;
    let first = send(&drafts, ExpectedVersion::NoStream).await.unwrap();
    // Also where the stream has moved on, and is not what was expected.
    add(&log, of, 1).await;
    for expected in [
        ExpectedVersion::NoStream,
        ExpectedVersion::Any,
        ExpectedVersion::At(7),
    ] {
        assert_eq!(send(&drafts, expected).await.unwrap(), first);
    }
    let mut other = drafts.clone();
    other[1].payload.data.insert("text".into(), json!("c"));
    let swapped = [drafts[1].clone(), drafts[0].clone()];
    let more = [drafts[0].clone(), draft("new")];
    for reused in [&other[..], &swapped, &more] {
        let err = send(reused, ExpectedVersion::Any).await.unwrap_err();
        assert_eq!(err.code, "EVENT_ID_REUSED");
    }
    let err = send(&[draft("x")], ExpectedVersion::At(7))
        .await
        .unwrap_err();
    assert_eq!(err.code, "WRONG_EXPECTED_VERSION");
    assert_eq!(
        err.details.unwrap(),
        json!({ "expected": "7", "current": 2 })
    );
    assert_eq!(log.next_number(user, &stream).await.unwrap(), 3);
}

#[tokio::test]
async fn a_payload_opens_only_where_it_was_sealed() {
    let (store, client) = testing::table().await;
    let log = EventLog::new(store, testing::vault());
    let (user, stream, now) = (UserId::random(), note(), clock::now());
    add(&log, (user, &stream), 2).await;
    let head = log.head(user, &stream).await.unwrap();
    let rows = log.store.events(user, &head, ReadFrom::Forward(0), 2);
    let rows = rows.await.unwrap();
    let sk = format!("EVENT#{stream}#{:012}", 0);
    testing::set_text(&client, user, &sk, "sealed", &rows[1].sealed).await;
    let err = log.event((user, &stream), 0, now).await.unwrap_err();
    assert!(err.chain().contains("opening an event"), "{}", err.chain());
    assert!(!log.verify(user).await.unwrap().ok);
}

#[tokio::test]
async fn after_an_erasure_nothing_can_be_opened() {
    let store = testing::store().await;
    let log = EventLog::new(store.clone(), testing::vault());
    let (user, stream, now) = (UserId::random(), note(), clock::now());
    let account = crate::domain::Account::new(user, "ana@example.net", now);
    assert!(store.create_account(&account, "hash", None).await.unwrap());
    add(&log, (user, &stream), 2).await;
    assert!(store.begin_erasure(&account, "a", &[], now).await.unwrap());
    // The rows are still there, and another process has no key for them.
    let other = EventLog::new(store.clone(), testing::vault());
    assert!(other.event((user, &stream), 0, now).await.is_err());
    assert!(
        other.verify(user).await.unwrap().ok,
        "the chain needs no key"
    );
    while !store.erase_all_rows(user, 100).await.unwrap().1 {}
    let late = [draft("x")];
    let err = log.append((user, &stream), ExpectedVersion::Any, &late, now);
    assert_eq!(err.await.unwrap_err().code, "ACCOUNT_NOT_FOUND");
    assert_eq!(log.verify(user).await.unwrap().checked, 0);
}

#[tokio::test]
async fn a_wait_ends_when_something_comes_or_the_time_is_over() {
    let log = EventLog::new(testing::store().await, testing::vault());
    let (user, stream) = (UserId::random(), note());
    let of = (user, &stream);
    let soon = Duration::from_millis(1);
    assert!(!log.wait_for(of, 0, soon).await.unwrap());
    let (came, _) = tokio::join!(
        log.wait_for(of, 0, Duration::from_secs(20)),
        add(&log, of, 1)
    );
    assert!(came.unwrap());
    assert!(!log.wait_for(of, 1, soon).await.unwrap());
}

#[tokio::test]
async fn an_export_goes_on_where_it_ended_and_has_every_event() {
    let log = EventLog::new(testing::store().await, testing::vault());
    let (user, now) = (UserId::random(), clock::now());
    let (one, two) = (note(), note());
    for _ in 0..15 {
        let long: Vec<Draft> = (0..20).map(|_| draft(&"x".repeat(20_000))).collect();
        let appended = log.append((user, &one), ExpectedVersion::Any, &long, now);
        appended.await.unwrap();
    }
    add(&log, (user, &two), 3).await;
    let (mut events, mut after, mut pages) = (0, None, 0);
    loop {
        let page = log.export(user, after.as_deref(), now).await.unwrap();
        events += page.lines.matches(r#"{"event":"#).count();
        pages += 1;
        assert_eq!(
            page.lines.ends_with("{\"end\":true}\n"),
            page.next.is_none()
        );
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((events, pages), (303, 2));
    for wrong in ["", "x", "note-1:2", "access:x"] {
        let err = log.export(user, Some(wrong), now).await.unwrap_err();
        assert_eq!(err.code, "VALIDATION_ERROR", "{wrong}");
    }
}

#[tokio::test]
async fn without_the_key_service_nothing_is_stored() {
    let store = testing::store().await;
    let log = EventLog::new(store, Cloud::vault_at("http://127.0.0.1:9"));
    let (user, stream) = (UserId::random(), note());
    let late = [draft("x")];
    let err = log.append((user, &stream), ExpectedVersion::Any, &late, clock::now());
    assert_eq!(
        err.await.unwrap_err().kind,
        crate::domain::ErrorKind::Unavailable
    );
    assert_eq!(log.next_number(user, &stream).await.unwrap(), 0);
}
