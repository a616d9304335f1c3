//! What a profile scan learns of each network or profile, the sums over them, and its result.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{AlertId, Error, ScanResult, Timestamp};
use crate::engines::{EngineError, Social};
use crate::services::scans::ending::engine_summary;
use crate::services::scans::stop::ScanStop;
use crate::store::ScanRow;

/// What was learnt of one network, or of one profile. Kept, so that it is looked at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ProfileScanStats {
    /// Profiles that were compared.
    pub(super) checked: u32,
    /// Of them those that pretend to be her, or around which something changed.
    pub(super) found: u32,
    /// The alerts that those that pretend to be her raise, whether new or known.
    pub(super) alerts: BTreeSet<AlertId>,
}

/// Why a network or a profile is not done.
pub(super) enum ProfileScanError {
    /// The directory failed; the others may do better.
    Directory(EngineError),
    /// The scan stops here.
    Stop(ScanStop),
}

impl ProfileScanError {
    /// Tells the directory's failures, with which the scan goes on, from what stops it.
    pub(super) async fn split<T>(
        work: impl Future<Output = Result<T, Self>>,
    ) -> Result<Result<T, EngineError>, ScanStop> {
        match work.await {
            Ok(done) => Ok(Ok(done)),
            Err(Self::Directory(err)) => Ok(Err(err)),
            Err(Self::Stop(stop)) => Err(stop),
        }
    }
}

impl From<Error> for ProfileScanError {
    fn from(err: Error) -> Self {
        Self::Stop(err.into())
    }
}

impl From<ScanStop> for ProfileScanError {
    fn from(stop: ScanStop) -> Self {
        Self::Stop(stop)
    }
}

impl From<EngineError> for ProfileScanError {
    fn from(err: EngineError) -> Self {
        tracing::warn!(engine = Social::NAME, error = %err, "the directory of profiles failed");
        Self::Directory(err)
    }
}

/// The sums over networks or profiles.
#[derive(Debug, Default)]
pub(super) struct ProfileScanTotals {
    pub(super) stats: ProfileScanStats,
    pub(super) done: usize,
    pub(super) failures: Vec<(String, EngineError)>,
    /// Nothing was looked at, and why.
    pub(super) unlooked: Option<&'static str>,
}

impl ProfileScanTotals {
    pub(super) fn add(&mut self, stats: &ProfileScanStats) {
        self.done += 1;
        self.stats.checked += stats.checked;
        self.stats.found += stats.found;
        self.stats.alerts.extend(&stats.alerts);
    }

    /// Nothing at all was learnt.
    pub(super) fn failure(&self) -> Option<(String, Error)> {
        let (_, err) = self.failures.first()?;
        (self.done == 0).then(|| {
            let message = words(err).to_owned();
            (
                message,
                Error::unavailable("looking at profiles", err.clone()),
            )
        })
    }

    /// `open` is how many findings are open after the scan.
    pub(super) fn result(&self, row: &ScanRow, open: usize, now: Timestamp) -> ScanResult {
        let started = row.scan.started_at.unwrap_or(row.scan.created_at);
        let errors = self.failures.iter();
        let errors = errors.map(|(of, err)| format!("{of}: {}", words(err)));
        let engine = engine_summary(Social::NAME, self.unlooked, self.failures.len(), self.done);
        ScanResult {
            target_id: row.account.map(Uuid::from),
            scanned_at: Some(now),
            profiles_checked: Some(self.stats.checked.into()),
            profiles_found: Some(self.stats.found),
            matches_found: Some(open as u64),
            new_matches: Some(row.findings),
            alerts_created: Some(row.findings),
            duration: Some(now.millis_since(started)),
            errors: Some(errors.collect()),
            partial: Some(!self.failures.is_empty()),
            engines: Some(vec![engine]),
            ..ScanResult::default()
        }
    }
}

/// What failed, in words for her.
fn words(err: &EngineError) -> &'static str {
    match err {
        EngineError::Refused(_) => "This network is not available to us right now.",
        _ => "This network could not be reached. We will try again with the next scan.",
    }
}
