//! What all workers know of the engines: `ENGINE#<name>` holds how one stands.
//!
//! `ASKED#<engine>#<day>` counts what was asked for her on a day.
//!
//! An engine's row is read and written by every worker that asks it, so it is changed only if it is
//! still what was read.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::retry::retry_on_conflict;
use super::tx::Change;
use super::{Key, Store};
use crate::domain::{EngineStanding, Error, Result, Timestamp, UserId};

/// How long the count of a day is kept, in seconds.
const DAY_COUNT_TTL_SECONDS: i64 = 2 * 24 * 3600;

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct EngineRow {
    standing: EngineStanding,
    /// Goes up with every change.
    turn: u64,
}

fn engine(name: &str) -> Key {
    Key::lone(format!("ENGINE#{name}"))
}

fn asked(user: UserId, engine: &str, at: Timestamp) -> Key {
    Key::user(user, format!("ASKED#{engine}#{}", at.day()))
}

impl Store {
    /// How an engine stands. An unreadable row is an error: its engine is not asked, as nobody knows what
    /// was spent.
    pub async fn engine(&self, name: &str) -> Result<EngineStanding> {
        let row: Option<EngineRow> = self.get(&engine(name)).await?;
        Ok(row.unwrap_or_default().standing)
    }

    /// Changes how an engine stands; what `change` returned when it was stored.
    pub async fn change_engine<T>(
        &self,
        name: &str,
        change: impl Fn(&mut EngineStanding) -> T,
    ) -> Result<T> {
        let key = engine(name);
        retry_on_conflict("noting how an engine stands", || async {
            let EngineRow { standing, turn } = self.get(&key).await?.unwrap_or_default();
            let mut after = standing.clone();
            let said = change(&mut after);
            if after == standing {
                return Ok(Some(said));
            }
            let write = Change::default()
                .set("standing", &after)
                .set("turn", turn + 1)
                .when_or_absent("turn", "=", turn);
            if self.change::<EngineRow>(&key, write).await?.is_some() {
                return Ok(Some(said));
            }
            Ok::<_, Error>(None)
        })
        .await
    }

    /// Counts a question that is to be asked for her, of at most `limit` on this day. `false`: they are
    /// used up.
    pub async fn take_question(
        &self,
        user: UserId,
        engine: &str,
        limit: u32,
        now: Timestamp,
    ) -> Result<bool> {
        if limit == 0 {
            return Ok(false);
        }
        let change = Change::default()
            .add("asked", 1)
            .set(
                "ttl",
                now.plus_seconds(DAY_COUNT_TTL_SECONDS).epoch_seconds(),
            )
            .when_or_absent("asked", "<", limit);
        let key = asked(user, engine, now);
        Ok(self.change::<IgnoredAny>(&key, change).await?.is_some())
    }

    /// Takes the count of a question back that was not asked, or that the engine did not charge for.
    pub async fn return_question(&self, user: UserId, engine: &str, at: Timestamp) -> Result<()> {
        let change = Change::default().add("asked", -1).if_exists();
        let key = asked(user, engine, at);
        self.change::<IgnoredAny>(&key, change).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Allowance, Ending, Permit};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::parse("2026-11-20T12:00:00Z")
            .unwrap()
            .plus_seconds(seconds)
    }

    #[tokio::test]
    async fn workers_side_by_side_do_not_overspend() {
        let store = crate::testing::store().await;
        let allowance = Allowance {
            per_minute: 100,
            per_month: Some(7),
            ..Allowance::default()
        };
        let asks =
            (0..12).map(|_| store.change_engine("tineye", |it| it.ask(allowance, true, at(0))));
        let leaves = futures_util::future::try_join_all(asks).await.unwrap();
        let granted = leaves.iter().filter(|it| **it == Permit::Granted).count();
        assert_eq!(granted, 7);
        assert_eq!(store.engine("tineye").await.unwrap().spent(at(0)), 7);
        assert_eq!(store.engine("vision").await.unwrap().spent(at(0)), 0);
    }

    #[tokio::test]
    async fn a_day_has_so_many_questions_for_her_whoever_asks_at_once() {
        let store = crate::testing::store().await;
        let user = UserId::random();
        let asks = (0..9).map(|_| store.take_question(user, "tineye", 5, at(0)));
        let taken = futures_util::future::try_join_all(asks).await.unwrap();
        assert_eq!(taken.iter().filter(|it| **it).count(), 5);
        store.return_question(user, "tineye", at(0)).await.unwrap();
        let again = async |user, engine, limit, seconds| {
            let taken = store.take_question(user, engine, limit, at(seconds));
            taken.await.unwrap()
        };
        assert!(again(user, "tineye", 5, 0).await);
        assert!(!again(user, "tineye", 5, 0).await);
        assert!(again(user, "vision", 5, 0).await, "another engine");
        assert!(again(user, "tineye", 5, 24 * 3600).await, "another day");
        assert!(again(UserId::random(), "tineye", 5, 0).await);
        assert!(!again(UserId::random(), "tineye", 0, 0).await);
    }

    #[tokio::test]
    async fn all_workers_learn_that_an_engine_is_down() {
        let store = crate::testing::store().await;
        let down = |it: &mut EngineStanding| it.learn(Ending::Silent, at(0));
        store.change_engine("tineye", down).await.unwrap();
        assert_eq!(store.engine("tineye").await.unwrap().state(at(1)), "open");
    }
}
