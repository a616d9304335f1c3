//! Whom a profile scan protects: her names, her handles, her own profiles and her pictures.

use super::scanner::ProfileScanner;
use crate::comparison::ReferenceImages;
use crate::domain::{Persona, Platform, PublicProfile, Result, UserId};
use crate::store::{LinkedRow, ScanRow, Store};

/// Everything a profile is compared with.
pub(super) struct ProtectedPerson {
    pub(super) persona: Persona,
    pub(super) pictures: ReferenceImages,
    /// Profiles she told us of, proved or not: they are no strangers'.
    known: Vec<(Platform, String)>,
}

impl ProtectedPerson {
    pub(super) async fn of(scanner: &ProfileScanner, row: &ScanRow) -> Result<Self> {
        let (store, user) = (&scanner.store, row.scan.user_id);
        let own = scanner.own_profiles(row).await?;
        let account = store.account(user).await?;
        let own_name = account.and_then(|it| it.profile.display_name);
        let of = |what: fn(&LinkedRow) -> Option<&String>| {
            let all = own.iter().filter_map(what).cloned();
            all.filter(|it| !it.is_empty()).collect::<Vec<_>>()
        };
        let mut names = of(|it| it.account.display_name.as_ref());
        names.extend(own_name);
        names.dedup();
        let mut handles = of(|it| Some(&it.account.platform_user_id));
        handles.sort();
        handles.dedup();
        let all = store.all_linked(user).await?.into_iter();
        let known = all.filter(|it| it.account.is_profile());
        let known = known.map(|it| {
            (
                it.account.platform,
                it.account.platform_user_id.to_lowercase(),
            )
        });
        Ok(Self {
            persona: Persona {
                handles,
                names,
                bios: of(|it| it.bio.as_ref()),
            },
            pictures: ReferenceImages::of(store, &scanner.objects, &scanner.analyzer, user).await?,
            known: known.collect(),
        })
    }

    pub(super) fn is_known(&self, profile: &PublicProfile) -> bool {
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
