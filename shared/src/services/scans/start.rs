//! Scans: start, list, get, matches of a scan.

use uuid::Uuid;

use crate::auth::Caller;
use crate::correlation::Correlation;
use crate::domain::event::{ScanAsked, StreamName};
use crate::domain::{
    AccountId, Error, ImageId, Page, Result, Scan, ScanFilter, ScanId, ScanOrigin, ScanResult,
    ScanType, Timestamp, UserId,
};
use crate::queues::{Queues, ScanMessage};
use crate::services::record::event_log::EventLog;
use crate::services::scans::full_scan;
use crate::services::scans::scan_queues::ScanQueues;
use crate::services::search::governor::Governor;
use crate::store::{Append, Listing, ScanRow, Store};

/// What is needed to start scans and to say how they stand.
#[derive(Clone)]
pub struct Scans {
    /// The table.
    pub store: Store,
    /// Records what she asks for.
    pub log: EventLog,
    /// The queue service.
    pub queues: Queues,
    /// The queues.
    pub lanes: ScanQueues,
    /// What the engines may be asked.
    pub governor: Governor,
}

impl Scans {
    /// Starts a scan of all she has, or of one picture, address or account of hers.
    pub async fn trigger(
        &self,
        caller: &Caller,
        kind: ScanType,
        target: Option<Uuid>,
        now: Timestamp,
    ) -> Result<Scan> {
        let user = caller.user;
        let row = match (kind, target) {
            (ScanType::FullScan, None) => return self.full(caller, now).await,
            (ScanType::FullScan, Some(_)) => {
                return Err(Error::invalid_at(
                    "targetId",
                    "A full scan looks at everything; it has no target.",
                ));
            }
            (ScanType::ImageScan, target) => self.of_images(user, target, now).await?,
            (_, target) => self.of_accounts(user, kind, target, now).await?,
        };
        let scan = row.scan.clone();
        let event = self.event(caller, "scan.started", &scan, now).await?;
        if !self.store.create_wanted(&row, event).await? {
            return Err(already_running());
        }
        if let Err(err) = self.send(&row).await {
            self.store.withdraw_scan(&scan, ScanOrigin::User).await?;
            return Err(err);
        }
        tracing::info!(user.id = %user, scan.id = %scan.id, kind = kind.as_str(), "scan wanted");
        Ok(scan)
    }

    async fn of_images(
        &self,
        user: UserId,
        target: Option<Uuid>,
        now: Timestamp,
    ) -> Result<ScanRow> {
        let target = target.map(ImageId::from);
        if let Some(image) = target {
            let found = self.store.image(user, image).await?;
            found
                .filter(|it| it.image.is_searchable())
                .ok_or_else(no_image)?;
        }
        let scan = Scan::pending(ScanId::next(), user, ScanType::ImageScan, target, now);
        Ok(Store::wanted(&scan, None))
    }

    async fn of_accounts(
        &self,
        user: UserId,
        kind: ScanType,
        target: Option<Uuid>,
        now: Timestamp,
    ) -> Result<ScanRow> {
        let mut scan = Scan::pending(ScanId::next(), user, kind, None, now);
        let target = target.map(AccountId::from);
        if let Some(account) = target {
            self.store
                .linked(user, account)
                .await?
                .ok_or_else(no_account)?;
            scan.result = Some(ScanResult::of_target(account));
        }
        Ok(Store::wanted(&scan, target))
    }

    /// All kinds of scan at once. A part whose message cannot be sent is found waiting by the schedule.
    async fn full(&self, caller: &Caller, now: Timestamp) -> Result<Scan> {
        let user = caller.user;
        let scan = Scan::pending(ScanId::next(), user, ScanType::FullScan, None, now);
        let parts = full_scan::parts(&scan);
        let event = self.event(caller, "scan.started", &scan, now).await?;
        if !self.store.create_family(&scan, &parts, event).await? {
            return Err(already_running());
        }
        for part in &parts {
            if let Err(err) = self.send(part).await {
                tracing::warn!(scan.id = %part.scan.id, error.chain = err.chain(), "a part of a scan waits for the schedule");
            }
        }
        tracing::info!(user.id = %user, scan.id = %scan.id, "full scan wanted");
        Ok(scan)
    }

    /// What she asks of a scan, in the scan's own stream.
    pub(super) async fn event(
        &self,
        caller: &Caller,
        name: &'static str,
        scan: &Scan,
        now: Timestamp,
    ) -> Result<Append> {
        let said = ScanAsked {
            kind: scan.kind,
            image_id: scan.protected_image_id,
            account_id: scan
                .result
                .as_ref()
                .and_then(|it| it.target_id)
                .map(AccountId::from),
        };
        let (user, actor) = caller.whose();
        let place = (user, actor, &StreamName::scan(scan.id));
        self.log.tell_in(place, name, &said, now).await
    }

    pub(crate) async fn send(&self, row: &ScanRow) -> Result<()> {
        match self.lanes.of(row) {
            Some(queue) => self.queues.send(queue, &message(&row.scan)).await,
            None => Ok(()),
        }
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

    /// One scan of hers as it is stored.
    pub(crate) async fn row(&self, user: UserId, id: ScanId) -> Result<ScanRow> {
        self.store.scan(user, id).await?.ok_or_else(no_scan)
    }

    /// One scan of hers.
    pub async fn get(&self, user: UserId, id: ScanId) -> Result<Scan> {
        let found = self.store.scan(user, id).await?;
        let scan = found.map(|it| it.scan).ok_or_else(no_scan)?;
        full_scan::as_of_now(&self.store, scan).await
    }
}

/// The message that has a scan worked on.
pub(crate) fn message(scan: &Scan) -> ScanMessage {
    ScanMessage {
        scan_job_id: scan.id,
        user_id: scan.user_id,
        target_id: scan.protected_image_id,
        correlation_id: Some(
            Correlation::current().map_or_else(|| scan.id.to_string(), |it| it.id),
        ),
    }
}

pub(crate) fn no_scan() -> Error {
    Error::not_found("SCAN_NOT_FOUND", "This scan does not exist.")
}

pub(crate) fn already_running() -> Error {
    Error::conflict("SCAN_ALREADY_RUNNING", "A scan is already under way.")
}

fn no_account() -> Error {
    Error::not_found("ACCOUNT_NOT_FOUND", "This account does not exist.")
}

fn no_image() -> Error {
    Error::not_found("IMAGE_NOT_FOUND", "This picture does not exist.")
}
