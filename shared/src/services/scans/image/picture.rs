//! One picture of an image scan: search all engines, examine the candidates, store findings, set the
//! checkpoint.

use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;

use super::places::{EngineAnswer, exhaustive_engines, places};
use super::stats::{EngineOutcome, ImageScanStats};
use super::{Scanner, is_late};
use crate::clock;
use crate::comparison::MAX_COPY;
use crate::domain::{
    EngineConsent, Error, Hold, ImageId, Intimacy, PictureNames, Prints, Timestamp, Vendor, scan,
};
use crate::objects::key;
use crate::services::scans::worker::{RESERVED_SECONDS, wait_after};
use crate::services::search::engines::{AnswerOrigin, EngineReply, Query, SearchError, digest};
use crate::services::search::governor::{Asker, Unanswered};
use crate::services::search::time_limit::TimeLimit;
use crate::store::{ImageRow, ScanRow};

/// How long may pass without a sign of life.
pub(super) const HEARTBEAT_EVERY: Duration = Duration::from_secs(5);

/// Optimistic-lock retries.
const MARK_CONFLICT_RETRIES: u32 = 5;

/// How often the schedule looks for scans to be gone on with.
const SCHEDULE_PERIOD: Duration = Duration::from_secs(60);

/// How old an answer may be that a scheduled scan takes, in seconds.
const MAX_CACHED_ANSWER_AGE: i64 = 24 * 3600;

/// What became of a picture.
#[derive(Clone, Debug)]
pub(super) enum ImageOutcome {
    /// It was searched for, at least in part, or could not be for these reasons.
    Searched(ImageScanStats, Vec<Unanswered>),
    /// It is put away or gone by now.
    Skipped,
    /// There is no engine to search with, or none that may see it.
    Unsearched(ImageScanStats),
}

/// Why a picture is not done.
#[derive(Debug)]
pub(super) enum ImageScanError {
    /// The scan is another worker's, or gone.
    Lost,
    /// The invocation is about to end, or the engines want it slower.
    Late,
    /// Something of ours failed; the other pictures may do better.
    Failed,
}

impl From<Error> for ImageScanError {
    fn from(err: Error) -> Self {
        tracing::warn!(error.chain = err.chain(), "a picture could not be scanned");
        Self::Failed
    }
}

/// What the whole scan knows when it comes to a picture.
pub(super) struct ScanContext<'a> {
    pub(super) sendings: &'a EngineConsent,
    pub(super) asker: Asker,
    /// What her pictures are called in alerts.
    pub(super) names: &'a PictureNames,
    pub(super) deadline: Timestamp,
    /// Which delivery this is, and whether there is no other after it.
    pub(super) attempt: u32,
    pub(super) last: bool,
    /// When the scan ends, if somebody waits for it.
    pub(super) limit: Option<TimeLimit>,
}

impl ScanContext<'_> {
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

    /// Whether the scan ends before the schedule has it gone on with.
    pub(super) fn ends_before_schedule(&self) -> bool {
        let limit = self.limit.as_ref();
        limit.is_some_and(|it| it.is_over_after(SCHEDULE_PERIOD))
    }
}

impl Scanner {
    /// Scans one picture: search, group the candidates, compare, store findings, set the checkpoint.
    pub(super) async fn scan_picture(
        &self,
        row: &mut ScanRow,
        id: ImageId,
        context: &ScanContext<'_>,
    ) -> Result<ImageOutcome, ImageScanError> {
        let done: Option<ImageScanStats> = self.store.image_done(&row.checkpointed(), id).await?;
        if let Some(stats) = done.as_ref().filter(|it| !it.is_partial()) {
            return Ok(ImageOutcome::Searched(stats.clone(), Vec::new()));
        }
        let found = self.store.image(row.scan.user_id, id).await?;
        let Some(image) = found.filter(|it| it.image.is_searchable()) else {
            return Ok(ImageOutcome::Skipped);
        };
        if self.engines.vendors().is_empty() {
            return Ok(ImageOutcome::Unsearched(ImageScanStats::default()));
        }
        if is_late(context.deadline) {
            return Err(ImageScanError::Late);
        }
        let prints = self.store.prints(image.image.user_id, id).await?;
        let copy = self.copy(&image).await?;
        let known = self.intimacy(&image, prints.as_ref(), &copy).await?;
        // Boxed, here and below: the future of a whole picture is too large for a thread's stack.
        let replies = self.ask(row, &image, known, copy.clone(), context);
        let replies = replies.boxed_local().await?;
        let GroupedAnswers {
            mut stats,
            answers,
            resumed,
            troubles,
            late,
        } = self.group_answers(replies)?;
        let is_cut_short = !late.is_empty() && context.ends_before_schedule();
        for &vendor in late.iter().filter(|_| is_cut_short) {
            stats.record_engine(vendor, EngineOutcome::Failed);
        }
        if !stats.is_searched() && troubles.is_empty() && late.is_empty() {
            return Ok(ImageOutcome::Unsearched(stats));
        }
        let places = places(id, &answers);
        let exhaustive = exhaustive_engines(&answers, &places);
        self.compare_and_expand(
            row,
            &image,
            (copy, prints),
            (places, resumed),
            &mut stats,
            context,
        )
        .boxed_local()
        .await?;
        if !late.is_empty() && !is_cut_short {
            return Err(ImageScanError::Late);
        }
        let is_complete = troubles.is_empty() && late.is_empty();
        if is_complete {
            self.mark_missing_findings(row, &image, &exhaustive).await?;
        }
        let is_last =
            context.last || is_cut_short || context.ends_before_retry(longest_wait(&troubles));
        if stats.is_searched() && (is_complete || is_last) {
            self.mark(row, id, &stats, done.is_some()).await?;
            self.raise_intimacy(row, id, known, &answers).await?;
        }
        Ok(ImageOutcome::Searched(stats, troubles))
    }

    /// Marks the picture as more intimate than was known, if an engine says so.
    async fn raise_intimacy(
        &self,
        row: &ScanRow,
        id: ImageId,
        known: Option<f32>,
        answers: &[EngineAnswer],
    ) -> Result<(), ImageScanError> {
        if let Some(seen) = intimacy(answers).filter(|it| known < Some(it.score)) {
            let user = row.scan.user_id;
            self.store.mark_intimate(user, id, &seen).await?;
        }
        Ok(())
    }

    pub(super) async fn copy(&self, image: &ImageRow) -> Result<Bytes, ImageScanError> {
        let key = key::display(image.image.user_id, image.image.id);
        let copy = self.objects.get(&key, MAX_COPY).await?;
        Ok(copy
            .ok_or_else(|| Error::unavailable("searching for a picture", "its copy is missing"))?)
    }

    /// How intimate her picture looks: as its intake says, or, if the intake could not, as it is seen now.
    async fn intimacy(
        &self,
        image: &ImageRow,
        prints: Option<&Prints>,
        copy: &Bytes,
    ) -> Result<Option<f32>, ImageScanError> {
        if let Some(score) = prints.and_then(Prints::intimacy) {
            return Ok(Some(score));
        }
        let Some(seen) = self.analyzer.intimacy(copy.clone()).await else {
            return Ok(None);
        };
        let (user, id) = (image.image.user_id, image.image.id);
        self.store.mark_intimate(user, id, &seen).await?;
        Ok(Some(seen.score))
    }

    /// Every engine that may see the picture.
    pub(super) async fn ask(
        &self,
        row: &mut ScanRow,
        image: &ImageRow,
        intimate: Option<f32>,
        copy: Bytes,
        context: &ScanContext<'_>,
    ) -> Result<Vec<EngineReply>, ImageScanError> {
        let query = Query {
            scan: row.checkpointed(),
            asker: context.asker,
            image: image.image.id,
            digest: digest(&copy),
            copy,
            has_face: image.image.face_detected,
            since: self.since(row, image).await?,
            until: context.last_question_at(),
            limit: context.limit.clone(),
        };
        let search = self
            .engines
            .search(&self.store, &query, context.sendings, intimate)
            .boxed_local();
        self.with_heartbeat(row, search).await
    }

    /// How old an answer may be. A scan she waits for asks anew; one of the schedule's takes what is not
    /// half as old as her scans are apart.
    async fn since(&self, row: &ScanRow, image: &ImageRow) -> Result<Timestamp, ImageScanError> {
        let created = row.scan.created_at;
        let is_asked_anew = row.is_watched() || row.continues.is_some();
        if is_asked_anew || row.scan.protected_image_id.is_some() {
            return Ok(created);
        }
        let risk = self.store.risk_level(row.scan.user_id).await?;
        let apart = risk.map_or(MAX_CACHED_ANSWER_AGE, |it| scan::rescan_after(it) / 2);
        let since = created.minus_seconds(apart.min(MAX_CACHED_ANSWER_AGE));
        Ok(since.max(image.image.uploaded_at))
    }

    /// Does something that takes long, with signs of life.
    pub(super) async fn with_heartbeat<T>(
        &self,
        row: &mut ScanRow,
        work: impl Future<Output = T>,
    ) -> Result<T, ImageScanError> {
        let mut work = std::pin::pin!(work);
        self.heartbeat(row).await?;
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                () = tokio::time::sleep(HEARTBEAT_EVERY) => self.heartbeat(row).await?,
            }
        }
    }

    /// What the engines said, and what they did not.
    fn group_answers(&self, replies: Vec<EngineReply>) -> Result<GroupedAnswers, ImageScanError> {
        let mut groups = GroupedAnswers::default();
        for vendor in self.engines.vendors() {
            if replies.iter().all(|it| it.vendor != vendor) {
                groups.stats.record_engine(vendor, EngineOutcome::Withheld);
            }
        }
        for EngineReply {
            engine,
            vendor,
            found,
        } in replies
        {
            match found {
                Ok(found) => {
                    let unsuitable = found.answer.unsuitable;
                    let fare = [EngineOutcome::Searched, EngineOutcome::Unsuitable]
                        [usize::from(unsuitable)];
                    groups.stats.record_engine(vendor, fare);
                    groups.resumed |= found.origin == AnswerOrigin::Resumed;
                    groups.answers.push(EngineAnswer {
                        engine,
                        vendor,
                        answer: found.answer,
                        is_new: found.origin != AnswerOrigin::Cached,
                    });
                }
                Err(SearchError::Lost) => return Err(ImageScanError::Lost),
                Err(
                    SearchError::Late
                    | SearchError::Unanswered(Unanswered::Held(Hold::Throttled, _)),
                ) => {
                    groups.late.push(vendor);
                }
                Err(SearchError::Unanswered(Unanswered::Held(Hold::ShareSpent, _))) => {
                    groups.stats.record_engine(vendor, EngineOutcome::Postponed);
                }
                Err(SearchError::Unanswered(Unanswered::Held(Hold::Spent, _))) => {
                    groups.stats.record_engine(vendor, EngineOutcome::Spent);
                }
                Err(SearchError::Unanswered(Unanswered::Held(Hold::Off, _))) => {
                    groups.stats.record_engine(vendor, EngineOutcome::Off);
                }
                Err(SearchError::Unanswered(why)) => {
                    groups.stats.record_engine(vendor, EngineOutcome::Failed);
                    groups.troubles.push(why);
                }
            }
        }
        Ok(groups)
    }

    /// What these engines had found of the picture and do not any more.
    ///
    /// A scan and the one that goes on with it are one look, and count as one miss.
    pub(super) async fn mark_missing_findings(
        &self,
        row: &ScanRow,
        image: &ImageRow,
        engines: &[&str],
    ) -> Result<(), ImageScanError> {
        if engines.is_empty() || image.image.match_count == 0 {
            return Ok(());
        }
        let scan = row.checkpointed();
        let missed = self
            .store
            .miss_findings(&scan, &image.image, engines, clock::now());
        match missed.await? {
            0 => {}
            gone => tracing::info!(image.id = %image.image.id, gone, "findings are gone"),
        }
        Ok(())
    }

    async fn mark(
        &self,
        row: &ScanRow,
        id: ImageId,
        stats: &ImageScanStats,
        was_marked: bool,
    ) -> Result<(), ImageScanError> {
        let scan = row.checkpointed();
        let stats = (stats, stats.awaits_budget());
        if was_marked {
            let amended = self.store.amend_image(&scan, id, stats, clock::now());
            return if amended.await? {
                Ok(())
            } else {
                Err(ImageScanError::Lost)
            };
        }
        for _ in 0..MARK_CONFLICT_RETRIES {
            let found = self.store.image(row.scan.user_id, id).await?;
            let Some(image) = found.filter(|it| it.image.is_searchable()) else {
                return Ok(());
            };
            let marked = self
                .store
                .finish_image(&scan, &image.image, stats, clock::now());
            if marked.await? {
                return Ok(());
            }
            let done: Option<ImageScanStats> = self.store.image_done(&scan, id).await?;
            if done.is_some() {
                return Ok(());
            }
        }
        Err(Error::unavailable("marking a picture", "it kept changing").into())
    }

    pub(super) async fn heartbeat(&self, row: &mut ScanRow) -> Result<(), ImageScanError> {
        let progress = row.scan.progress;
        if self.store.beat_scan(row, progress, clock::now()).await? {
            Ok(())
        } else {
            Err(ImageScanError::Lost)
        }
    }
}

/// What an engine says that saw the picture: ours may have missed it. It was sent as an ordinary one,
/// and is not again unless she lets that engine see such pictures too.
fn intimacy(answers: &[EngineAnswer]) -> Option<Intimacy> {
    answers.iter().find_map(|it| {
        let score = it.answer.safe_search?.intimacy()?;
        let model = format!("{}@safe-search", it.engine);
        Some(Intimacy { model, score })
    })
}

/// How long until the engines can be asked again.
pub(super) fn longest_wait<'a>(
    troubles: impl IntoIterator<Item = &'a Unanswered>,
) -> Option<Duration> {
    let now = clock::now();
    let wait = |it: &Unanswered| match it {
        Unanswered::Failed(err) => err.wait(),
        Unanswered::Held(_, until) => {
            let millis = u64::try_from(until.millis_since(now)).unwrap_or_default();
            Some(Duration::from_millis(millis))
        }
        Unanswered::Ours => None,
    };
    troubles.into_iter().filter_map(wait).max()
}

/// The engines' words, sorted.
#[derive(Default)]
struct GroupedAnswers {
    stats: ImageScanStats,
    answers: Vec<EngineAnswer>,
    /// Some of it is from an earlier attempt.
    resumed: bool,
    troubles: Vec<Unanswered>,
    /// These need more time than there is.
    late: Vec<Vendor>,
}
