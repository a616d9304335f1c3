//! Loads the names of her pictures for alerts.

use crate::domain::{Image, PictureNames, Result, Timestamp, UserId};
use crate::store::Store;

/// The names of her pictures.
pub(crate) async fn picture_names(
    store: &Store,
    user: UserId,
    now: Timestamp,
) -> Result<PictureNames> {
    let preferences = store.preferences(user).await?;
    let offset = preferences.map_or(0, |it| it.preferences.utc_offset_minutes);
    let images = store.searchable_images(user).await?;
    let uploaded = |it: &Image| (it.id, it.uploaded_at);
    let images = images.iter().map(|it| uploaded(&it.image));
    Ok(PictureNames::of(images, offset, now))
}
