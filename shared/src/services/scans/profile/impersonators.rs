//! Impersonation search: similar profiles on each network.
//!
//! A network that is through is marked; alerts have ids that follow from the profile. So a network that
//! is begun twice tells nothing twice.

use futures_util::FutureExt;

use super::persona::ProtectedPerson;
use super::scanner::ProfileScanner;
use super::totals::{ProfileScanError, ProfileScanStats, ProfileScanTotals};
use crate::clock;
use crate::domain::{Platform, PublicProfile, Resemblance, impersonation, scan};
use crate::engines::Social;
use crate::queues::QueueDelivery;
use crate::services::scans::lease::Lease;
use crate::services::scans::stop::{ScanStop, check_deadline};
use crate::store::{ScanRow, WriteOutcome};

/// How many profiles of a network have their pictures compared.
const MAX_COMPARED_PICTURES: usize = 20;

/// Searches each network for profiles that pretend to be her.
pub(super) async fn search_impersonators(
    scanner: &ProfileScanner,
    social: &Social,
    lease: &mut Lease,
    delivered: &QueueDelivery,
) -> Result<ProfileScanTotals, ScanStop> {
    let row = lease.row().clone();
    let her = ProtectedPerson::of(scanner, &row).await?;
    let mut totals = ProfileScanTotals::default();
    if her.persona.handles.is_empty() && her.persona.names.is_empty() {
        totals.unlooked = Some("nothing-to-look-for");
        return Ok(totals);
    }
    for (at, platform) in Platform::NETWORKS.into_iter().enumerate() {
        check_deadline(delivered.deadline)?;
        let searched = search_network(scanner, social, &row, &her, platform).boxed_local();
        match lease.hold_during(ProfileScanError::split(searched)).await? {
            Ok(stats) => totals.add(&stats),
            Err(err) => {
                let is_for_all = err.is_for_all();
                totals.failures.push((platform.shown().to_owned(), err));
                if is_for_all {
                    break;
                }
            }
        }
        let progress = scan::progress(at + 1, Platform::NETWORKS.len());
        lease.advance(progress).await?;
    }
    Ok(totals)
}

/// What is told of one network. Checkpoint: it is marked when it is through.
async fn search_network(
    scanner: &ProfileScanner,
    social: &Social,
    row: &ScanRow,
    her: &ProtectedPerson,
    platform: Platform,
) -> Result<ProfileScanStats, ProfileScanError> {
    let (store, mark) = (&scanner.store, platform.as_str());
    if let Some(stats) = store.searched(&row.scan, mark, Social::NAME).await? {
        return Ok(stats);
    }
    let mut stats = ProfileScanStats::default();
    let found = candidates(social, her, platform).await?;
    for (at, (profile, evidence)) in found.into_iter().enumerate() {
        let link = profile.picture_url.as_deref();
        let evidence = match link.filter(|_| at < MAX_COMPARED_PICTURES && !her.pictures.is_empty())
        {
            Some(link) => {
                let nearest = her.pictures.nearest(&scanner.fetcher, link).await?;
                evidence.with_picture(nearest)
            }
            None => evidence,
        };
        stats.checked += 1;
        let Some(pretence) = evidence.pretence() else {
            continue;
        };
        stats.found += 1;
        let user = row.scan.user_id;
        let alert = impersonation::profile_alert(user, &profile, &evidence, pretence, clock::now());
        if store.tell(&row.scan, &alert).await? == WriteOutcome::Gone {
            return Err(ScanStop::Lost.into());
        }
        stats.alerts.insert(alert.id);
    }
    let kept = store.keep_search(&row.scan, mark, Social::NAME, &stats, clock::now());
    match kept.await? {
        true => Ok(stats),
        false => Err(ScanStop::Lost.into()),
    }
}

/// Profiles of a network that may be like hers and are not hers, the likest first.
async fn candidates(
    social: &Social,
    her: &ProtectedPerson,
    platform: Platform,
) -> Result<Vec<(PublicProfile, Resemblance)>, ProfileScanError> {
    let mut found: Vec<PublicProfile> = vec![];
    for name in her.persona.handles.iter().chain(&her.persona.names) {
        for profile in social.search(platform, name).await? {
            let known = her.is_known(&profile) || profile.platform != platform;
            if !known && found.iter().all(|it| it.handle != profile.handle) {
                found.push(profile);
            }
        }
    }
    let mut judged: Vec<(PublicProfile, Resemblance)> = found
        .into_iter()
        .map(|it| {
            let evidence = Resemblance::of(&her.persona, &it);
            (it, evidence)
        })
        .collect();
    judged.sort_by_key(|(it, evidence)| (!evidence.is_alike(), it.handle.clone()));
    Ok(judged)
}
