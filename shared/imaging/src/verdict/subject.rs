//! `Subject`: a picture with its signals (hashes, features, faces, vector), worked out when first needed.

use std::sync::{Arc, OnceLock};

use crate::borders::trim_borders;
use crate::geometry::{
    Features, Plane, Thumbnails, extract_fine_features, features_from_copies, make_working_copy,
};
use crate::models::{DetectedFace, Face, Models, Vector};
use crate::pdq::{Fingerprint, pdq, pdq_dihedral};
use crate::picture::Picture;

/// A picture whose signals are worked out when first needed, and then kept.
///
/// Give what is stored already ([`Subject::with_dihedral`] and its sisters) and
/// it is not worked out again. A subject may be shared between threads.
#[derive(Debug)]
pub struct Subject {
    picture: Picture,
    upright: OnceLock<Option<Fingerprint>>,
    hashes: OnceLock<Option<[Fingerprint; 8]>>,
    borderless: OnceLock<Option<[Fingerprint; 8]>>,
    thumbs: OnceLock<Arc<Thumbnails>>,
    working: OnceLock<Arc<Plane>>,
    inverse: OnceLock<Box<Subject>>,
    features: OnceLock<Features>,
    fine: OnceLock<Option<Features>>,
    seen: OnceLock<Option<Vec<DetectedFace>>>,
    faces: OnceLock<Option<Vec<Face>>>,
    vector: OnceLock<Option<Vector>>,
}

impl Subject {
    /// A picture of which nothing is known yet.
    pub fn new(picture: Picture) -> Self {
        Self {
            picture,
            upright: OnceLock::new(),
            hashes: OnceLock::new(),
            borderless: OnceLock::new(),
            thumbs: OnceLock::new(),
            working: OnceLock::new(),
            inverse: OnceLock::new(),
            features: OnceLock::new(),
            fine: OnceLock::new(),
            seen: OnceLock::new(),
            faces: OnceLock::new(),
            vector: OnceLock::new(),
        }
    }

    /// With its eight stored hashes, in the order of
    /// [`Turn::ALL`](crate::Turn::ALL).
    pub fn with_dihedral(self, hashes: [Fingerprint; 8]) -> Self {
        Self {
            hashes: OnceLock::from(Some(hashes)),
            ..self
        }
    }

    /// With its stored faces, places in pixels of this picture.
    pub fn with_faces(self, faces: Vec<Face>) -> Self {
        Self {
            faces: OnceLock::from(Some(faces)),
            ..self
        }
    }

    /// With its stored vector.
    pub fn with_vector(self, vector: Vector) -> Self {
        Self {
            vector: OnceLock::from(Some(vector)),
            ..self
        }
    }

    /// The picture.
    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    /// The eight hashes; `None` when a side is under five pixels.
    pub fn dihedral(&self) -> Option<&[Fingerprint; 8]> {
        self.hashes
            .get_or_init(|| pdq_dihedral(&self.picture))
            .as_ref()
    }

    /// The hash of the picture as it is; the others cost seven times as much.
    pub(crate) fn upright(&self) -> Option<&Fingerprint> {
        match self.hashes.get() {
            Some(hashes) => hashes.as_ref().map(|hashes| &hashes[0]),
            None => self.upright.get_or_init(|| pdq(&self.picture)).as_ref(),
        }
    }

    /// The features by which the picture is found in others.
    pub fn features(&self) -> &Features {
        self.features.get_or_init(|| {
            features_from_copies(Arc::clone(self.working()), Arc::clone(self.thumbs()))
        })
    }

    /// The features of a larger copy, by which what is small is found; `None` of
    /// pictures that are neither large nor very small.
    pub(crate) fn fine_features(&self) -> Option<&Features> {
        self.fine
            .get_or_init(|| extract_fine_features(&self.picture))
            .as_ref()
    }

    /// Extracts the features of both at once, if neither has any: this takes longest.
    pub(crate) fn extract_both(both: [&Self; 2]) {
        if both.iter().all(|it| it.features.get().is_none()) {
            std::thread::scope(|scope| {
                scope.spawn(|| both[0].features());
                both[1].features();
            });
        }
    }

    /// Runs the models on both at once. Faces are detected in the second only when the first shows
    /// one, which is known when the vectors of both are done; faces are recognised only where both
    /// show one.
    pub(crate) fn run_models(both: [&Self; 2], models: &Models) {
        let [one, other] = both;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                other.vector(models);
                one.vector(models);
                Self::show_somebody(both, models);
            });
            one.shows_somebody(models);
        });
        if Self::show_somebody(both, models) == Some(true) {
            std::thread::scope(|scope| {
                scope.spawn(|| other.faces(models));
                one.faces(models);
            });
        }
    }

    /// Whether both do; the second is not asked when the first does not.
    pub(crate) fn show_somebody([one, other]: [&Self; 2], models: &Models) -> Option<bool> {
        Some(one.shows_somebody(models)? && other.shows_somebody(models)?)
    }

    /// Whether it shows a face that is clear enough to be compared; `None` when the model failed.
    fn shows_somebody(&self, models: &Models) -> Option<bool> {
        Some(match self.faces.get() {
            Some(faces) => faces.as_ref()?.iter().any(Face::is_clear),
            None => self.seen(models)?.iter().any(DetectedFace::is_clear),
        })
    }

    /// The picture with its colours inverted.
    pub(crate) fn inverse(&self) -> &Self {
        self.inverse
            .get_or_init(|| Box::new(Self::new(self.picture.inverted())))
    }

    /// Whether it shows a face, clear or not; `None` when the model failed. Stored
    /// faces are left out where nobody may be recognised, so none of them say
    /// nothing.
    pub(crate) fn has_face(&self, models: &Models) -> Option<bool> {
        let stored = self.faces.get().and_then(Option::as_deref);
        if stored.is_some_and(|faces| !faces.is_empty()) {
            return Some(true);
        }
        Some(!self.seen(models)?.is_empty())
    }

    /// The faces before it is asked whose they are; `None` when the model failed.
    fn seen(&self, models: &Models) -> Option<&[DetectedFace]> {
        self.seen
            .get_or_init(|| models.detect_faces(&self.picture).ok())
            .as_deref()
    }

    /// Width and height.
    pub(crate) fn size(&self) -> [f64; 2] {
        [
            f64::from(self.picture.width()),
            f64::from(self.picture.height()),
        ]
    }

    /// The eight hashes without borders; `None` when it has none.
    pub(crate) fn borderless(&self) -> Option<&[Fingerprint; 8]> {
        let hashes = || trim_borders(&self.picture).and_then(|inner| pdq_dihedral(&inner));
        self.borderless.get_or_init(hashes).as_ref()
    }

    pub(crate) fn thumbs(&self) -> &Arc<Thumbnails> {
        self.thumbs
            .get_or_init(|| Arc::new(Thumbnails::of(&self.picture)))
    }

    /// The grey copy in which fine detail is compared.
    pub(crate) fn working(&self) -> &Arc<Plane> {
        self.working
            .get_or_init(|| Arc::new(make_working_copy(&self.picture)))
    }

    /// The faces; `None` when the model failed. The first models asked answer.
    pub(crate) fn faces(&self, models: &Models) -> Option<&[Face]> {
        self.faces
            .get_or_init(|| models.recognise(&self.picture, self.seen(models)?).ok())
            .as_deref()
    }

    /// The vector; `None` when the model failed. The first models asked answer.
    pub(crate) fn vector(&self, models: &Models) -> Option<&Vector> {
        self.vector
            .get_or_init(|| models.vector(&self.picture).ok())
            .as_ref()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::limits::Limits;
    use crate::verdict::{PictureRelation, compare};

    #[test]
    fn whose_faces_they_are_is_found_out_only_where_both_have_some() {
        let models = Models::embedded().unwrap();
        let portrait = |file| Subject::new(crate::decode(file, &Limits::DEFAULT).unwrap());
        let one = portrait(include_bytes!("../../tests/pictures/obama-2010.jpg"));
        let flat = Subject::new(Picture::from_rgb(64, 48, vec![90; 64 * 48 * 3]).unwrap());
        assert_eq!(
            compare(&one, &flat, Some(&models)).relation,
            PictureRelation::Different
        );
        assert_eq!(one.shows_somebody(&models), Some(true));
        assert!(one.faces.get().is_none() && flat.faces.get().is_none());
        let other = portrait(include_bytes!("../../tests/pictures/obama-2012.jpg"));
        assert_eq!(
            compare(&one, &other, Some(&models)).relation,
            PictureRelation::SamePerson
        );
        assert!(one.faces.get().is_some());
    }

    /// Where nobody may be recognised no faces are stored; that there is one still
    /// calls for a look at the texture.
    #[test]
    fn a_face_is_seen_although_none_may_be_recognised() {
        let models = Models::embedded().unwrap();
        let file = include_bytes!("../../tests/pictures/obama-2010.jpg");
        let picture = crate::decode(file, &Limits::DEFAULT).unwrap();
        let portrait = Subject::new(picture).with_faces(Vec::new());
        assert_eq!(portrait.has_face(&models), Some(true));
        assert_eq!(portrait.faces(&models), Some(&[][..]));
        let flat = Subject::new(Picture::from_rgb(64, 48, vec![90; 64 * 48 * 3]).unwrap());
        assert_eq!(flat.has_face(&models), Some(false));
    }
}
