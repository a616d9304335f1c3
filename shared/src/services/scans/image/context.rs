//! Everything the stages of an image scan share: the scan, on whose behalf it asks, and its limits.

use std::time::Duration;

use super::scanner::Scanner;
use crate::clock;
use crate::domain::event::SearchBasis;
use crate::domain::{EngineConsent, PictureNames, Result, Timestamp};
use crate::queues::QueueDelivery;
use crate::services::scans::stop::{RESERVED_SECONDS, resume_after, wait_after};
use crate::services::search::governor::Asker;
use crate::services::search::time_limit::TimeLimit;
use crate::store::{ScanRow, Store};

/// What the stages of a scan share.
pub(super) struct ScanContext<'a> {
    pub(super) scanner: &'a Scanner,
    /// The scan as it was claimed.
    pub(super) row: ScanRow,
    /// Which engines may see her pictures.
    pub(super) consent: EngineConsent,
    pub(super) asker: Asker,
    /// What her pictures are called in alerts.
    pub(super) names: PictureNames,
    pub(super) deadline: Timestamp,
    /// Which delivery this is, and whether there is no other after it.
    pub(super) attempt: u32,
    pub(super) last: bool,
    /// When the scan ends, if somebody waits for it.
    pub(super) limit: Option<TimeLimit>,
}

impl<'a> ScanContext<'a> {
    pub(super) async fn of(
        scanner: &'a Scanner,
        row: &ScanRow,
        delivered: &QueueDelivery,
    ) -> Result<Self> {
        let (store, user) = (&scanner.store, row.scan.user_id);
        let chosen = store.preferences(user).await?;
        Ok(Self {
            scanner,
            consent: chosen.map(|it| it.preferences.engines).unwrap_or_default(),
            asker: Asker::of(store, row, clock::now()).await?,
            names: store.picture_names(user, clock::now()).await?,
            deadline: delivered.deadline,
            attempt: delivered.attempt,
            last: delivered.last,
            limit: TimeLimit::of(row, scanner.answer_within),
            row: row.clone(),
        })
    }

    pub(super) fn store(&self) -> &'a Store {
        &self.scanner.store
    }

    /// Why her pictures are searched for, as her access log says it.
    pub(super) fn basis(&self) -> SearchBasis {
        let row = &self.row;
        if row.is_watched() || row.continues.is_some() {
            SearchBasis::Started
        } else if row.scan.protected_image_id.is_some() {
            SearchBasis::Added
        } else {
            SearchBasis::Regular
        }
    }

    /// After this no question to an engine is begun.
    pub(super) fn last_question_at(&self) -> Timestamp {
        let reserved = self.deadline.minus_seconds(RESERVED_SECONDS);
        let limited = self.limit.as_ref().map(TimeLimit::last_question_at);
        limited.map_or(reserved, |it| it.min(reserved))
    }

    /// Whether the scan ends before what failed can be tried again, which is to wait so long.
    pub(super) fn ends_before_retry(&self, wait: Option<Duration>) -> bool {
        let wait = Duration::from_secs(wait_after(self.attempt, wait));
        let limit = self.limit.as_ref();
        limit.is_some_and(|it| it.is_over_after(wait))
    }

    /// Whether the scan ends before another invocation can go on with it.
    pub(super) fn ends_before_resume(&self) -> bool {
        let wait = u64::try_from(resume_after(&self.row)).unwrap_or_default();
        let limit = self.limit.as_ref();
        limit.is_some_and(|it| it.is_over_after(Duration::from_secs(wait)))
    }
}
