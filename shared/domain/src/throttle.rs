//! Throttles: exponential back-off and token bucket for sign-in attempts and mails.

use serde::{Deserialize, Serialize};

/// The longest delay between two tries under back-off, in seconds.
const BACKOFF_MAX: i64 = 60;

/// A rule for what may be done only so often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Throttle {
    /// Exponential back-off: `free` tries without delay, then 1, 2, 4… to 60 seconds after each.
    Backoff {
        /// How many tries have no delay between them.
        free: u32,
        /// After how many seconds without a try all tries are forgotten.
        forgotten_after: i64,
    },
    /// A token bucket.
    Bucket {
        /// How many at once.
        burst: u32,
        /// The seconds after which there is one more.
        interval: i64,
    },
}

/// The tries under one name. Times are seconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Meter {
    /// How many there were.
    pub count: u32,
    /// Back-off: when the next is admitted. Bucket: when it is full again.
    pub at: i64,
    /// From when on it is as if there had been none.
    pub ends_at: i64,
}

impl Throttle {
    /// The meter after a try at `now`, or how many seconds the try has to wait. A try that has to wait
    /// changes nothing, so that trying too early does not make the wait longer.
    pub fn admit(self, before: Meter, now: i64) -> Result<Meter, i64> {
        match self {
            Self::Backoff {
                free,
                forgotten_after,
            } => {
                let is_over = now >= before.ends_at;
                let before = if is_over { Meter::default() } else { before };
                if now < before.at {
                    return Err(before.at - now);
                }
                let count = before.count.saturating_add(1);
                Ok(Meter {
                    count,
                    at: now + backoff(count, free),
                    ends_at: now + forgotten_after,
                })
            }
            Self::Bucket { burst, interval } => {
                let full_at = before.at.max(now);
                let room = i64::from(burst.saturating_sub(1)) * interval;
                let wait = full_at - now - room;
                if wait > 0 {
                    return Err(wait);
                }
                Ok(Meter {
                    count: before.count.wrapping_add(1),
                    at: full_at + interval,
                    ends_at: full_at + interval,
                })
            }
        }
    }
}

fn backoff(count: u32, free: u32) -> i64 {
    match count.checked_sub(free) {
        Some(over) => (1 << over.min(6)).min(BACKOFF_MAX),
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Throttle = Throttle::Backoff {
        free: 5,
        forgotten_after: 900,
    };

    /// The delays after each of so many tries, each made as soon as it may be.
    fn delays(rule: Throttle, tries: u32) -> Vec<i64> {
        let (mut meter, mut now, mut delays) = (Meter::default(), 1000, Vec::new());
        for _ in 0..tries {
            let wait = rule.admit(meter, now).err().unwrap_or_default();
            now += wait;
            delays.push(wait);
            meter = rule.admit(meter, now).unwrap();
        }
        delays
    }

    #[test]
    fn delays_grow_to_a_minute_and_no_further() {
        let wanted = [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60];
        assert_eq!(delays(BACKOFF, 13), wanted);
        assert_eq!(delays(BACKOFF, 200)[13..], [60; 187]);
    }

    #[test]
    fn trying_too_early_makes_no_wait_longer() {
        let mut meter = Meter::default();
        for _ in 0..7 {
            meter = BACKOFF.admit(meter, meter.at.max(1000)).unwrap();
        }
        let at = meter.at;
        for early in (1..4).rev() {
            assert_eq!(BACKOFF.admit(meter, at - early), Err(early));
        }
        assert!(BACKOFF.admit(meter, at).is_ok());
    }

    #[test]
    fn tries_are_forgotten() {
        let mut meter = Meter::default();
        for second in [0, 0, 0, 0, 0, 1, 3, 7] {
            meter = BACKOFF.admit(meter, 1000 + second).unwrap();
        }
        assert_eq!(BACKOFF.admit(meter, 1007 + 899).unwrap().count, 9);
        let anew = BACKOFF.admit(meter, 1007 + 900).unwrap();
        assert_eq!((anew.count, anew.at), (1, 1907));
    }

    #[test]
    fn a_bucket_fills_one_by_one() {
        let rule = Throttle::Bucket {
            burst: 3,
            interval: 100,
        };
        assert_eq!(delays(rule, 6), [0, 0, 0, 100, 100, 100]);
        let mut meter = Meter::default();
        for _ in 0..3 {
            meter = rule.admit(meter, 1000).unwrap();
        }
        assert_eq!(rule.admit(meter, 1001), Err(99));
        // After a long time there are three again, and no more.
        for _ in 0..3 {
            meter = rule.admit(meter, 9000).unwrap();
        }
        assert_eq!(rule.admit(meter, 9000), Err(100));
    }
}
