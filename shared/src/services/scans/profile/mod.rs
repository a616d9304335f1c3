//! Profile scans (queue profile-scan): impersonators and behavioural analysis.

mod changes;
mod impersonators;

use std::collections::BTreeSet;

use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) use impersonators::has_persona;

use crate::comparison::ImageAnalyzer;
use crate::domain::{AlertId, Error, Result, ScanType, Switch, Timestamp};
use crate::engines::{EngineError, Fetcher, Social};
use crate::objects::Objects;
use crate::queues::QueueDelivery;
use crate::queues::Queues;
use crate::services::scans::worker::{self, RetryLater, ScanOutcome, ScanWorker};
use crate::store::{LinkedRow, ScanRow, Store};

/// What looking at networks needs.
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
    /// What looks at pictures.
    pub analyzer: ImageAnalyzer,
}

/// What was learnt of one network, or of one profile. Kept, so that it is looked at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ProfileScanStats {
    /// Profiles that were looked at.
    checked: u32,
    /// Of them those that pretend to be her, or around which something changed.
    found: u32,
    /// The alerts that those that pretend to be her raise, whether new or known.
    alerts: BTreeSet<AlertId>,
}

/// Why a network or a profile is not done.
enum ProfileScanError {
    /// The scan is another worker's, or gone.
    Lost,
    /// The directory failed; the others may do better.
    Failed(EngineError),
    /// Something of ours failed.
    Ours(Error),
}

impl From<Error> for ProfileScanError {
    fn from(err: Error) -> Self {
        Self::Ours(err)
    }
}

impl From<EngineError> for ProfileScanError {
    fn from(err: EngineError) -> Self {
        tracing::warn!(engine = Social::NAME, error = %err, "the directory of profiles failed");
        Self::Failed(err)
    }
}

/// The sums over networks or profiles.
#[derive(Debug, Default)]
struct ProfileScanTotals {
    facts: ProfileScanStats,
    done: usize,
    failures: Vec<(String, EngineError)>,
    /// Nothing was looked at, and why.
    unlooked: Option<&'static str>,
}

impl ProfileScanner {
    /// Takes a delivery. An error means it must come again; how soon is arranged.
    pub async fn take(&self, delivered: &QueueDelivery) -> Result<()> {
        worker::take(self, delivered).await
    }

    /// Her own profiles, proved to be hers; the one the scan is about, if it is about one.
    async fn hers(&self, row: &ScanRow) -> Result<Vec<LinkedRow>> {
        let mut all = self.store.all_linked(row.scan.user_id).await?;
        all.retain(|it| it.account.is_profile() && it.account.is_hers());
        all.retain(|it| row.account.is_none_or(|only| only == it.account.id));
        Ok(all)
    }
}

impl ScanWorker for ProfileScanner {
    fn store(&self) -> &Store {
        &self.store
    }

    fn queues(&self) -> &Queues {
        &self.queues
    }

    fn queue(&self, _: &str) -> &str {
        &self.queue
    }

    async fn run(&self, row: &mut ScanRow, delivered: &QueueDelivery) -> Result<(), RetryLater> {
        let is_on = self.store.switches().await?.is_on(Switch::Social);
        let social = self.social.as_ref().filter(|_| is_on);
        let tally = match (social, row.scan.kind) {
            (None, _) => Ok(Some(ProfileScanTotals {
                unlooked: Some("off"),
                ..ProfileScanTotals::default()
            })),
            (Some(social), ScanType::BehavioralAnalysis) => {
                self.changes(social, row, delivered).boxed_local().await
            }
            (Some(social), _) => {
                let looked = self.impersonators(social, row, delivered);
                looked.boxed_local().await
            }
        };
        // Nothing: the rest is left to others, and that is arranged.
        let Some(tally) = tally? else { return Ok(()) };
        worker::retry_after_failures("looking at profiles", &tally.failures, delivered)?;
        let alerts = tally.facts.alerts.clone();
        let open = self.store.without_dismissed(row.scan.user_id, alerts);
        let open = open.await?.len();
        let is_standing = row.scan.kind == ScanType::ProfileScan;
        worker::conclude(self, row, |fresh, now| ScanOutcome {
            // A change is told once; a profile stays.
            result: match is_standing {
                true => tally.result(fresh, open, now),
                false => tally.result(fresh, fresh.findings as usize, now),
            },
            failure: tally.failure(),
            continues: false,
        })
        .await
    }

    async fn next(&self, _: &ScanRow, _: Timestamp) -> Result<Option<Timestamp>> {
        Ok(None)
    }
}

impl ProfileScanTotals {
    fn add(&mut self, facts: &ProfileScanStats) {
        self.done += 1;
        self.facts.checked += facts.checked;
        self.facts.found += facts.found;
        self.facts.alerts.extend(&facts.alerts);
    }

    /// Nothing at all was learnt.
    fn failure(&self) -> Option<(String, Error)> {
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
    fn result(&self, row: &ScanRow, open: usize, now: Timestamp) -> Value {
        let started = row.scan.started_at.unwrap_or(row.scan.created_at);
        let errors = self.failures.iter();
        let errors = errors.map(|(of, err)| format!("{of}: {}", words(err)));
        let state = worker::engine_state(self.unlooked, self.failures.len(), self.done);
        let mut result = json!({
            "scannedAt": now,
            "profilesChecked": self.facts.checked,
            "profilesFound": self.facts.found,
            "matchesFound": open,
            "newMatches": row.findings,
            "alertsCreated": row.findings,
            "duration": now.millis_since(started),
            "errors": errors.collect::<Vec<_>>(),
            "partial": !self.failures.is_empty(),
            "engines": [{
                "name": Social::NAME, "state": state, "searched": self.done, "failed": self.failures.len(),
            }],
        });
        if let (Some(account), Some(facts)) = (row.account, result.as_object_mut()) {
            facts.insert("targetId".to_owned(), json!(account));
        }
        result
    }
}

/// What failed, in words for her.
fn words(err: &EngineError) -> &'static str {
    match err {
        EngineError::Refused(_) => "This network is not available to us right now.",
        _ => "This network could not be reached. We will try again with the next scan.",
    }
}

#[cfg(test)]
mod tests;
