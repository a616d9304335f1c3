//! Everything that is due, dealt with at once.

use std::collections::BTreeMap;

use crate::domain::{Result, Timestamp};
use crate::services::upkeep::due_work::{DueWorker, KINDS};
use crate::store::due_partitions;

/// What was dealt with, by kind, and what failed.
#[derive(Debug)]
pub(crate) struct UpkeepTotals {
    pub(crate) done: BTreeMap<&'static str, usize>,
    pub(crate) failed: usize,
}

impl DueWorker {
    /// What a minute does to all partitions.
    pub(crate) async fn run(&self, now: Timestamp) -> Result<UpkeepTotals> {
        let (mut done, mut failed) = (BTreeMap::new(), 0);
        for kind in KINDS {
            let mut of_kind = 0;
            for partition in due_partitions(kind.name) {
                let swept = self.sweep(&partition, now, now).await?;
                of_kind += swept.done;
                failed += swept.failed;
            }
            done.insert(kind.work, of_kind);
        }
        Ok(UpkeepTotals { done, failed })
    }
}
