//! Due work (queue sweep): start due scans, revive stuck scans, resume lost intakes, purge pictures, finish
//! erasures.
//!
//! A message names a partition of the index of what is due; each minute those are told in which something is
//! (`dispatch`). Any number of workers may be at one partition: each thing is taken (put off in the index,
//! under a condition) before it is acted on, and every action can be repeated. One that fails comes again.

use futures_util::{StreamExt, stream};
use serde_json::json;

use super::due_downloads::DueDownloads;
use super::record_checks;
use crate::clock;
use crate::domain::{Error, Image, ImageState, ImageStatus, Result, ScanType, Switch, Timestamp};
use crate::engines::{FaceCheck, FaceCheckUpload};
use crate::objects::{Objects, key};
use crate::queues::{EvidenceMessage, EvidenceTask, QueueDelivery, Queues, SweepMessage};
use crate::services::people::users::AccountEraser;
use crate::services::pictures::images::ImagePurger;
use crate::services::scans::scan_queues::ScanQueues;
use crate::services::takedowns::TakedownQueues;
use crate::store::{
    DUE_AWAY, DUE_DOCUMENT, DUE_DOWNLOAD, DUE_ERASE, DUE_EVIDENCE, DUE_FORGET, DUE_INTAKE,
    DUE_PROFILES, DUE_PURGE, DUE_RECHECK, DUE_RECORD, DUE_RESCAN, DUE_SCAN, DUE_TAKEDOWN, Due,
    Store,
};

/// How many things of a partition are dealt with side by side.
const SIDE_BY_SIDE: usize = 8;

/// How long before its time is over a worker leaves the rest of a partition to the next, in seconds. Longer
/// than any one thing takes.
const LEAVE_BEFORE_END: i64 = 20;

/// How long a thing that was taken stays out of sight, in seconds. A scan that is sent again must not
/// flood a queue that is merely long.
const OUT_OF_SIGHT: i64 = 5 * 60;
const LONG_OUT_OF_SIGHT: i64 = 15 * 60;

/// How long a picture may wait for its intake, in seconds.
const INTAKE_PATIENCE: i64 = 3 * 24 * 3600;

/// A kind of due work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DueKind {
    /// Its name in the index.
    pub(crate) name: &'static str,
    /// Its name in measurements.
    pub(crate) work: &'static str,
}

const fn kind(name: &'static str, work: &'static str) -> DueKind {
    DueKind { name, work }
}

/// All kinds. Whoever wants to be gone or forgotten comes first.
pub(crate) const KINDS: [DueKind; 14] = [
    kind(DUE_ERASE, "erasures"),
    kind(DUE_FORGET, "forgotten-faces"),
    kind(DUE_AWAY, "removals"),
    kind(DUE_PURGE, "purges"),
    kind(DUE_DOCUMENT, "document-erasures"),
    kind(DUE_DOWNLOAD, "files"),
    kind(DUE_INTAKE, "intakes"),
    kind(DUE_EVIDENCE, "evidence"),
    kind(DUE_TAKEDOWN, "takedowns"),
    kind(DUE_SCAN, "scans"),
    kind(DUE_RESCAN, "rescans"),
    kind(DUE_RECHECK, "rechecks"),
    kind(DUE_PROFILES, "profile-scans"),
    kind(DUE_RECORD, "record-checks"),
];

/// What dealing with what is due needs.
#[derive(Clone)]
pub struct DueWorker {
    /// The table.
    pub store: Store,
    /// The bucket.
    pub objects: Objects,
    /// Removes pictures for good.
    pub purger: ImagePurger,
    /// Removes what is left of whoever left.
    pub eraser: AccountEraser,
    /// The queue service.
    pub queues: Queues,
    /// The queue of what is swept, for the rest of a partition.
    pub sweep: String,
    /// The queue of arrivals.
    pub ingest: String,
    /// The queue of captures.
    pub capture: String,
    /// The queue of files that are made.
    pub render: String,
    /// The queues of scans.
    pub lanes: ScanQueues,
    /// The queues of requests to remove.
    pub takedowns: TakedownQueues,
    /// Whether there is a directory of profiles; without one no profile scan is begun.
    pub has_profile_directory: bool,
    /// The engine at which pictures lie while it searches.
    pub facecheck: Option<FaceCheck>,
}

/// What was done in a partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SweepTotals {
    /// Things dealt with.
    pub done: usize,
    /// Things to be tried again.
    pub failed: usize,
    /// Whether more is due there.
    pub is_cut: bool,
}

impl DueWorker {
    /// Takes a delivery. An error means it must come again.
    pub async fn take(&self, delivered: &QueueDelivery) -> Result<()> {
        let message: SweepMessage = serde_json::from_str(&delivered.body)
            .map_err(|err| Error::bug("reading a message of sweep", err))?;
        let end = delivered.deadline.minus_seconds(LEAVE_BEFORE_END);
        let swept = self.sweep(&message.partition, clock::now(), end).await?;
        if swept.is_cut {
            self.queues.send(&self.sweep, &message).await?;
        }
        Ok(())
    }

    /// Deals with everything that is due in a partition, until `end`. Fails only if the table does not say
    /// what is.
    pub async fn sweep(
        &self,
        partition: &str,
        now: Timestamp,
        end: Timestamp,
    ) -> Result<SweepTotals> {
        let name = partition.split('#').next().unwrap_or_default();
        let kind = KINDS.into_iter().find(|it| it.name == name);
        let kind =
            kind.ok_or_else(|| Error::bug("sweeping what is due", "there is no such kind"))?;
        let mut totals = SweepTotals::default();
        let is_beginning = matches!(kind.name, DUE_RESCAN | DUE_RECHECK | DUE_PROFILES);
        // What is not begun now stays due.
        if is_beginning && !self.store.switches().await?.is_on(Switch::ScheduledScans) {
            return Ok(totals);
        }
        let mut after = None;
        loop {
            let page = self.store.due_page(partition, now, after).await?;
            let dealt = stream::iter(&page.found)
                .map(|due| self.deal_with(kind.name, due, now))
                .buffer_unordered(SIDE_BY_SIDE);
            let dealt: Vec<Result<bool>> = dealt.collect().await;
            for outcome in dealt {
                totals.note(kind, outcome);
            }
            after = page.after;
            totals.is_cut = after.is_some() && clock::now() > end;
            if after.is_none() || totals.is_cut {
                break;
            }
        }
        let SweepTotals {
            done,
            failed,
            is_cut,
        } = totals;
        tracing::info!(
            work = kind.work,
            done,
            failed,
            is_cut,
            "looked after what is due"
        );
        Ok(totals)
    }

    fn downloads(&self) -> DueDownloads<'_> {
        DueDownloads {
            store: &self.store,
            objects: &self.objects,
            queues: &self.queues,
            render: &self.render,
        }
    }

    /// Whether there was something to do.
    async fn deal_with(&self, kind: &'static str, due: &Due, now: Timestamp) -> Result<bool> {
        let long = matches!(
            kind,
            DUE_RESCAN
                | DUE_RECHECK
                | DUE_PROFILES
                | DUE_INTAKE
                | DUE_PURGE
                | DUE_AWAY
                | DUE_EVIDENCE
                | DUE_RECORD
        );
        let until = now.plus_seconds(if long {
            LONG_OUT_OF_SIGHT
        } else {
            OUT_OF_SIGHT
        });
        if !self.store.take_due(due, until).await? {
            return Ok(false);
        }
        if kind == DUE_AWAY {
            return self.remove(due).await;
        }
        let user = due
            .user()
            .ok_or_else(|| Error::bug("reading what is due", "it is nobody's"))?;
        match kind {
            DUE_SCAN => self.revive(due, now).await,
            DUE_RESCAN => self.begin(due, ScanType::ImageScan, now).await,
            DUE_RECHECK => self.begin(due, ScanType::BreachCheck, now).await,
            DUE_PROFILES => self.begin(due, ScanType::ProfileScan, now).await,
            DUE_INTAKE => self.intake(due, now).await,
            DUE_PURGE => self.purge(due, now).await,
            DUE_DOCUMENT => self.erase_document(due, now).await,
            DUE_DOWNLOAD => self.downloads().look_after(due, now).await,
            DUE_EVIDENCE => self.remind_of_evidence(due).await,
            DUE_RECORD => record_checks::check(&self.store, user, now).await,
            DUE_TAKEDOWN => self.look_after_takedown(due).await,
            DUE_FORGET => self.store.forget_faces(user).await.map(|()| true),
            _ => self.eraser.finish(user, now).await.map(|()| true),
        }
    }

    /// A picture that lies at an engine and that nobody waits for any more.
    async fn remove(&self, due: &Due) -> Result<bool> {
        let Some(upload) = self.store.engine_upload::<FaceCheckUpload>(due).await? else {
            return Ok(false);
        };
        let engine = self.facecheck.as_ref().ok_or_else(|| {
            Error::unavailable(
                "removing a picture from an engine",
                "there is no key for it",
            )
        })?;
        let removed = engine.delete(&upload).await;
        removed.map_err(|err| Error::unavailable("removing a picture from an engine", err))?;
        self.store.forget_away(upload.name()).await?;
        Ok(true)
    }

    /// A picture that was announced and never taken in.
    async fn intake(&self, due: &Due, now: Timestamp) -> Result<bool> {
        let (Some(user), Some(id)) = (due.user(), due.image()) else {
            return Ok(false);
        };
        let object = key::upload(user, id);
        // Asked before the picture is read: the intake removes the file when the picture is ready.
        let there = self.objects.exists(&object).await?;
        let Some(image) = self.store.image(user, id).await?.map(|it| it.image) else {
            return Ok(false);
        };
        if !is_waiting(&image) {
            return Ok(false);
        }
        if !there {
            tracing::info!(user.id = %user, image.id = %id, "a picture that never came is forgotten");
            return self.store.forget_image(&image, None).await.map(|()| true);
        }
        if now.millis_since(image.uploaded_at) > INTAKE_PATIENCE * 1000 {
            tracing::error!(user.id = %user, image.id = %id, "a picture could not be taken in and is given up");
            return self
                .store
                .reject_image(
                    &image,
                    "This picture could not be processed. Please try it again.",
                    now,
                )
                .await;
        }
        let event = json!({ "Records": [{ "s3": { "object": { "key": object } } }] });
        self.queues.send(&self.ingest, &event).await?;
        tracing::warn!(user.id = %user, image.id = %id, "the intake of a picture is asked for again");
        Ok(true)
    }

    /// A request to remove that is to be sent or looked at: its queue does it, at the pace of its recipient.
    async fn look_after_takedown(&self, due: &Due) -> Result<bool> {
        let (Some(user), Some(id)) = (due.user(), due.takedown()) else {
            return Ok(false);
        };
        let Some(row) = self.store.takedown(user, id).await? else {
            return Ok(false);
        };
        self.takedowns.send(user, &row).await?;
        Ok(true)
    }

    /// A document that lay in the trash for long enough, or whose erasure was interrupted.
    async fn erase_document(&self, due: &Due, now: Timestamp) -> Result<bool> {
        let (Some(user), Some(id)) = (due.user(), due.document()) else {
            return Ok(false);
        };
        let Some(head) = self.store.due_document(user, id).await? else {
            return Ok(false);
        };
        if !head.is_erased {
            let is_over = head.erase_at().is_some_and(|it| it <= now);
            if !is_over || !self.store.expire_document(user, &head, now).await? {
                return Ok(false);
            }
        }
        self.store.remove_erased_document(user, id).await?;
        Ok(true)
    }

    /// A record of evidence, or a pack, about which something is to be done: its worker is told again.
    async fn remind_of_evidence(&self, due: &Due) -> Result<bool> {
        let record = due.evidence().map(EvidenceTask::EvidenceId);
        let about = record.or_else(|| due.export().map(EvidenceTask::ExportId));
        let (Some(user_id), Some(about)) = (due.user(), about) else {
            return Ok(false);
        };
        let message = EvidenceMessage { user_id, about };
        self.queues.send(&self.capture, &message).await?;
        Ok(true)
    }

    /// A picture that was put away long enough ago.
    async fn purge(&self, due: &Due, now: Timestamp) -> Result<bool> {
        let (Some(user), Some(id)) = (due.user(), due.image()) else {
            return Ok(false);
        };
        let Some(image) = self.store.image(user, id).await?.map(|it| it.image) else {
            return Ok(false);
        };
        if image.status != ImageStatus::Archived || image.archived_at.is_none_or(|at| at > now) {
            return Ok(false);
        }
        self.purger.purge(&image, None).await?;
        tracing::info!(user.id = %user, image.id = %id, "a picture was purged");
        Ok(true)
    }
}

fn is_waiting(image: &Image) -> bool {
    image.status == ImageStatus::Active
        && matches!(image.state, ImageState::Expected | ImageState::Pending)
}

impl SweepTotals {
    fn note(&mut self, kind: DueKind, outcome: Result<bool>) {
        match outcome {
            Ok(true) => self.done += 1,
            Ok(false) => {}
            Err(err) => {
                self.failed += 1;
                tracing::error!(
                    work = kind.work,
                    error.chain = err.chain(),
                    "something that was due failed and comes again"
                );
            }
        }
    }
}

#[cfg(test)]
mod tests;
