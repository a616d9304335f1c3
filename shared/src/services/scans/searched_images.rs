//! The pictures a scan looks for: one, or all that can be searched for.

use crate::domain::{ImageId, Result, Scan};
use crate::store::Store;

/// The pictures a scan looks for.
pub(crate) async fn searched_images(store: &Store, scan: &Scan) -> Result<Vec<ImageId>> {
    if let Some(image) = scan.protected_image_id {
        return Ok(vec![image]);
    }
    let mut rows = store.searchable_images(scan.user_id).await?;
    // A budget that ends with some of them goes on with the others the next time, also one of several:
    // a picture that only another engine searched for counts as scanned.
    rows.sort_by_key(|it| (!it.awaits_budget, it.image.last_scanned, it.image.id));
    Ok(rows.iter().map(|it| it.image.id).collect())
}
