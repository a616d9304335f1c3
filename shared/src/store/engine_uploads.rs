//! Uploads that lie at an engine until they are removed there.
//!
//! `AWAY#<search>` holds the engine's own names for one and nothing of whose it is: it stays when she
//! leaves, as it takes this to remove her picture. It is due until the engine says that it is gone.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Due, Key, Row, Store};
use crate::domain::{Result, Timestamp};

/// Kind of work in the `due` index.
pub const DUE_AWAY: &str = "AWAY";

/// How long whoever uploaded it has to remove it, in seconds. Longer than any search takes.
const REMOVE_AFTER_SECONDS: i64 = 15 * 60;

/// How long its removal is tried, in seconds.
const UPLOAD_TTL_SECONDS: i64 = 90 * 24 * 3600;

/// A picture at an engine.
#[derive(Serialize, Deserialize)]
struct EngineUpload<T> {
    upload: T,
}

fn key(name: &str) -> Key {
    Key::lone(format!("AWAY#{name}"))
}

impl Store {
    /// Notes that a picture lies there.
    pub async fn note_away(
        &self,
        name: &str,
        upload: &impl Serialize,
        now: Timestamp,
    ) -> Result<()> {
        let row = Row::new(key(name), EngineUpload { upload });
        let mut row = row.due(DUE_AWAY, now.plus_seconds(REMOVE_AFTER_SECONDS));
        row.ttl = Some(now.plus_seconds(UPLOAD_TTL_SECONDS).epoch_seconds());
        self.tx().put(&row).commit().await?;
        Ok(())
    }

    /// The picture that is due to be removed, if it was not by now.
    pub async fn engine_upload<T: DeserializeOwned>(&self, due: &Due) -> Result<Option<T>> {
        let row: Option<EngineUpload<T>> = self.get(due.key()).await?;
        Ok(row.map(|it| it.upload))
    }

    /// It is gone.
    pub async fn forget_away(&self, name: &str) -> Result<()> {
        self.tx().delete(&key(name)).commit().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_due_until_it_is_gone() {
        let store = crate::testing::store().await;
        let now = Timestamp::parse("2026-11-20T12:00:00Z").unwrap();
        store.note_away("s1", &"its names", now).await.unwrap();
        let due = async |at: i64| store.due(DUE_AWAY, now.plus_seconds(at), 9).await.unwrap();
        assert_eq!(due(REMOVE_AFTER_SECONDS - 1).await, []);
        let one = due(REMOVE_AFTER_SECONDS).await.remove(0);
        assert_eq!(one.user(), None);
        let names: Option<String> = store.engine_upload(&one).await.unwrap();
        assert_eq!(names.as_deref(), Some("its names"));
        store.forget_away("s1").await.unwrap();
        assert_eq!(due(REMOVE_AFTER_SECONDS).await, []);
        assert_eq!(store.engine_upload::<String>(&one).await.unwrap(), None);
    }
}
