//! Calls that can be repeated: `REPLAY#<keyed hash of key and route>` with whoever called. It says that
//! a run is under way, and then what it was answered; readers honour `freeAt`, not the table's clean-up.

use serde::{Deserialize, Serialize};

use super::tx::Change;
use super::{Key, Store};
use crate::domain::{Result, Timestamp, UserId};

/// A call that is being answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayRun {
    key: Key,
    /// Told apart from a later run of the same call.
    id: String,
}

/// What trying to begin a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// It is the first: answer it.
    First(ReplayRun),
    /// There was one before; this is what is kept of it.
    Before {
        /// What identifies the whole call.
        fingerprint: String,
        /// Its answer, sealed, unless it is still under way.
        answer: Option<String>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReplayRow {
    fingerprint: String,
    run: String,
    #[serde(default)]
    answer: Option<String>,
}

fn key(user: Option<UserId>, name: &str) -> Key {
    let name = format!("REPLAY#{name}");
    user.map_or_else(|| Key::lone(&name), |user| Key::user(user, &name))
}

impl Store {
    /// Begins a run, unless there is one already. It counts as dead at `dead_at`.
    pub async fn begin_run(
        &self,
        user: Option<UserId>,
        name: &str,
        fingerprint: &str,
        (now, dead_at): (Timestamp, Timestamp),
    ) -> Result<Claimed> {
        let run = ReplayRun {
            key: key(user, name),
            id: uuid::Uuid::new_v4().to_string(),
        };
        // A run that dies between our two questions is begun anew.
        loop {
            let change = Change::default()
                .remove("answer")
                .set("fingerprint", fingerprint)
                .set("run", &run.id)
                .set("freeAt", dead_at.epoch_seconds())
                .set("ttl", dead_at.epoch_seconds())
                .when_or_absent("freeAt", "<=", now.epoch_seconds());
            if self.change::<ReplayRow>(&run.key, change).await?.is_some() {
                return Ok(Claimed::First(run));
            }
            if let Some(kept) = self.get::<ReplayRow>(&run.key).await? {
                return Ok(Claimed::Before {
                    fingerprint: kept.fingerprint,
                    answer: kept.answer,
                });
            }
        }
    }

    /// Keeps the answer of a run until then. `false`: another run has taken its place.
    pub async fn end_run(&self, run: &ReplayRun, answer: &str, until: Timestamp) -> Result<bool> {
        let change = Change::default()
            .set("answer", answer)
            .set("freeAt", until.epoch_seconds())
            .set("ttl", until.epoch_seconds())
            .when("run", "=", &run.id);
        Ok(self.change::<ReplayRow>(&run.key, change).await?.is_some())
    }

    /// Forgets a run, so that the call can be made again.
    pub async fn drop_run(&self, run: &ReplayRun) -> Result<()> {
        self.tx()
            .delete_when(&run.key, "run", &run.id)
            .commit()
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_epoch_seconds(1_800_000_000 + seconds).unwrap()
    }

    fn first(claimed: Claimed) -> ReplayRun {
        match claimed {
            Claimed::First(run) => run,
            Claimed::Before { .. } => panic!("{claimed:?}"),
        }
    }

    #[tokio::test]
    async fn one_of_many_at_once_is_the_first_and_its_answer_is_kept() {
        let (store, user) = (crate::testing::store().await, Some(UserId::random()));
        let begin = |now| store.begin_run(user, "n", "f", (at(now), at(now + 30)));
        let all = futures_util::future::try_join_all((0..8).map(|_| begin(0)));
        let (firsts, others): (Vec<_>, Vec<_>) = all
            .await
            .unwrap()
            .into_iter()
            .partition(|it| matches!(it, Claimed::First(_)));
        let running = Claimed::Before {
            fingerprint: "f".into(),
            answer: None,
        };
        assert_eq!((firsts.len(), others), (1, vec![running; 7]));
        let run = first(firsts[0].clone());
        assert!(store.end_run(&run, "sealed", at(1000)).await.unwrap());
        let before = Claimed::Before {
            fingerprint: "f".into(),
            answer: Some("sealed".into()),
        };
        assert_eq!(begin(999).await.unwrap(), before);
        first(begin(1000).await.unwrap());
        let other = store.begin_run(None, "n", "f", (at(0), at(30)));
        first(other.await.unwrap());
    }

    #[tokio::test]
    async fn a_dead_run_is_replaced_and_cannot_speak_any_more() {
        let (store, user) = (crate::testing::store().await, Some(UserId::random()));
        let begin = |now| store.begin_run(user, "n", "f", (at(now), at(now + 30)));
        let dead = first(begin(0).await.unwrap());
        let next = first(begin(30).await.unwrap());
        assert!(!store.end_run(&dead, "late", at(1000)).await.unwrap());
        store.drop_run(&dead).await.unwrap();
        assert!(matches!(begin(31).await.unwrap(), Claimed::Before { .. }));
        store.drop_run(&next).await.unwrap();
        first(begin(31).await.unwrap());
    }
}
