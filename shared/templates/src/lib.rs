//! Templates of notices, letters and statements: typed fields, locked blocks, statements to be ticked.
//!
//! The texts lie beside `src`, one file for each template and language. A template whose law needs a sentence has it in
//! a *locked block*: a text made from the template holds it word for word. No model writes any of it.

mod catalogue;
mod check;

mod escape;
mod field;
mod filled;
mod render;
mod source;

use serde::{Deserialize, Serialize};
use vara_domain::Law;
use vara_domain::document::DocumentKind;

pub use catalogue::{LANGUAGES, all, template};

pub use check::{CheckCode, CheckFinding, CheckSeverity, CheckedText, check};
pub use field::{Field, FieldFault, FieldType, FieldValue, FieldValues, MAX_URLS, SignerRole};
pub use filled::{FilledBlock, FilledTemplate, MissingField, Refilled};

/// A template in one language.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Template {
    /// Its id, the same in every language.
    pub id: String,
    /// Counts its changes.
    pub version: u32,
    /// What its texts are for.
    pub kind: DocumentKind,
    /// What a notice rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub law: Option<Law>,
    /// The language of the text (BCP 47).
    pub language: String,
    /// What it is called.
    pub title: String,
    /// What is filled in.
    pub fields: Vec<Field>,
    /// The parts of the text, in order.
    pub blocks: Vec<Block>,
    /// What is to be ticked before the text is signed.
    pub statements: Vec<Statement>,
    /// Where the law can be read.
    pub sources: Vec<String>,
    /// When the text was last held against its sources (ISO 8601).
    pub checked_at: String,
    /// The lawyer who confirmed it. `null`: to be confirmed by a lawyer.
    pub checked_by: Option<String>,
}

/// A part of a text.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Block {
    /// Its id.
    pub id: String,
    /// Whether a text must hold it word for word.
    pub locked: bool,
    #[serde(skip)]
    when: Option<String>,
    #[serde(skip)]
    text: String,
}

/// What somebody states under a text, fixed word for word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Statement {
    /// Its id.
    pub id: String,
    /// Who can state it.
    pub signer: SignerRole,
    /// The words.
    pub text: String,
    /// Whether the words stand in the text. The others are for her alone.
    pub printed: bool,
}

impl Template {
    /// The statements that this signer must tick.
    pub fn statements_of(&self, signer: SignerRole) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(move |it| it.signer == signer)
    }

    /// Its field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|it| it.name == name)
    }
}

#[cfg(test)]
mod tests;
