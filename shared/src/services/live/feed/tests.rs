use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use super::*;
use crate::domain::Role;
use crate::domain::feed::{FeedChange, FeedEpoch, FeedTopic};
use crate::testing;

/// Writers, and how many changes each of them makes.
const WRITERS: u128 = 5;
const CHANGES: u64 = 100;

/// How many answers each device loses.
const LOST: u32 = 500;

/// What is known of things: their versions.
type Versions = BTreeMap<Uuid, u64>;

/// A user who is signed in.
struct Her {
    feed: LiveFeed,
    store: Store,
    user: UserId,
    authorization: String,
}

impl Her {
    async fn new() -> Self {
        let store = testing::store().await;
        let gate = Gate::new(&testing::settings(&[]), store.clone());
        let her = testing::signed_in(&store, &gate, "ana@example.net", Role::User).await;
        Self {
            feed: LiveFeed::new(store.clone(), gate),
            store,
            user: her.user,
            authorization: format!("Bearer {}", her.token),
        }
    }

    async fn read(&self, place: &FeedPlace) -> FeedNews {
        let token = Some(self.authorization.as_str());
        let news = self.feed.wait((self.user, place), Duration::ZERO, token);
        news.await.unwrap()
    }
}

/// One writer, which changes a thing of its own again and again.
async fn write(store: Store, user: UserId, thing: Uuid) {
    for v in 1..=CHANGES {
        let change = FeedChange {
            v: Some(v),
            ..FeedChange::of(FeedTopic::Document, thing)
        };
        let tx = store.tx().publish(user, change);
        assert!(tx.commit().await.unwrap().is_done());
    }
}

/// A device whose connection breaks two times in three; the numbers it was told, and what it knows in the end.
async fn follow(her: Arc<Her>, mut random: u32) -> (Vec<u64>, Versions) {
    let mut place = FeedPlace {
        epoch: FeedEpoch::none(),
        seq: 0,
    };
    let (mut told, mut known, mut lost) = (Vec::new(), Versions::new(), 0);
    while lost < LOST || told.len() < WRITERS as usize * CHANGES as usize {
        let news = her.read(&place).await;
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if lost < LOST && !(random >> 16).is_multiple_of(3) {
            lost += 1;
            continue;
        }
        assert!(!news.has_gap(), "{news:?}");
        place.epoch = news.state.epoch;
        for frame in news.frames {
            let FeedFrame::Change(it) = frame else {
                panic!("a gap among changes")
            };
            place.seq = it.seq;
            told.push(it.seq);
            known.insert(it.id.unwrap(), it.v.unwrap());
        }
    }
    (told, known)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn devices_that_lose_a_thousand_answers_end_equal_to_the_table() {
    let her = Arc::new(Her::new().await);
    let things: Vec<Uuid> = (1..=WRITERS).map(Uuid::from_u128).collect();
    let write = |it: &Uuid| tokio::spawn(write(her.store.clone(), her.user, *it));
    let writers: Vec<_> = things.iter().map(write).collect();
    let devices = [1, 2].map(|seed| tokio::spawn(follow(Arc::clone(&her), seed)));
    for writer in writers {
        writer.await.unwrap();
    }
    let all: Vec<u64> = (1..=WRITERS as u64 * CHANGES).collect();
    let stored: Versions = things.iter().map(|it| (*it, CHANGES)).collect();
    for device in devices {
        let (told, known) = device.await.unwrap();
        // In order, each once, none left out.
        assert_eq!(told, all);
        assert_eq!(known, stored);
    }
}

#[tokio::test]
async fn a_client_that_is_too_far_behind_or_ahead_is_told_of_a_gap() {
    let her = Her::new().await;
    write(her.store.clone(), her.user, Uuid::from_u128(1)).await;
    let epoch = her.feed.state(her.user).await.unwrap().epoch;
    for (seq, has_gap) in [(0, false), (CHANGES, false), (CHANGES + 1, true)] {
        let epoch = epoch.clone();
        let place = FeedPlace { epoch, seq };
        let news = her.read(&place).await;
        assert_eq!(news.has_gap(), has_gap, "{seq}");
        assert_eq!(news.state.head, CHANGES);
    }
}
