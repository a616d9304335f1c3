//! A finding for tests. The crates above reach it through the feature `testing`.

#![allow(clippy::unwrap_used)]

use crate::{
    CanonicalUrl, Comparison, EngineClaim, ImageId, Match, MatchId, ScanId, Timestamp, Verdict,
};

/// A finding on a page, as one engine that only calls it alike makes it.
#[must_use]
pub fn finding(image: ImageId, scan: ScanId, page: &str, now: Timestamp) -> Match {
    let url = CanonicalUrl::parse(page).unwrap();
    let verdict = Verdict::of(EngineClaim::Alike, None, Comparison::Unseen).unwrap();
    let (status, review_status) = verdict.status();
    Match {
        id: MatchId::of(image, &url),
        protected_image_id: image,
        scan_job_id: Some(scan),
        source_url: url.to_string(),
        platform: None,
        similarity: verdict.similarity,
        match_type: verdict.match_type,
        detected_at: now,
        status,
        first_seen_at: now,
        last_seen_at: now,
        gone_at: None,
        confidence: Some(verdict.tier),
        clip_similarity: None,
        face_verified: None,
        review_status,
        reviewed_at: None,
        reviewed_by: None,
        discovery_engine: None,
        candidate_group_id: None,
        face_similarity: None,
        discovery_score: None,
        verification_engine: None,
        parent_candidate_id: None,
        evidence: None,
    }
}
