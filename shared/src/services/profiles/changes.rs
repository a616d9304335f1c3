//! Behavioural analysis: compares snapshots of her own profiles.
//!
//! This scan's look has the scan's own moment, so that a scan that is begun again adds no second one.
//! All looks that are kept are compared, each with the next: a look that was taken in between, when she
//! had an account read, hides nothing.

use futures_util::FutureExt;

use super::{Facts, ProfileScanner, Stop, Tally};
use crate::domain::{
    Alert, PublicProfile, Result, Timestamp, follower_alert, progress, surge, surge_alert,
    suspicious, told_of,
};
use crate::engines::Social;
use crate::runtime::Delivered;
use crate::services::looks;
use crate::services::work::{self, Again, is_late};
use crate::store::{LinkedRow, ScanRow, Stored};

impl ProfileScanner {
    /// `None`: the rest is left to others.
    pub(super) async fn changes(
        &self,
        social: &Social,
        row: &mut ScanRow,
        delivered: &Delivered,
    ) -> Result<Option<Tally>, Again> {
        let mut tally = Tally::default();
        let hers = self.hers(row).await?;
        if hers.is_empty() {
            tally.unlooked = Some("nothing-to-look-for");
        }
        for (at, account) in hers.iter().enumerate() {
            if is_late(delivered.deadline) {
                work::pause(self, row).await?;
                return Ok(None);
            }
            match self.profile(social, row, account).boxed_local().await {
                Ok(facts) => tally.add(&facts),
                Err(Stop::Lost) => return work::lost().map(|()| None),
                Err(Stop::Ours(err)) => return Err(err.into()),
                Err(Stop::Failed(err)) => {
                    let of = format!("@{}", account.account.platform_user_id);
                    tally.failures.push((of, err));
                }
            }
            if !work::beat(self, row, progress(at + 1, hers.len())).await? {
                return work::lost().map(|()| None);
            }
        }
        Ok(Some(tally))
    }

    async fn profile(
        &self,
        social: &Social,
        row: &ScanRow,
        account: &LinkedRow,
    ) -> Result<Facts, Stop> {
        let it = &account.account;
        let Some(profile) = social.profile(it.platform, &it.platform_user_id).await? else {
            return Ok(Facts::default());
        };
        let now = row.scan.created_at;
        let after = looks::seen(account, &profile, now);
        let alerts = alerts(&after, &profile, now);
        let facts = Facts {
            checked: 1,
            found: u32::from(!alerts.is_empty()),
            ..Facts::default()
        };
        for alert in &alerts {
            if self.store.tell(&row.scan, alert).await? == Stored::Gone {
                return Err(Stop::Lost);
            }
        }
        looks::keep(&self.store, account, &profile, now).await?;
        Ok(facts)
    }
}

/// Everything there is to tell of a profile after a look.
fn alerts(after: &LinkedRow, profile: &PublicProfile, now: Timestamp) -> Vec<Alert> {
    let account = &after.account;
    let pairs = after.looks.windows(2);
    let surges = pairs.filter_map(|it| {
        let share = surge(it[0].followers, it[1].followers)?;
        Some(surge_alert(account, &it[0], it[1].followers, share, now))
    });
    let followers = told_of(suspicious(&profile.recent_followers, now)).into_iter();
    let followers = followers.map(|it| follower_alert(account, it, now));
    surges.chain(followers).collect()
}
