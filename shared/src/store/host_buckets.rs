//! Pace of mails to one site: `HOST#<registrable domain>`, a token bucket and a circuit breaker that all workers share.
//!
//! Each take is one conditional update. The row names a site and nobody who asks; it is forgotten after two days.
//! While mails fail there it is in the `due` index, so that staff see it; no worker takes that kind.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::tx::Change;
use super::{Key, Store};
use crate::domain::takedown::catalogue::RecipientPace;
use crate::domain::{Result, Timestamp};

/// After how many failures in a row the breaker opens.
const MAX_FAILURES: u32 = 5;

/// For how long the breaker is open, in seconds.
const OPEN_SECONDS: i64 = 30 * 60;

/// Kind of a host in the `due` index to which the last mail failed.
const FAILING_HOST: &str = "FAILING-HOST";

const BUCKET_TTL_SECONDS: i64 = 2 * 24 * 3600;

/// How a host stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct HostBucket {
    /// Not before.
    not_before: Option<Timestamp>,
    /// The day that is counted.
    day: String,
    /// How many of that day were taken.
    taken: u32,
    /// How many calls failed in a row.
    failures: u32,
    /// When one last failed.
    last_failure_at: Option<Timestamp>,
    /// Counts every change.
    revision: u64,
}

/// How a host stands, as staff see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostStanding {
    /// The host.
    pub(crate) host: String,
    /// Before when nothing is sent there, by its pace or after failures.
    pub(crate) not_before: Option<Timestamp>,
    /// Whether that is because its breaker is open.
    pub(crate) is_paused: bool,
    /// How many mails failed in a row.
    pub(crate) failures: u32,
    /// When one last failed.
    pub(crate) last_failure_at: Option<Timestamp>,
}

/// The row with its key, which has the name of the host.
#[derive(Deserialize)]
struct KeyedBucket {
    pk: String,
    #[serde(flatten)]
    bucket: HostBucket,
}

/// How the key of a row of a host begins.
const KEY_START: &str = "HOST#";

fn key(host: &str) -> Key {
    Key::lone(format!("{KEY_START}{host}"))
}

impl KeyedBucket {
    fn standing(self, now: Timestamp) -> Option<HostStanding> {
        let not_before = self.bucket.not_before.filter(|it| *it > now);
        Some(HostStanding {
            host: self.pk.strip_prefix(KEY_START)?.to_owned(),
            not_before,
            is_paused: self.bucket.failures >= MAX_FAILURES && not_before.is_some(),
            failures: self.bucket.failures,
            last_failure_at: self.bucket.last_failure_at,
        })
    }
}

impl HostBucket {
    /// When the next may go there; nothing means now.
    fn wait(&self, pace: RecipientPace, now: Timestamp) -> Option<Timestamp> {
        let held = self.not_before.filter(|it| *it > now);
        let is_spent = self.day == now.day() && self.taken >= pace.per_day;
        held.or_else(|| is_spent.then(|| now.next_day()))
    }

    /// The bucket without the token that is taken now, or when there is one.
    fn take(&self, pace: RecipientPace, now: Timestamp) -> std::result::Result<Self, Timestamp> {
        if let Some(at) = self.wait(pace, now) {
            return Err(at);
        }
        let is_same_day = self.day == now.day();
        Ok(Self {
            not_before: Some(now.plus_seconds(i64::from(pace.gap_seconds))),
            day: now.day(),
            taken: if is_same_day { self.taken + 1 } else { 1 },
            ..self.clone()
        })
    }

    /// The bucket after a call: `None` for success, else how long to leave the host alone, at least.
    fn after(&self, failed_for: Option<i64>, now: Timestamp) -> Self {
        let Some(seconds) = failed_for else {
            return Self {
                failures: 0,
                ..self.clone()
            };
        };
        let failures = self.failures.saturating_add(1);
        let rest = if failures >= MAX_FAILURES {
            OPEN_SECONDS
        } else {
            0
        };
        let until = now.plus_seconds(seconds.max(rest));
        Self {
            failures,
            last_failure_at: Some(now),
            not_before: Some(self.not_before.map_or(until, |it| it.max(until))),
            ..self.clone()
        }
    }
}

impl Store {
    /// Takes a token of this host. `Some`: there is none before that time.
    pub(crate) async fn take_host_token(
        &self,
        host: &str,
        pace: RecipientPace,
        now: Timestamp,
    ) -> Result<Option<Timestamp>> {
        super::retry_on_conflict("taking the token of a host", || async {
            let bucket: HostBucket = self.get_readable(&key(host)).await?.unwrap_or_default();
            match bucket.take(pace, now) {
                Err(at) => Ok(Some(Some(at))),
                Ok(taken) => {
                    let stored = self.change_bucket(host, &bucket, &taken, now).await?;
                    Ok(stored.then_some(None))
                }
            }
        })
        .await
    }

    /// Notes what a call to this host came to: `None` for success, else how long to leave it alone, at least. Whether
    /// it was noted makes no difference to the request, so a collision is let pass.
    pub(crate) async fn note_host_outcome(
        &self,
        host: &str,
        failed_for: Option<i64>,
        now: Timestamp,
    ) -> Result<()> {
        let bucket: HostBucket = self.get_readable(&key(host)).await?.unwrap_or_default();
        let after = bucket.after(failed_for, now);
        if after == bucket {
            return Ok(());
        }
        self.change_bucket(host, &bucket, &after, now)
            .await
            .map(drop)
    }

    /// How these hosts stand, and those to which the last mail failed. `false`: more may fail than are named. A host of
    /// which nothing is known, or whose row is unreadable, is left out.
    pub(crate) async fn host_standings(
        &self,
        hosts: impl IntoIterator<Item = &String>,
        now: Timestamp,
    ) -> Result<(Vec<HostStanding>, bool)> {
        let (failing, is_all) = self.due_or_later(FAILING_HOST, now).await?;
        let failing = failing.iter().map(|it| it.key().pk.clone());
        let named = hosts.into_iter().map(|it| key(it).pk);
        let all: BTreeSet<String> = failing.chain(named).collect();
        let keys: Vec<Key> = all.into_iter().map(Key::lone).collect();
        let rows: Vec<KeyedBucket> = self.get_all(&keys).await?;
        let standings = rows.into_iter().filter_map(|it| it.standing(now));
        Ok((standings.collect(), is_all))
    }

    async fn change_bucket(
        &self,
        host: &str,
        before: &HostBucket,
        after: &HostBucket,
        now: Timestamp,
    ) -> Result<bool> {
        let ttl = now.plus_seconds(BUCKET_TTL_SECONDS).epoch_seconds();
        let change = Change::default()
            .set("notBefore", after.not_before)
            .set("day", &after.day)
            .set("taken", after.taken)
            .set("failures", after.failures)
            .set("lastFailureAt", after.last_failure_at)
            .set("revision", before.revision + 1)
            .set("ttl", ttl)
            .when_or_absent("revision", "=", before.revision);
        let key = key(host);
        let change = match after.last_failure_at {
            Some(at) if after.failures > 0 => change.due(FAILING_HOST, &key, at),
            _ => change.not_due(),
        };
        self.change_row(&key, change).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: RecipientPace = RecipientPace {
        gap_seconds: 60,
        per_day: 3,
    };

    fn at(second: i64) -> Timestamp {
        let noon = Timestamp::parse("2026-11-20T12:00:00Z").unwrap();
        noon.plus_seconds(second)
    }

    #[tokio::test]
    async fn a_host_gets_one_a_minute_and_no_more_than_its_day() {
        let store = crate::testing::store().await;
        let take =
            async |host, second| store.take_host_token(host, PACE, at(second)).await.unwrap();
        assert_eq!(take("a", 0).await, None);
        assert_eq!(take("a", 59).await, Some(at(60)));
        assert_eq!(take("b", 59).await, None, "another host has its own");
        assert_eq!(take("a", 60).await, None);
        assert_eq!(take("a", 120).await, None);
        assert_eq!(take("a", 180).await, Some(at(0).next_day()));
        assert_eq!(take("a", 12 * 3600).await, None, "another day");
    }

    #[tokio::test]
    async fn workers_side_by_side_take_one_token_once() {
        let store = crate::testing::store().await;
        let many = (0..8).map(|_| store.take_host_token("a", PACE, at(0)));
        let taken = futures_util::future::try_join_all(many).await.unwrap();
        assert_eq!(taken.iter().filter(|it| it.is_none()).count(), 1);
    }

    #[tokio::test]
    async fn what_fails_is_left_alone_and_longer_after_five_times() {
        let store = crate::testing::store().await;
        let fail = async |seconds, second| {
            store
                .note_host_outcome("a", Some(seconds), at(second))
                .await
                .unwrap();
            store.take_host_token("a", PACE, at(second)).await.unwrap()
        };
        assert_eq!(fail(90, 0).await, Some(at(90)));
        for second in 1..4 {
            fail(1, second).await;
        }
        assert_eq!(fail(1, 5).await, Some(at(5 + OPEN_SECONDS)));
        store.note_host_outcome("a", None, at(6)).await.unwrap();
        let later = at(6 + OPEN_SECONDS);
        assert_eq!(store.take_host_token("a", PACE, later).await.unwrap(), None);
        let again = later.plus_seconds(61);
        store.note_host_outcome("a", Some(1), again).await.unwrap();
        let taken = store
            .take_host_token("a", PACE, again.plus_seconds(1))
            .await;
        assert_eq!(taken.unwrap(), None, "counted from none again");
    }

    #[tokio::test]
    async fn a_host_is_seen_while_mails_fail_there_and_when_it_is_named() {
        let store = crate::testing::store().await;
        let seen = async |named: &[&str], second| {
            let named: Vec<String> = named.iter().map(|it| (*it).to_owned()).collect();
            let seen = store.host_standings(&named, at(second)).await.unwrap();
            assert!(seen.1, "all of them");
            seen.0
        };
        let note = async |failed_for, second| {
            let noted = store.note_host_outcome("bad.example", failed_for, at(second));
            noted.await.unwrap();
        };
        assert_eq!(store.take_host_token("a", PACE, at(0)).await.unwrap(), None);
        assert!(seen(&[], 1).await.is_empty());
        let paced = HostStanding {
            host: "a".into(),
            not_before: Some(at(60)),
            is_paused: false,
            failures: 0,
            last_failure_at: None,
        };
        assert_eq!(seen(&["a", "unknown"], 1).await, [paced]);
        for second in 0..4 {
            note(Some(10), second).await;
        }
        let failing = HostStanding {
            host: "bad.example".into(),
            not_before: Some(at(13)),
            is_paused: false,
            failures: 4,
            last_failure_at: Some(at(3)),
        };
        assert_eq!(
            seen(&["bad.example"], 4).await,
            std::slice::from_ref(&failing),
            "once"
        );
        note(Some(10), 5).await;
        let paused = HostStanding {
            not_before: Some(at(5 + OPEN_SECONDS)),
            is_paused: true,
            failures: 5,
            last_failure_at: Some(at(5)),
            ..failing
        };
        assert_eq!(seen(&[], 6).await, std::slice::from_ref(&paused));
        let over = HostStanding {
            not_before: None,
            is_paused: false,
            ..paused
        };
        assert_eq!(seen(&[], 6 + OPEN_SECONDS).await, [over]);
        note(None, 7 + OPEN_SECONDS).await;
        assert!(seen(&[], 8 + OPEN_SECONDS).await.is_empty());
    }

    /// Sends so many requests to each of so many hosts under a clock of the test's own, as workers do it: each request
    /// that gets no token comes again when there is one. When each was sent, by host; to dead hosts nothing is.
    fn run(hosts: usize, requests: usize, dead: &[usize]) -> Vec<Vec<Timestamp>> {
        let mut buckets = vec![HostBucket::default(); hosts];
        let mut sent = vec![Vec::new(); hosts];
        let mut waiting: std::collections::BinaryHeap<_> = (0..requests * hosts)
            .map(|it| std::cmp::Reverse((at(0), it)))
            .collect();
        let end = at(60 * 24 * 3600);
        while let Some(std::cmp::Reverse((now, request))) = waiting.pop() {
            let host = request % hosts;
            if now > end {
                break;
            }
            match buckets[host].take(RecipientPace::DEFAULT, now) {
                Err(again) => {
                    assert!(again > now, "nobody waits for the past");
                    waiting.push(std::cmp::Reverse((again, request)));
                }
                Ok(taken) if dead.contains(&host) => {
                    buckets[host] = taken.after(Some(60), now);
                    waiting.push(std::cmp::Reverse((now.plus_seconds(60), request)));
                }
                Ok(taken) => {
                    buckets[host] = taken.after(None, now);
                    sent[host].push(now);
                }
            }
        }
        sent
    }

    #[test]
    fn ten_thousand_requests_keep_every_hosts_pace_and_a_dead_host_delays_no_other() {
        let whole = run(50, 200, &[]);
        for (host, times) in whole.iter().enumerate() {
            assert_eq!(times.len(), 200, "{host}");
            let mut by_day = std::collections::HashMap::new();
            for pair in times.windows(2) {
                let gap = pair[1].millis_since(pair[0]) / 1000;
                assert!(
                    gap >= i64::from(RecipientPace::DEFAULT.gap_seconds),
                    "{host}: {gap} s"
                );
            }
            for time in times {
                *by_day.entry(time.day()).or_insert(0) += 1;
            }
            assert!(
                by_day
                    .values()
                    .all(|it| *it <= RecipientPace::DEFAULT.per_day),
                "{host}"
            );
        }
        let broken = run(50, 200, &[7]);
        assert!(broken[7].is_empty());
        for host in (0..50).filter(|it| *it != 7) {
            assert_eq!(
                broken[host], whole[host],
                "the others are sent when they were"
            );
        }
    }
}
