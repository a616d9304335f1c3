//! Behavioural analysis: compares snapshots of her own profiles.
//!
//! This scan's look has the scan's own moment, so that a scan that is begun again adds no second one.
//! All looks that are kept are compared, each with the next: a look that was taken in between, when she
//! had an account read, hides nothing.

use futures_util::FutureExt;

use super::{ProfileScanError, ProfileScanStats, ProfileScanTotals, ProfileScanner};
use crate::domain::{Alert, PublicProfile, Result, Timestamp, behaviour, scan};
use crate::engines::Social;
use crate::queues::QueueDelivery;
use crate::services::scans::worker::{self, RetryLater, is_late};
use crate::store::{LinkedRow, ScanRow, WriteOutcome};

impl ProfileScanner {
    /// `None`: the rest is left to others.
    pub(super) async fn changes(
        &self,
        social: &Social,
        row: &mut ScanRow,
        delivered: &QueueDelivery,
    ) -> Result<Option<ProfileScanTotals>, RetryLater> {
        let mut tally = ProfileScanTotals::default();
        let hers = self.hers(row).await?;
        if hers.is_empty() {
            tally.unlooked = Some("nothing-to-look-for");
        }
        for (at, account) in hers.iter().enumerate() {
            if is_late(delivered.deadline) {
                worker::pause(self, row).await?;
                return Ok(None);
            }
            match self.profile(social, row, account).boxed_local().await {
                Ok(facts) => tally.add(&facts),
                Err(ProfileScanError::Lost) => return worker::lost().map(|()| None),
                Err(ProfileScanError::Ours(err)) => return Err(err.into()),
                Err(ProfileScanError::Failed(err)) => {
                    let of = format!("@{}", account.account.platform_user_id);
                    tally.failures.push((of, err));
                }
            }
            if !worker::heartbeat(self, row, scan::progress(at + 1, hers.len())).await? {
                return worker::lost().map(|()| None);
            }
        }
        Ok(Some(tally))
    }

    async fn profile(
        &self,
        social: &Social,
        row: &ScanRow,
        account: &LinkedRow,
    ) -> Result<ProfileScanStats, ProfileScanError> {
        let it = &account.account;
        let Some(profile) = social.profile(it.platform, &it.platform_user_id).await? else {
            return Ok(ProfileScanStats::default());
        };
        let now = row.scan.created_at;
        let after = account.with_profile(&profile, now);
        let alerts = alerts(&after, &profile, now);
        let facts = ProfileScanStats {
            checked: 1,
            found: u32::from(!alerts.is_empty()),
            ..ProfileScanStats::default()
        };
        for alert in &alerts {
            if self.store.tell(&row.scan, alert).await? == WriteOutcome::Gone {
                return Err(ProfileScanError::Lost);
            }
        }
        self.store
            .keep_profile(it.user_id, it.id, &profile, now)
            .await?;
        Ok(facts)
    }
}

/// Everything there is to tell of a profile after a look.
fn alerts(after: &LinkedRow, profile: &PublicProfile, now: Timestamp) -> Vec<Alert> {
    let account = &after.account;
    let pairs = after.looks.windows(2);
    let surges = pairs.filter_map(|it| {
        let share = behaviour::surge(it[0].followers, it[1].followers)?;
        Some(behaviour::surge_alert(
            account,
            &it[0],
            it[1].followers,
            share,
            now,
        ))
    });
    let followers =
        behaviour::most_suspicious(behaviour::suspicious(&profile.recent_followers, now))
            .into_iter();
    let followers = followers.map(|it| behaviour::follower_alert(account, it, now));
    surges.chain(followers).collect()
}
