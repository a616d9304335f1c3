//! Memory of a picture's places: `SEEN#<image>` holds what was fetched there when it was last compared.
//!
//! The row saves work and nothing depends on it: without it every place is compared anew. It is read and
//! written once for each picture of a scan, and only if something changed, because a memory at each finding
//! would make each of their rows larger and each of their writes dearer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Key, Row, Store};
use crate::domain::{ImageId, MatchId, Result, Scan, SeenPlace, Timestamp, UserId};

/// How long it is kept after the last change, in seconds: longer than her scans are apart.
const SEEN_TTL_SECONDS: i64 = 60 * 24 * 3600;

/// The most bytes of the row. A row of the table may have 400 KB.
const MAX_SEEN_BYTES: usize = 200_000;

/// The places of a picture, as they were seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct SeenPlaces {
    #[serde(default)]
    pub(crate) places: BTreeMap<MatchId, SeenPlace>,
}

pub(super) fn key(user: UserId, image: ImageId) -> Key {
    Key::user(user, format!("SEEN#{image}"))
}

impl Store {
    /// What is remembered of the places of a picture. Nothing if the row is unreadable.
    pub(crate) async fn seen_places(&self, user: UserId, image: ImageId) -> Result<SeenPlaces> {
        let seen = self.get_readable(&key(user, image)).await?;
        Ok(seen.unwrap_or_default())
    }

    /// Remembers the places of a picture, unless the picture is gone. Too many are not remembered at all.
    pub(crate) async fn keep_seen_places(
        &self,
        scan: &Scan,
        image: ImageId,
        seen: &SeenPlaces,
        now: Timestamp,
    ) -> Result<()> {
        if size(seen) > MAX_SEEN_BYTES {
            return Ok(());
        }
        let user = scan.user_id;
        let mut row = Row::new(key(user, image), seen);
        row.ttl = Some(now.plus_seconds(SEEN_TTL_SECONDS).epoch_seconds());
        let tx = self.tx().put(&row);
        // Refused means the picture is gone, and its memory with it.
        let tx = tx.require(&super::images::key(user, image));
        tx.commit().await.map(drop)
    }
}

/// About how large the row is.
fn size(seen: &SeenPlaces) -> usize {
    let version = |it: &crate::domain::FetchedVersion| {
        let validators = [&it.etag, &it.modified].into_iter().flatten();
        it.from.len() + it.hash.len() + validators.map(String::len).sum::<usize>() + 40
    };
    let place = |it: &SeenPlace| {
        let pictures = it.pictures.iter().flatten();
        80 + it.basis.len() + pictures.map(version).sum::<usize>()
    };
    seen.places.values().map(place).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::FetchedVersion;
    use crate::store::matches::tests::{World, now};

    fn seen(places: u32, picture: &FetchedVersion) -> SeenPlaces {
        let place = |_| {
            let seen = SeenPlace {
                basis: "b".repeat(32),
                pictures: vec![Some(picture.clone()), None],
                is_finding: true,
            };
            (MatchId::from(uuid::Uuid::new_v4()), seen)
        };
        SeenPlaces {
            places: (0..places).map(place).collect(),
        }
    }

    #[tokio::test]
    async fn it_goes_with_its_picture_and_has_a_bound() {
        let world = World::new().await;
        let (store, user, image) = (&world.store, world.image.user_id, world.image.id);
        let version = FetchedVersion {
            from: "f".repeat(32),
            etag: Some("\"v1\"".into()),
            modified: None,
            hash: "h".repeat(64),
        };
        let few = seen(3, &version);
        let keep = async |seen: &SeenPlaces| {
            let kept = store.keep_seen_places(&world.scan, image, seen, now());
            kept.await.unwrap();
            store.seen_places(user, image).await.unwrap()
        };
        assert_eq!(keep(&few).await, few);
        let large = FetchedVersion {
            etag: Some("e".repeat(1000)),
            ..version
        };
        assert_eq!(keep(&seen(200, &large)).await, few, "too much to keep");
        store.forget_image(&world.image, None).await.unwrap();
        assert_eq!(
            keep(&few).await,
            SeenPlaces::default(),
            "the picture is gone"
        );
    }
}
