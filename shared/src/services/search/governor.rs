//! Engine budgets at work: takes a permit before each paid question, reports outcomes to the circuit
//! breaker.
//!
//! Every paid question of the product goes through here. How an engine stands is in the table, so that
//! what one worker learns the hard way, all know. One account has a share of each day, so that nobody
//! spends the month for everybody.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::clock;
use crate::domain::{
    Allowance, BoxError, Ending, Error, Hold, Permit, Result, Switch, Timestamp, UserId, engine,
};
use crate::engines::{EngineError, FaceCheck, Hibp, SerpApi, TinEye, Vision};
use crate::services::search::leases::{Leases, Renewal};
use crate::services::upkeep::switches::Switches;
use crate::settings::Env;
use crate::store::{PermitRequest, ScanRow, Store};

/// All engines, by the names they are counted under.
const ENGINES: [&str; 5] = [
    TinEye::NAME,
    Vision::NAME,
    SerpApi::NAME,
    FaceCheck::NAME,
    Hibp::NAME,
];

/// The state of an engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct EngineHealth {
    /// Its name.
    pub name: &'static str,
    /// The circuit breaker: closed, open, or half-open while one worker tries the engine.
    #[cfg_attr(feature = "openapi", schema(pattern = "^(closed|open|half-open)$"))]
    pub breaker: &'static str,
    /// Until when an open breaker lets nobody ask.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub rests_until: Option<Timestamp>,
    /// For admins only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_this_month: Option<u32>,
    /// For admins only; null means no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>))]
    pub left_this_month: Option<Option<u32>>,
}

/// A wait for one's turn that is worth waiting for.
const MAX_WAIT_MILLIS: i64 = 5_000;

/// How long an engine that is switched off is not asked about again, in seconds.
const OFF_RECHECK: i64 = 60;

/// How often one's turn is waited for.
const MAX_WAITS: u32 = 3;

/// On whose behalf an engine is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asker {
    /// Her.
    pub user: UserId,
    /// Her account is new.
    pub is_new: bool,
    /// The scan is one of the schedule's.
    pub is_scheduled: bool,
}

impl Asker {
    /// Of a scan. One that nobody waits for, of all she has, is of the schedule, unless it goes on with
    /// one of hers.
    pub(crate) async fn of(store: &Store, row: &ScanRow, now: Timestamp) -> Result<Self> {
        let user = row.scan.user_id;
        let account = store.account(user).await?;
        let created = account.map(|it| it.profile.created_at);
        Ok(Self {
            user,
            is_new: created.is_none_or(|it| engine::is_new_account(it, now)),
            is_scheduled: !row.is_watched()
                && row.continues.is_none()
                && row.scan.protected_image_id.is_none(),
        })
    }
}

/// What may be asked of whom, and who asks.
#[derive(Clone, Debug)]
pub struct Governor {
    store: Store,
    allowances: Arc<BTreeMap<String, Allowance>>,
    switches: Switches,
    leases: Leases,
}

/// The permit that a question was asked with.
#[derive(Clone, Copy, Debug)]
struct UsedPermit {
    /// When it was counted, which says in which month.
    counted_at: Timestamp,
    /// The engine was well, and nothing is to be forgotten when it answers.
    was_well: bool,
}

/// Why there is no answer.
#[derive(Clone, Debug)]
pub enum Unanswered {
    /// It was not asked, and may not be before this moment.
    Held(Hold, Timestamp),
    /// It was asked.
    Failed(EngineError),
    /// Something of ours failed.
    Ours,
}

impl Unanswered {
    /// As an engine error, for callers that know engines only: a denial counts as a busy engine.
    pub(crate) fn into_engine_error(self, now: Timestamp) -> EngineError {
        match self {
            Self::Failed(err) => err,
            Self::Held(Hold::Spent | Hold::ShareSpent, _) => EngineError::Spent,
            Self::Held(_, until) => {
                let millis = u64::try_from(until.millis_since(now)).unwrap_or_default();
                EngineError::Busy {
                    status: 503,
                    after: Some(Duration::from_millis(millis)),
                }
            }
            Self::Ours => EngineError::Silent,
        }
    }
}

impl From<Error> for Unanswered {
    fn from(err: Error) -> Self {
        tracing::warn!(error.chain = err.chain(), "an engine could not be asked");
        Self::Ours
    }
}

impl Governor {
    /// With these allowances, as JSON by the engines' names; without any there are generous ones.
    pub fn new(store: Store, allowances: Option<&str>) -> std::result::Result<Self, BoxError> {
        let allowances = allowances.map_or_else(|| Ok(BTreeMap::new()), serde_json::from_str)?;
        Ok(Self {
            switches: Switches::new(store.clone()),
            store,
            allowances: Arc::new(allowances),
            leases: Leases::default(),
        })
    }

    /// What may be asked of an engine.
    #[must_use]
    pub fn allowance(&self, engine: &str) -> Allowance {
        self.allowances.get(engine).copied().unwrap_or_default()
    }

    /// Notes a problem of the settings if an engine has a key and no budget.
    pub fn require_budget(&self, env: &Env, engine: &str, has_key: bool) {
        if has_key && self.allowance(engine).per_month.is_none() {
            env.problem(format!(
                "ENGINE_ALLOWANCES has no perMonth for {engine}, whose key is set"
            ));
        }
    }

    /// How the engines stand; `with_budgets` also what is left of what was bought, which is for those who
    /// watch over the service: whoever knows that an engine is nearly used up knows when nobody is looked
    /// for.
    pub async fn health(&self, with_budgets: bool, now: Timestamp) -> Result<Vec<EngineHealth>> {
        let mut health = Vec::new();
        for engine in ENGINES {
            let standing = self.store.engine(engine).await?;
            let left = standing.left(self.allowance(engine), now);
            health.push(EngineHealth {
                name: engine,
                breaker: standing.state(now),
                rests_until: standing.rests_until(now),
                asked_this_month: with_budgets.then(|| standing.spent(now)),
                left_this_month: with_budgets.then_some(left),
            });
        }
        Ok(health)
    }

    /// Asks, if that is allowed now. The question is counted before it is asked.
    pub async fn ask<T>(
        &self,
        asker: Asker,
        engine: &str,
        question: impl Future<Output = std::result::Result<T, EngineError>>,
    ) -> std::result::Result<T, Unanswered> {
        self.ask_until(asker, engine, None, question).await
    }

    /// The same, if its turn comes by `last`. A later one is not waited for, and not counted.
    pub async fn ask_until<T>(
        &self,
        asker: Asker,
        engine: &str,
        last: Option<Timestamp>,
        question: impl Future<Output = std::result::Result<T, EngineError>>,
    ) -> std::result::Result<T, Unanswered> {
        let counted_at = clock::now();
        self.take_share(asker, engine, counted_at).await?;
        let permit = match self.permit(engine, asker.is_scheduled, last).await {
            Ok(permit) => permit,
            Err(why) => {
                self.return_share(asker, engine, counted_at).await;
                return Err(why);
            }
        };
        let started = Instant::now();
        let answer = question.await;
        let ending = ending(answer.as_ref().err());
        if ending.is_free() {
            self.return_share(asker, engine, counted_at).await;
        }
        self.learn(engine, permit, ending).await;
        let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &answer {
            Ok(_) => tracing::info!(engine, millis, "an engine answered"),
            Err(err) => tracing::warn!(engine, millis, error = %err, "an engine did not answer"),
        }
        answer.map_err(Unanswered::Failed)
    }

    /// Notes how a question ended. An answer of an engine that was well needs no note.
    async fn learn(&self, engine: &str, permit: UsedPermit, ending: Ending) {
        let learnt = async {
            if ending.is_free() {
                self.store
                    .return_permits(engine, 1, permit.counted_at)
                    .await?;
            }
            if ending == Ending::Answered && permit.was_well {
                return Ok(());
            }
            if ending != Ending::Answered {
                // What is left would be used on an engine that is about to be left alone.
                for (count, at) in self.leases.drop_all(engine) {
                    self.store.return_permits(engine, count, at).await?;
                }
            }
            let now = clock::now();
            let noted = self
                .store
                .change_breaker(engine, |it| it.learn(ending, now));
            noted.await.map(drop)
        };
        let learnt: Result<()> = learnt.await;
        if let Err(err) = learnt {
            tracing::warn!(
                engine,
                error.chain = err.chain(),
                "how an engine stands could not be noted"
            );
        }
    }

    /// Counts the question against the asker's day.
    async fn take_share(
        &self,
        asker: Asker,
        engine: &str,
        now: Timestamp,
    ) -> std::result::Result<(), Unanswered> {
        let Some(limit) = self.allowance(engine).day_limit(asker.is_new) else {
            return Ok(());
        };
        let taken = self.store.take_question(asker.user, engine, limit, now);
        if taken.await? {
            return Ok(());
        }
        tracing::info!(engine, user.id = %asker.user, limit, "the share of an account is used up");
        Err(Unanswered::Held(Hold::ShareSpent, now.next_day()))
    }

    async fn return_share(&self, asker: Asker, engine: &str, at: Timestamp) {
        if self.allowance(engine).day_limit(asker.is_new).is_none() {
            return;
        }
        let returned = self.store.return_question(asker.user, engine, at).await;
        if let Err(err) = returned {
            tracing::warn!(
                engine,
                error.chain = err.chain(),
                "a question that was not asked stays counted"
            );
        }
    }

    async fn permit(
        &self,
        engine: &str,
        is_scheduled: bool,
        last: Option<Timestamp>,
    ) -> std::result::Result<UsedPermit, Unanswered> {
        if let Some(switch) = Switch::named(engine)
            && !self.switches.is_on(switch).await?
        {
            let until = clock::now().plus_seconds(OFF_RECHECK);
            return Err(Unanswered::Held(Hold::Off, until));
        }
        for wait in 0.. {
            let now = clock::now();
            let (why, until) = match self.take_permits(engine, is_scheduled, now).await? {
                Ok(permit) => return Ok(permit),
                Err(held) => held,
            };
            let millis = until.millis_since(now);
            let is_short = millis <= MAX_WAIT_MILLIS && last.is_none_or(|it| until <= it);
            if why != Hold::Throttled || wait >= MAX_WAITS || !is_short {
                tracing::info!(engine, why = why.as_str(), until = %until, "an engine is not asked");
                return Err(Unanswered::Held(why, until));
            }
            let millis = u64::try_from(millis).unwrap_or_default();
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
        Err(Unanswered::Ours)
    }

    /// A permit for one question: of what was taken in advance, or of the table. Where an engine is asked often,
    /// more is taken than is needed now.
    async fn take_permits(
        &self,
        engine: &str,
        is_scheduled: bool,
        now: Timestamp,
    ) -> Result<std::result::Result<UsedPermit, (Hold, Timestamp)>> {
        let of = (engine, is_scheduled);
        if let Some(counted_at) = self.leases.take(of, now) {
            let was_well = true;
            return Ok(Ok(UsedPermit {
                counted_at,
                was_well,
            }));
        }
        let allowance = self.allowance(engine);
        let Renewal { size, unused } = self.leases.renew(of, allowance.max_lease(), now);
        if let Some((count, at)) = unused {
            self.store.return_permits(engine, count, at).await?;
        }
        let mut held = None;
        // Where there is no room for several there may be for one.
        for count in BTreeSet::from([size, 1]).into_iter().rev() {
            let request = PermitRequest {
                engine,
                allowance,
                is_scheduled,
                count,
                now,
            };
            match self.store.take_permits(request).await? {
                (Permit::Granted, breaker) => {
                    self.leases.keep(of, count - 1, size, now);
                    let was_well = breaker.is_closed();
                    return Ok(Ok(UsedPermit {
                        counted_at: now,
                        was_well,
                    }));
                }
                (Permit::Held(why, until), _) => held = Some((why, until)),
            }
        }
        let (why, until) = held.unwrap_or((Hold::Throttled, now));
        Ok(Err((why, until)))
    }
}

/// What an answer means for the next question. A picture that an engine does not take says nothing of
/// the engine.
fn ending(err: Option<&EngineError>) -> Ending {
    match err {
        None | Some(EngineError::Rejected(_)) => Ending::Answered,
        Some(EngineError::Refused(_) | EngineError::Spent) => Ending::Refused,
        Some(EngineError::Busy { after, .. }) => {
            Ending::TurnedAway(after.map(|it| it.as_secs().max(1)))
        }
        Some(EngineError::Garbage(_)) => Ending::TurnedAway(None),
        Some(EngineError::Silent) => Ending::Silent,
    }
}

#[cfg(test)]
mod tests;
