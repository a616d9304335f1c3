//! Health and readiness checks of table, bucket and queues.

use serde_json::{Map, Value, json};

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

impl Dependencies {
    /// Asks all of them at once; whether all answered, and each one's answer.
    pub async fn ready(&self) -> (bool, Value) {
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
        let checks: Map<String, Value> = all
            .iter()
            .map(|(name, answer)| ((*name).to_owned(), told(answer)))
            .collect();
        (
            ok,
            json!({ "status": if ok { "ready" } else { "unavailable" }, "checks": checks }),
        )
    }
}

fn told(answer: &Result<()>) -> Value {
    match answer {
        Ok(()) => "ok".into(),
        Err(err) => {
            tracing::warn!(error.chain = err.chain(), "a dependency does not answer");
            "unavailable".into()
        }
    }
}
