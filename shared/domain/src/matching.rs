//! Findings (matches): one of her pictures, seen at an address, with tier, status and review.

use serde::{Deserialize, Serialize};

use super::{Evidence, ImageId, MatchId, ScanId, Tier, Timestamp};

/// How the found picture relates to the user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MatchType {
    /// The same picture.
    Exact,
    /// The same picture, a little changed.
    Similar,
    /// An altered version, or one that we could not confirm.
    Modified,
    /// Another picture of her.
    PersonCandidate,
    /// Another picture of her, found by her face.
    FaceMatch,
    /// The same as another picture of her that was found.
    ExactCopy,
    /// An altered version of another picture of her that was found.
    AlteredCopy,
}

/// The status of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub enum MatchStatus {
    New,
    Reviewed,
    Actioned,
    Dismissed,
    FlaggedForReview,
}

/// The state of the review of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub enum ReviewStatus {
    Active,
    FlaggedForReview,
    Confirmed,
    Dismissed,
}

/// A finding as the user sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub struct Match {
    pub id: MatchId,
    pub protected_image_id: ImageId,
    pub scan_job_id: Option<ScanId>,
    pub source_url: String,
    pub platform: Option<String>,
    pub similarity: f64,
    pub match_type: MatchType,
    pub detected_at: Timestamp,
    pub status: MatchStatus,
    pub first_seen_at: Timestamp,
    pub last_seen_at: Timestamp,
    /// When it was gone: two scans in a row did not see it any more.
    #[serde(default)]
    pub gone_at: Option<Timestamp>,
    pub confidence: Option<Tier>,
    pub clip_similarity: Option<f64>,
    pub face_verified: Option<String>,
    pub review_status: ReviewStatus,
    pub reviewed_at: Option<Timestamp>,
    pub reviewed_by: Option<String>,
    pub discovery_engine: Option<String>,
    pub candidate_group_id: Option<String>,
    pub face_similarity: Option<f64>,
    pub discovery_score: Option<f64>,
    pub verification_engine: Option<String>,
    pub parent_candidate_id: Option<MatchId>,
    /// What our own look at the picture rests on; nothing where we could not see it.
    #[serde(default)]
    pub evidence: Option<Evidence>,
}
