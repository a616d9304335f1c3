//! What profile scans work with: the table, the bucket, the queues, the directory of profiles, the analyzer.

use crate::comparison::ImageAnalyzer;
use crate::domain::Result;
use crate::engines::{Fetcher, Social};
use crate::objects::Objects;
use crate::queues::Queues;
use crate::store::{LinkedRow, ScanRow, Store};

/// What profile scans work with.
#[derive(Clone)]
pub struct ProfileScanner {
    /// The table.
    pub store: Store,
    /// The bucket.
    pub objects: Objects,
    /// The queue service.
    pub queues: Queues,
    /// For the pictures of profiles.
    pub fetcher: Fetcher,
    /// The directory of profiles, if there is one.
    pub social: Option<Social>,
    /// The queue of the scans.
    pub queue: String,
    /// Compares pictures.
    pub analyzer: ImageAnalyzer,
}

impl ProfileScanner {
    /// Her own profiles, proved to be hers; the one the scan is about, if it is about one.
    pub(super) async fn own_profiles(&self, row: &ScanRow) -> Result<Vec<LinkedRow>> {
        let mut all = self.store.all_linked(row.scan.user_id).await?;
        all.retain(|it| it.account.is_profile() && it.account.is_hers());
        all.retain(|it| row.account.is_none_or(|only| only == it.account.id));
        Ok(all)
    }
}
