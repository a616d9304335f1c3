//! Idempotency: keeps the sealed answer of a call with `Idempotency-Key` for a day.
//!
//! Answers are sealed with a key the table does not hold. Answers with tokens are never kept at all; the
//! routes that give them are left out before it comes to this.

use serde::{Deserialize, Serialize};

use crate::auth::Keys;
use crate::domain::{Error, ErrorKind, Result, Timestamp, UserId};
use crate::store::{Claimed, ReplayRun, Store};

/// How long an answer is kept, in seconds.
const RESPONSE_TTL_SECONDS: i64 = 24 * 3600;

/// After how many seconds a call that was not answered counts as dead: longer than a function may run.
const DEAD: i64 = 30;

/// The most bytes of an answer that is kept; a row holds 400 KB, and sealing makes a third more of it.
const LARGEST: usize = 256 * 1024;

/// A call with a key.
#[derive(Clone, Copy, Debug)]
pub struct KeyedCall<'a> {
    /// Who calls, if she shows a token.
    pub user: Option<UserId>,
    /// Where from; tells those apart who show none.
    pub address: &'a str,
    /// The key she chose.
    pub key: &'a str,
    /// Method and path with its parameters.
    pub route: &'a str,
    /// What she sends.
    pub body: &'a [u8],
}

/// An answer as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredResponse {
    /// Its status.
    pub status: u16,
    /// The headers that belong to it.
    pub headers: Vec<(String, String)>,
    /// Its body, in base64.
    pub body: String,
}

/// What is to be done with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replay {
    /// Answer it; it is the first.
    First(ReplayRun),
    /// Give this answer again.
    RetryLater(StoredResponse),
    /// Refuse it.
    Refuse(ReplayRefusal),
}

/// Why a call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayRefusal {
    /// The first is still being answered.
    Running,
    /// The key was used for another call.
    Reused,
}

impl From<ReplayRefusal> for Error {
    fn from(why: ReplayRefusal) -> Self {
        match why {
            ReplayRefusal::Running => Self::conflict(
                "IDEMPOTENCY_IN_PROGRESS",
                "The same request is still being answered. Please try again in a moment.",
            ),
            ReplayRefusal::Reused => Self::new(
                ErrorKind::Unprocessable,
                "IDEMPOTENCY_KEY_REUSED",
                "This idempotency key was used for another request.",
            ),
        }
    }
}

/// Knows the calls of the last day. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Replays {
    store: Store,
    keys: Keys,
}

impl Replays {
    /// Answers are kept in `store`, sealed with `keys`.
    #[must_use]
    pub fn new(store: Store, keys: Keys) -> Self {
        Self { store, keys }
    }

    /// What is to be done with a call.
    pub async fn begin(&self, call: KeyedCall<'_>, now: Timestamp) -> Result<Replay> {
        let fingerprint = self.keys.replay_name(&[call.route.as_bytes(), call.body]);
        let claimed = self
            .store
            .begin_run(
                call.user,
                &self.name(call),
                &fingerprint,
                (now, now.plus_seconds(DEAD)),
            )
            .await?;
        Ok(match claimed {
            Claimed::First(run) => Replay::First(run),
            Claimed::Before {
                fingerprint: other, ..
            } if other != fingerprint => Replay::Refuse(ReplayRefusal::Reused),
            Claimed::Before { answer: None, .. } => Replay::Refuse(ReplayRefusal::Running),
            Claimed::Before {
                answer: Some(answer),
                ..
            } => Replay::RetryLater(self.open(&answer, &fingerprint)?),
        })
    }

    /// Keeps the answer to a first call, if it is one to keep; otherwise the call can be made again.
    pub async fn end(
        &self,
        run: &ReplayRun,
        call: KeyedCall<'_>,
        answer: &StoredResponse,
        now: Timestamp,
    ) -> Result<()> {
        if !is_final(answer.status) || answer.body.len() > LARGEST {
            return self.store.drop_run(run).await;
        }
        let fingerprint = self.keys.replay_name(&[call.route.as_bytes(), call.body]);
        let text =
            serde_json::to_vec(answer).map_err(|err| Error::bug("keeping an answer", err))?;
        let sealed = self.keys.seal_replay(&fingerprint, text)?;
        self.store
            .end_run(run, &sealed, now.plus_seconds(RESPONSE_TTL_SECONDS))
            .await
            .map(|_| ())
    }

    fn name(&self, call: KeyedCall<'_>) -> String {
        let nobody = if call.user.is_none() {
            call.address
        } else {
            ""
        };
        self.keys.replay_name(&[
            call.key.as_bytes(),
            call.route.as_bytes(),
            nobody.as_bytes(),
        ])
    }

    fn open(&self, sealed: &str, fingerprint: &str) -> Result<StoredResponse> {
        let text = self.keys.open_replay(fingerprint, sealed)?;
        serde_json::from_slice(&text).map_err(|err| Error::bug("reading a kept answer", err))
    }
}

/// Whether the same call would be answered so again. Our own trouble passes, and so do limits and
/// sign-ins.
fn is_final(status: u16) -> bool {
    status < 500 && !matches!(status, 401 | 408 | 429)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_epoch_seconds(1_800_000_000 + seconds).unwrap()
    }

    fn answer(status: u16) -> StoredResponse {
        StoredResponse {
            status,
            headers: vec![("content-type".into(), "application/json".into())],
            body: "c2VjcmV0".into(),
        }
    }

    async fn replays() -> Replays {
        let keys = Keys::derive("a-secret-of-more-than-thirty-two-characters", None).unwrap();
        Replays::new(crate::testing::store().await, keys)
    }

    fn call(user: UserId, key: &'static str, body: &'static str) -> KeyedCall<'static> {
        KeyedCall {
            user: Some(user),
            address: "192.0.2.7",
            key,
            route: "POST /x",
            body: body.as_bytes(),
        }
    }

    #[tokio::test]
    async fn the_first_answer_is_given_again_for_a_day() {
        let (replays, her) = (replays().await, UserId::random());
        let call = call(her, "k", "b");
        let Replay::First(run) = replays.begin(call, at(0)).await.unwrap() else {
            panic!("not the first")
        };
        let running = Replay::Refuse(ReplayRefusal::Running);
        assert_eq!(replays.begin(call, at(1)).await.unwrap(), running);
        replays.end(&run, call, &answer(201), at(2)).await.unwrap();
        let again = Replay::RetryLater(answer(201));
        assert_eq!(
            replays.begin(call, at(RESPONSE_TTL_SECONDS)).await.unwrap(),
            again
        );
        let other = KeyedCall {
            body: b"other",
            ..call
        };
        let reused = Replay::Refuse(ReplayRefusal::Reused);
        assert_eq!(replays.begin(other, at(3)).await.unwrap(), reused);
        for new in [
            KeyedCall { key: "k2", ..call },
            KeyedCall {
                route: "POST /y",
                ..call
            },
            KeyedCall {
                user: Some(UserId::random()),
                ..call
            },
            KeyedCall { user: None, ..call },
            KeyedCall {
                user: None,
                address: "192.0.2.8",
                ..call
            },
        ] {
            let first = replays.begin(new, at(3)).await.unwrap();
            assert!(matches!(first, Replay::First(_)), "{new:?}");
        }
        let late = replays
            .begin(call, at(RESPONSE_TTL_SECONDS + 2))
            .await
            .unwrap();
        assert!(matches!(late, Replay::First(_)));
    }

    #[tokio::test]
    async fn what_may_end_otherwise_is_not_kept() {
        let (replays, her) = (replays().await, UserId::random());
        let call = call(her, "k", "b");
        for status in [500, 503, 401, 429] {
            let Replay::First(run) = replays.begin(call, at(0)).await.unwrap() else {
                panic!("{status} was kept")
            };
            replays
                .end(&run, call, &answer(status), at(0))
                .await
                .unwrap();
        }
        assert!(matches!(
            replays.begin(call, at(0)).await.unwrap(),
            Replay::First(_)
        ));
        // Nobody came back to answer that one.
        assert!(matches!(
            replays.begin(call, at(DEAD)).await.unwrap(),
            Replay::First(_)
        ));
    }

    #[tokio::test]
    async fn the_table_cannot_read_an_answer() {
        let (store, table) = crate::testing::table().await;
        let keys = Keys::derive("a-secret-of-more-than-thirty-two-characters", None).unwrap();
        let replays = Replays::new(store, keys);
        let call = call(UserId::random(), "my-key", "my-body");
        let Replay::First(run) = replays.begin(call, at(0)).await.unwrap() else {
            panic!("not the first")
        };
        replays.end(&run, call, &answer(200), at(0)).await.unwrap();
        let rows = table.scan().table_name("vara").send().await.unwrap();
        let text = format!("{:?}", rows.items());
        assert_eq!(rows.items().len(), 1);
        for plain in [
            "my-key",
            "my-body",
            "c2VjcmV0",
            "secret",
            "application/json",
        ] {
            assert!(!text.contains(plain), "{plain} in {text}");
        }
    }
}
