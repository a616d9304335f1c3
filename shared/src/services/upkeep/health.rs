//! Health and readiness checks of table, bucket and queues.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::Result;
use crate::objects::Objects;
use crate::queues::Queues;
use crate::store::Store;

/// What the readiness check asks.
#[derive(Clone)]
pub struct Dependencies {
    /// The table.
    pub store: Store,
    /// The bucket.
    pub objects: Objects,
    /// The queue service.
    pub queues: Queues,
    /// The queues, by the names the answer gives them.
    pub queue_urls: Vec<(&'static str, String)>,
}

/// Whether the dependencies answer.
#[derive(Debug, Serialize)]
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
    /// Asks all of them at once.
    pub async fn ready(&self) -> Ready {
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
