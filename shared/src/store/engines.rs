//! What all workers know of the engines: `ENGINE#<name>` holds how one stands.
//!
//! `ASKED#<engine>#<day>` counts what was asked for her on a day.
//!
//! An engine's row is written by every worker that asks it. Questions are counted by one addition that goes
//! through only below the ceilings of the month and of the minute, so workers side by side neither wait for
//! each other nor ask one too many.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::retry::retry_on_conflict;
use super::tx::Change;
use super::{Key, Store};
use crate::domain::{Allowance, Breaker, EngineStanding, Error, Permit, Result, Timestamp, UserId};

/// How long the count of a day is kept, in seconds.
const DAY_COUNT_TTL_SECONDS: i64 = 2 * 24 * 3600;

/// The version of the shape of an engine's row. Rows of the first have one map, `standing`.
const ENGINE_VERSION: u32 = 2;

/// What begins the names of the counts of months.
const SPENT: &str = "spent-";

/// An engine's row. Budgets are numbers of their own, so that workers add to them side by side; `turn` goes
/// up with every change of the breaker, which is changed only if it still is what was read.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct EngineRow {
    standing: Option<OldStanding>,
    turn: u64,
    breaker: Option<Breaker>,
    full_at: i64,
    #[serde(flatten)]
    rest: HashMap<String, serde_json::Value>,
}

/// A standing of the first shape.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct OldStanding {
    counted_at: Option<Timestamp>,
    month: String,
    spent: u32,
    #[serde(flatten)]
    breaker: Breaker,
}

impl OldStanding {
    fn into_new(self) -> EngineStanding {
        // Its bucket counts as empty when it was last counted: that is never too much.
        let counted = self
            .counted_at
            .map_or(0, |it| it.plus_seconds(60).epoch_millis());
        EngineStanding {
            breaker: self.breaker,
            full_at: counted.saturating_mul(1000),
            spent: BTreeMap::from([(self.month, self.spent)]),
        }
    }
}

impl EngineRow {
    fn into_standing(self) -> EngineStanding {
        if let Some(old) = self.standing {
            return old.into_new();
        }
        let month = |(name, value): (String, serde_json::Value)| {
            let count = value.as_i64()?;
            let month = name.strip_prefix(SPENT)?.to_owned();
            Some((month, u32::try_from(count).unwrap_or_default()))
        };
        EngineStanding {
            breaker: self.breaker.unwrap_or_default(),
            full_at: self.full_at,
            spent: self.rest.into_iter().filter_map(month).collect(),
        }
    }
}

/// A closed breaker is no attribute, so that one condition tells that an engine is well.
fn with_breaker(change: Change, breaker: &Breaker) -> Change {
    match breaker.is_closed() {
        true => change.remove("breaker"),
        false => change.set("breaker", breaker),
    }
}

/// Permits that are asked of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PermitRequest<'a> {
    pub(crate) engine: &'a str,
    pub(crate) allowance: Allowance,
    pub(crate) is_scheduled: bool,
    /// For how many questions; for all of them or none.
    pub(crate) count: u32,
    pub(crate) now: Timestamp,
}

impl PermitRequest<'_> {
    /// Counts the questions, if the month and the minute have room for them. `is_busy` says on which side of
    /// now the bucket is full again: an expression cannot take the later of two times.
    fn count(&self, is_busy: bool) -> Change {
        let micros = self.allowance.micros(self.count);
        let now = self.now.epoch_millis().saturating_mul(1000);
        let latest = now + self.allowance.burst_micros() - micros;
        let spent = format!("{SPENT}{}", self.now.month());
        let change = Change::default()
            .set("v", ENGINE_VERSION)
            .add(&spent, self.count.into())
            .if_absent("standing");
        let change = match self.allowance.month_limit(self.is_scheduled) {
            Some(most) if most < self.count => change.when(&spent, "<", 0),
            Some(most) => change.when_or_absent(&spent, "<=", most - self.count),
            None => change,
        };
        match is_busy {
            true => change
                .add("fullAt", micros)
                .when("fullAt", ">", now)
                .when("fullAt", "<=", latest),
            false => change
                .set("fullAt", now + micros)
                .when_or_absent("fullAt", "<=", now),
        }
    }
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
        Ok(row.unwrap_or_default().into_standing())
    }

    /// Takes permits for questions to an engine, and the breaker as it is then. One write while the engine is
    /// well, however many workers ask.
    pub(crate) async fn take_permits(
        &self,
        request: PermitRequest<'_>,
    ) -> Result<(Permit, Breaker)> {
        let key = engine(request.engine);
        retry_on_conflict("counting a question to an engine", || async {
            // Whoever asks for several is busy.
            let is_busy = request.count > 1;
            for is_busy in [is_busy, !is_busy] {
                // A closed breaker that has nothing to forget is not stored.
                let closed = request.count(is_busy).if_absent("breaker");
                let row: Option<EngineRow> = self.change(&key, closed).await?;
                if let Some(row) = row {
                    return Ok(Some((Permit::Granted, row.into_standing().breaker)));
                }
            }
            let row: EngineRow = self.get(&key).await?.unwrap_or_default();
            if row.standing.is_some() {
                self.reshape_engine(&key, row).await?;
                return Ok(None);
            }
            self.take_permits_slowly(&key, request, row).await
        })
        .await
    }

    /// Says why there is no permit, or tries an engine that was left alone. `None`: the row changed meanwhile.
    async fn take_permits_slowly(
        &self,
        key: &Key,
        request: PermitRequest<'_>,
        row: EngineRow,
    ) -> Result<Option<(Permit, Breaker)>> {
        let turn = row.turn;
        let mut standing = row.into_standing();
        let is_busy = standing.full_at > request.now.epoch_millis().saturating_mul(1000);
        let asked = standing.ask_for(
            request.count,
            request.allowance,
            request.is_scheduled,
            request.now,
        );
        let breaker = standing.breaker;
        if asked != Permit::Granted {
            return Ok(Some((asked, breaker)));
        }
        if breaker.is_closed() {
            return Ok(None);
        }
        let counted = request.count(is_busy).when_or_absent("turn", "=", turn);
        let counted = match breaker.rest_until {
            Some(_) => counted.set("breaker", &breaker).set("turn", turn + 1),
            None => counted,
        };
        let done = self.change_row(key, counted).await?;
        Ok(done.then_some((Permit::Granted, breaker)))
    }

    /// Writes a row of the first shape anew, unless somebody else does.
    async fn reshape_engine(&self, key: &Key, row: EngineRow) -> Result<()> {
        let turn = row.turn;
        let standing = row.into_standing();
        let mut change = Change::default()
            .set("v", ENGINE_VERSION)
            .set("turn", turn + 1)
            .set("fullAt", standing.full_at)
            .remove("standing")
            .apply(|it| with_breaker(it, &standing.breaker))
            .when_or_absent("turn", "=", turn);
        for (month, spent) in standing.spent.iter().filter(|it| !it.0.is_empty()) {
            change = change.set(&format!("{SPENT}{month}"), spent);
        }
        self.change_row(key, change).await.map(drop)
    }

    /// Gives permits back for questions that were counted at `at` and not asked, or not charged for.
    pub(crate) async fn return_permits(&self, name: &str, count: u32, at: Timestamp) -> Result<()> {
        let spent = format!("{SPENT}{}", at.month());
        let change = Change::default().add(&spent, -i64::from(count));
        let change = change.when(&spent, ">=", count);
        self.change_row(&engine(name), change).await.map(drop)
    }

    /// Changes the circuit breaker of an engine.
    pub(crate) async fn change_breaker(
        &self,
        name: &str,
        change: impl Fn(&mut Breaker),
    ) -> Result<Breaker> {
        let key = engine(name);
        retry_on_conflict("noting how an engine stands", || async {
            let row: EngineRow = self.get(&key).await?.unwrap_or_default();
            if row.standing.is_some() {
                self.reshape_engine(&key, row).await?;
                return Ok(None);
            }
            let (before, turn) = (row.breaker.unwrap_or_default(), row.turn);
            let mut after = before.clone();
            change(&mut after);
            if after == before {
                return Ok(Some(after));
            }
            let write = Change::default()
                .set("v", ENGINE_VERSION)
                .set("turn", turn + 1)
                .apply(|it| with_breaker(it, &after))
                .if_absent("standing")
                .when_or_absent("turn", "=", turn);
            let done = self.change_row(&key, write).await?;
            Ok::<_, Error>(done.then_some(after))
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
    use crate::domain::Ending;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::parse("2026-11-20T12:00:00Z")
            .unwrap()
            .plus_seconds(seconds)
    }

    fn request(allowance: Allowance, count: u32, seconds: i64) -> PermitRequest<'static> {
        PermitRequest {
            engine: "tineye",
            allowance,
            is_scheduled: true,
            count,
            now: at(seconds),
        }
    }

    async fn granted(store: &Store, request: PermitRequest<'_>) -> bool {
        store.take_permits(request).await.unwrap().0 == Permit::Granted
    }

    #[tokio::test]
    async fn workers_side_by_side_do_not_overspend() {
        let store = crate::testing::store().await;
        let allowance = Allowance {
            per_minute: 100,
            per_month: Some(7),
            ..Allowance::default()
        };
        let asks = (0..40).map(|_| store.take_permits(request(allowance, 1, 0)));
        let answers = futures_util::future::try_join_all(asks).await.unwrap();
        let granted = answers.iter().filter(|it| it.0 == Permit::Granted).count();
        assert_eq!(granted, 7);
        assert_eq!(store.engine("tineye").await.unwrap().spent(at(0)), 7);
        assert_eq!(store.engine("vision").await.unwrap().spent(at(0)), 0);
    }

    #[tokio::test]
    async fn several_are_counted_together_or_not_at_all_and_can_be_given_back() {
        let store = crate::testing::store().await;
        let allowance = Allowance {
            per_month: Some(10),
            ..Allowance::default()
        };
        assert!(granted(&store, request(allowance, 8, 0)).await);
        assert!(!granted(&store, request(allowance, 3, 0)).await);
        assert!(granted(&store, request(allowance, 2, 0)).await);
        store.return_permits("tineye", 4, at(0)).await.unwrap();
        assert!(granted(&store, request(allowance, 4, 1)).await);
        assert!(!granted(&store, request(allowance, 1, 2)).await);
        store.return_permits("tineye", 11, at(2)).await.unwrap();
        assert_eq!(store.engine("tineye").await.unwrap().spent(at(2)), 10);
        // The next month has all of it again, and what comes back late is its own month's.
        let next = at(0).next_month();
        let later = PermitRequest {
            now: next,
            ..request(allowance, 10, 0)
        };
        assert!(granted(&store, later).await);
        store.return_permits("tineye", 5, at(0)).await.unwrap();
        let standing = store.engine("tineye").await.unwrap();
        assert_eq!((standing.spent(next), standing.spent(at(0))), (10, 5));
    }

    /// The table decides as the rule of the domain does, whatever is asked in whatever order.
    #[tokio::test]
    async fn the_table_decides_by_the_rule_of_the_domain() {
        let mut random: u64 = 0x5EED;
        let mut roll = |below: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % below
        };
        for per_minute in [3, 60, 600] {
            let store = crate::testing::store().await;
            let allowance = Allowance {
                per_minute,
                per_month: Some(90),
                ..Allowance::default()
            };
            let mut model = EngineStanding::default();
            let mut seconds = 0;
            for _ in 0..120 {
                seconds += i64::try_from(roll(9)).unwrap();
                let count = 1 + u32::try_from(roll(4)).unwrap();
                let is_scheduled = roll(2) == 0;
                let expected = model.ask_for(count, allowance, is_scheduled, at(seconds));
                let asked = PermitRequest {
                    is_scheduled,
                    ..request(allowance, count, seconds)
                };
                let (permit, _) = store.take_permits(asked).await.unwrap();
                assert_eq!(permit, expected, "{per_minute} {seconds}");
                if permit == Permit::Granted && roll(6) == 0 {
                    let ending = match roll(2) {
                        0 => Ending::Silent,
                        _ => Ending::TurnedAway(None),
                    };
                    model.breaker.learn(ending, at(seconds));
                    let learn = |it: &mut Breaker| it.learn(ending, at(seconds));
                    store.change_breaker("tineye", learn).await.unwrap();
                }
            }
            assert_eq!(store.engine("tineye").await.unwrap(), model);
        }
    }

    #[tokio::test]
    async fn a_row_of_the_first_shape_is_read_and_written_anew() {
        let (store, client) = crate::testing::table().await;
        let old = serde_json::json!({
            "pk": "ENGINE#tineye", "sk": "-", "turn": 4,
            "standing": {
                "spare": 2.5, "countedAt": at(0), "month": "2026-11", "spent": 6,
                "failures": 1, "rests": 0, "restUntil": null, "probeUntil": null,
            },
        });
        let put = client.put_item().table_name("vara");
        let item = serde_dynamo::to_item(old).unwrap();
        put.set_item(Some(item)).send().await.unwrap();
        assert_eq!(store.engine("tineye").await.unwrap().spent(at(0)), 6);
        let allowance = Allowance {
            per_month: Some(7),
            ..Allowance::default()
        };
        // Its bucket counts as empty.
        assert!(granted(&store, request(allowance, 1, 3)).await);
        assert!(!granted(&store, request(allowance, 1, 3)).await);
        let standing = store.engine("tineye").await.unwrap();
        assert_eq!((standing.spent(at(3)), standing.breaker.failures), (7, 1));
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
        let down = |it: &mut Breaker| it.learn(Ending::Silent, at(0));
        store.change_breaker("tineye", down).await.unwrap();
        assert_eq!(store.engine("tineye").await.unwrap().state(at(1)), "open");
        assert!(!granted(&store, request(Allowance::default(), 1, 1)).await);
        // One tries whether it is back, and the others wait for him.
        let asks = (0..9).map(|_| store.take_permits(request(Allowance::default(), 1, 5)));
        let answers = futures_util::future::try_join_all(asks).await.unwrap();
        let granted = answers.iter().filter(|it| it.0 == Permit::Granted).count();
        assert_eq!(granted, 1);
    }
}
