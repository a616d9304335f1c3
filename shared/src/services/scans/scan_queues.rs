//! Queue of a scan's message: image, background, profile or breach queue.

use crate::domain::ScanType;
use crate::settings::Env;
use crate::store::ScanRow;

/// The addresses of the queues of scans.
#[derive(Clone, Debug)]
pub struct ScanQueues {
    /// Scans of pictures that somebody waits for.
    pub images: String,
    /// Scans of pictures that nobody waits for.
    pub background: String,
    /// Scans of her accounts.
    pub profiles: String,
    /// Checks of her addresses.
    pub breaches: String,
}

impl ScanQueues {
    /// Of the settings `QUEUE_IMAGE_SCAN`, `QUEUE_BACKGROUND_SCAN`, `QUEUE_PROFILE_SCAN` and
    /// `QUEUE_BREACH_CHECK`.
    #[must_use]
    pub fn read(env: &Env) -> Self {
        Self {
            images: env.queue("image-scan"),
            background: env.queue("background-scan"),
            profiles: env.queue("profile-scan"),
            breaches: env.queue("breach-check"),
        }
    }

    /// Where the scan is worked on. `None`: it is made of others and nobody works on it.
    #[must_use]
    pub fn of(&self, row: &ScanRow) -> Option<&str> {
        match row.scan.kind {
            ScanType::ImageScan if row.is_watched() => Some(&self.images),
            ScanType::ImageScan => Some(&self.background),
            ScanType::ProfileScan | ScanType::BehavioralAnalysis => Some(&self.profiles),
            ScanType::BreachCheck => Some(&self.breaches),
            ScanType::FullScan => None,
        }
    }
}
