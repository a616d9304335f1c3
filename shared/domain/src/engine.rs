//! Engine budgets and circuit breaker: allowances per minute, month and user, token bucket, rest after
//! failures, probe.
//!
//! One standing for all workers of the product. Everything is counted before a question is asked, so
//! that workers side by side cannot overspend; what an engine did not charge for is given back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// Failures in a row that an engine is allowed before it is left alone.
const FAILURES_TO_OPEN: u32 = 5;

/// How long an engine that is down is left alone at first, and at the longest, in seconds.
const FIRST_OPEN_SECONDS: i64 = 5;
const LONGEST_REST: i64 = 20;

/// The longest we believe an engine that asks to be left alone, in seconds.
const LONGEST_ASKED: i64 = 3600;

/// How long one question may take; until then nobody else tries an engine that was down.
const PROBE: i64 = 45;

/// How long a permit that was taken in advance may be used, in seconds. A minute's bucket is smaller by as much,
/// so that permits which are used late never come on top of a full bucket.
pub const LEASE_SECONDS: i64 = 2;

/// The most questions that a worker takes permits for at once.
const MAX_LEASE: u32 = 64;

/// Microseconds in a second.
const MICROS: i64 = 1_000_000;

/// What may be asked of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Allowance {
    /// Questions a minute; as many may be asked at once after a quiet minute.
    #[serde(default = "default_per_minute")]
    pub per_minute: u32,
    /// Questions a calendar month, in UTC; nothing means any number.
    #[serde(default)]
    pub per_month: Option<u32>,
    /// Questions a day, in UTC, for one account; nothing means a hundredth of the month's.
    #[serde(default)]
    pub per_user_per_day: Option<u32>,
    /// The same for an account that is new; nothing means half of what others have.
    #[serde(default)]
    pub new_account_per_day: Option<u32>,
    /// How much of the month's is kept for scheduled scans, in percent.
    #[serde(default)]
    pub reserved_for_scheduled: Option<u8>,
}

/// How long an account is new, in seconds.
const NEW_ACCOUNT: i64 = 7 * 24 * 3600;

/// The least of a day's questions that follow from the month's.
const LEAST_PER_DAY: u32 = 10;
const LEAST_PER_DAY_NEW: u32 = 5;

/// What is kept for scheduled scans unless something else is set, in percent.
const RESERVED_FOR_SCHEDULED: u8 = 30;

/// Whether an account that was made at `created_at` is new.
#[must_use]
pub fn is_new_account(created_at: Timestamp, now: Timestamp) -> bool {
    now < created_at.plus_seconds(NEW_ACCOUNT)
}

impl Allowance {
    /// Questions a month that a scan may ask: a scheduled one all of them, one that somebody waits for
    /// what is not reserved. Nothing means any number.
    #[must_use]
    pub fn month_limit(self, is_scheduled: bool) -> Option<u32> {
        let all = self.per_month?;
        if is_scheduled {
            return Some(all);
        }
        let reserved = self
            .reserved_for_scheduled
            .unwrap_or(RESERVED_FOR_SCHEDULED);
        let open = u64::from(100 - reserved.min(100)) * u64::from(all) / 100;
        Some(u32::try_from(open).unwrap_or(all))
    }

    /// How long the token bucket takes to refill for `count` questions, in microseconds.
    #[must_use]
    pub fn micros(self, count: u32) -> i64 {
        let per_minute = i64::from(self.per_minute.max(1));
        // Rounded up, so that a minute never has one too many.
        i64::from(count) * ((60 * MICROS + per_minute - 1) / per_minute)
    }

    /// How far ahead of now the bucket may be taken from, in microseconds: the whole minute's, less what may
    /// be under way in leases.
    #[must_use]
    pub fn burst_micros(self) -> i64 {
        let whole = self.micros(self.per_minute.max(1));
        match self.max_lease() {
            1 => whole,
            _ => whole - LEASE_SECONDS * MICROS,
        }
    }

    /// How many questions a worker may take permits for at once: a second's worth, and no more of a month than
    /// is no loss if the worker is killed.
    #[must_use]
    pub fn max_lease(self) -> u32 {
        let of_month = self.per_month.map_or(u32::MAX, |it| it / 1000);
        (self.per_minute / 60).min(of_month).clamp(1, MAX_LEASE)
    }

    /// Questions a day for one account. Nothing means any number.
    #[must_use]
    pub fn day_limit(self, is_new: bool) -> Option<u32> {
        let of_month = self.per_month.map(|it| (it / 100).max(LEAST_PER_DAY));
        let day = self.per_user_per_day.or(of_month);
        if !is_new {
            return day;
        }
        let half = day.map(|it| (it / 2).max(LEAST_PER_DAY_NEW.min(it)));
        self.new_account_per_day.or(half)
    }
}

/// More than a healthy product asks; a bound for one that has gone wrong.
const DEFAULT_PER_MINUTE: u32 = 600;

fn default_per_minute() -> u32 {
    DEFAULT_PER_MINUTE
}

impl Default for Allowance {
    fn default() -> Self {
        Self {
            per_minute: DEFAULT_PER_MINUTE,
            per_month: None,
            per_user_per_day: None,
            new_account_per_day: None,
            reserved_for_scheduled: None,
        }
    }
}

/// The circuit breaker of an engine: its failures since it last answered, and whether it is left alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Breaker {
    /// Failures since it last answered.
    pub failures: u32,
    /// Times it was left alone since it last answered.
    pub rests: u32,
    /// Until when it is left alone.
    pub rest_until: Option<Timestamp>,
    /// Until when somebody tries whether it is back.
    pub probe_until: Option<Timestamp>,
}

/// How an engine stands, as all workers know it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EngineStanding {
    /// Whether it is left alone.
    pub breaker: Breaker,
    /// When the token bucket of the minute is full again, in microseconds since 1970.
    pub full_at: i64,
    /// Questions asked, by month.
    pub spent: BTreeMap<String, u32>,
}

/// Whether a question may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// It may, and is counted.
    Granted,
    /// It may not, before this moment.
    Held(Hold, Timestamp),
}

/// Why a question may not be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hold {
    /// The engine is down or wants to be left alone.
    Resting,
    /// It was asked too often this minute.
    Throttled,
    /// The month's budget is spent, or what of it is not kept for scheduled scans.
    Spent,
    /// The account's share of the day is used up.
    ShareSpent,
    /// Somebody has switched it off.
    Off,
}

impl Hold {
    /// As results and logs say it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resting => "resting",
            Self::Throttled => "throttled",
            Self::Spent => "spent",
            Self::ShareSpent => "share-spent",
            Self::Off => "off",
        }
    }
}

/// How a question ended, as far as it matters to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It was answered.
    Answered,
    /// It was turned away unanswered; the engine may have said for how many seconds.
    TurnedAway(Option<u64>),
    /// The engine took its time and said nothing, or nonsense. It may have charged for that.
    Silent,
    /// Our key is no good to it.
    Refused,
}

impl Ending {
    /// Whether the engine did not charge for the question.
    #[must_use]
    pub fn is_free(self) -> bool {
        matches!(self, Self::TurnedAway(_) | Self::Refused)
    }
}

impl Breaker {
    /// Until when nobody is to ask, if that is still to come.
    fn held_until(&self, now: Timestamp) -> Option<Timestamp> {
        let rest = self.rest_until.filter(|until| *until > now);
        rest.or(self.probe_until.filter(|until| *until > now))
    }

    /// Whether it has nothing to forget when the engine answers.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        *self == Self::default()
    }

    /// Learns how a question ended.
    pub fn learn(&mut self, ending: Ending, now: Timestamp) {
        match ending {
            Ending::Answered => *self = Self::default(),
            Ending::TurnedAway(Some(seconds)) => {
                let seconds = i64::try_from(seconds).unwrap_or(LONGEST_ASKED);
                self.rest(seconds.min(LONGEST_ASKED), now);
            }
            Ending::TurnedAway(None) => self.fail(1, now),
            // What costs a worker its patience once must not cost the next one the same.
            Ending::Silent | Ending::Refused => self.fail(FAILURES_TO_OPEN, now),
        }
    }

    fn fail(&mut self, by: u32, now: Timestamp) {
        self.failures = self.failures.saturating_add(by);
        if self.failures >= FAILURES_TO_OPEN || self.rests > 0 {
            let doubled = FIRST_OPEN_SECONDS << self.rests.min(16);
            self.rest(doubled.min(LONGEST_REST), now);
        }
    }

    fn rest(&mut self, seconds: i64, now: Timestamp) {
        let until = now.plus_seconds(seconds);
        self.rest_until = Some(self.rest_until.map_or(until, |it| it.max(until)));
        self.probe_until = None;
        self.rests = self.rests.saturating_add(1);
    }
}

impl EngineStanding {
    /// Asks for a permit for one question of a scheduled scan, or of one that somebody waits for.
    pub fn ask(&mut self, allowance: Allowance, is_scheduled: bool, now: Timestamp) -> Permit {
        self.ask_for(1, allowance, is_scheduled, now)
    }

    /// Asks for permits for `count` questions; for all of them or none.
    ///
    /// The table decides by the same rule in one write (`store::engines`).
    pub fn ask_for(
        &mut self,
        count: u32,
        allowance: Allowance,
        is_scheduled: bool,
        now: Timestamp,
    ) -> Permit {
        if let Some(until) = self.breaker.held_until(now) {
            return Permit::Held(Hold::Resting, until);
        }
        let spent = self.spent(now).saturating_add(count);
        let month_limit = allowance.month_limit(is_scheduled);
        if month_limit.is_some_and(|most| spent > most) {
            return Permit::Held(Hold::Spent, now.next_month());
        }
        let now_micros = now.epoch_millis().saturating_mul(1000);
        let full_at = self.full_at.max(now_micros) + allowance.micros(count);
        let over = full_at - now_micros - allowance.burst_micros();
        if over > 0 {
            let seconds = (over + MICROS - 1) / MICROS;
            return Permit::Held(Hold::Throttled, now.plus_seconds(seconds));
        }
        if self.breaker.rest_until.is_some() {
            self.breaker.probe_until = Some(now.plus_seconds(PROBE));
        }
        self.full_at = full_at;
        self.spent.insert(now.month(), spent);
        Permit::Granted
    }

    /// Learns how a granted question ended.
    pub fn learn(&mut self, ending: Ending, now: Timestamp) {
        if ending.is_free() {
            let spent = self.spent(now).saturating_sub(1);
            self.spent.insert(now.month(), spent);
        }
        self.breaker.learn(ending, now);
    }

    /// Whether it is asked, tried or left alone at this moment.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> &'static str {
        match self.breaker.rest_until {
            None => "closed",
            Some(until) if until > now => "open",
            Some(_) => "half-open",
        }
    }

    /// When an engine that is left alone is tried again.
    #[must_use]
    pub fn rests_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.breaker.rest_until.filter(|until| *until > now)
    }

    /// How many questions were asked this month.
    #[must_use]
    pub fn spent(&self, now: Timestamp) -> u32 {
        self.spent.get(&now.month()).copied().unwrap_or_default()
    }

    /// How many are left of the month's; nothing means any number.
    #[must_use]
    pub fn left(&self, allowance: Allowance, now: Timestamp) -> Option<u32> {
        Some(allowance.per_month?.saturating_sub(self.spent(now)))
    }
}

#[cfg(test)]
mod tests;
