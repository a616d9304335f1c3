//! Planned scans: when her next rescan, breach check and profile scan are due.
//!
//! `RESCAN`, `RECHECK` and `PROFILES` are rows of their own under her, without content; only while they are
//! there are there more scans.

use serde::Serialize;

use super::scans::{ScanRow, key};
use super::tx::{Change, Tx};
use super::{Key, Row, Store};
use crate::domain::{Result, RiskLevel, Scan, ScanOrigin, ScanType, Timestamp, UserId};

/// Kinds of work in the `due` index: a user whose next scan of her pictures is due, one whose next breach
/// check is, one whose next profile scan is.
pub(crate) const DUE_RESCAN: &str = "RESCAN";
pub(crate) const DUE_RECHECK: &str = "RECHECK";
pub(crate) const DUE_PROFILES: &str = "PROFILES";

/// Delay of the first breach check after sign-up, in seconds: a breach should not be the first thing
/// she reads.
const FIRST_CHECK_DELAY_SECONDS: i64 = 600;

/// Delay of the first profile scan after sign-up, in seconds: she has had time to name herself.
const FIRST_PROFILE_SCAN_DELAY_SECONDS: i64 = 3600;

#[derive(Serialize)]
struct Planned {}

/// What is due again after a scan of this type.
fn due_kind(kind: ScanType) -> &'static str {
    match kind {
        ScanType::BreachCheck => DUE_RECHECK,
        ScanType::ProfileScan => DUE_PROFILES,
        _ => DUE_RESCAN,
    }
}

fn again(user: UserId, kind: ScanType) -> Key {
    Key::user(user, due_kind(kind))
}

fn due_again(user: UserId, kind: ScanType, at: Timestamp) -> Row<Planned> {
    Row::new(again(user, kind), Planned {}).due(due_kind(kind), at)
}

impl Store {
    /// Makes sure that her pictures are scanned again some day, after a scan that settles nothing of it.
    pub async fn plan_rescan(&self, scan: &Scan, at: Timestamp) -> Result<()> {
        // Refused means it is planned already, or everything of hers is gone.
        let tx = self
            .tx()
            .create(&due_again(scan.user_id, scan.kind, at))
            .require(&key(scan.user_id, scan.id));
        tx.commit().await?;
        Ok(())
    }

    /// Stores the scan that was due, and when the next of its kind is. `false`: it was stored before, or
    /// no more are planned.
    pub(crate) async fn begin_rescan(&self, scan: &Scan, next: Timestamp) -> Result<bool> {
        let planned = Change::default().set("due_at", next).if_exists();
        let tx = self
            .tx()
            .start_scan(scan, ScanOrigin::System)
            .update(&again(scan.user_id, scan.kind), planned);
        Ok(tx.commit().await?.is_done())
    }

    /// Puts off her next scan of this type.
    pub(crate) async fn put_off_rescan(
        &self,
        user: UserId,
        kind: ScanType,
        at: Timestamp,
    ) -> Result<()> {
        let change = Change::default().set("due_at", at).if_exists();
        self.change_row(&again(user, kind), change).await.map(drop)
    }

    /// Plans scans of this type for an account, unless they are planned: of her pictures once there is one,
    /// of profiles for an account that was made before they were planned with it.
    pub(crate) async fn plan_scans(
        &self,
        user: UserId,
        kind: ScanType,
        at: Timestamp,
    ) -> Result<()> {
        // Asked first, as it is nearly always so and a refused write costs as much as one that is not.
        if self
            .get_readable::<Key>(&again(user, kind))
            .await?
            .is_some()
        {
            return Ok(());
        }
        // Refused means they are planned by now, or that she has left.
        let tx = self
            .tx()
            .create(&due_again(user, kind, at))
            .require(&super::users::account_key(user));
        tx.commit().await.map(drop)
    }

    /// When the next scan of this type is due, if any is planned.
    #[cfg(test)]
    pub(crate) async fn planned_scan(
        &self,
        user: UserId,
        kind: ScanType,
    ) -> Result<Option<Timestamp>> {
        let item = self.item(&again(user, kind)).await?;
        let at = item
            .as_ref()
            .and_then(|it| super::reading::text(it, "due_at"));
        Ok(at.and_then(Timestamp::parse))
    }

    /// Whether she has pictures under protection.
    pub(crate) async fn has_pictures(&self, user: UserId) -> Result<bool> {
        Ok(self.counters(user).await?.get("image.places") > 0)
    }

    /// Whether she still uses Vara, and how much is at stake for her.
    pub async fn risk_level(&self, user: UserId) -> Result<Option<RiskLevel>> {
        Ok(self.account(user).await?.map(|it| it.profile.risk_level))
    }
}

impl Tx<'_> {
    /// Plans the next scan of this kind.
    pub(super) fn plan_next(self, row: &ScanRow, next: Option<Timestamp>) -> Self {
        match next {
            Some(at) => self.put(&due_again(row.scan.user_id, row.scan.kind, at)),
            None => self,
        }
    }

    /// Plans the first breach check and the first profile scan of a new account.
    pub(super) fn plan_first_scans(self, user: UserId, now: Timestamp) -> Self {
        let profiles = now.plus_seconds(FIRST_PROFILE_SCAN_DELAY_SECONDS);
        self.plan_first_check(user, now)
            .put(&due_again(user, ScanType::ProfileScan, profiles))
    }

    /// Plans a breach check soon: of a new account, and again once its address is proved.
    pub(super) fn plan_first_check(self, user: UserId, now: Timestamp) -> Self {
        let check = now.plus_seconds(FIRST_CHECK_DELAY_SECONDS);
        self.put(&due_again(user, ScanType::BreachCheck, check))
    }
}
