//! Rate limits per address and user: fixed one-minute windows, counted in the table by all functions
//! together.
//!
//! Calls are counted for the address they come from, and for their user if they show a token. An
//! environment takes several calls' worth of a count in one write and spends them in memory, the fewer
//! the less is left: never are there more than the limit, and what another environment took and did not
//! spend is refused at worst. Strict lanes take one at a time. If the table does not count in time the
//! call goes through: a limit is no reason to turn her away.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::{Error, ErrorKind, Result, Timestamp, UserId};
use crate::settings::Env;
use crate::store::Store;

/// The length of a window, in seconds.
const WINDOW_SECONDS: i64 = 60;

/// How long a row outlives its window, in seconds, for clocks that differ.
const TTL_MARGIN_SECONDS: i64 = 60;

/// How long counting may take.
const COUNT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long nothing is counted after counting failed, in seconds, so that calls do not queue up behind
/// a table that is down.
const PAUSE_AFTER_FAILURE_SECONDS: i64 = 2;

/// The part of what is left of a limit that is taken at once.
const LEASE_DIVISOR: u32 = 64;

/// The most calls that are taken at once.
const LEASE_MAX: u32 = 64;

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
    /// What was taken of counts in this window, by row and lane.
    leases: HashMap<(String, RateClass), RateLease>,
    /// Until when nothing is counted.
    rests_until: i64,
}

/// Calls that were taken of a count.
#[derive(Clone, Copy, Debug)]
struct RateLease {
    /// How many calls there were, those that were spent included.
    used: u64,
    /// How many are left to spend.
    left: u64,
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
                let user = (self.rates.user, RateClass::Plain);
                match &by {
                    Some(by) => self.take(by, user, ends_at).await.map(Some),
                    None => Ok(None),
                }
            })
        });
        let (from_used, by_used) = match counted.await {
            Ok(Ok(calls)) => calls,
            Ok(Err(err)) => return self.rest(now, &err.chain()),
            Err(_) => return self.rest(now, "counting took too long"),
        };
        let mut standings: Vec<RateStatus> = from_used
            .into_iter()
            .map(|(limit, used)| self.judge(&from, lane, limit, used, reset))
            .collect();
        if let (Some(by), Some(used)) = (by, by_used) {
            standings.push(self.judge(&by, RateClass::Plain, self.rates.user, used, reset));
        }
        standings
            .into_iter()
            .min_by_key(|it| (!it.is_over, it.remaining, it.limit))
    }

    /// Counts a call from an address: the limits it meets, and how much of each is used.
    async fn count(
        &self,
        name: &str,
        lane: RateClass,
        ends_at: Timestamp,
    ) -> Result<Vec<(u32, u64)>> {
        let Rates { all, auth, .. } = self.rates;
        let one = async || self.store.count_calls(name, lane.kinds(), 1, ends_at).await;
        Ok(match lane {
            RateClass::Plain => vec![(all, self.take(name, (all, lane), ends_at).await?)],
            RateClass::Files => {
                let files = all.saturating_mul(FILES_FACTOR);
                vec![(files, self.take(name, (files, lane), ends_at).await?)]
            }
            RateClass::Auth => {
                let calls = one().await?;
                vec![(all, calls.all), (auth, calls.auth)]
            }
            RateClass::Link => {
                let calls = one().await?;
                vec![(all, calls.all), (auth, calls.link)]
            }
            RateClass::Spared => vec![(all, self.used(name).await?)],
        })
    }

    /// How many calls of an address are used, as far as this environment knows.
    async fn used(&self, name: &str) -> Result<u64> {
        let row = (name.to_owned(), RateClass::Plain);
        let known = self.lock().leases.get(&row).map(|it| it.used);
        match known {
            Some(used) => Ok(used),
            None => Ok(self.store.calls(name).await?.all),
        }
    }

    /// Takes one call of a count, from what this environment holds or anew: how many are used with it.
    async fn take(
        &self,
        name: &str,
        (limit, lane): (u32, RateClass),
        ends_at: Timestamp,
    ) -> Result<u64> {
        let row = (name.to_owned(), lane);
        let wanted = {
            let mut known = self.lock();
            let lease = known.leases.get_mut(&row);
            match lease {
                Some(lease) if lease.left > 0 => {
                    lease.left -= 1;
                    lease.used += 1;
                    return Ok(lease.used);
                }
                known => {
                    let used = known.map_or(0, |it| it.used);
                    let used = u32::try_from(used).unwrap_or(u32::MAX);
                    let left = limit.saturating_sub(used);
                    (left / LEASE_DIVISOR).clamp(1, LEASE_MAX)
                }
            }
        };
        let calls = self
            .store
            .count_calls(name, lane.kinds(), wanted, ends_at)
            .await?;
        let counted = match lane {
            RateClass::Files => calls.files,
            _ => calls.all,
        };
        let before = counted.saturating_sub(wanted.into());
        let granted = u64::from(limit).saturating_sub(before).min(wanted.into());
        let lease = RateLease {
            used: before + 1,
            left: granted.saturating_sub(1),
        };
        self.lock().leases.insert(row, lease);
        Ok(lease.used)
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
            known.leases.clear();
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
