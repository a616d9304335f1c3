//! Scan rows: create with lock, end, lists.
//!
//! A scan is listed by its creation, under its type, who wanted it and its state. When it ends, a copy
//! is listed by its end: a scan that has ended does not change, and the screens ask for "the one that
//! just ended". A scan she started holds the lock of its type until it ends.

mod lease;

use serde::{Deserialize, Serialize};

use super::reading::text;
use super::tx::{Change, Tx};
use super::{Append, Item, Key, Listing, Row, RowState, Store};
use crate::domain::feed::{FeedChange, FeedTopic};
use crate::domain::socket::ProgressFrame;
use crate::domain::{
    AccountId, Page, Result, Scan, ScanFilter, ScanId, ScanOrigin, ScanStatus, ScanType, Timestamp,
    UserId,
};

pub use lease::ScanClaim;

/// Kind of work in the `due` index: a scan that may be stuck.
pub(crate) const DUE_SCAN: &str = "SCAN";

/// How long a scan may wait to be taken before its message counts as lost, in seconds: one that she waits for,
/// and any other, which may have to wait for many.
const WATCHED_PENDING_STUCK_AFTER: i64 = 30;
const PENDING_STUCK_AFTER: i64 = 120;

/// A scan with what is known of it and never shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScanRow {
    /// What she is shown.
    #[serde(flatten)]
    pub scan: Scan,
    /// Who wanted it.
    pub origin: ScanOrigin,
    /// How many findings it made that are news. Moved together with each finding.
    #[serde(default)]
    pub findings: u32,
    /// How many of those raised no alert.
    #[serde(default)]
    pub quiet: u32,
    /// The scan it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ScanId>,
    /// The one account it looks at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// The scan of hers that it goes on with. What was paid for is kept under that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<ScanId>,
    /// When she last had it begin again; before that, its creation counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted_at: Option<Timestamp>,
    /// Until when its worker has it to itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_until: Option<Timestamp>,
    /// When it last came a step further.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advanced_at: Option<Timestamp>,
}

impl ScanRow {
    /// How many alerts it raised.
    #[must_use]
    pub fn alerts(&self) -> u32 {
        self.findings.saturating_sub(self.quiet)
    }

    /// How long it may wait to be taken before its message counts as lost, in seconds.
    pub(crate) fn pending_stuck_after(&self) -> i64 {
        match self.is_watched() {
            true => WATCHED_PENDING_STUCK_AFTER,
            false => PENDING_STUCK_AFTER,
        }
    }

    /// Whether somebody waits for it. A part is waited for as the whole is.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.origin == ScanOrigin::User || self.parent.is_some()
    }
}

pub(super) fn key(user: UserId, id: ScanId) -> Key {
    Key::user(user, format!("SCAN#{id}"))
}

fn ended(user: UserId, id: ScanId) -> Key {
    Key::user(user, format!("ENDED#{id}"))
}

fn lock(user: UserId, kind: ScanType) -> Key {
    Key::user(user, format!("LOCK#{}", kind.as_str()))
}

fn run(list: &str, kind: ScanType, origin: ScanOrigin, status: ScanStatus) -> String {
    format!(
        "{list}#{}#{}#{}",
        kind.as_str(),
        origin.as_str(),
        status.as_str()
    )
}

fn counter(kind: ScanType, origin: ScanOrigin, status: ScanStatus) -> String {
    format!(
        "scan.{}.{}.{}",
        kind.as_str(),
        origin.as_str(),
        status.as_str()
    )
}

pub(super) fn count(row: &ScanRow, by: i64) -> (String, i64) {
    (counter(row.scan.kind, row.origin, row.scan.status), by)
}

pub(super) fn place(row: &ScanRow) -> String {
    let run = run("SCAN", row.scan.kind, row.origin, row.scan.status);
    format!(
        "{run}#{}.{}",
        row.scan.created_at.newest_first(),
        row.scan.id
    )
}

fn place_ended(row: &ScanRow) -> String {
    let run = run("ENDED", row.scan.kind, row.origin, row.scan.status);
    let end = row.scan.completed_at.unwrap_or(row.scan.created_at);
    format!("{run}#{}.{}", end.newest_first(), row.scan.id)
}

impl Store {
    /// Tells connected apps of hers how far a scan has come.
    pub(super) async fn tell_scan_progress(&self, scan: &Scan) {
        let progress = ProgressFrame {
            topic: FeedTopic::Scan,
            id: scan.id.into(),
            done: scan.progress.into(),
            of: 100,
        };
        self.tell_progress(scan.user_id, progress).await;
    }

    /// One scan of hers.
    pub async fn scan(&self, user: UserId, id: ScanId) -> Result<Option<ScanRow>> {
        self.get(&key(user, id)).await
    }

    /// One scan of hers, or that its row is unreadable.
    pub(crate) async fn scan_state(&self, user: UserId, id: ScanId) -> Result<RowState<ScanRow>> {
        self.get_state(&key(user, id)).await
    }

    /// Sets a scan aside whose row is unreadable: it is due, listed and counted no longer, and she may
    /// start another of its type. The row stays. `false`: it changed in between.
    pub(crate) async fn set_scan_aside(
        &self,
        user: UserId,
        id: ScanId,
        row: &Item,
    ) -> Result<bool> {
        let place = text(row, "list").unwrap_or_default();
        let run: Vec<&str> = place.split('#').skip(1).take(3).collect();
        let aside = || {
            let change = Change::default().remove("list").remove("due_kind");
            change.remove("due_at").if_exists()
        };
        let [kind, origin, status] = run[..] else {
            let tx = self.tx().update(&key(user, id), aside());
            return Ok(tx.commit().await?.is_done());
        };
        let lock = Key::user(user, format!("LOCK#{kind}"));
        let uncounted = [(format!("scan.{kind}.{origin}.{status}"), -1)];
        let tx = || {
            let change = aside().when("list", "=", place);
            self.tx()
                .update(&key(user, id), change)
                .count(user, &uncounted)
        };
        if origin == ScanOrigin::User.as_str() {
            let unlocked = tx().delete_when(&lock, "scanId", &id.to_string());
            if unlocked.commit().await?.is_done() {
                return Ok(true);
            }
        }
        Ok(tx().commit().await?.is_done())
    }

    /// A page of her scans, group by group: newest first, or last ended first of ended ones.
    pub async fn scans(
        &self,
        user: UserId,
        filter: &ScanFilter,
        page: Page,
    ) -> Result<Listing<Scan>> {
        let list = if filter.is_over() { "ENDED" } else { "SCAN" };
        self.grouped_listing(user, page, |counters| {
            let group = |origins: &Vec<ScanOrigin>| {
                let mut runs = Vec::new();
                for kind in filter.kinds() {
                    for &origin in origins {
                        for status in filter.states() {
                            let total = counters.get(&counter(kind, origin, status));
                            runs.push((run(list, kind, origin, status), total));
                        }
                    }
                }
                runs
            };
            filter.origins().iter().map(group).collect()
        })
        .await
    }

    /// Stores a scan that waits to be worked on. `false`: she has one of this type running.
    pub async fn create_scan(&self, scan: &Scan, origin: ScanOrigin) -> Result<bool> {
        Ok(self.tx().start_scan(scan, origin).commit().await?.is_done())
    }

    /// A scan she wants, of one of her accounts or of everything, that waits to be worked on.
    #[must_use]
    pub fn wanted(scan: &Scan, account: Option<AccountId>) -> ScanRow {
        ScanRow {
            account,
            ..waiting(scan, ScanOrigin::User)
        }
    }

    /// Stores a scan she wants. `false`: she has one of this type running.
    pub(crate) async fn create_wanted(&self, row: &ScanRow, event: Append) -> Result<bool> {
        let tx = self.tx().start(row).append(event);
        Ok(tx.commit().await?.is_done())
    }

    /// Takes back a scan that nobody has begun, as if it had never been wanted. `false`: it has begun.
    pub async fn withdraw_scan(&self, scan: &Scan, origin: ScanOrigin) -> Result<bool> {
        let row = waiting(scan, origin);
        let mut tx = self
            .tx()
            .delete_when(&key(scan.user_id, scan.id), "list", &place(&row));
        if origin == ScanOrigin::User {
            tx = tx.delete(&lock(scan.user_id, scan.kind));
        }
        Ok(tx
            .count(scan.user_id, &[count(&row, -1)])
            .publish(scan.user_id, changed(scan.id))
            .commit()
            .await?
            .is_done())
    }

    /// Ends a scan: its last state, its place among the ended, the lock and the totals together.
    /// `false`: it changed in between.
    ///
    /// `next` is when her next scan of this kind is due, if this one settles it.
    pub async fn end_scan(
        &self,
        before: &ScanRow,
        after: Scan,
        next: Option<Timestamp>,
    ) -> Result<bool> {
        let tx = self.tx().end(before, after).plan_next(before, next);
        Ok(tx.commit().await?.is_done())
    }
}

impl Tx<'_> {
    /// Stores a scan that waits to be worked on, and counts it. Refused if it was stored before, or if
    /// she started it and one of its type runs.
    pub(crate) fn start_scan(self, scan: &Scan, origin: ScanOrigin) -> Self {
        self.start(&waiting(scan, origin))
    }

    pub(super) fn start(self, it: &ScanRow) -> Self {
        let scan = &it.scan;
        let row = Row::new(key(scan.user_id, scan.id), it).listed(place(it));
        let stuck_at = scan.created_at.plus_seconds(it.pending_stuck_after());
        let row = row.due(DUE_SCAN, stuck_at);
        let mut tx = self.create(&row);
        if it.origin == ScanOrigin::User {
            tx = tx.create(&locked(scan));
        }
        tx.count(scan.user_id, &[count(it, 1)])
            .publish(scan.user_id, changed(scan.id))
    }

    /// Ends a scan; refused if it changed in between.
    pub(super) fn end(self, before: &ScanRow, after: Scan) -> Self {
        let user = before.scan.user_id;
        let after = ScanRow {
            scan: after,
            lease_until: None,
            ..before.clone()
        };
        let change = Change::default()
            .set("status", after.scan.status)
            .set("progress", after.scan.progress)
            .set("completedAt", after.scan.completed_at)
            .set("result", &after.scan.result)
            .set("errorMessage", &after.scan.error_message)
            .set("list", place(&after))
            .not_due()
            .remove("leaseUntil")
            .when("list", "=", place(before))
            .when("workerId", "=", &before.scan.worker_id);
        let copy = Row::new(ended(user, after.scan.id), &after.scan).listed(place_ended(&after));
        let mut tx = self.update(&key(user, after.scan.id), change).put(&copy);
        if before.origin == ScanOrigin::User {
            tx = tx.delete(&lock(user, after.scan.kind));
        }
        tx.count(user, &[count(before, -1), count(&after, 1)])
            .publish(user, changed(after.scan.id))
    }

    /// Has an ended scan wait to be worked on once more; refused if it changed in between, or if she
    /// started it and one of its type runs.
    pub(super) fn restart(self, before: &ScanRow, now: Timestamp) -> Self {
        let user = before.scan.user_id;
        let after = ScanRow {
            scan: before.scan.clone().again(),
            advanced_at: Some(now),
            ..before.clone()
        };
        let it = &after.scan;
        let change = Change::default()
            .set("status", it.status)
            .set("progress", it.progress)
            .set("retryCount", it.retry_count)
            .set("workerId", &it.worker_id)
            .set("startedAt", it.started_at)
            .set("completedAt", it.completed_at)
            .set("result", &it.result)
            .set("errorMessage", &it.error_message)
            .set("advancedAt", now)
            .set("wantedAt", now)
            .due(
                DUE_SCAN,
                &key(user, it.id),
                now.plus_seconds(before.pending_stuck_after()),
            )
            .set("list", place(&after))
            .remove("leaseUntil")
            .when("list", "=", place(before))
            .when("retryCount", "=", before.scan.retry_count);
        let mut tx = self
            .update(&key(user, it.id), change)
            .delete(&ended(user, it.id));
        if before.origin == ScanOrigin::User {
            tx = tx.create(&locked(it));
        }
        tx.count(user, &[count(before, -1), count(&after, 1)])
            .publish(user, changed(after.scan.id))
    }

    /// Counts a new finding on its scan; refused if the scan is gone.
    pub(super) fn count_finding(self, user: UserId, scan: ScanId) -> Self {
        let change = Change::default().add("findings", 1);
        self.update(&key(user, scan), change.if_exists())
    }

    /// The same of one that raises no alert.
    pub(super) fn count_quiet_finding(self, user: UserId, scan: ScanId) -> Self {
        let change = Change::default().add("findings", 1).add("quiet", 1);
        self.update(&key(user, scan), change.if_exists())
    }
}

/// What open apps are told of a change of a scan's state; how far it has come is not told.
pub(super) fn changed(id: ScanId) -> FeedChange {
    FeedChange::of(FeedTopic::Scan, id)
}

pub(super) fn waiting(scan: &Scan, origin: ScanOrigin) -> ScanRow {
    ScanRow {
        scan: scan.clone(),
        origin,
        findings: 0,
        quiet: 0,
        parent: None,
        account: None,
        continues: None,
        wanted_at: None,
        lease_until: None,
        advanced_at: None,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Lock {
    scan_id: ScanId,
}

fn locked(scan: &Scan) -> Row<Lock> {
    Row::new(lock(scan.user_id, scan.kind), Lock { scan_id: scan.id })
}

#[cfg(test)]
mod tests;
