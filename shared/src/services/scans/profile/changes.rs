//! Behavioural analysis: compares snapshots of her own profiles.
//!
//! This scan's snapshot has the scan's own moment, so that a scan that is begun again adds no second one.
//! All snapshots that are kept are compared, each with the next: one that was taken in between, when she
//! had an account read, hides nothing.

use futures_util::FutureExt;

use super::scanner::ProfileScanner;
use super::totals::{ProfileScanError, ProfileScanStats, ProfileScanTotals};
use crate::domain::{Alert, PublicProfile, Timestamp, behaviour, scan};
use crate::engines::Social;
use crate::queues::QueueDelivery;
use crate::services::scans::lease::Lease;
use crate::services::scans::stop::{ScanStop, check_deadline};
use crate::store::{LinkedRow, ScanRow, WriteOutcome};

/// Takes a snapshot of each profile of hers and compares it with those before.
pub(super) async fn compare_snapshots(
    scanner: &ProfileScanner,
    social: &Social,
    lease: &mut Lease,
    delivered: &QueueDelivery,
) -> Result<ProfileScanTotals, ScanStop> {
    let row = lease.row().clone();
    let mut totals = ProfileScanTotals::default();
    let own = scanner.own_profiles(&row).await?;
    if own.is_empty() {
        totals.unlooked = Some("nothing-to-look-for");
    }
    for (at, account) in own.iter().enumerate() {
        check_deadline(delivered.deadline)?;
        let compared = compare_profile(scanner, social, &row, account).boxed_local();
        match lease.hold_during(ProfileScanError::split(compared)).await? {
            Ok(stats) => totals.add(&stats),
            Err(err) => {
                let of = format!("@{}", account.account.platform_user_id);
                totals.failures.push((of, err));
            }
        }
        lease.advance(scan::progress(at + 1, own.len())).await?;
    }
    Ok(totals)
}

async fn compare_profile(
    scanner: &ProfileScanner,
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
    let stats = ProfileScanStats {
        checked: 1,
        found: u32::from(!alerts.is_empty()),
        ..ProfileScanStats::default()
    };
    for alert in &alerts {
        if scanner.store.tell(&row.scan, alert).await? == WriteOutcome::Gone {
            return Err(ScanStop::Lost.into());
        }
    }
    let kept = scanner.store.keep_profile(it.user_id, it.id, &profile, now);
    kept.await?;
    Ok(stats)
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
