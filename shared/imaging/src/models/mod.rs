//! Trained models: face detection and recognition, the likeness vector, the
//! score of intimacy.
//!
//! The networks are those of `vara-nets`; each is loaded when it is first
//! asked. Every vector carries the model that made it, because vectors of two
//! models say nothing about each other.
//!
//! What may not enter this module: verdicts over several signals, storage, and
//! any threshold that is not a named constant with its origin.

mod align;
mod detect;
mod faces;
mod intimate;
mod orientations;
mod person;
mod pixels;
mod vector;
mod vector_model;

use vara_nets::{LazyNetwork, weights};

pub use detect::CLEAR_FACE_CONFIDENCE;
pub use faces::{DetectedFace, Face, MAX_FACES, MIN_FACE_SIDE};
pub use intimate::INTIMATE_SCORE;
pub use person::{
    MAYBE_SAME_PERSON, PersonMatch, PersonVerdict, SAME_PERSON, SAME_PERSON_SMALL, SMALL_FACE_SIDE,
    compare_faces,
};
pub use vara_nets::ModelError;
pub use vector::{ModelId, ParseModelIdError, Vector};
pub use vector_model::{ModelFile, PixelValues, SquareFit};

use crate::picture::Picture;
use vector_model::VectorModel;

/// The models, each loaded on its first use and then kept.
///
/// One value serves all threads.
#[derive(Debug)]
pub struct Models {
    detector: LazyNetwork,
    recogniser: LazyNetwork,
    nsfw: LazyNetwork,
    likeness: VectorModel,
}

impl Models {
    /// The models that are part of this crate.
    ///
    /// # Errors
    ///
    /// When the weights are not in the build, as after a checkout that left
    /// pointers in their place.
    pub fn embedded() -> Result<Self, ModelError> {
        for weights in weights::ALL {
            weights.check()?;
        }
        Ok(Self {
            detector: LazyNetwork::new(&weights::YUNET),
            recogniser: LazyNetwork::new(&weights::SFACE),
            nsfw: LazyNetwork::new(&weights::NSFWJS),
            likeness: VectorModel::embedded(),
        })
    }

    /// The same models with `file` in the place of the embedded one behind
    /// [`Models::vector`].
    ///
    /// # Errors
    ///
    /// When the file cannot be read or is not a model of one picture.
    pub fn with_vector_model(self, file: &ModelFile) -> Result<Self, ModelError> {
        let likeness = VectorModel::read(file)?;
        Ok(Self { likeness, ..self })
    }

    /// The faces in the picture, largest first, at most [`MAX_FACES`].
    ///
    /// When none is clear in the upright picture it is run lying on its
    /// sides and upside down; places are always those in the picture given.
    ///
    /// # Errors
    ///
    /// When a model cannot be loaded or run.
    pub fn faces(&self, picture: &Picture) -> Result<Vec<Face>, ModelError> {
        self.recognise(picture, &self.detect_faces(picture)?)
    }

    /// The same faces, without recognising them.
    ///
    /// # Errors
    ///
    /// When the model cannot be loaded or run.
    pub fn detect_faces(&self, picture: &Picture) -> Result<Vec<DetectedFace>, ModelError> {
        faces::detect_faces(&self.detector, picture)
    }

    /// Whose these faces are.
    ///
    /// # Errors
    ///
    /// When the model cannot be loaded or run.
    pub fn recognise(
        &self,
        picture: &Picture,
        seen: &[DetectedFace],
    ) -> Result<Vec<Face>, ModelError> {
        faces::recognise_faces(&self.recogniser, picture, seen)
    }

    /// What the picture as a whole resembles. Near vectors look alike; they do
    /// not prove a copy.
    ///
    /// # Errors
    ///
    /// When the model cannot be loaded or run.
    pub fn vector(&self, picture: &Picture) -> Result<Vector, ModelError> {
        self.likeness.vector(picture)
    }

    /// The model behind [`Models::vector`].
    pub fn vector_model(&self) -> &ModelId {
        self.likeness.id()
    }

    /// How intimate the picture looks, 0 to 1; from [`INTIMATE_SCORE`] on it is to
    /// be treated as intimate.
    ///
    /// A reason for more protection, never a condition for help: how many
    /// intimate pictures it misses was not measured.
    ///
    /// # Errors
    ///
    /// When the model cannot be loaded or run.
    pub fn intimate(&self, picture: &Picture) -> Result<f32, ModelError> {
        intimate::score_intimacy(&self.nsfw, picture)
    }
}
