//! Rate limits per address and user: fixed one-minute windows, counted in the table by all functions
//! together.
//!
//! A call costs one write for the address it comes from, and at the same time one for its user if it
//! shows a token. If the table does not count in time the call goes through: a limit is no reason to
//! turn her away.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::{Error, ErrorKind, Result, Timestamp, UserId};
use crate::settings::Env;
use crate::store::{Calls, Store};

/// The length of a window, in seconds.
const WINDOW_SECONDS: i64 = 60;

/// How long a row outlives its window, in seconds, for clocks that differ.
const TTL_MARGIN_SECONDS: i64 = 60;

/// How long counting may take.
const COUNT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long nothing is counted after counting failed, in seconds, so that calls do not queue up behind
/// a table that is down.
const PAUSE_AFTER_FAILURE_SECONDS: i64 = 2;

/// A page of pictures asks for each of them, which the limit of other calls does not foresee.
const FILES_FACTOR: u32 = 10;

/// How many calls a minute may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// From one address, to all routes together.
    pub all: u32,
    /// From one address, to the sign-in routes of both surfaces; refreshes by the library are spared. As many
    /// again to the route of mailed links.
    pub auth: u32,
    /// By one user, from wherever she calls.
    pub user: u32,
}

/// What a call counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RateClass {
    /// A call like most.
    Plain,
    /// One to a sign-in route: a password, or a link that is asked for.
    Auth,
    /// One to the route of mailed links: limited like `Auth`, counted apart from it.
    Link,
    /// One for the bytes of a picture.
    Files,
    /// One that is never counted nor refused.
    Spared,
}

impl RateClass {
    fn kinds(self) -> &'static [&'static str] {
        match self {
            Self::Plain => &["all"],
            Self::Auth => &["all", "auth"],
            Self::Link => &["all", "link"],
            Self::Files => &["files"],
            Self::Spared => &[],
        }
    }
}

/// How somebody stands in this window, by the limit that leaves her least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateStatus {
    /// The limit.
    pub limit: u32,
    /// How many calls are left.
    pub remaining: u32,
    /// Seconds until a new window begins.
    pub reset: u32,
    /// Whether this call is one too many.
    pub is_over: bool,
}

/// Counts calls. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RateLimiter {
    store: Store,
    rates: Rates,
    known: Arc<Mutex<LocalCounts>>,
}

/// What this environment knows without asking.
#[derive(Debug, Default)]
struct LocalCounts {
    window: i64,
    /// The limits that are used up in this window, by row and lane; asking again would only cost.
    full: HashMap<(String, RateClass), u32>,
    /// Until when nothing is counted.
    rests_until: i64,
}

impl RateLimiter {
    /// The limits of `RATE_LIMIT`, `RATE_LIMIT_AUTH` and `RATE_LIMIT_USER`.
    #[must_use]
    pub fn read(env: &Env, store: Store) -> Self {
        let rates = Rates {
            all: env.number("RATE_LIMIT"),
            auth: env.number("RATE_LIMIT_AUTH"),
            user: env.number("RATE_LIMIT_USER"),
        };
        Self::new(rates, store)
    }

    /// These limits.
    #[must_use]
    pub fn new(rates: Rates, store: Store) -> Self {
        Self {
            store,
            rates,
            known: Arc::default(),
        }
    }

    /// Counts a call and says how its caller stands; `None` if that cannot be said now.
    pub async fn standing(
        &self,
        address: &str,
        user: Option<UserId>,
        lane: RateClass,
        now: Timestamp,
    ) -> Option<RateStatus> {
        let now = now.epoch_seconds();
        let window = now.div_euclid(WINDOW_SECONDS);
        let reset = u32::try_from((window + 1) * WINDOW_SECONDS - now).unwrap_or_default();
        let from = name("address", &network_of(address), window);
        let user = user.filter(|_| lane != RateClass::Spared);
        let by = user.map(|it| name("user", &it.to_string(), window));
        // Whoever is known to have no call left has none while nothing is counted either.
        if let Some(limit) = self.used_up(&from, by.as_ref(), lane, window) {
            return Some(RateStatus {
                limit,
                remaining: 0,
                reset,
                is_over: true,
            });
        }
        if self.known(window).rests_until > now {
            return None;
        }
        let ends_at =
            Timestamp::from_epoch_seconds((window + 1) * WINDOW_SECONDS + TTL_MARGIN_SECONDS)?;
        let counted = tokio::time::timeout(COUNT_TIMEOUT, async {
            futures_util::try_join!(self.count(&from, lane, ends_at), async {
                match &by {
                    Some(by) => self.count(by, RateClass::Plain, ends_at).await.map(Some),
                    None => Ok(None),
                }
            })
        });
        let (from_calls, by_calls) = match counted.await {
            Ok(Ok(calls)) => calls,
            Ok(Err(err)) => return self.rest(now, &err.chain()),
            Err(_) => return self.rest(now, "counting took too long"),
        };
        let mut standings: Vec<RateStatus> = self
            .caps(lane, from_calls)
            .into_iter()
            .map(|(limit, used)| self.judge(&from, lane, limit, used, reset))
            .collect();
        if let (Some(by), Some(calls)) = (by, by_calls) {
            standings.push(self.judge(&by, RateClass::Plain, self.rates.user, calls.all, reset));
        }
        standings
            .into_iter()
            .min_by_key(|it| (!it.is_over, it.remaining, it.limit))
    }

    async fn count(&self, name: &str, lane: RateClass, ends_at: Timestamp) -> Result<Calls> {
        match lane.kinds() {
            [] => self.store.calls(name).await,
            kinds => self.store.count_call(name, kinds, ends_at).await,
        }
    }

    /// The limits a call from an address meets, and how much of each is used.
    fn caps(&self, lane: RateClass, calls: Calls) -> Vec<(u32, u64)> {
        let all = (self.rates.all, calls.all);
        match lane {
            RateClass::Plain | RateClass::Spared => vec![all],
            RateClass::Auth => vec![all, (self.rates.auth, calls.auth)],
            RateClass::Link => vec![all, (self.rates.auth, calls.link)],
            RateClass::Files => vec![(self.rates.all.saturating_mul(FILES_FACTOR), calls.files)],
        }
    }

    fn judge(&self, name: &str, lane: RateClass, limit: u32, used: u64, reset: u32) -> RateStatus {
        let is_over = used > u64::from(limit) && lane != RateClass::Spared;
        if is_over {
            let mut known = self.lock();
            known.full.insert((name.to_owned(), lane), limit);
        }
        let left = u64::from(limit).saturating_sub(used);
        RateStatus {
            limit,
            remaining: u32::try_from(left).unwrap_or(u32::MAX),
            reset,
            is_over,
        }
    }

    /// The limit that is known to be used up, if one is.
    fn used_up(
        &self,
        from: &str,
        by: Option<&String>,
        lane: RateClass,
        window: i64,
    ) -> Option<u32> {
        let known = self.known(window);
        let full = |name: &str, lane| known.full.get(&(name.to_owned(), lane)).copied();
        full(from, lane).or_else(|| by.and_then(|it| full(it, RateClass::Plain)))
    }

    fn rest(&self, now: i64, why: &str) -> Option<RateStatus> {
        self.lock().rests_until = now + PAUSE_AFTER_FAILURE_SECONDS;
        tracing::warn!(why, "calls cannot be counted now and go through");
        None
    }

    /// What is known of this window; what was known of another is forgotten.
    fn known(&self, window: i64) -> MutexGuard<'_, LocalCounts> {
        let mut known = self.lock();
        if known.window != window {
            known.window = window;
            known.full.clear();
        }
        known
    }

    fn lock(&self) -> MutexGuard<'_, LocalCounts> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The refusal of one call too many.
#[must_use]
pub fn too_many_calls() -> Error {
    Error::new(
        ErrorKind::TooMany,
        "REQUEST_ERROR",
        "There were too many requests in a short time. Please wait a minute and try again.",
    )
}

/// The network by which a caller is counted: an IPv4 address as it is, and the /64 of an IPv6 address,
/// because one line has more of those than could be counted. Applied twice, it is the same.
#[must_use]
pub fn network_of(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(it)) => match it.to_ipv4_mapped() {
            Some(it) => it.to_string(),
            None => format!("{}/64", Ipv6Addr::from_bits(it.to_bits() >> 64 << 64)),
        },
        _ => address.to_owned(),
    }
}

/// The name of a row. It does not show the address, though whoever has the table can guess it: the
/// health function, which counts too, holds no key.
fn name(kind: &str, who: &str, window: i64) -> String {
    let text = format!("{kind}/{who}/{window}");
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

#[cfg(test)]
mod tests;
