//! Stage 1 of an image scan: ask every engine that may see the picture, and group what they answer.

use std::time::Duration;

use super::candidates::EngineAnswer;
use super::picture::PictureScan;
use super::stats::EngineOutcome;
use crate::clock;
use crate::domain::search_pace::{self, AnswersSince};
use crate::domain::{Hold, Vendor};
use crate::services::scans::stop::ScanStop;
use crate::services::search::engines::{AnswerOrigin, EngineReply, Query, SearchError, digest};
use crate::services::search::governor::Unanswered;

/// How old an answer may be that a scheduled scan takes where her risk is not known, in seconds.
const MAX_CACHED_ANSWER_AGE: i64 = 24 * 3600;

/// What the engines answered, and what they did not.
#[derive(Default)]
pub(super) struct Searched {
    pub(super) answers: Vec<EngineAnswer>,
    pub(super) failures: Vec<Unanswered>,
    /// These need more time than there is.
    pub(super) late: Vec<Vendor>,
}

/// Asks every engine that may see the picture.
pub(super) async fn search(picture: &mut PictureScan<'_>) -> Result<Searched, ScanStop> {
    let context = picture.context;
    let query = Query {
        scan: context.row.checkpointed(),
        asker: context.asker,
        basis: context.basis(),
        image: picture.id(),
        digest: digest(&picture.copy),
        copy: picture.copy.clone(),
        has_face: picture.image.image.face_detected,
        since: since(picture).await?,
        until: context.last_question_at(),
        limit: context.limit.clone(),
    };
    let engines = &context.scanner.engines;
    let replies = engines
        .search(context.store(), &query, &context.consent, picture.intimacy)
        .await;
    group(picture, replies)
}

/// How old an answer may be. A scan she waits for asks anew; one of the schedule's takes what is not
/// half as old as her scans are apart, and what dear companies answered about a quiet picture for longer.
async fn since(picture: &mut PictureScan<'_>) -> Result<AnswersSince, ScanStop> {
    let row = &picture.context.row;
    let created = row.scan.created_at;
    let is_asked_anew = row.is_watched() || row.continues.is_some();
    if is_asked_anew || row.scan.protected_image_id.is_some() {
        return Ok(AnswersSince::same(created));
    }
    let since = match picture.store().risk_level(picture.user()).await? {
        Some(risk) => {
            let is_quiet = search_pace::may_wait(risk) && picture.is_quiet(created).await?;
            AnswersSince::scheduled(created, risk, &asked(picture), is_quiet)
        }
        None => AnswersSince::same(created.minus_seconds(MAX_CACHED_ANSWER_AGE)),
    };
    Ok(since.not_before(picture.image.image.uploaded_at))
}

/// Who may be asked about the picture.
fn asked(picture: &PictureScan<'_>) -> Vec<Vendor> {
    let context = picture.context;
    let mut vendors = context.scanner.engines.vendors();
    vendors.retain(|&it| {
        let sees_something = it != Vendor::Facecheck || picture.image.image.face_detected;
        sees_something && context.consent.allow(it, picture.intimacy)
    });
    vendors
}

/// What the engines answered, and what they did not; how each did is noted.
fn group(picture: &mut PictureScan<'_>, replies: Vec<EngineReply>) -> Result<Searched, ScanStop> {
    let mut searched = Searched::default();
    let stats = &mut picture.stats;
    for vendor in picture.context.scanner.engines.vendors() {
        if replies.iter().all(|it| it.vendor != vendor) {
            stats.record_engine(vendor, EngineOutcome::Withheld);
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
                let outcome = match found.answer.unsuitable {
                    true => EngineOutcome::Unsuitable,
                    false => EngineOutcome::Searched,
                };
                stats.record_engine(vendor, outcome);
                searched.answers.push(EngineAnswer {
                    engine,
                    vendor,
                    answer: found.answer,
                    is_new: found.origin != AnswerOrigin::Cached,
                });
            }
            Err(SearchError::Lost) => return Err(ScanStop::Lost),
            Err(SearchError::Late) => searched.late.push(vendor),
            Err(SearchError::Unanswered(why)) => match why {
                Unanswered::Held(Hold::Throttled, _) => searched.late.push(vendor),
                Unanswered::Held(Hold::ShareSpent, _) => {
                    stats.record_engine(vendor, EngineOutcome::Postponed);
                }
                Unanswered::Held(Hold::Spent, _) => {
                    stats.record_engine(vendor, EngineOutcome::Spent);
                }
                Unanswered::Held(Hold::Off, _) => stats.record_engine(vendor, EngineOutcome::Off),
                why => {
                    stats.record_engine(vendor, EngineOutcome::Failed);
                    searched.failures.push(why);
                }
            },
        }
    }
    Ok(searched)
}

/// How long until the engines can be asked again.
pub(super) fn longest_wait<'a>(
    failures: impl IntoIterator<Item = &'a Unanswered>,
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
    failures.into_iter().filter_map(wait).max()
}
