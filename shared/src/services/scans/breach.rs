//! Breach checks: ask Have I Been Pwned about her confirmed addresses, raise alerts.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use serde::{Deserialize, Serialize};

use crate::clock;
use crate::domain::{
    Account, AddressCheck, AlertId, Breach, EngineSummary, Error, LinkedKind, Result, ScanResult,
    Switch, Timestamp, breach, scan,
};
use crate::engines::{EngineError, Hibp};
use crate::queues::QueueDelivery;
use crate::queues::Queues;
use crate::services::scans::delivery;
use crate::services::scans::ending::{self, ScanOutcome, engine_summary};
use crate::services::scans::lease::Lease;
use crate::services::scans::scan_worker::ScanWorker;
use crate::services::scans::stop::{ScanStop, check_deadline, retry_after_failures};
use crate::services::search::governor::{Asker, Governor};
use crate::store::{ScanRow, Store, WriteOutcome};

/// What checking addresses needs.
#[derive(Clone)]
pub struct BreachChecker {
    /// The table.
    pub store: Store,
    /// The queue service.
    pub queues: Queues,
    /// The service that knows breaches, if there is a key for it.
    pub hibp: Option<Hibp>,
    /// How much it may be asked.
    pub governor: Governor,
    /// The queue of the checks.
    pub queue: String,
}

/// What became of an address. Kept, so that it is asked for once.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AddressResult {
    breaches: Vec<Breach>,
    /// The service cannot say anything of such an address.
    unsuitable: bool,
}

/// The sums over her addresses.
#[derive(Debug, Default)]
struct BreachCheckTotals {
    /// Her own address, if it was left out because she has not proved yet that she reads it.
    unproved: Option<String>,
    checked: Vec<(String, AddressResult)>,
    /// The alerts of all breaches that were seen, new or known.
    alerts: BTreeSet<AlertId>,
    failures: Vec<(String, EngineError)>,
    off: bool,
}

impl BreachChecker {
    /// Takes a delivery. An error means it must come again; how soon is arranged.
    pub async fn take(&self, delivered: &QueueDelivery) -> Result<()> {
        delivery::take(self, delivered).await
    }

    /// The addresses this check is about, in an order that stays: the one she signs in with and others, as
    /// far as she proved them to be hers. Nobody learns here what became of somebody else's.
    ///
    /// Also the one she signs in with if it is left out for want of a proof.
    async fn addresses(&self, row: &ScanRow) -> Result<(Vec<String>, Option<String>)> {
        let user = row.scan.user_id;
        let linked = self.store.all_linked(user).await?.into_iter();
        let linked = linked
            .map(|it| it.account)
            .filter(|it| it.kind == LinkedKind::Email && it.is_hers())
            .filter(|it| row.account.is_none_or(|only| only == it.id));
        let own = match row.account {
            Some(_) => None,
            None => self.store.account(user).await?,
        };
        let is_proved = own.as_ref().is_some_and(Account::is_proved);
        let own = own.map(|it| it.email);
        let (own, unproved) = if is_proved { (own, None) } else { (None, own) };
        let mut all: Vec<String> = own.into_iter().collect();
        for address in linked.map(|it| it.platform_user_id) {
            if !all.contains(&address) {
                all.push(address);
            }
        }
        let unproved = unproved.filter(|it| !all.contains(it));
        Ok((all, unproved))
    }

    /// Checks each of her addresses, and tells her of each breach.
    async fn check(
        &self,
        hibp: &Hibp,
        lease: &mut Lease,
        delivered: &QueueDelivery,
    ) -> Result<BreachCheckTotals, ScanStop> {
        let row = lease.row().clone();
        let (addresses, unproved) = self.addresses(&row).await?;
        let mut totals = BreachCheckTotals {
            unproved,
            ..BreachCheckTotals::default()
        };
        let count = addresses.len();
        for (at, address) in addresses.into_iter().enumerate() {
            check_deadline(delivered.deadline)?;
            let asked = self.ask(&row, hibp, &address).boxed_local();
            match lease.hold_during(asked).await? {
                Ok(seen) => {
                    totals
                        .alerts
                        .extend(self.tell(&row, &address, &seen).await?);
                    totals.checked.push((address, seen));
                }
                Err(err) => {
                    let is_for_all = err.is_for_all();
                    totals.failures.push((address, err));
                    if is_for_all {
                        break;
                    }
                }
            }
            lease.advance(scan::progress(at + 1, count)).await?;
        }
        Ok(totals)
    }

    /// What is known of an address: kept from before, or asked. Checkpoint: an answer is kept before it is
    /// used.
    async fn ask(
        &self,
        row: &ScanRow,
        hibp: &Hibp,
        address: &str,
    ) -> Result<Result<AddressResult, EngineError>, ScanStop> {
        if let Some(kept) = self.store.searched(&row.scan, address, Hibp::NAME).await? {
            return Ok(Ok(kept));
        }
        let question = hibp.breaches(address);
        let asker = Asker::of(&self.store, row, clock::now()).await?;
        let found = match self.governor.ask(asker, Hibp::NAME, question).await {
            Ok(found) => found,
            Err(why) => return Ok(Err(why.into_engine_error(clock::now()))),
        };
        let seen = AddressResult {
            unsuitable: found.is_none(),
            breaches: found
                .unwrap_or_default()
                .into_iter()
                .filter(Breach::counts)
                .collect(),
        };
        let kept = self
            .store
            .keep_search(&row.scan, address, Hibp::NAME, &seen, clock::now());
        match kept.await? {
            true => Ok(Ok(seen)),
            false => Err(ScanStop::Lost),
        }
    }

    /// Tells her of each breach, once; their alerts.
    async fn tell(
        &self,
        row: &ScanRow,
        address: &str,
        seen: &AddressResult,
    ) -> Result<Vec<AlertId>, ScanStop> {
        let mut alerts = Vec::new();
        for breach in &seen.breaches {
            let alert = breach::breach_alert(row.scan.user_id, address, breach, clock::now());
            if self.store.tell(&row.scan, &alert).await? == WriteOutcome::Gone {
                return Err(ScanStop::Lost);
            }
            alerts.push(alert.id);
        }
        Ok(alerts)
    }
}

impl ScanWorker for BreachChecker {
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
        let row = lease.row().clone();
        let is_on = self.store.switches().await?.is_on(Switch::Hibp);
        let totals = match self.hibp.as_ref().filter(|_| is_on) {
            Some(hibp) => self.check(hibp, lease, delivered).await?,
            None => BreachCheckTotals {
                off: true,
                ..BreachCheckTotals::default()
            },
        };
        retry_after_failures("checking addresses", &totals.failures, delivered)?;
        let alerts = totals.alerts.clone();
        let open = self.store.without_dismissed(row.scan.user_id, alerts);
        let open = open.await?.len();
        ending::conclude(self, &row, |fresh, now| ScanOutcome {
            result: totals.result(fresh, open, now),
            failure: totals.failure(),
            continues: false,
        })
        .await
    }

    async fn next(&self, row: &ScanRow, now: Timestamp) -> Result<Option<Timestamp>> {
        let risk = self.store.risk_level(row.scan.user_id).await?;
        Ok(risk.map(|it| now.plus_seconds(scan::rescan_after(it))))
    }
}

impl BreachCheckTotals {
    /// Nothing at all was learnt.
    fn failure(&self) -> Option<(String, Error)> {
        let (_, err) = self.failures.first()?;
        self.checked.is_empty().then(|| {
            (
                words(err).to_owned(),
                Error::unavailable("checking addresses", err.clone()),
            )
        })
    }

    /// `open` is how many findings are open after the check.
    fn result(&self, row: &ScanRow, open: usize, now: Timestamp) -> ScanResult {
        let started = row.scan.started_at.unwrap_or(row.scan.created_at);
        let all = self.checked.iter().flat_map(|(_, seen)| &seen.breaches);
        let breaches: Vec<_> = all.map(Breach::summary).collect();
        let first = self.checked.first().map(|(it, _)| it);
        let first = first.or(self.failures.first().map(|(it, _)| it));
        let first = first.or(self.unproved.as_ref());
        let unproved = self.unproved.as_ref().map(|it| unproved(it));
        let errors = self.failures.iter();
        let errors = errors.map(|(it, err)| format!("{}: {}", breach::mask_local(it), words(err)));
        ScanResult {
            checked_at: Some(now),
            email: first.map(|it| breach::mask_local(it)),
            addresses: Some(self.checked.iter().map(checked).chain(unproved).collect()),
            breaches_found: Some(breaches.len() as u64),
            breaches: Some(breaches),
            matches_found: Some(open as u64),
            new_matches: Some(row.findings),
            alerts_created: Some(row.findings),
            duration: Some(now.millis_since(started)),
            errors: Some(errors.collect()),
            partial: Some(!self.failures.is_empty()),
            engines: Some(vec![self.engine()]),
            ..ScanResult::default()
        }
    }

    fn engine(&self) -> EngineSummary {
        let (failed, searched) = (self.failures.len(), self.checked.len());
        engine_summary(Hibp::NAME, self.off.then_some("off"), failed, searched)
    }
}

fn checked((address, seen): &(String, AddressResult)) -> AddressCheck {
    AddressCheck {
        email: breach::mask_local(address),
        breaches_found: seen.breaches.len() as u64,
        not_checked: seen.unsuitable,
        reason: None,
    }
}

fn unproved(address: &str) -> AddressCheck {
    AddressCheck {
        email: breach::mask_local(address),
        breaches_found: 0,
        not_checked: true,
        reason: Some(
            "We check this address once you have used the link that we mailed to it.".to_owned(),
        ),
    }
}

/// What failed, in words for her.
fn words(err: &EngineError) -> &'static str {
    match err {
        EngineError::Refused(_) => "The breach service is not available to us right now.",
        EngineError::Spent => {
            "We have checked as much as we can for now. We go on at the next check."
        }
        _ => "The breach service could not be reached. We will try again at the next check.",
    }
}

#[cfg(test)]
mod tests;
