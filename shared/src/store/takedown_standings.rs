//! Open requests of everybody, as staff count them: where each stands and whom it asks, nothing that is sealed.
//!
//! Every open request is in the `due` index, as work or as idle, so they are counted from the rows themselves: no total
//! can drift, and what was erased is not counted. One call reads at most 3400 rows, the next due first.

use serde::Deserialize;

use super::takedowns::IDLE_TAKEDOWN;
use super::{DUE_TAKEDOWN, Key, Store};
use crate::domain::takedown::{ObjectionMark, ObjectionState, TakedownState};
use crate::domain::{Result, Timestamp};

/// The attributes of a row that are read, with its key.
const ATTRIBUTES: [&str; 11] = [
    "pk",
    "sk",
    "state",
    "recipientId",
    "route",
    "updatedAt",
    "approvedAt",
    "sendAfter",
    "sentAt",
    "receivedAt",
    "objection",
];

/// Where a request stands.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TakedownStanding {
    pub(crate) state: TakedownState,
    pub(crate) recipient_id: String,
    pub(crate) route: usize,
    pub(crate) updated_at: Timestamp,
    #[serde(default)]
    pub(crate) approved_at: Option<Timestamp>,
    #[serde(default)]
    pub(crate) send_after: Option<Timestamp>,
    #[serde(default)]
    pub(crate) sent_at: Option<Timestamp>,
    #[serde(default)]
    pub(crate) received_at: Option<Timestamp>,
    #[serde(default)]
    objection: Option<ObjectionMark>,
}

/// The open requests of everybody.
#[derive(Debug)]
pub(crate) struct TakedownStandings {
    /// Where they stand.
    pub(crate) open: Vec<TakedownStanding>,
    /// How many could not be read: unreadable, or gone since the index was written.
    pub(crate) unread: usize,
    /// Whether these are all.
    pub(crate) is_all: bool,
}

impl TakedownStanding {
    /// Whether an objection to it waits for reviewers: nothing is sent meanwhile.
    pub(crate) fn is_paused(&self) -> bool {
        self.objection
            .is_some_and(|it| it.state == ObjectionState::Open)
    }
}

impl Store {
    /// Where the open requests of everybody stand.
    pub(crate) async fn takedown_standings(&self, now: Timestamp) -> Result<TakedownStandings> {
        let (work, idle) = futures_util::future::try_join(
            self.due_or_later(DUE_TAKEDOWN, now),
            self.due_or_later(IDLE_TAKEDOWN, now),
        )
        .await?;
        let all = work.0.iter().chain(&idle.0);
        let keys: std::collections::HashSet<Key> = all.map(|it| it.key().clone()).collect();
        let keys: Vec<Key> = keys.into_iter().collect();
        let mut open: Vec<TakedownStanding> = self.get_all_with(&keys, &ATTRIBUTES).await?;
        let unread = keys.len() - open.len();
        open.retain(|it| it.state.is_open());
        Ok(TakedownStandings {
            open,
            unread,
            is_all: work.1 && idle.1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::takedowns::tests::{events, row, woman};
    use super::*;
    use crate::domain::{Account, UserId};
    use crate::store::{BesideTakedown, TakedownRow};
    use crate::testing;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_epoch_seconds(1_800_000_000 + second).unwrap()
    }

    async fn made(store: &Store, user: UserId, recipient: &str) -> TakedownRow {
        let it = row(user, recipient);
        let made = store.create_takedown(user, &it, events(user, &it)).await;
        assert!(made.unwrap().is_done());
        it
    }

    async fn change(store: &Store, user: UserId, before: &TakedownRow, after: &TakedownRow) {
        let beside = BesideTakedown::default();
        let changed = store.change_takedown(user, (before, after, None), beside, None);
        assert!(changed.await.unwrap());
    }

    #[tokio::test]
    async fn open_requests_of_everybody_are_counted_until_they_are_over_or_erased() {
        let (store, client) = testing::table().await;
        let ana = woman(&store).await;
        let eva = Account::new(UserId::random(), "eva@example.net", at(0));
        assert!(store.create_account(&eva, "hash", None).await.unwrap());
        let eva = eva.id();
        let draft = made(&store, ana, "idle").await;
        let first = made(&store, eva, "work").await;
        let sent = TakedownRow {
            state: TakedownState::Sent,
            revision: 2,
            sent_at: Some(at(5)),
            // A look that is planned for long after now.
            work_at: Some(at(400 * 24 * 3600)),
            ..first.clone()
        };
        change(&store, eva, &first, &sent).await;
        let seen = async || {
            let seen = store.takedown_standings(at(10)).await.unwrap();
            assert!(seen.is_all);
            let mut open: Vec<_> = seen
                .open
                .into_iter()
                .map(|it| (it.recipient_id, it.state))
                .collect();
            open.sort();
            (open, seen.unread)
        };
        let (idle, work) = (
            ("idle".to_owned(), TakedownState::Draft),
            ("work".to_owned(), TakedownState::Sent),
        );
        assert_eq!(seen().await, (vec![idle.clone(), work.clone()], 0));

        // Gone it is looked at again, and is open no more.
        let gone = TakedownRow {
            state: TakedownState::Gone,
            revision: 3,
            ..sent.clone()
        };
        change(&store, eva, &sent, &gone).await;
        assert_eq!(seen().await, (vec![idle], 0));
        let over = TakedownRow {
            state: TakedownState::Withdrawn,
            revision: 2,
            ..draft.clone()
        };
        change(&store, ana, &draft, &over).await;
        assert_eq!(seen().await, (vec![], 0));

        let other = made(&store, ana, "other").await;
        testing::spoil(&client, ana, &format!("TAKEDOWN#{}", other.id), "state").await;
        assert_eq!(seen().await, (vec![], 1), "one of which is unreadable");
        store.erase_all_rows(ana, usize::MAX).await.unwrap();
        assert_eq!(seen().await, (vec![], 0));
    }

    #[tokio::test]
    async fn more_than_a_page_of_a_partition_is_said_to_be_more() {
        let store = testing::store().await;
        let user = woman(&store).await;
        // Of one woman, so in one partition of the index; more than she may have open, so without her totals.
        for number in 0..101 {
            let it = row(user, &number.to_string());
            let row = super::super::takedowns::stored(user, &it);
            assert!(store.tx().put(&row).commit().await.unwrap().is_done());
        }
        let seen = store.takedown_standings(at(10)).await.unwrap();
        assert_eq!((seen.open.len(), seen.unread, seen.is_all), (100, 0, false));
    }
}
