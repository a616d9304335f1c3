//! What trained models see in a picture: faces and who they may be, what it
//! resembles, and whether it looks intimate.
//!
//! Four small networks are embedded with their weights and run on the CPU by
//! [`rten`](https://crates.io/crates/rten); each is loaded when it is first
//! asked. Every vector carries the model that made it, because vectors of two
//! models say nothing about each other.
//!
//! What may not enter this room: verdicts over several signals, storage, and
//! any threshold that is not a named constant with its origin.

mod align;
mod detect;
mod faces;
mod file;
mod intimate;
mod look;
mod person;
mod pixels;
mod vector;

use vara_nets::{LazyNetwork, weights};

pub use detect::CLEAR_FACE;
pub use faces::{Face, MAX_FACES, MIN_FACE, SeenFace};
pub use file::{Fit, ModelFile, Values};
pub use intimate::INTIMATE;
pub use person::{
    CANDIDATE, Person, PersonVerdict, SAME_PERSON, SAME_PERSON_SMALL, SMALL_FACE, same_person,
};
pub use vara_nets::ModelError;
pub use vector::{ModelId, ParseModelIdError, Vector};

use crate::picture::Picture;
use file::VectorModel;

/// The models, each loaded on its first use and then kept.
///
/// One value serves all threads.
#[derive(Debug)]
pub struct Models {
    detector: LazyNetwork,
    recogniser: LazyNetwork,
    nsfw: LazyNetwork,
    looks: VectorModel,
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
            looks: VectorModel::embedded(),
        })
    }

    /// The same models with `file` in the place of the embedded one behind
    /// [`Models::vector`].
    ///
    /// # Errors
    ///
    /// When the file cannot be read or is not a model of one picture.
    pub fn with_vector_model(self, file: &ModelFile) -> Result<Self, ModelError> {
        let looks = VectorModel::read(file)?;
        Ok(Self { looks, ..self })
    }

    /// The faces in the picture, largest first, at most [`MAX_FACES`].
    ///
    /// When none is clear in the upright picture it is looked at lying on its
    /// sides and upside down; places are always those in the picture given.
    ///
    /// # Errors
    ///
    /// When a model cannot be loaded or run.
    pub fn faces(&self, picture: &Picture) -> Result<Vec<Face>, ModelError> {
        self.recognise(picture, &self.seen_faces(picture)?)
    }

    /// The same faces without finding out whose they are.
    ///
    /// # Errors
    ///
    /// When the model cannot be loaded or run.
    pub fn seen_faces(&self, picture: &Picture) -> Result<Vec<SeenFace>, ModelError> {
        faces::seen(&self.detector, picture)
    }

    /// Whose these faces are.
    ///
    /// # Errors
    ///
    /// When the model cannot be loaded or run.
    pub fn recognise(&self, picture: &Picture, seen: &[SeenFace]) -> Result<Vec<Face>, ModelError> {
        faces::recognised(&self.recogniser, picture, seen)
    }

    /// What the picture as a whole resembles. Near vectors look alike; they do
    /// not prove a copy.
    ///
    /// # Errors
    ///
    /// When the model cannot be loaded or run.
    pub fn vector(&self, picture: &Picture) -> Result<Vector, ModelError> {
        self.looks.vector(picture)
    }

    /// The model behind [`Models::vector`].
    pub fn vector_model(&self) -> &ModelId {
        self.looks.id()
    }

    /// How intimate the picture looks, 0 to 1; from [`INTIMATE`] on it is to
    /// be treated as intimate.
    ///
    /// A reason for more protection, never a condition for help: how many
    /// intimate pictures it misses was not measured.
    ///
    /// # Errors
    ///
    /// When the model cannot be loaded or run.
    pub fn intimate(&self, picture: &Picture) -> Result<f32, ModelError> {
        intimate::intimate(&self.nsfw, picture)
    }
}
