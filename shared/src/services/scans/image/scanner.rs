//! What image scans work with: the table, the bucket, the queues, the engines, the analyzer.

use std::time::Duration;

use crate::comparison::ImageAnalyzer;
use crate::engines::Fetcher;
use crate::objects::Objects;
use crate::queues::Queues;
use crate::services::search::engines::Engines;
use crate::store::Store;

/// What image scans work with.
#[derive(Clone)]
pub struct Scanner {
    /// The table.
    pub store: Store,
    /// The bucket.
    pub objects: Objects,
    /// The queue service.
    pub queues: Queues,
    /// For the pictures that are found.
    pub fetcher: Fetcher,
    /// The search engines.
    pub engines: Engines,
    /// The queue of the scans she starts.
    pub queue: String,
    /// The queue of the scans we start.
    pub background: String,
    /// Compares pictures.
    pub analyzer: ImageAnalyzer,
    /// How long after her request a scan that she waits for ends.
    pub answer_within: Duration,
}
