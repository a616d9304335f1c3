//! Comparison of a fetched candidate with her picture.

use std::sync::Arc;

use bytes::Bytes;
use tracing::Instrument;
use vara_imaging::{Limits, MIN_QUALITY, Picture, Subject};

use super::analyzer::{FaceComparison, ImageAnalyzer};
use super::candidate;
use super::evidence::evidence;
use crate::domain::{Comparison, Evidence, Prints, Verdict};
use crate::store::ImageRow;
use crate::traces::TARGET;

/// The most bytes a copy of ours has; anything larger was not made by us.
pub(crate) const MAX_COPY: usize = 10 * 1024 * 1024;

/// Her picture with all that is known of it. Signals are worked out when they are first needed and
/// serve all found pictures.
#[derive(Clone, Debug)]
pub(crate) struct ReferenceImage {
    subject: Option<Arc<Subject>>,
    analyzer: ImageAnalyzer,
    faces: FaceComparison,
}

impl ReferenceImage {
    /// Her picture from its copy and what is stored of it, read off the reactor.
    pub(crate) async fn of(
        analyzer: ImageAnalyzer,
        row: ImageRow,
        copy: Option<Bytes>,
        prints: Option<Prints>,
        faces: FaceComparison,
    ) -> Self {
        let seeing = analyzer.clone();
        let read = move || {
            let picture = vara_imaging::decode(&copy?, &Limits::DEFAULT).ok()?;
            Some(Arc::new(seeing.subject(
                picture,
                &row,
                prints.as_ref(),
                faces,
            )))
        };
        let subject = tokio::task::spawn_blocking(read).await;
        let subject = subject.unwrap_or_else(|err| {
            tracing::error!(error = %err, "reading the copy of a picture failed by our mistake");
            None
        });
        Self {
            subject,
            analyzer,
            faces,
        }
    }

    /// Compares a found picture with hers, off the reactor.
    pub(crate) async fn look(&self, bytes: Bytes) -> Comparison {
        let reference = self.clone();
        let span = tracing::info_span!(target: TARGET, "compare");
        let look = tokio::task::spawn_blocking(move || reference.compare(&bytes));
        let look = look.instrument(span).await;
        // A panic in there is our mistake, but about this picture only: the others are still looked at.
        look.unwrap_or_else(|err| {
            tracing::error!(error = %err, "looking at a found picture failed by our mistake");
            Comparison::Unseen
        })
    }

    fn compare(&self, bytes: &[u8]) -> Comparison {
        let (Some(reference), Some(theirs)) = (&self.subject, candidate::read(bytes)) else {
            return Comparison::Unseen;
        };
        let theirs = self.faces.of(theirs);
        let verdict = vara_imaging::compare(reference, &theirs, self.analyzer.models());
        let evidence = evidence(&verdict, size(reference.picture()), size(theirs.picture()));
        let evidence = self.faces.told(evidence);
        if says_nothing(&evidence, reference, &theirs) {
            return Comparison::Unseen;
        }
        Comparison::Compared(Box::new(evidence))
    }
}

/// Whether nothing was found because one of the two is too plain to tell.
fn says_nothing(evidence: &Evidence, reference: &Subject, theirs: &Subject) -> bool {
    let is_plain = |it: &Subject| {
        it.dihedral()
            .is_none_or(|hashes| hashes[0].quality < MIN_QUALITY)
    };
    evidence.verified_by().is_none() && (is_plain(reference) || is_plain(theirs))
}

fn size(picture: &Picture) -> [u32; 2] {
    [picture.width(), picture.height()]
}

/// The surer of two verdicts on the same place.
pub(crate) fn surer<T>(one: Option<(T, Verdict)>, other: (T, Verdict)) -> (T, Verdict) {
    let sure = |it: &Verdict| (it.tier, it.told, it.similarity);
    match one {
        Some(one) if sure(&one.1) >= sure(&other.1) => one,
        _ => other,
    }
}

#[cfg(test)]
mod tests {
    use vara_imaging::Turn;

    use super::*;
    use crate::clock;
    use crate::domain::{Edit, EngineClaim, Image, ImageId, Relation, Tier, UserId};
    use crate::testing::photo;

    async fn reference(jpeg: Vec<u8>) -> ReferenceImage {
        let image = Image::expected(ImageId::next(), UserId::random(), "s".into(), clock::now());
        let row = ImageRow {
            image,
            pdq_quality: None,
            dihedral: Vec::new(),
            awaits_budget: false,
        };
        ReferenceImage::of(
            ImageAnalyzer::open(),
            row,
            Some(jpeg.into()),
            None,
            FaceComparison::Compared,
        )
        .await
    }

    async fn seen(reference: &ReferenceImage, jpeg: Vec<u8>) -> Evidence {
        match reference.look(jpeg.into()).await {
            Comparison::Compared(evidence) => *evidence,
            Comparison::Unseen => panic!("it can be seen"),
        }
    }

    #[tokio::test]
    async fn the_surer_verdict_stands() {
        let reference = reference(photo("collins")).await;
        let look = reference.look(photo("collins").into()).await;
        let copy = Verdict::of(EngineClaim::Weak, Some(20.0), look).unwrap();
        let guess = Verdict::of(EngineClaim::Full, Some(90.0), Comparison::Unseen).unwrap();
        let best = surer(Some((1, guess.clone())), (2, copy.clone()));
        assert_eq!((best.0, best.1.tier), (2, Tier::High));
        assert_eq!(surer(Some((1, copy)), (2, guess.clone())).0, 1);
        assert_eq!(surer(None, (2, guess.clone())), (2, guess));
    }

    #[tokio::test]
    async fn what_was_done_to_it_is_named() {
        let reference = reference(photo("collins")).await;
        let picture = vara_imaging::decode(&photo("collins"), &Limits::DEFAULT).unwrap();
        let save = |it: &Picture| vara_imaging::encode_jpeg(it, 85).unwrap();
        let same = seen(&reference, save(&vara_imaging::shrink(&picture, 300))).await;
        assert_eq!((same.relation, &same.edits[..]), (Relation::Exact, &[][..]));
        assert_eq!(same.verified_by(), Some("pdq"));

        let mirrored = seen(&reference, save(&picture.turned(Turn::FlipY))).await;
        assert_eq!(mirrored.edits, [Edit::Mirrored]);

        let cropped = seen(&reference, save(&middle(&picture))).await;
        assert_eq!(cropped.edits, [Edit::Cropped]);
        assert_eq!(cropped.verified_by(), Some("geometry"));
        let overlay = cropped.overlay.unwrap();
        assert_eq!(
            (overlay.own_size, overlay.found_size),
            ([512, 512], [306, 306])
        );
        assert!((0.3..0.42).contains(&overlay.overlap) && overlay.covered > 0.9);

        let barred = seen(&reference, save(&barred(&picture))).await;
        assert_eq!(barred.edits, [Edit::Covered]);
        let [covered] = barred.changes[..] else {
            panic!("{barred:?}");
        };
        assert_eq!(covered.edit, Edit::Covered);
        for (found, side) in covered.region.into_iter().zip([0.25, 0.25, 0.75, 0.375]) {
            assert!((found - side).abs() < 0.05, "{covered:?}");
        }
    }

    /// The middle six tenths of each side of a square of 512.
    fn middle(picture: &Picture) -> Picture {
        let rows = picture.rgb().chunks_exact(512 * 3).skip(103).take(306);
        let rgb = rows.flat_map(|row| &row[103 * 3..409 * 3]).copied();
        Picture::from_rgb(306, 306, rgb.collect()).unwrap()
    }

    /// A black bar over the eyes, in a square of 512.
    fn barred(picture: &Picture) -> Picture {
        let mut rgb = picture.rgb().to_vec();
        for row in rgb.chunks_exact_mut(512 * 3).skip(128).take(64) {
            row[128 * 3..384 * 3].fill(0);
        }
        Picture::from_rgb(512, 512, rgb).unwrap()
    }

    #[tokio::test]
    async fn her_face_elsewhere_and_somebody_elses() {
        let reference = reference(photo("obama-2009")).await;
        let her = seen(&reference, photo("obama-2012")).await;
        assert_eq!(her.relation, Relation::SamePerson);
        assert_eq!(her.face_verified(true), Some("VERIFIED"));
        let similarity = her.faces.unwrap().similarity.unwrap();
        assert!((0.45..=1.0).contains(&similarity), "{similarity}");
        let other = seen(&reference, photo("biden-2010")).await;
        assert!(!other.is_copy());
        assert_eq!(other.face_verified(true), Some("MISMATCH"));
        assert_eq!(other.verified_by(), None);
    }

    #[tokio::test]
    async fn without_consent_faces_say_nothing() {
        let reference = ReferenceImage {
            faces: FaceComparison::LeftAlone,
            ..reference(photo("obama-2009")).await
        };
        let seen = seen(&reference, photo("obama-2012")).await;
        assert_ne!(seen.relation, Relation::SamePerson);
        assert_eq!((seen.faces, seen.face_verified(true)), (None, None));
    }

    #[tokio::test]
    async fn what_cannot_be_read_or_is_too_plain_is_unseen() {
        let reference = reference(photo("collins")).await;
        let look = reference.look(Bytes::from_static(b"GIF89a nonsense")).await;
        assert_eq!(look, Comparison::Unseen);
        let grey = Picture::from_rgb(400, 300, vec![128; 400 * 300 * 3]).unwrap();
        let grey = vara_imaging::encode_jpeg(&grey, 85).unwrap();
        assert_eq!(reference.look(grey.into()).await, Comparison::Unseen);
        let gone = ReferenceImage {
            subject: None,
            ..reference
        };
        assert_eq!(gone.look(photo("collins").into()).await, Comparison::Unseen);
    }
}
