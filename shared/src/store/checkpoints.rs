//! Checkpoints of scans: paid search answers and finished pictures.
//!
//! A delivery that comes again starts from here. The table forgets these rows after fourteen days.

use std::fmt::Display;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::tx::TxOutcome;
use super::{Key, Row, Store};
use crate::domain::{Image, ImageId, Result, Scan, Timestamp};

/// How long a checkpoint is kept, in seconds: as long as a message may wait in a dead-letter queue
/// before somebody sends it back.
const CHECKPOINT_TTL_SECONDS: i64 = 14 * 24 * 3600;

/// The mark of a picture that is done; no engine has this name.
const DONE: &str = "done";

#[derive(Serialize, Deserialize)]
struct Checkpoint<T> {
    facts: T,
}

fn key(scan: &Scan, of: impl Display, what: &str) -> Key {
    Key::user(scan.user_id, format!("CHECK#{}#{of}#{what}", scan.id))
}

fn row<T: Serialize>(
    scan: &Scan,
    of: impl Display,
    what: &str,
    facts: T,
    now: Timestamp,
) -> Row<Checkpoint<T>> {
    let mut row = Row::new(key(scan, of, what), Checkpoint { facts });
    row.ttl = Some(now.plus_seconds(CHECKPOINT_TTL_SECONDS).epoch_seconds());
    row
}

impl Store {
    /// What an engine answered in this scan for this picture or address, if it was asked.
    pub async fn searched<T: DeserializeOwned>(
        &self,
        scan: &Scan,
        of: impl Display,
        engine: &str,
    ) -> Result<Option<T>> {
        // What cannot be read is searched for again.
        let found: Option<Checkpoint<T>> = self.get_readable(&key(scan, of, engine)).await?;
        Ok(found.map(|it| it.facts))
    }

    /// Keeps what an engine answered. `false`: the scan is gone.
    pub async fn keep_search<T: Serialize>(
        &self,
        scan: &Scan,
        of: impl Display,
        engine: &str,
        answer: &T,
        now: Timestamp,
    ) -> Result<bool> {
        let tx = self
            .tx()
            .put(&row(scan, of, engine, answer, now))
            .require(&super::scans::key(scan.user_id, scan.id));
        Ok(tx.commit().await?.is_done())
    }

    /// What a scan learnt of a picture it is through with.
    pub async fn image_done<T: DeserializeOwned>(
        &self,
        scan: &Scan,
        image: ImageId,
    ) -> Result<Option<T>> {
        self.searched(scan, image, DONE).await
    }

    /// Notes that a scan learnt more of a picture it was through with, and whether an engine's budget
    /// still leaves it out. `false`: the scan or the picture is gone.
    pub async fn amend_image<T: Serialize>(
        &self,
        scan: &Scan,
        image: ImageId,
        (facts, awaits_budget): (&T, bool),
        now: Timestamp,
    ) -> Result<bool> {
        let tx = self
            .tx()
            .put(&row(scan, image, DONE, facts, now))
            .require(&super::scans::key(scan.user_id, scan.id))
            .rescanned_image(scan.user_id, image, awaits_budget);
        Ok(tx.commit().await?.is_done())
    }

    /// Marks a picture as done and counts the scan on it, once, and notes whether an engine's budget
    /// left it out. `false`: the picture changed or is gone, or it was marked before.
    pub async fn finish_image<T: Serialize>(
        &self,
        scan: &Scan,
        image: &Image,
        (facts, awaits_budget): (&T, bool),
        now: Timestamp,
    ) -> Result<bool> {
        let tx = self
            .tx()
            .create(&row(scan, image.id, DONE, facts, now))
            .scanned_image(image, awaits_budget, now);
        Ok(tx.commit().await? == TxOutcome::Done)
    }
}
