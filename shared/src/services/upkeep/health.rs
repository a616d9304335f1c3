//! Health and readiness checks of table, bucket and queues.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use tokio::sync::Mutex;

use crate::clock;
use crate::domain::{Result, Timestamp};
use crate::objects::Objects;
use crate::queues::Queues;
use crate::store::Store;

/// How long an answer about all of them is given again, in seconds: anybody may ask, and asking costs
/// calls of each.
const REMEMBERED_SECONDS: i64 = 2;

/// What the readiness check asks.
#[derive(Clone)]
pub struct Dependencies {
    pub(super) store: Store,
    objects: Objects,
    pub(super) queues: Queues,
    /// By the names the answer gives them.
    pub(super) queue_urls: Vec<(&'static str, String)>,
    readiness: Arc<LastAnswer<Ready>>,
    pub(super) gauges: Arc<LastAnswer<String>>,
}

/// An answer and when it was made. Those who ask meanwhile wait for the one who makes it.
pub(super) struct LastAnswer<T>(Mutex<Option<(Timestamp, T)>>);

impl<T: Clone> LastAnswer<T> {
    /// The answer, made anew if it is not of just now.
    pub(super) async fn or_ask(&self, now: Timestamp, ask: impl Future<Output = T>) -> T {
        let mut last = self.0.lock().await;
        if let Some((at, answer)) = &*last
            && now.millis_since(*at) < REMEMBERED_SECONDS * 1000
        {
            return answer.clone();
        }
        let answer = ask.await;
        *last = Some((now, answer.clone()));
        answer
    }
}

/// Whether the dependencies answer.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "the names say it")]
pub struct Ready {
    pub status: Readiness,
    /// By name.
    pub checks: BTreeMap<String, Check>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Readiness {
    Ready,
    Unavailable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Check {
    Ok,
    Unavailable,
}

impl Dependencies {
    /// Over these; the queues by the names the answer gives them.
    #[must_use]
    pub fn new(
        store: Store,
        objects: Objects,
        queues: Queues,
        queue_urls: Vec<(&'static str, String)>,
    ) -> Self {
        Self {
            store,
            objects,
            queues,
            queue_urls,
            readiness: Arc::new(LastAnswer(Mutex::new(None))),
            gauges: Arc::new(LastAnswer(Mutex::new(None))),
        }
    }

    /// Whether all of them answer, as of the last moments.
    pub async fn ready(&self) -> Ready {
        let now = clock::now();
        self.readiness.or_ask(now, self.ask_all()).await
    }

    /// Asks all of them at once.
    async fn ask_all(&self) -> Ready {
        let queues = self
            .queue_urls
            .iter()
            .map(async |(name, url)| (*name, self.queues.depth(url).await.map(|_| ())));
        let (table, bucket, queues) = tokio::join!(
            self.store.ping(),
            self.objects.ping(),
            futures_util::future::join_all(queues)
        );
        let mut all = vec![("table", table), ("bucket", bucket)];
        all.extend(queues);
        let ok = all.iter().all(|(_, answer)| answer.is_ok());
        let checks = all
            .iter()
            .map(|(name, answer)| ((*name).to_owned(), check(answer)));
        Ready {
            status: if ok {
                Readiness::Ready
            } else {
                Readiness::Unavailable
            },
            checks: checks.collect(),
        }
    }
}

fn check(answer: &Result<()>) -> Check {
    match answer {
        Ok(()) => Check::Ok,
        Err(err) => {
            tracing::warn!(error.chain = err.chain(), "a dependency does not answer");
            Check::Unavailable
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn whoever_asks_at_once_is_told_what_one_was() {
        let (asked, now) = (Cell::new(0), clock::now());
        let last = LastAnswer(Mutex::new(None));
        let ask = async || {
            tokio::task::yield_now().await;
            asked.set(asked.get() + 1);
            asked.get()
        };
        let at = |seconds| last.or_ask(now.plus_seconds(seconds), ask());
        assert_eq!(
            tokio::join!(at(0), at(0), at(REMEMBERED_SECONDS - 1)),
            (1, 1, 1)
        );
        assert_eq!((at(REMEMBERED_SECONDS).await, asked.get()), (2, 2));
    }
}
