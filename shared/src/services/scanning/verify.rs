//! Our own look at what an engine found.

use bytes::Bytes;
use vara_imaging::{Fingerprint, Limits, MIN_QUALITY, Pdq};

use crate::domain::{
    CanonicalUrl, ImageId, Look, Match, MatchId, Scan, Timestamp, Verdict, platform_of,
};
use crate::engines::{Answer, Candidate, TinEye};
use crate::store::ImageRow;

/// What a stranger's picture may cost us to read: less than one of hers, and several may be waiting.
const LIMITS: Limits = Limits {
    bytes: 10 * 1024 * 1024,
    pixels: 30_000_000,
    memory: 256 * 1024 * 1024,
    ..Limits::DEFAULT
};

/// A page (or a bare picture) where hers was found, with every picture on it that matched. One place is
/// one finding.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) id: MatchId,
    pub(super) url: CanonicalUrl,
    pub(super) candidates: Vec<Candidate>,
}

/// The places of an answer, best first. What is not on the web is no place.
pub(super) fn places(image: ImageId, answer: Answer) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for candidate in answer.candidates {
        let page = candidate.page.as_deref().and_then(CanonicalUrl::parse);
        let Some(url) = page.or_else(|| CanonicalUrl::parse(&candidate.picture)) else {
            continue;
        };
        match places.iter_mut().find(|it| it.url == url) {
            Some(place) => place.candidates.push(candidate),
            None => places.push(Place {
                id: MatchId::of(image, &url),
                url,
                candidates: vec![candidate],
            }),
        }
    }
    places
}

/// The fingerprints of her picture, turned and mirrored in all ways.
#[derive(Clone, Debug)]
pub(super) struct Hers(Vec<Pdq>);

impl Hers {
    /// None, if the picture is too plain for its fingerprint to say anything.
    pub(super) fn of(row: &ImageRow) -> Self {
        if row.pdq_quality.unwrap_or_default() < MIN_QUALITY {
            return Self(Vec::new());
        }
        Self(
            row.dihedral
                .iter()
                .filter_map(|it| it.parse().ok())
                .collect(),
        )
    }

    /// Compares a found picture with hers, off the reactor.
    pub(super) async fn look(&self, bytes: Bytes) -> Look {
        let hers = self.clone();
        let look = tokio::task::spawn_blocking(move || hers.compare(&bytes)).await;
        // A panic in there is our mistake, but about this picture only: the others are still looked at.
        look.unwrap_or_else(|err| {
            tracing::error!(error = %err, "looking at a found picture failed by our mistake");
            Look::Unseen
        })
    }

    fn compare(&self, bytes: &[u8]) -> Look {
        let theirs = vara_imaging::decode(bytes, &LIMITS)
            .ok()
            .and_then(|it| vara_imaging::pdq(&it));
        let Some(Fingerprint {
            pdq,
            quality: MIN_QUALITY..,
        }) = theirs
        else {
            return Look::Unseen;
        };
        match self.0.iter().map(|it| it.distance(&pdq)).min() {
            Some(distance) => Look::Compared { distance },
            None => Look::Unseen,
        }
    }
}

/// The surer of two verdicts on the same place.
pub(super) fn better(one: Option<Verdict>, other: Verdict) -> Verdict {
    let sure = |it: &Verdict| (it.tier, it.similarity);
    one.filter(|it| sure(it) >= sure(&other)).unwrap_or(other)
}

/// The finding of `image` at `place`.
pub(super) fn finding(
    scan: &Scan,
    image: ImageId,
    place: &Place,
    verdict: Verdict,
    now: Timestamp,
) -> Match {
    let (status, review_status) = verdict.status();
    Match {
        id: place.id,
        protected_image_id: image,
        scan_job_id: Some(scan.id),
        source_url: place.url.to_string(),
        platform: platform_of(&place.url.host()).map(str::to_uppercase),
        similarity: verdict.similarity,
        match_type: verdict.match_type,
        detected_at: now,
        status,
        first_seen_at: now,
        last_seen_at: now,
        confidence: Some(verdict.tier),
        clip_similarity: None,
        face_verified: None,
        review_status,
        reviewed_at: None,
        reviewed_by: None,
        discovery_engine: Some(TinEye::NAME.to_owned()),
        candidate_group_id: None,
        face_similarity: None,
        discovery_score: place
            .candidates
            .iter()
            .filter_map(|it| it.score)
            .reduce(f64::max),
        verification_engine: verdict.verified.then(|| "pdq".to_owned()),
        parent_candidate_id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{SAME_DISTANCE, Tier};

    fn candidate(picture: &str, page: Option<&str>) -> Candidate {
        Candidate {
            picture: picture.into(),
            page: page.map(str::to_owned),
            score: Some(60.0),
        }
    }

    #[test]
    fn one_page_is_one_place_however_many_pictures_it_shows() {
        let image = ImageId::next();
        let candidates = vec![
            candidate(
                "https://cdn.example/a.jpg",
                Some("https://Forum.example/t/1#post"),
            ),
            candidate(
                "https://cdn.example/b.jpg",
                Some("https://forum.example/t/1?utm_source=x"),
            ),
            candidate("https://cdn.example/c.jpg", Some("javascript:alert(1)")),
            candidate("ftp://cdn.example/d.jpg", None),
        ];
        let found = places(
            image,
            Answer {
                candidates,
                unsuitable: false,
            },
        );
        let urls: Vec<_> = found
            .iter()
            .map(|it| (it.url.as_str(), it.candidates.len()))
            .collect();
        assert_eq!(
            urls,
            [
                ("https://forum.example/t/1", 2),
                ("https://cdn.example/c.jpg", 1)
            ]
        );
    }

    #[test]
    fn the_surer_verdict_stands() {
        let copy = Verdict::of(Some(20.0), Look::Compared { distance: 0 });
        let guess = Verdict::of(Some(90.0), Look::Unseen);
        assert_eq!(better(Some(guess), copy).tier, Tier::High);
        assert_eq!(better(Some(copy), guess).tier, Tier::High);
        assert_eq!(better(None, guess), guess);
    }

    #[test]
    fn rules_and_pixels_agree_on_what_a_copy_is() {
        assert_eq!(SAME_DISTANCE, vara_imaging::MATCH_DISTANCE);
    }

    #[test]
    fn what_cannot_be_read_or_compared_is_unseen() {
        assert_eq!(
            Hers(vec![Pdq([7; 32])]).compare(b"GIF89a nonsense"),
            Look::Unseen
        );
        assert_eq!(Hers(vec![]).compare(b""), Look::Unseen);
    }
}
