//! Rows of objections to requests: `OBJECTION#<request>`, and `REFERENCE#<reference>`, the look-up of a reference.
//!
//! An open objection is in the index `due` since it came, which is the queue of the reviewers; no worker takes that kind.
//! It changes with its request in one transaction (`takedowns`); a vote that decides nothing changes its row alone.

use serde::{Deserialize, Serialize};

use super::takedown_mails::{ReplyAddress, reference_key, reference_start};
use super::{Key, Row, Store, Tx};
use crate::domain::takedown::objection::{state_of, with_vote};
use crate::domain::takedown::{ObjectionState, ObjectionVote};
use crate::domain::{Result, TakedownId, Timestamp, UserId};

/// Kind of work in the `due` index: an objection that waits for reviewers.
const DUE_OBJECTION: &str = "OBJECTION";

/// The total of upheld objections to requests of hers.
pub(super) const UPHELD: &str = "objections.upheld";

/// How many open objections are listed at most, the oldest first.
const MAX_LISTED: usize = 1000;

/// An objection to a request. What it says, and how to reach who wrote it, is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectionRow {
    /// The request.
    pub takedown_id: TakedownId,
    /// When it came.
    pub opened_at: Timestamp,
    /// Where it stands.
    pub state: ObjectionState,
    /// Counts every change.
    pub revision: u64,
    /// The votes of reviewers.
    #[serde(default)]
    pub votes: Vec<ObjectionVote>,
    /// Reason and contact, sealed with her data key.
    pub sealed: String,
}

/// An objection that comes or changes with its request.
#[derive(Clone, Debug)]
pub(crate) struct ObjectionChange {
    /// The revision that it was read at; none if it is new.
    pub(crate) before: Option<u64>,
    /// How it is then.
    pub(crate) after: ObjectionRow,
}

impl ObjectionRow {
    /// The objection after a vote.
    #[must_use]
    pub fn after(&self, vote: ObjectionVote) -> Self {
        let votes = with_vote(&self.votes, vote);
        Self {
            state: state_of(&votes),
            revision: self.revision + 1,
            votes,
            ..self.clone()
        }
    }
}

fn key(user: UserId, takedown: TakedownId) -> Key {
    Key::user(user, format!("OBJECTION#{takedown}"))
}

/// Stores an objection with its request.
pub(super) fn put<'a>(tx: Tx<'a>, user: UserId, change: &ObjectionChange) -> Tx<'a> {
    let row = stored(user, &change.after);
    match change.before {
        Some(revision) => tx.put_when(&row, "revision", revision),
        None => tx.create(&row),
    }
}

fn stored(user: UserId, it: &ObjectionRow) -> Row<&ObjectionRow> {
    let row = Row::new(key(user, it.takedown_id), it);
    match it.state {
        ObjectionState::Open => row.due(DUE_OBJECTION, it.opened_at),
        ObjectionState::Upheld | ObjectionState::Dismissed => row,
    }
}

/// The row that leads from the reference of a request to it.
pub(super) fn reference(user: UserId, takedown: TakedownId) -> Row<ReplyAddress> {
    let it = ReplyAddress {
        user_id: user,
        takedown_id: takedown,
    };
    Row::new(reference_key(takedown), it)
}

impl Store {
    /// The approved requests that this reference may mean. It is short, so there can be more than one.
    pub(crate) async fn requests_of_reference(&self, text: &str) -> Result<Vec<ReplyAddress>> {
        self.rows_under(reference_start(text)).await
    }

    /// Whose an approved request is.
    pub(crate) async fn owner_of_request(&self, id: TakedownId) -> Result<Option<UserId>> {
        let found: Option<ReplyAddress> = self.get_readable(&reference_key(id)).await?;
        Ok(found.map(|it| it.user_id))
    }

    /// The objection to a request.
    pub(crate) async fn objection(
        &self,
        user: UserId,
        takedown: TakedownId,
    ) -> Result<Option<ObjectionRow>> {
        self.get(&key(user, takedown)).await
    }

    /// Stores a vote that decides nothing. `false`: somebody was faster.
    pub(crate) async fn vote_on_objection(
        &self,
        user: UserId,
        before: u64,
        after: &ObjectionRow,
    ) -> Result<bool> {
        let row = stored(user, after);
        let tx = self.tx().put_when(&row, "revision", before);
        Ok(tx.commit().await?.is_done())
    }

    /// The open objections, the oldest first; up to [`MAX_LISTED`] are counted.
    ///
    /// A page is read from the index, which answers a little late: what was decided meanwhile is left out.
    pub(crate) async fn open_objections(
        &self,
        (skip, most): (usize, usize),
        now: Timestamp,
    ) -> Result<(Vec<ObjectionRow>, usize)> {
        let waiting = self.due(DUE_OBJECTION, now, MAX_LISTED).await?;
        let keys: Vec<Key> = waiting.iter().map(|it| it.key().clone()).collect();
        let page: Vec<Key> = keys.iter().skip(skip).take(most).cloned().collect();
        let mut rows: Vec<ObjectionRow> = self.get_all(&page).await?;
        rows.retain(|it| it.state == ObjectionState::Open);
        rows.sort_by_key(|it| (it.opened_at, it.takedown_id));
        Ok((rows, keys.len()))
    }

    /// How many objections to requests of hers were upheld.
    pub(crate) async fn upheld_objections(&self, user: UserId) -> Result<u64> {
        Ok(self.counters(user).await?.get(UPHELD))
    }
}

#[cfg(test)]
mod tests {
    use super::super::takedowns::tests::{events, row, woman};
    use super::*;
    use crate::domain::takedown::objection::reference_of;
    use crate::domain::takedown::{ObjectionMark, ObjectionVerdict, TakedownState};
    use crate::store::{BesideTakedown, TakedownRow};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_epoch_seconds(1_800_000_000 + second).unwrap()
    }

    /// A request of hers that was approved, with an open objection since then.
    async fn objected(store: &Store, user: UserId, recipient: &str, since: i64) -> TakedownRow {
        let first = row(user, recipient);
        let made = store.create_takedown(user, &first, events(user, &first));
        assert!(made.await.unwrap().is_done());
        let objection = ObjectionChange {
            before: None,
            after: ObjectionRow {
                takedown_id: first.id,
                opened_at: at(since),
                state: ObjectionState::Open,
                revision: 1,
                votes: Vec::new(),
                sealed: "x".into(),
            },
        };
        let after = TakedownRow {
            revision: 2,
            objection: Some(ObjectionMark {
                state: ObjectionState::Open,
                since: at(since),
            }),
            ..first.clone()
        };
        let beside = BesideTakedown {
            objection: Some(&objection),
            is_approved: true,
            ..BesideTakedown::default()
        };
        let changed = store.change_takedown(user, (&first, &after, None), beside, None);
        assert!(changed.await.unwrap());
        after
    }

    #[tokio::test]
    async fn open_objections_are_listed_the_oldest_first_until_they_are_decided() {
        let store = crate::testing::store().await;
        let (user, other) = (woman(&store).await, UserId::random());
        let late = objected(&store, user, "a", 20).await;
        let early = objected(&store, user, "b", 10).await;
        let ids = async |skip, most| {
            let (rows, total) = store.open_objections((skip, most), at(30)).await.unwrap();
            let ids: Vec<TakedownId> = rows.iter().map(|it| it.takedown_id).collect();
            (ids, total)
        };
        assert_eq!(ids(0, 10).await, (vec![early.id, late.id], 2));
        assert_eq!(ids(1, 1).await, (vec![late.id], 2));
        let vote = |by, verdict| ObjectionVote {
            by,
            verdict,
            at: at(30),
        };
        let first = store.objection(user, early.id).await.unwrap().unwrap();
        let voted = first.after(vote(user, ObjectionVerdict::Uphold));
        let store_it = || store.vote_on_objection(user, first.revision, &voted);
        assert!(store_it().await.unwrap());
        assert!(!store_it().await.unwrap(), "somebody was faster");
        let decided = ObjectionChange {
            before: Some(voted.revision),
            after: voted.after(vote(other, ObjectionVerdict::Uphold)),
        };
        assert_eq!(decided.after.state, ObjectionState::Upheld);
        let after = TakedownRow {
            revision: 3,
            state: TakedownState::Withdrawn,
            ..early.clone()
        };
        let beside = BesideTakedown {
            objection: Some(&decided),
            ..BesideTakedown::default()
        };
        let changed = store.change_takedown(user, (&early, &after, None), beside, None);
        assert!(changed.await.unwrap());
        assert_eq!(ids(0, 10).await, (vec![late.id], 1));
        assert_eq!(store.upheld_objections(user).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_reference_leads_to_its_request_until_she_is_erased() {
        let store = crate::testing::store().await;
        let user = woman(&store).await;
        let it = objected(&store, user, "a", 0).await;
        let reference = reference_of(it.id);
        let found = store.requests_of_reference(&reference).await.unwrap();
        assert_eq!((found[0].user_id, found[0].takedown_id), (user, it.id));
        assert_eq!(store.owner_of_request(it.id).await.unwrap(), Some(user));
        let other = store.requests_of_reference("R-00000000").await.unwrap();
        assert!(other.is_empty());
        store.erase_all_rows(user, usize::MAX).await.unwrap();
        let left = store.requests_of_reference(&reference).await.unwrap();
        assert!(left.is_empty());
        assert_eq!(store.objection(user, it.id).await.unwrap(), None);
        let (open, total) = store.open_objections((0, 10), at(30)).await.unwrap();
        assert!(open.is_empty() && total == 0);
    }
}
