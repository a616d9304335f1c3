//! Her review of a finding: confirm or dismiss.

use serde_json::json;

use super::evidence::FACE_VERIFIED;
use super::finding::severity_there;
use super::{
    Alert, Error, Match, MatchStatus, PictureName, Result, ReviewStatus, Severity, Tier, Timestamp,
    UserId, finding,
};

/// What she says of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is her.
    Confirmed,
    /// It is not her.
    Dismissed,
}

impl Match {
    /// Whether a face in the found picture is hers.
    #[must_use]
    pub fn is_her_face(&self) -> bool {
        self.face_verified.as_deref() == Some(FACE_VERIFIED)
    }

    /// The finding after she judged it. She can do so once, and only where we asked her.
    pub fn judged(&self, judgement: Judgement, user: UserId, now: Timestamp) -> Result<Self> {
        match self.review_status {
            ReviewStatus::FlaggedForReview => {}
            ReviewStatus::Confirmed | ReviewStatus::Dismissed => {
                return Err(Error::conflict(
                    "MATCH_ALREADY_REVIEWED",
                    "You have already decided about this finding.",
                ));
            }
            ReviewStatus::Active => {
                return Err(Error::invalid(
                    "MATCH_INVALID_STATUS",
                    "This finding does not wait for a decision.",
                ));
            }
        }
        let (status, review_status) = match judgement {
            Judgement::Confirmed => (MatchStatus::Reviewed, ReviewStatus::Confirmed),
            Judgement::Dismissed => (MatchStatus::Dismissed, ReviewStatus::Dismissed),
        };
        Ok(Self {
            status,
            review_status,
            reviewed_at: Some(now),
            reviewed_by: Some(user.to_string()),
            ..self.clone()
        })
    }
}

/// The alert of a finding she confirmed: the one it raises by itself, with the severity that her word
/// gives it and what is known of the face.
#[must_use]
pub fn confirmed_alert(
    user: UserId,
    found: &Match,
    picture: Option<&PictureName>,
    now: Timestamp,
) -> Alert {
    let mut alert = finding::alert_of(user, found, picture, now);
    let tier = found.confidence.unwrap_or(Tier::Low);
    alert.severity = severity_there(found, severity(tier, found.is_her_face()));
    if let Some(face) = &found.face_verified {
        let facts = alert.metadata.get_or_insert_default();
        facts.insert("faceVerified".to_owned(), json!(face));
        let similarity = found.face_similarity.or(found.clip_similarity);
        facts.insert("faceSimilarity".to_owned(), json!(similarity));
        facts.insert("faceConfidence".to_owned(), json!(face_confidence(tier)));
    }
    alert
}

/// How much a confirmed finding matters (PIPELINE section 5).
fn severity(tier: Tier, is_her_face: bool) -> Severity {
    match tier {
        Tier::High => Severity::Critical,
        Tier::MediumHigh if is_her_face => Severity::High,
        Tier::MediumHigh | Tier::Medium => Severity::Medium,
        Tier::Low => Severity::Low,
    }
}

fn face_confidence(tier: Tier) -> &'static str {
    match tier {
        Tier::High => "high",
        Tier::MediumHigh | Tier::Medium => "medium",
        Tier::Low => "low",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::finding;
    use crate::{ImageId, ScanId};

    fn now() -> Timestamp {
        Timestamp::from_epoch_seconds(1_800_000_000).unwrap()
    }

    fn found(tier: Tier, review_status: ReviewStatus) -> Match {
        let page = "https://example.net/t/1";
        Match {
            confidence: Some(tier),
            clip_similarity: Some(0.4),
            review_status,
            ..finding(ImageId::next(), ScanId::next(), page, now())
        }
    }

    #[test]
    fn she_judges_once_and_where_she_was_asked() {
        let user = UserId::random();
        let waiting = found(Tier::Low, ReviewStatus::FlaggedForReview);
        let hers = waiting.judged(Judgement::Confirmed, user, now()).unwrap();
        assert_eq!(
            (hers.status, hers.review_status, hers.reviewed_at),
            (MatchStatus::Reviewed, ReviewStatus::Confirmed, Some(now()))
        );
        assert_eq!(hers.reviewed_by, Some(user.to_string()));
        let not_hers = waiting.judged(Judgement::Dismissed, user, now()).unwrap();
        assert_eq!(
            (not_hers.status, not_hers.review_status),
            (MatchStatus::Dismissed, ReviewStatus::Dismissed)
        );
        for (status, code) in [
            (ReviewStatus::Confirmed, "MATCH_ALREADY_REVIEWED"),
            (ReviewStatus::Dismissed, "MATCH_ALREADY_REVIEWED"),
            (ReviewStatus::Active, "MATCH_INVALID_STATUS"),
        ] {
            let err = found(Tier::Low, status)
                .judged(Judgement::Confirmed, user, now())
                .unwrap_err();
            assert_eq!(err.code, code);
        }
    }

    #[test]
    fn her_word_gives_the_severity() {
        for (tier, face, severity) in [
            (Tier::High, None, Severity::Critical),
            (Tier::MediumHigh, Some(FACE_VERIFIED), Severity::High),
            (Tier::MediumHigh, Some("NO_FACE_DETECTED"), Severity::Medium),
            (Tier::Medium, Some(FACE_VERIFIED), Severity::Medium),
            (Tier::Low, Some(FACE_VERIFIED), Severity::Low),
        ] {
            let mut found = found(tier, ReviewStatus::Confirmed);
            found.face_verified = face.map(str::to_owned);
            let alert = confirmed_alert(UserId::random(), &found, None, now());
            assert_eq!(alert.severity, severity, "{tier:?} {face:?}");
            let facts = alert.metadata.unwrap();
            assert_eq!(facts.contains_key("faceConfidence"), face.is_some());
            if face.is_some() {
                assert_eq!(facts["faceSimilarity"], 0.4);
            }
        }
    }
}
