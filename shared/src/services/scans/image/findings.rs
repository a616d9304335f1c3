//! Stage 4 of an image scan: store a finding together with its alert.

use super::candidates::{FoundPlace, Sighting};
use super::expand::ExpansionSeed;
use super::picture::PictureScan;
use crate::clock;
use crate::domain::{
    EngineClaim, Evidence, Image, Match, MatchType, Scan, Tier, Timestamp, Verdict,
    finding as words, url,
};
use crate::metrics::{self, Measure};
use crate::services::scans::stop::ScanStop;
use crate::store::{KnownFinding, WriteOutcome};

/// Stores the finding at `place`, with an alert if the verdict says that she is told.
///
/// # Errors
/// [`ScanStop::Lost`] if the scan or the picture is gone.
pub(super) async fn store_finding(
    picture: &mut PictureScan<'_>,
    place: &FoundPlace,
    sighting: &Sighting,
    verdict: Verdict,
) -> Result<Match, ScanStop> {
    let (context, user, now) = (picture.context, picture.user(), clock::now());
    let is_told = verdict.told;
    let of = (sighting, verdict);
    let mut found = finding(&context.row.scan, &picture.image.image, place, of, now);
    if place.parent.is_some() && found.match_type == MatchType::PersonCandidate {
        found.match_type = match sighting.claim {
            EngineClaim::Full => MatchType::ExactCopy,
            _ => MatchType::AlteredCopy,
        };
    }
    let name = context.names.get(picture.id());
    let alert = is_told.then(|| words::alert_of(user, &found, name, now));
    let known = picture.known.get(&place.id);
    let stored = picture.store().store_known(
        user,
        (&found, sighting.picture.as_deref()),
        alert.as_ref(),
        known,
    );
    match stored.await? {
        WriteOutcome::New => {
            let now_known = KnownFinding::new(&found, alert.is_none());
            picture.known.insert(place.id, now_known);
            let tier = found.confidence.unwrap_or(Tier::Low).as_str();
            tracing::info!(image.id = %found.protected_image_id, tier, engine = sighting.engine, "new finding");
            metrics::note(Measure::Finding { tier });
        }
        WriteOutcome::Known => {}
        WriteOutcome::Gone => return Err(ScanStop::Lost),
    }
    Ok(found)
}

/// Notes that the finding at a place that is as it was is still there; its verdict stays. `None`: nothing of
/// hers is there.
///
/// # Errors
/// [`ScanStop::Lost`] if the finding is gone, with the picture.
pub(super) async fn see_unchanged(
    picture: &mut PictureScan<'_>,
    place: &FoundPlace,
) -> Result<Option<Match>, ScanStop> {
    let (user, scan) = (picture.user(), picture.context.row.scan.id);
    let Some(known) = picture.known.get(&place.id) else {
        return Ok(None);
    };
    let found = Match {
        last_seen_at: clock::now(),
        scan_job_id: Some(scan),
        ..known.found.clone()
    };
    let stored = picture.store().see_unchanged(user, &found, known);
    match stored.await? {
        WriteOutcome::Gone => Err(ScanStop::Lost),
        WriteOutcome::New | WriteOutcome::Known => Ok(Some(found)),
    }
}

/// The places that this scan has not stored before it was interrupted, and what the others lead to;
/// those are counted.
pub(super) fn skip_stored(
    picture: &mut PictureScan<'_>,
    places: Vec<FoundPlace>,
) -> (Vec<FoundPlace>, Vec<ExpansionSeed>) {
    let (mut left, mut seeds) = (Vec::new(), Vec::new());
    for place in places {
        match picture.stored(&place) {
            Some(found) => {
                picture.memory.touch(place.id);
                picture.stats.add(&found);
                let mut sightings = place.sightings.iter();
                seeds.extend(sightings.find_map(|it| ExpansionSeed::of(&found, it)));
            }
            None => left.push(place),
        }
    }
    (left, seeds)
}

/// The finding of `image` at `place`, by the sighting that the verdict is on.
fn finding(
    scan: &Scan,
    image: &Image,
    place: &FoundPlace,
    (sighting, verdict): (&Sighting, Verdict),
    now: Timestamp,
) -> Match {
    let (status, review_status) = verdict.status();
    let evidence = verdict.evidence;
    let of = |say: fn(&Evidence) -> Option<f64>| evidence.as_ref().and_then(say);
    let scores = place.sightings.iter().filter_map(|it| it.score);
    let verified_by = evidence.as_ref().and_then(Evidence::verified_by);
    let face = evidence
        .as_ref()
        .and_then(|it| it.face_verified(image.face_detected));
    Match {
        id: place.id,
        protected_image_id: image.id,
        scan_job_id: Some(scan.id),
        source_url: place.url.to_string(),
        platform: url::platform_of(&place.url.host()).map(str::to_uppercase),
        similarity: verdict.similarity,
        match_type: verdict.match_type,
        detected_at: now,
        status,
        first_seen_at: now,
        last_seen_at: now,
        gone_at: None,
        confidence: Some(verdict.tier),
        clip_similarity: of(|it| it.vector),
        face_verified: face.map(str::to_owned),
        review_status,
        reviewed_at: None,
        reviewed_by: None,
        discovery_engine: Some(sighting.engine.to_owned()),
        candidate_group_id: Some(scan.id.to_string()),
        face_similarity: of(|it| it.faces?.similarity),
        discovery_score: scores.reduce(f64::max),
        verification_engine: verified_by.map(str::to_owned),
        parent_candidate_id: place.parent,
        evidence,
    }
}
