//! How requests to remove stand, for staff: counts by state and host, the oldest, hosts whose breaker is open.
//!
//! *Invariant:* it holds counts, moments and names of hosts, and nothing of anybody
//! (`what_staff_see_holds_nothing_of_hers`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::Mutex;

use crate::domain::takedown::{Catalogue, TakedownState, catalogue, guards};
use crate::domain::{CanonicalUrl, Result, Timestamp};
use crate::store::{HostStanding, Store, TakedownStanding};

/// How long an answer is given again: it reads up to some thousand rows.
const CACHE_LIFE: Duration = Duration::from_secs(15);

/// The most hosts that are named.
const MAX_HOSTS: usize = 50;

/// How requests to remove stand. Cheap to clone; clones share what was counted.
#[derive(Clone, Debug)]
pub struct TakedownCounts {
    store: Store,
    cached: Arc<Mutex<Option<(Instant, TakedownOverview)>>>,
}

/// How requests to remove stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TakedownOverview {
    /// When this was counted. For a quarter of a minute the same is answered again.
    pub counted_at: Timestamp,
    /// Whether all were counted. If not, every number is "at least", those with something to do soonest first.
    pub is_complete: bool,
    /// How many are open.
    pub open: u64,
    /// How many could not be read: unreadable rows, or ones erased just now. They are in no other number.
    pub unread: u64,
    /// How many wait for reviewers, because their recipient objected.
    pub paused_by_objection: u64,
    /// How many are in each open state.
    pub by_state: Vec<TakedownStateCount>,
    /// Since when the oldest waits for Vara: approved and not sent, or to be looked at.
    pub waits_for_us_since: Option<Timestamp>,
    /// Since when the oldest waits for its recipient.
    pub waits_for_recipient_since: Option<Timestamp>,
    /// Requests to sites that are in no catalogue. Their addresses are sealed, so they are in no number of a host.
    pub sites: TakedownLoad,
    /// Hosts: those whose breaker is open first, then those to which most is to be sent; at most 50.
    pub hosts: Vec<TakedownHost>,
    /// How many hosts more there are.
    pub hosts_left_out: u64,
}

/// How many open requests are in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TakedownStateCount {
    /// The state.
    pub state: TakedownState,
    /// How many.
    pub count: u64,
}

/// How many requests somebody is asked by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TakedownLoad {
    /// How many are open.
    pub open: u64,
    /// How many of those could be sent now and wait for their turn.
    pub to_be_sent: u64,
}

/// How a host stands: the domain to which mails go, or that has the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TakedownHost {
    /// Its registrable domain.
    pub host: String,
    /// The open requests to it.
    #[serde(flatten)]
    pub load: TakedownLoad,
    /// Whether nothing is sent there because too many mails failed in a row.
    pub is_paused: bool,
    /// Before when nothing is sent there, by its pace or because of failures.
    pub not_before: Option<Timestamp>,
    /// How many mails failed in a row.
    pub failures: u32,
    /// When one last failed, of the last two days.
    pub last_failure_at: Option<Timestamp>,
}

impl TakedownCounts {
    /// Of this table.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self {
            store,
            cached: Arc::default(),
        }
    }

    /// How requests stand. Who asks while it is counted waits for that answer.
    pub async fn overview(&self, now: Timestamp) -> Result<TakedownOverview> {
        let mut cached = self.cached.lock().await;
        if let Some((at, overview)) = &*cached
            && at.elapsed() < CACHE_LIFE
        {
            return Ok(overview.clone());
        }
        let overview = self.count(now).await?;
        *cached = Some((Instant::now(), overview.clone()));
        Ok(overview)
    }

    async fn count(&self, now: Timestamp) -> Result<TakedownOverview> {
        let standings = self.store.takedown_standings(now).await?;
        let mut counted = Counted::default();
        let catalogue = catalogue()?;
        for it in &standings.open {
            counted.add(it, host(catalogue, it), now);
        }
        let (buckets, is_all) = self.store.host_standings(counted.hosts.keys(), now).await?;
        let mut hosts = counted.with_standings(buckets);
        let hosts_left_out = hosts.len().saturating_sub(MAX_HOSTS);
        hosts.truncate(MAX_HOSTS);
        let states = TakedownState::ALL.iter().filter(|it| it.is_open());
        Ok(TakedownOverview {
            counted_at: now,
            is_complete: standings.is_all && is_all,
            open: standings.open.len() as u64,
            unread: standings.unread as u64,
            paused_by_objection: counted.paused,
            by_state: states
                .map(|state| TakedownStateCount {
                    state: *state,
                    count: counted.states.get(state).copied().unwrap_or_default(),
                })
                .collect(),
            waits_for_us_since: counted.for_us,
            waits_for_recipient_since: counted.for_recipient,
            sites: counted.sites,
            hosts,
            hosts_left_out: hosts_left_out as u64,
        })
    }
}

/// What was counted so far.
#[derive(Default)]
struct Counted {
    states: std::collections::HashMap<TakedownState, u64>,
    paused: u64,
    for_us: Option<Timestamp>,
    for_recipient: Option<Timestamp>,
    sites: TakedownLoad,
    hosts: BTreeMap<String, TakedownLoad>,
}

impl Counted {
    fn add(&mut self, it: &TakedownStanding, host: Option<String>, now: Timestamp) {
        *self.states.entry(it.state).or_default() += 1;
        self.paused += u64::from(it.is_paused());
        let to_be_sent = to_be_sent_since(it, now);
        let for_us = match it.state {
            TakedownState::ClaimedGone => Some(it.updated_at),
            _ => to_be_sent,
        };
        self.for_us = older(self.for_us, for_us);
        self.for_recipient = older(self.for_recipient, waits_for_recipient_since(it));
        let load = match host {
            Some(host) => self.hosts.entry(host).or_default(),
            None => &mut self.sites,
        };
        load.open += 1;
        load.to_be_sent += u64::from(to_be_sent.is_some());
    }

    /// The hosts with how they stand, in the order in which they are shown.
    fn with_standings(&self, standings: Vec<HostStanding>) -> Vec<TakedownHost> {
        let mut hosts: BTreeMap<&str, TakedownHost> = self
            .hosts
            .iter()
            .map(|(host, load)| (host.as_str(), TakedownHost::of(host.clone(), *load)))
            .collect();
        for it in &standings {
            let load = self.hosts.get(&it.host).copied().unwrap_or_default();
            let host = TakedownHost {
                is_paused: it.is_paused,
                not_before: it.not_before,
                failures: it.failures,
                last_failure_at: it.last_failure_at,
                ..TakedownHost::of(it.host.clone(), load)
            };
            hosts.insert(&it.host, host);
        }
        let mut hosts: Vec<TakedownHost> = hosts.into_values().collect();
        // Stable, so those that are alike stay in the order of their names.
        hosts.sort_by_key(|it| {
            let first = (it.is_paused, it.load.to_be_sent, it.failures, it.load.open);
            std::cmp::Reverse(first)
        });
        hosts
    }
}

impl TakedownHost {
    /// A host of which nothing else is known.
    fn of(host: String, load: TakedownLoad) -> Self {
        Self {
            host,
            load,
            is_paused: false,
            not_before: None,
            failures: 0,
            last_failure_at: None,
        }
    }
}

/// Since when a request could be sent, if it can be and was not.
fn to_be_sent_since(it: &TakedownStanding, now: Timestamp) -> Option<Timestamp> {
    let is_approved = matches!(
        it.state,
        TakedownState::Approved | TakedownState::Queued | TakedownState::Sending
    );
    if !is_approved || it.is_paused() {
        return None;
    }
    let approved = it.approved_at.unwrap_or(it.updated_at);
    let since = it.send_after.map_or(approved, |it| it.max(approved));
    (since <= now).then_some(since)
}

fn waits_for_recipient_since(it: &TakedownStanding) -> Option<Timestamp> {
    let waits = matches!(it.state, TakedownState::Sent | TakedownState::Acknowledged);
    waits.then(|| it.received_at.or(it.sent_at).unwrap_or(it.updated_at))
}

fn older(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    a.into_iter().chain(b).min()
}

/// The host of whom a request asks by the catalogue. Nothing: it asks a site by an address of its own.
fn host(catalogue: &Catalogue, it: &TakedownStanding) -> Option<String> {
    let recipient = catalogue.get(&it.recipient_id)?;
    let route = recipient.routes.get(it.route)?;
    let mailbox = route.address.as_ref().and_then(|it| it.rsplit('@').next());
    let form = || Some(CanonicalUrl::parse(route.url.as_ref()?)?.host());
    let host = mailbox.map(str::to_owned).or_else(form)?;
    Some(guards::registrable_domain(&host))
}

#[cfg(test)]
mod tests;
