//! The pictures of profiles, compared with hers.

use vara_imaging::{Fingerprint, Limits, MIN_QUALITY, Pdq};

use crate::domain::{ImageId, Result, UserId};
use crate::engines::Fetcher;
use crate::store::Store;

/// What a stranger's picture may cost us to read.
const LIMITS: Limits = Limits {
    bytes: 10 * 1024 * 1024,
    pixels: 30_000_000,
    memory: 256 * 1024 * 1024,
    ..Limits::DEFAULT
};

/// Her pictures, turned and mirrored in all ways.
#[derive(Clone, Debug)]
pub(super) struct Hers(Vec<(ImageId, Vec<Pdq>)>);

impl Hers {
    /// All her pictures that can be recognised.
    pub(super) async fn of(store: &Store, user: UserId) -> Result<Self> {
        let rows = store.searchable_images(user).await?.into_iter();
        let fine = rows.filter(|it| it.pdq_quality.unwrap_or_default() >= MIN_QUALITY);
        let hashes = fine.map(|it| {
            let all = it.dihedral.iter().filter_map(|it| it.parse().ok());
            (it.image.id, all.collect())
        });
        Ok(Self(hashes.collect()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The nearest of her pictures to the one at `link`. `None`: it could not be seen or says nothing.
    pub(super) async fn nearest(&self, fetcher: &Fetcher, link: &str) -> Option<(ImageId, u32)> {
        let bytes = match fetcher.picture(link).await {
            Ok(bytes) => bytes,
            Err(refusal) => {
                tracing::info!(refusal = %refusal, "the picture of a profile could not be seen");
                return None;
            }
        };
        let hers = self.clone();
        let looked = tokio::task::spawn_blocking(move || hers.compare(&bytes)).await;
        // A panic in there is our mistake, but about this picture only.
        looked.unwrap_or_else(|err| {
            tracing::error!(error = %err, "looking at the picture of a profile failed by our mistake");
            None
        })
    }

    fn compare(&self, bytes: &[u8]) -> Option<(ImageId, u32)> {
        let theirs = vara_imaging::decode(bytes, &LIMITS).ok()?;
        let Fingerprint {
            pdq,
            quality: MIN_QUALITY..,
        } = vara_imaging::pdq(&theirs)?
        else {
            return None;
        };
        let each = self.0.iter().flat_map(|(id, all)| {
            let pdq = &pdq;
            all.iter().map(move |it| (*id, it.distance(pdq)))
        });
        each.min_by_key(|it| it.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_not_hers() {
        let hers = Hers(vec![(ImageId::next(), vec![Pdq([7; 32])])]);
        assert_eq!(hers.compare(b"GIF89a nonsense"), None);
        assert_eq!(Hers(vec![]).compare(b""), None);
        assert!(Hers(vec![]).is_empty() && !hers.is_empty());
    }
}
