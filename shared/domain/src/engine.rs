//! Engine budgets and circuit breaker: allowances per minute, month and user, token bucket, rest after
//! failures, probe.
//!
//! One standing for all workers of the product. Everything is counted before a question is asked, so
//! that workers side by side cannot overspend; what an engine did not charge for is given back.

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

/// How an engine stands, as all workers know it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EngineStanding {
    /// Questions that may be asked at once, as of `counted_at`.
    spare: f64,
    counted_at: Option<Timestamp>,
    /// The month that `spent` is of.
    month: String,
    spent: u32,
    /// Failures since it last answered.
    failures: u32,
    /// Times it was left alone since it last answered.
    rests: u32,
    rest_until: Option<Timestamp>,
    /// Until when somebody tries whether it is back.
    probe_until: Option<Timestamp>,
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

impl EngineStanding {
    /// Asks leave for a question of a scheduled scan, or of one that somebody waits for.
    pub fn ask(&mut self, allowance: Allowance, is_scheduled: bool, now: Timestamp) -> Permit {
        self.refill(allowance, now);
        if let Some(until) = self.rest_until.filter(|until| *until > now) {
            return Permit::Held(Hold::Resting, until);
        }
        if let Some(until) = self.probe_until.filter(|until| *until > now) {
            return Permit::Held(Hold::Resting, until);
        }
        let month_limit = allowance.month_limit(is_scheduled);
        if month_limit.is_some_and(|most| self.spent >= most) {
            return Permit::Held(Hold::Spent, now.next_month());
        }
        if self.spare < 1.0 {
            let seconds = (1.0 - self.spare) * 60.0 / f64::from(allowance.per_minute.max(1));
            return Permit::Held(Hold::Throttled, now.plus_seconds(seconds.ceil() as i64));
        }
        if self.rest_until.is_some() {
            self.probe_until = Some(now.plus_seconds(PROBE));
        }
        self.spare -= 1.0;
        self.spent += 1;
        Permit::Granted
    }

    /// Learns how a granted question ended.
    pub fn learn(&mut self, ending: Ending, now: Timestamp) {
        if ending.is_free() {
            self.spent = self.spent.saturating_sub(1);
        }
        match ending {
            Ending::Answered => {
                (self.failures, self.rests) = (0, 0);
                (self.rest_until, self.probe_until) = (None, None);
            }
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

    /// What has come back with time: room for questions, and on the first of a month its budget.
    fn refill(&mut self, allowance: Allowance, now: Timestamp) {
        let most = f64::from(allowance.per_minute.max(1));
        self.spare = match self.counted_at {
            None => most,
            Some(at) => {
                let elapsed = now.millis_since(at).max(0) as f64 / 60_000.0;
                (self.spare + elapsed * most).clamp(0.0, most)
            }
        };
        self.counted_at = Some(self.counted_at.map_or(now, |at| at.max(now)));
        let month = now.month();
        if self.month < month {
            (self.month, self.spent) = (month, 0);
        }
    }

    /// Whether it is asked, tried or left alone at this moment.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> &'static str {
        match self.rest_until {
            None => "closed",
            Some(until) if until > now => "open",
            Some(_) => "half-open",
        }
    }

    /// When an engine that is left alone is tried again.
    #[must_use]
    pub fn rests_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.rest_until.filter(|until| *until > now)
    }

    /// How many questions were asked this month.
    #[must_use]
    pub fn spent(&self, now: Timestamp) -> u32 {
        if self.month == now.month() {
            self.spent
        } else {
            0
        }
    }

    /// How many are left of the month's; nothing means any number.
    #[must_use]
    pub fn left(&self, allowance: Allowance, now: Timestamp) -> Option<u32> {
        Some(allowance.per_month?.saturating_sub(self.spent(now)))
    }
}

#[cfg(test)]
mod tests;
