//! Her scans: wanting one, seeing how they stand and what they found.

use serde_json::{Value, json};

use crate::domain::{
    Error, ImageId, Match, Page, Result, Scan, ScanFilter, ScanId, ScanOrigin, ScanType, Timestamp,
    UserId,
};
use crate::queues::{Queues, ScanMessage};
use crate::store::{Listing, Store};

/// What is needed to start scans and to say how they stand.
#[derive(Clone)]
pub struct Scans {
    /// The table.
    pub store: Store,
    /// The queue service.
    pub queues: Queues,
    /// The queue of the scans she starts.
    pub queue: String,
    /// The queue of the scans we start.
    pub background: String,
}

impl Scans {
    /// Starts a scan of all her pictures, or of one.
    pub async fn trigger(
        &self,
        user: UserId,
        kind: ScanType,
        target: Option<ImageId>,
        now: Timestamp,
    ) -> Result<Scan> {
        if kind != ScanType::ImageScan {
            return Err(Error::invalid(
                "SCAN_TYPE_NOT_SUPPORTED",
                "This kind of scan is not available yet.",
            ));
        }
        if let Some(image) = target {
            let found = self.store.image(user, image).await?;
            found
                .filter(|it| it.image.is_searchable())
                .ok_or_else(no_image)?;
        }
        let scan = Scan::pending(ScanId::next(), user, kind, target, now);
        if !self.store.create_scan(&scan, ScanOrigin::User).await? {
            return Err(Error::conflict(
                "SCAN_ALREADY_RUNNING",
                "A scan is already under way.",
            ));
        }
        if let Err(err) = self.queues.send(&self.queue, &message(&scan)).await {
            self.store.withdraw_scan(&scan, ScanOrigin::User).await?;
            return Err(err);
        }
        tracing::info!(user.id = %user, scan.id = %scan.id, "scan wanted");
        Ok(scan)
    }

    /// A page of her scans.
    pub async fn list(
        &self,
        user: UserId,
        filter: &ScanFilter,
        page: Page,
    ) -> Result<Listing<Scan>> {
        self.store.scans(user, filter, page).await
    }

    /// One scan of hers.
    pub async fn get(&self, user: UserId, id: ScanId) -> Result<Scan> {
        let found = self.store.scan(user, id).await?;
        found
            .map(|it| it.scan)
            .ok_or_else(|| Error::not_found("SCAN_NOT_FOUND", "This scan does not exist."))
    }

    /// How the queues stand, for whoever watches over the service. Says nothing of anybody.
    pub async fn health(&self, now: Timestamp) -> Result<Value> {
        let queues = [
            ("image-scan", &self.queue),
            ("image-scan-background", &self.background),
        ];
        let mut stats = Vec::new();
        for (name, url) in queues {
            let depth = self.queues.depth(url).await?;
            stats.push(json!({
                "name": name, "waiting": depth.waiting, "active": depth.active, "delayed": depth.delayed,
                // A message that was worked off is gone; a queue keeps none.
                "completed": 0,
                "failed": self.queues.dead(url).await?,
                "paused": false,
            }));
        }
        Ok(json!({
            "status": "ok",
            "timestamp": now,
            "workers": {
                "count": 1,
                "enabled": true,
                "status": [{ "name": "image-scan", "running": true, "paused": false }],
            },
            "queues": { "enabled": true, "stats": stats },
        }))
    }
}

/// A page of the findings of a picture of hers.
pub async fn matches(
    store: &Store,
    user: UserId,
    image: ImageId,
    page: Page,
) -> Result<Listing<Match>> {
    let found = store.image(user, image).await?.ok_or_else(no_image)?;
    store.matches(&found.image, page).await
}

/// The message that has a scan worked on.
pub(crate) fn message(scan: &Scan) -> ScanMessage {
    ScanMessage {
        scan_job_id: scan.id,
        user_id: scan.user_id,
        target_id: scan.protected_image_id,
        correlation_id: Some(scan.id.to_string()),
    }
}

fn no_image() -> Error {
    Error::not_found("IMAGE_NOT_FOUND", "This picture does not exist.")
}
