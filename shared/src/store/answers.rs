//! Answers of engines: `FOUND#<engine>#<digest>` holds what one answered for a picture of hers lately, and
//! to which scan.
//!
//! An answer is kept once. The scan that asked goes on from it, and a scan of the schedule may take it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Key, Row, Store};
use crate::domain::{Result, Scan, ScanId, Timestamp, UserId};

/// How long an answer is kept, in seconds: as long as a message may wait in a dead-letter queue before
/// somebody sends it back.
const ANSWER_TTL_SECONDS: i64 = 14 * 24 * 3600;

/// What an engine answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct KeptAnswer<T> {
    pub(crate) answer: T,
    pub(crate) at: Timestamp,
    /// The scan that asked. Answers that were kept before this was noted have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scan: Option<ScanId>,
}

fn key(user: UserId, engine: &str, digest: &str) -> Key {
    Key::user(user, format!("FOUND#{engine}#{digest}"))
}

impl Store {
    /// What an engine answered last for these bytes.
    pub(crate) async fn found<T: DeserializeOwned>(
        &self,
        user: UserId,
        engine: &str,
        digest: &str,
    ) -> Result<Option<KeptAnswer<T>>> {
        // What cannot be read is asked for again.
        self.get_readable(&key(user, engine, digest)).await
    }

    /// Keeps what an engine answered a scan for these bytes. `false`: the scan is gone.
    pub(crate) async fn keep_found<T: Serialize>(
        &self,
        scan: &Scan,
        engine: &str,
        digest: &str,
        answer: &T,
        now: Timestamp,
    ) -> Result<bool> {
        let kept = KeptAnswer {
            answer,
            at: now,
            scan: Some(scan.id),
        };
        let mut row = Row::new(key(scan.user_id, engine, digest), kept);
        row.ttl = Some(now.plus_seconds(ANSWER_TTL_SECONDS).epoch_seconds());
        let tx = self.tx().put(&row);
        let tx = tx.require(&super::scans::key(scan.user_id, scan.id));
        Ok(tx.commit().await?.is_done())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ScanOrigin, ScanType};
    use crate::testing;

    #[tokio::test]
    async fn an_answer_is_kept_once_with_the_scan_that_asked() {
        let (store, user) = (testing::store().await, UserId::random());
        let at = |seconds: i64| Timestamp::from_epoch_seconds(1_800_000_000 + seconds).unwrap();
        let scan = Scan::pending(ScanId::next(), user, ScanType::ImageScan, None, at(0));
        let keep = async |answer: &str| {
            let kept = store.keep_found(&scan, "tineye", "abc", &answer, at(10));
            kept.await.unwrap()
        };
        assert!(!keep("no scan").await, "the scan is gone");
        assert!(store.create_scan(&scan, ScanOrigin::User).await.unwrap());
        assert!(keep("one").await && keep("two").await);
        let kept = store.found::<String>(user, "tineye", "abc").await.unwrap();
        let newest = KeptAnswer {
            answer: "two".to_owned(),
            at: at(10),
            scan: Some(scan.id),
        };
        assert_eq!(kept, Some(newest));
        for (user, engine, digest) in [
            (user, "vision", "abc"),
            (user, "tineye", "abd"),
            (UserId::random(), "tineye", "abc"),
        ] {
            let other = store.found::<String>(user, engine, digest).await.unwrap();
            assert_eq!(other, None);
        }
    }

    #[tokio::test]
    async fn an_answer_of_before_names_no_scan() {
        let (store, client) = testing::table().await;
        let user = UserId::random();
        testing::set_text(&client, user, "FOUND#tineye#abc", "answer", "old").await;
        let at = "2026-11-20T12:00:00.000Z";
        testing::set_text(&client, user, "FOUND#tineye#abc", "at", at).await;
        let kept = store.found::<String>(user, "tineye", "abc").await.unwrap();
        let kept = kept.unwrap();
        assert_eq!((kept.answer.as_str(), kept.scan), ("old", None));
    }
}
