//! One picture of an image scan: what is stored of it, its copy, and what the scan has learnt of it.

use bytes::Bytes;

use super::candidates::FoundPlace;
use super::context::ScanContext;
use super::memory::PlaceMemory;
use super::stats::{ImageOutcome, ImageScanStats};
use crate::comparison::MAX_COPY;
use crate::domain::search_pace::QUIET_AFTER;
use crate::domain::{Error, ImageId, Match, Prints, Timestamp, UserId};
use crate::objects::key;
use crate::services::scans::stop::{ScanStop, check_deadline};
use crate::store::{ImageRow, KnownFindings, Store};

/// A picture while it is scanned.
pub(super) struct PictureScan<'a> {
    pub(super) context: &'a ScanContext<'a>,
    pub(super) image: ImageRow,
    pub(super) prints: Option<Prints>,
    /// Our copy of it.
    pub(super) copy: Bytes,
    /// How intimate it looks, as far as is known.
    pub(super) intimacy: Option<f32>,
    /// What the scan has learnt of it.
    pub(super) stats: ImageScanStats,
    /// An earlier delivery marked it as done, with gaps.
    pub(super) was_marked: bool,
    /// Its findings; read before the first place is compared, kept up to date with what is stored.
    pub(super) known: KnownFindings,
    /// What is remembered of its places.
    pub(super) memory: PlaceMemory,
    /// Whether both were read.
    is_recalled: bool,
}

/// A picture as a scan comes to it.
pub(super) enum OpenedPicture<'a> {
    /// There is something to be done.
    Ready(Box<PictureScan<'a>>),
    /// There is not.
    Over(ImageOutcome),
}

impl<'a> PictureScan<'a> {
    /// Opens a picture, unless it is done, put away, gone, or no engine can be asked about it.
    pub(super) async fn open(
        context: &'a ScanContext<'a>,
        id: ImageId,
    ) -> Result<OpenedPicture<'a>, ScanStop> {
        let (store, user) = (context.store(), context.row.scan.user_id);
        let scan = context.row.checkpointed();
        let done: Option<ImageScanStats> = store.image_done(&scan, id).await?;
        if let Some(stats) = done.as_ref().filter(|it| !it.is_partial()) {
            let done = ImageOutcome::Searched(stats.clone(), Vec::new());
            return Ok(OpenedPicture::Over(done));
        }
        let found = store.image(user, id).await?;
        let Some(image) = found.filter(|it| it.image.is_searchable()) else {
            return Ok(OpenedPicture::Over(ImageOutcome::Skipped));
        };
        if context.scanner.engines.vendors().is_empty() {
            let unsearched = ImageOutcome::Unsearched(ImageScanStats::default());
            return Ok(OpenedPicture::Over(unsearched));
        }
        check_deadline(context.deadline)?;
        let mut picture = Self {
            context,
            prints: store.prints(user, id).await?,
            copy: Self::copy(context, &image).await?,
            image,
            intimacy: None,
            stats: ImageScanStats::default(),
            was_marked: done.is_some(),
            known: KnownFindings::default(),
            memory: PlaceMemory::default(),
            is_recalled: false,
        };
        picture.intimacy = picture.read_intimacy().await?;
        Ok(OpenedPicture::Ready(Box::new(picture)))
    }

    pub(super) fn id(&self) -> ImageId {
        self.image.image.id
    }

    pub(super) fn user(&self) -> UserId {
        self.image.image.user_id
    }

    pub(super) fn store(&self) -> &'a Store {
        self.context.store()
    }

    /// Whether nothing new was found of it for weeks.
    pub(super) async fn is_quiet(&mut self, now: Timestamp) -> Result<bool, Error> {
        let since = now.minus_seconds(QUIET_AFTER);
        if self.image.image.uploaded_at > since {
            return Ok(false);
        }
        self.recall().await?;
        let mut findings = self.known.values();
        Ok(findings.all(|it| it.found.first_seen_at <= since))
    }

    /// Reads, once, which findings are known, and what is remembered of their places.
    pub(super) async fn recall(&mut self) -> Result<(), Error> {
        if self.is_recalled {
            return Ok(());
        }
        let (store, user, id) = (self.store(), self.user(), self.id());
        self.known = store.known_findings(user, id).await?;
        self.memory = PlaceMemory::of(store.seen_places(user, id).await?);
        self.is_recalled = true;
        Ok(())
    }

    /// The finding at `place`, if this scan has stored it.
    pub(super) fn stored(&self, place: &FoundPlace) -> Option<Match> {
        let found = self.known.get(&place.id).map(|it| &it.found);
        found.filter(|it| self.context.row.has_seen(it)).cloned()
    }

    async fn copy(context: &ScanContext<'_>, image: &ImageRow) -> Result<Bytes, Error> {
        let key = key::display(image.image.user_id, image.image.id);
        let copy = context.scanner.objects.get(&key, MAX_COPY).await?;
        copy.ok_or_else(|| Error::unavailable("searching for a picture", "its copy is missing"))
    }

    /// How intimate the picture looks: as its intake says, or, if the intake could not, as it is seen now.
    async fn read_intimacy(&self) -> Result<Option<f32>, Error> {
        if let Some(score) = self.prints.as_ref().and_then(Prints::intimacy) {
            return Ok(Some(score));
        }
        let analyzer = &self.context.scanner.analyzer;
        let Some(seen) = analyzer.intimacy(self.copy.clone()).await else {
            return Ok(None);
        };
        let marked = self.store().mark_intimate(self.user(), self.id(), &seen);
        marked.await?;
        Ok(Some(seen.score))
    }
}
