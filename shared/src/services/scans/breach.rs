//! Breach checks: ask Have I Been Pwned about her confirmed addresses, raise alerts.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock;
use crate::domain::{
    Account, AlertId, Breach, Error, LinkedKind, Result, Switch, Timestamp, breach, scan,
};
use crate::engines::{EngineError, Hibp};
use crate::queues::QueueDelivery;
use crate::queues::Queues;
use crate::services::scans::worker::{self, RetryLater, ScanOutcome, ScanWorker, is_late};
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
        worker::take(self, delivered).await
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

    /// What is known of an address: kept from before, or asked and kept before it is used. `None`: the
    /// scan is gone.
    async fn ask(
        &self,
        row: &ScanRow,
        hibp: &Hibp,
        address: &str,
    ) -> Result<Result<Option<AddressResult>, EngineError>> {
        let kept = self.store.searched(&row.scan, address, Hibp::NAME).await?;
        if kept.is_some() {
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
            .keep_search(&row.scan, address, Hibp::NAME, &seen, clock::now())
            .await?;
        Ok(Ok(kept.then_some(seen)))
    }

    /// Tells her of each breach, once; their alerts. Nothing: the scan is gone.
    async fn tell(
        &self,
        row: &ScanRow,
        address: &str,
        seen: &AddressResult,
    ) -> Result<Option<Vec<AlertId>>> {
        let mut alerts = Vec::new();
        for breach in &seen.breaches {
            let alert = breach::breach_alert(row.scan.user_id, address, breach, clock::now());
            if self.store.tell(&row.scan, &alert).await? == WriteOutcome::Gone {
                return Ok(None);
            }
            alerts.push(alert.id);
        }
        Ok(Some(alerts))
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

    async fn run(&self, row: &mut ScanRow, delivered: &QueueDelivery) -> Result<(), RetryLater> {
        let is_on = self.store.switches().await?.is_on(Switch::Hibp);
        let hibp = self.hibp.as_ref().filter(|_| is_on);
        let mut tally = BreachCheckTotals {
            off: hibp.is_none(),
            ..BreachCheckTotals::default()
        };
        let addresses = match hibp {
            Some(_) => {
                let (addresses, unproved) = self.addresses(row).await?;
                tally.unproved = unproved;
                addresses
            }
            None => vec![],
        };
        let count = addresses.len();
        for (at, address) in addresses.into_iter().enumerate() {
            let Some(hibp) = hibp else { break };
            if is_late(delivered.deadline) {
                return worker::pause(self, row).await;
            }
            match self.ask(row, hibp, &address).boxed_local().await? {
                Ok(Some(seen)) => {
                    let Some(alerts) = self.tell(row, &address, &seen).await? else {
                        return worker::lost();
                    };
                    tally.alerts.extend(alerts);
                    tally.checked.push((address, seen));
                }
                Ok(None) => return worker::lost(),
                Err(err) => {
                    let for_all = err.is_for_all();
                    tally.failures.push((address, err));
                    if for_all {
                        break;
                    }
                }
            }
            if !worker::heartbeat(self, row, scan::progress(at + 1, count)).await? {
                return worker::lost();
            }
        }
        worker::retry_after_failures("checking addresses", &tally.failures, delivered)?;
        let alerts = tally.alerts.clone();
        let open = self.store.without_dismissed(row.scan.user_id, alerts);
        let open = open.await?.len();
        worker::conclude(self, row, |fresh, now| ScanOutcome {
            result: tally.result(fresh, open, now),
            failure: tally.failure(),
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
    fn result(&self, row: &ScanRow, open: usize, now: Timestamp) -> Value {
        let started = row.scan.started_at.unwrap_or(row.scan.created_at);
        let all = self.checked.iter().flat_map(|(_, seen)| &seen.breaches);
        let breaches: Vec<Value> = all.map(Breach::summary).collect();
        let first = self.checked.first().map(|(it, _)| it);
        let first = first.or(self.failures.first().map(|(it, _)| it));
        let first = first.or(self.unproved.as_ref());
        let unproved = self.unproved.as_ref().map(|it| unproved(it));
        json!({
            "checkedAt": now,
            "email": first.map(|it| breach::mask_local(it)),
            "addresses": self.checked.iter().map(address).chain(unproved).collect::<Vec<_>>(),
            "breachesFound": breaches.len(),
            "breaches": breaches,
            "matchesFound": open,
            "newMatches": row.findings,
            "alertsCreated": row.findings,
            "duration": now.millis_since(started),
            "errors": self.failures.iter().map(|(it, err)| format!("{}: {}", breach::mask_local(it), words(err))).collect::<Vec<_>>(),
            "partial": !self.failures.is_empty(),
            "engines": [self.engine()],
        })
    }

    fn engine(&self) -> Value {
        let (failed, searched) = (self.failures.len(), self.checked.len());
        let state = worker::engine_state(self.off.then_some("off"), failed, searched);
        json!({ "name": Hibp::NAME, "state": state, "searched": searched, "failed": failed })
    }
}

fn address((address, seen): &(String, AddressResult)) -> Value {
    json!({ "email": breach::mask_local(address), "breachesFound": seen.breaches.len(), "notChecked": seen.unsuitable })
}

fn unproved(address: &str) -> Value {
    json!({
        "email": breach::mask_local(address), "breachesFound": 0, "notChecked": true,
        "reason": "We check this address once you have used the link that we mailed to it.",
    })
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
