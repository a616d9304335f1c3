use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::Timestamp;
use crate::event::{Actor, EventType, Purpose, StreamName};

const OWNER: u128 = 7;

fn owner() -> UserId {
    UserId::from(Uuid::from_u128(OWNER))
}

fn header(number: u64, prev: &str) -> EventHeader {
    EventHeader {
        event_id: Uuid::from_u128(1000 + u128::from(number)),
        stream: StreamName::access(),
        number,
        kind: EventType::parse("access.read").unwrap(),
        type_version: 1,
        at: Timestamp::parse("2026-03-03T14:02:00.000Z").unwrap(),
        actor: Actor::system(),
        purpose: Some(Purpose::Review),
        correlation_id: Some("c".into()),
        causation_id: None,
        payload_sha256: payload_sha256(b"payload"),
        prev: prev.to_owned(),
    }
}

/// A chain of so many events, each with its ciphertext and its link.
fn chain(length: u64) -> Vec<(EventHeader, String, String)> {
    let mut prev = FIRST_LINK.to_owned();
    (0..length)
        .map(|number| {
            let (event, sealed) = (header(number, &prev), format!("sealed {number}"));
            prev = link(owner(), &event, &sealed);
            (event, sealed, prev.clone())
        })
        .collect()
}

/// The number where a chain that should have so many events breaks.
fn broken_at(events: &[(EventHeader, String, String)], next: u64, last: &str) -> Option<u64> {
    let mut check = ChainCheck::from(owner(), 0, FIRST_LINK);
    let taken = events
        .iter()
        .try_for_each(|(event, sealed, link)| check.take(event, sealed, link));
    let ended = taken.and_then(|()| check.end(next, last));
    ended.err().map(|it| it.number)
}

#[test]
fn a_link_is_what_it_always_was() {
    // Stored links are compared with what this computes: it must never change.
    assert_eq!(
        link(owner(), &header(0, FIRST_LINK), "sealed"),
        "e84c447e44177830293638a86881ca19b032ada524ee3b63657d3a3f7bd92218"
    );
}

#[test]
fn every_field_of_the_envelope_is_in_the_link() {
    let event = header(3, FIRST_LINK);
    let changes: [fn(&mut EventHeader); 15] = [
        |it| it.event_id = Uuid::from_u128(5),
        |it| it.stream = StreamName::parse("account").unwrap(),
        |it| it.number = 4,
        |it| it.kind = EventType::parse("access.shared").unwrap(),
        |it| it.type_version = 2,
        |it| it.at = it.at.plus_seconds(1),
        |it| it.actor.kind = crate::event::ActorKind::Staff,
        |it| it.actor.id = "other".into(),
        |it| it.actor.org = Some(String::new()),
        |it| it.actor.via = Some("key".into()),
        |it| it.purpose = None,
        |it| it.correlation_id = Some(String::new()),
        |it| it.causation_id = Some(Uuid::from_u128(6)),
        |it| it.payload_sha256 = payload_sha256(b"other"),
        |it| it.prev = "1".repeat(64),
    ];
    let mut links = vec![
        link(owner(), &event, "sealed"),
        link(owner(), &event, "sealeD"),
        link(UserId::from(Uuid::from_u128(8)), &event, "sealed"),
    ];
    for change in changes {
        let mut changed = event.clone();
        change(&mut changed);
        links.push(link(owner(), &changed, "sealed"));
    }
    let count = links.len();
    links.sort();
    links.dedup();
    assert_eq!(links.len(), count);
}

#[test]
fn a_payload_comes_back_only_with_its_hash() {
    let payload = EventPayload {
        data: json!({ "b": 1, "a": { "z": "ü", "y": [1.5, null] } })
            .as_object()
            .unwrap()
            .clone(),
        meta: serde_json::Map::new(),
    };
    let sealed = write_payload([7; SALT_BYTES], &payload).unwrap();
    let hash = payload_sha256(&sealed);
    assert_eq!(open_payload(&sealed, &hash), Some(payload.clone()));
    assert_eq!(open_payload(&sealed, FIRST_LINK), None);
    assert_eq!(
        open_payload(&sealed[..5], &payload_sha256(&sealed[..5])),
        None
    );
    let other = write_payload([8; SALT_BYTES], &payload).unwrap();
    assert_ne!(payload_sha256(&other), hash, "the salt is in the hash");
}

proptest! {
    /// Whatever is changed, left out, put twice or moved is found, and the place is named.
    #[test]
    fn a_change_anywhere_is_found(length in 1_u64..12, at in 0_usize..12, how in 0..5) {
        let whole = chain(length);
        let last = whole.last().unwrap().2.clone();
        prop_assert_eq!(broken_at(&whole, length, &last), None);
        let (mut events, at) = (whole.clone(), at % whole.len());
        match how {
            0 => events[at].1.push('x'),
            1 => events[at].0.at = events[at].0.at.plus_seconds(1),
            2 => drop(events.remove(at)),
            3 => events.insert(at, whole[at].clone()),
            _ => events.reverse(),
        }
        let found = broken_at(&events, length, &last);
        match how {
            0..=2 => prop_assert_eq!(found, Some(at as u64)),
            3 => prop_assert_eq!(found, Some(at as u64 + 1)),
            _ => prop_assert_eq!(found, (length > 1).then_some(0)),
        }
    }
}
