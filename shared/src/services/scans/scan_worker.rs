//! What a kind of scan is made of: its neighbours, its work, and when its next scan is due.

use super::lease::Lease;
use super::stop::ScanStop;
use crate::domain::{Result, Timestamp};
use crate::queues::{QueueDelivery, Queues};
use crate::store::{ScanRow, Store};

/// A kind of work on scans.
pub(crate) trait ScanWorker {
    /// The table.
    fn store(&self) -> &Store;
    /// The queue service.
    fn queues(&self) -> &Queues;
    /// The address of the queue of this name.
    fn queue(&self, name: &str) -> &str;
    /// Everything the scan looks at, and then its end by [`ending::conclude`].
    async fn run(&self, lease: &mut Lease, delivered: &QueueDelivery) -> Result<(), ScanStop>;
    /// When the next scan of this kind is due, if this one settles it.
    async fn next(&self, row: &ScanRow, now: Timestamp) -> Result<Option<Timestamp>>;
}
