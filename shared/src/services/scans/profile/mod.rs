//! Profile scans (queue profile-scan): impersonators and behavioural analysis.

mod changes;
mod impersonators;
mod persona;
mod scanner;
mod totals;

use futures_util::FutureExt;

pub(crate) use persona::has_persona;
pub use scanner::ProfileScanner;

use crate::domain::{Result, ScanType, Switch, Timestamp};
use crate::queues::{QueueDelivery, Queues};
use crate::services::scans::delivery;
use crate::services::scans::ending::{self, ScanOutcome};
use crate::services::scans::lease::Lease;
use crate::services::scans::scan_worker::ScanWorker;
use crate::services::scans::stop::{self, ScanStop};
use crate::store::{ScanRow, Store};

use changes::compare_snapshots;
use impersonators::search_impersonators;
use totals::ProfileScanTotals;

impl ProfileScanner {
    /// Takes a delivery. An error means it must come again; how soon is arranged.
    pub async fn take(&self, delivered: &QueueDelivery) -> Result<()> {
        delivery::take(self, delivered).await
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

    async fn run(&self, lease: &mut Lease, delivered: &QueueDelivery) -> Result<(), ScanStop> {
        let is_on = self.store.switches().await?.is_on(Switch::Social);
        let social = self.social.as_ref().filter(|_| is_on);
        let totals = match (social, lease.row().scan.kind) {
            (None, _) => ProfileScanTotals {
                unlooked: Some("off"),
                ..ProfileScanTotals::default()
            },
            (Some(social), ScanType::BehavioralAnalysis) => {
                let compared = compare_snapshots(self, social, lease, delivered);
                compared.boxed_local().await?
            }
            (Some(social), _) => {
                let searched = search_impersonators(self, social, lease, delivered);
                searched.boxed_local().await?
            }
        };
        let row = lease.row();
        stop::retry_after_failures("looking at profiles", &totals.failures, delivered)?;
        let alerts = totals.stats.alerts.clone();
        let open = self.store.without_dismissed(row.scan.user_id, alerts);
        let open = open.await?.len();
        let is_standing = row.scan.kind == ScanType::ProfileScan;
        ending::conclude(self, row, |fresh, now| ScanOutcome {
            // A change is told once; a profile stays.
            result: match is_standing {
                true => totals.result(fresh, open, now),
                false => totals.result(fresh, fresh.findings as usize, now),
            },
            failure: totals.failure(),
            continues: false,
        })
        .await
    }

    async fn next(&self, _: &ScanRow, _: Timestamp) -> Result<Option<Timestamp>> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
