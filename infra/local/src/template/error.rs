//! Why a template cannot be raised here: every error names what is outside the subset.

use serde_json::Value;
use thiserror::Error;

/// Why a template cannot be raised here.
#[derive(Debug, Error)]
pub enum TemplateError {
    /// The text is not YAML, or carries an unknown tag.
    #[error("the template cannot be read: {0}")]
    Yaml(String),
    /// An intrinsic function the evaluator does not have.
    #[error("{place}: the local stack does not know the intrinsic {name}")]
    UnknownIntrinsic {
        /// Its long form.
        name: String,
        /// Where it stands.
        place: String,
    },
    /// A top-level section or resource attribute outside the subset.
    #[error("{place}: the local stack does not know {name}")]
    UnknownSection {
        /// What is written.
        name: String,
        /// Where it stands.
        place: String,
    },
    /// A resource type that is neither raised nor knowingly left out.
    #[error("{resource}: the local stack does not know the resource type {kind}")]
    UnknownType {
        /// The resource's name in the template.
        resource: String,
        /// Its type.
        kind: String,
    },
    /// A property that is neither used nor knowingly left out.
    #[error("{place}: the local stack does not know the property {property}")]
    UnknownProperty {
        /// Where it stands.
        place: String,
        /// Its name.
        property: String,
    },
    /// A property without which the resource cannot be raised.
    #[error("{0} is missing")]
    MissingProperty(String),
    /// A name nothing in the template has.
    #[error("nothing in the template is called {0}")]
    UnknownReference(String),
    /// An attribute of a resource that has no value here.
    #[error("the local stack does not know the attribute {attribute} of {resource} ({kind})")]
    UnknownAttribute {
        /// The resource's name in the template.
        resource: String,
        /// Its type.
        kind: String,
        /// The attribute.
        attribute: String,
    },
    /// A parameter with neither a default nor a value from the stack.
    #[error("the parameter {0} has no value")]
    ParameterWithoutValue(String),
    /// A rule of the template that the parameters break.
    #[error("the template's rule {rule} refuses these parameters: {description}")]
    Refused {
        /// The rule's name.
        rule: String,
        /// What it asks for.
        description: String,
    },
    /// A value of a kind or form that cannot be used where it stands.
    #[error("{place}: cannot use {value}")]
    Unusable {
        /// Where it stands.
        place: String,
        /// What is written, as JSON.
        value: String,
    },
}

impl TemplateError {
    pub(super) fn unusable(place: &str, value: &Value) -> Self {
        Self::Unusable {
            place: place.to_owned(),
            value: value.to_string(),
        }
    }
}
