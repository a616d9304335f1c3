//! Impersonation search: similar profiles on each network.
//!
//! A network that is through is marked; alerts have ids that follow from the profile. So a network that
//! is begun twice tells nothing twice.

use futures_util::FutureExt;

use super::{ProfileScanError, ProfileScanStats, ProfileScanTotals, ProfileScanner};
use crate::clock;
use crate::comparison::ReferenceImages;
use crate::domain::{
    Persona, Platform, PublicProfile, Resemblance, Result, UserId, impersonation, scan,
};
use crate::engines::Social;
use crate::queues::QueueDelivery;
use crate::services::scans::worker::{self, RetryLater, is_late};
use crate::store::{LinkedRow, ScanRow, Store, WriteOutcome};

/// How many profiles of a network have their pictures looked at.
const PICTURES: usize = 20;

/// Everything a profile is compared with.
struct ProtectedPerson {
    persona: Persona,
    pictures: ReferenceImages,
    /// Profiles she told us of, proved or not: they are no strangers'.
    known: Vec<(Platform, String)>,
}

impl ProtectedPerson {
    fn is_known(&self, profile: &PublicProfile) -> bool {
        let of = |it: &(Platform, String)| {
            it.0 == profile.platform && it.1 == profile.handle.to_lowercase()
        };
        self.known.iter().any(of)
    }
}

/// Whether a name or a handle of hers is known, without which a profile scan has nothing to search by.
pub(crate) async fn has_persona(store: &Store, user: UserId) -> Result<bool> {
    let account = store.account(user).await?;
    if account.is_some_and(|it| it.profile.display_name.is_some()) {
        return Ok(true);
    }
    let linked = store.all_linked(user).await?;
    Ok(linked
        .iter()
        .any(|it| it.account.is_profile() && it.account.is_hers()))
}

impl ProfileScanner {
    /// `None`: the rest is left to others.
    pub(super) async fn impersonators(
        &self,
        social: &Social,
        row: &mut ScanRow,
        delivered: &QueueDelivery,
    ) -> Result<Option<ProfileScanTotals>, RetryLater> {
        let her = self.her(row).await?;
        let mut tally = ProfileScanTotals::default();
        if her.persona.handles.is_empty() && her.persona.names.is_empty() {
            tally.unlooked = Some("nothing-to-look-for");
            return Ok(Some(tally));
        }
        for (at, platform) in Platform::NETWORKS.into_iter().enumerate() {
            if is_late(delivered.deadline) {
                worker::pause(self, row).await?;
                return Ok(None);
            }
            let looked = self.network(social, row, &her, platform);
            match looked.boxed_local().await {
                Ok(facts) => tally.add(&facts),
                Err(ProfileScanError::Lost) => return worker::lost().map(|()| None),
                Err(ProfileScanError::Ours(err)) => return Err(err.into()),
                Err(ProfileScanError::Failed(err)) => {
                    let for_all = err.is_for_all();
                    tally.failures.push((platform.shown().to_owned(), err));
                    if for_all {
                        break;
                    }
                }
            }
            let further = scan::progress(at + 1, Platform::NETWORKS.len());
            if !worker::heartbeat(self, row, further).await? {
                return worker::lost().map(|()| None);
            }
        }
        Ok(Some(tally))
    }

    async fn her(&self, row: &ScanRow) -> Result<ProtectedPerson> {
        let user = row.scan.user_id;
        let hers = self.hers(row).await?;
        let account = self.store.account(user).await?;
        let own_name = account.and_then(|it| it.profile.display_name);
        let of = |what: fn(&LinkedRow) -> Option<&String>| {
            let all = hers.iter().filter_map(what).cloned();
            all.filter(|it| !it.is_empty()).collect::<Vec<_>>()
        };
        let mut names = of(|it| it.account.display_name.as_ref());
        names.extend(own_name);
        names.dedup();
        let mut handles = of(|it| Some(&it.account.platform_user_id));
        handles.sort();
        handles.dedup();
        let all = self.store.all_linked(user).await?.into_iter();
        let known = all.filter(|it| it.account.is_profile());
        let known = known.map(|it| {
            (
                it.account.platform,
                it.account.platform_user_id.to_lowercase(),
            )
        });
        Ok(ProtectedPerson {
            persona: Persona {
                handles,
                names,
                bios: of(|it| it.bio.as_ref()),
            },
            pictures: ReferenceImages::of(&self.store, &self.objects, &self.analyzer, user).await?,
            known: known.collect(),
        })
    }

    async fn network(
        &self,
        social: &Social,
        row: &mut ScanRow,
        her: &ProtectedPerson,
        platform: Platform,
    ) -> Result<ProfileScanStats, ProfileScanError> {
        let mark = platform.as_str();
        if let Some(facts) = self.store.searched(&row.scan, mark, Social::NAME).await? {
            return Ok(facts);
        }
        let mut facts = ProfileScanStats::default();
        let found = self.candidates(social, her, platform).await?;
        for (at, (profile, evidence)) in found.into_iter().enumerate() {
            let link = profile.picture_url.as_deref();
            let evidence = match link.filter(|_| at < PICTURES && !her.pictures.is_empty()) {
                Some(link) => {
                    let nearest = her.pictures.nearest(&self.fetcher, link).await?;
                    let further = row.scan.progress;
                    if !worker::heartbeat(self, row, further).await? {
                        return Err(ProfileScanError::Lost);
                    }
                    evidence.with_picture(nearest)
                }
                None => evidence,
            };
            facts.checked += 1;
            let Some(pretence) = evidence.pretence() else {
                continue;
            };
            facts.found += 1;
            let user = row.scan.user_id;
            let alert =
                impersonation::profile_alert(user, &profile, &evidence, pretence, clock::now());
            if self.store.tell(&row.scan, &alert).await? == WriteOutcome::Gone {
                return Err(ProfileScanError::Lost);
            }
            facts.alerts.insert(alert.id);
        }
        let kept = self
            .store
            .keep_search(&row.scan, mark, Social::NAME, &facts, clock::now())
            .await?;
        if kept {
            Ok(facts)
        } else {
            Err(ProfileScanError::Lost)
        }
    }

    /// Profiles of a network that may be like hers and are not hers, the likest first.
    async fn candidates(
        &self,
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
}
