//! Errors of loading and running a model.

/// Why a model gives no answer. None of it is the fault of the input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The embedded weights are not those this crate was written for.
    #[error("the weights of {model} are not in this build")]
    Missing {
        /// Name of the model.
        model: &'static str,
    },
    /// A model file could not be read.
    #[error("the file of model {model} cannot be read: {reason}")]
    Unreadable {
        /// Name of the model.
        model: String,
        /// What the system says.
        reason: String,
    },
    /// The bytes are no model that can be run.
    #[error("model {model} cannot be loaded: {reason}")]
    Load {
        /// Name of the model.
        model: String,
        /// What the runtime says.
        reason: String,
    },
    /// The model could not be run.
    #[error("model {model} cannot be run: {reason}")]
    Run {
        /// Name of the model.
        model: String,
        /// What the runtime says.
        reason: String,
    },
    /// The model answered in another shape than it should, or not in numbers.
    #[error("model {model} gave an answer that makes no sense")]
    Answer {
        /// Name of the model.
        model: String,
    },
}
