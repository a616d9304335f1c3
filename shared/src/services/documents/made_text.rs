//! Text of a document, as she wrote it or as a template makes it, and what is told of the template.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::sealed::DocumentText;
use crate::domain::document::{BodyFault, DocumentBody, DocumentKind};
use crate::domain::{Error, ErrorKind, Result};
use crate::templates::{
    FieldFault, FieldValues, FilledTemplate, MissingField, Statement, Template, template,
};

/// What a text was made from.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DocumentTemplate {
    /// The id of the template.
    pub id: String,
    /// The version of the template.
    pub version: u32,
    /// What is filled in, by the names of the fields.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub fields: FieldValues,
    /// The required fields that are not filled in.
    pub missing: Vec<MissingField>,
    /// What is to be ticked before the text is signed.
    pub statements: Vec<Statement>,
    /// The blocks that were changed by hand, and so stayed as they were when fields were filled in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<String>,
}

impl DocumentTemplate {
    pub(super) fn of(filled: FilledTemplate) -> Self {
        Self {
            id: filled.template_id,
            version: filled.template_version,
            fields: filled.values,
            missing: filled.missing,
            statements: filled.statements,
            kept: Vec::new(),
        }
    }
}

/// The text of a template with these fields.
pub(super) fn text(
    (id, language): (&str, &str),
    kind: DocumentKind,
    fields: &Map<String, Value>,
) -> Result<DocumentText> {
    let template = template(id, language).ok_or_else(no_template)?;
    if template.kind != kind {
        let message = format!("This template is for a {}.", template.kind.as_str());
        return Err(Error::invalid_at("kind", message));
    }
    if template.language != language.split('-').next().unwrap_or_default() {
        let message = "There is no text of this template in this language.";
        return Err(Error::invalid_at("language", message));
    }
    filled_text(template, template.values(fields).map_err(faults)?)
}

fn filled_text(template: &Template, values: FieldValues) -> Result<DocumentText> {
    let filled = template.fill(values);
    let filled = filled.map_err(|err| Error::bug("filling in a template", err))?;
    let body = body(&filled.text())?;
    Ok(DocumentText {
        body,
        filled: Some(filled),
    })
}

/// A text that obeys the rules.
pub(super) fn body(text: &str) -> Result<DocumentBody> {
    DocumentBody::parse(text).map_err(|fault| match fault {
        BodyFault::TooLong => Error::new(ErrorKind::TooLarge, "TOO_LARGE", fault.message()),
        _ => Error::invalid_at("body", fault.message()),
    })
}

/// 400 with everything that is wrong with the fields.
pub(super) fn faults(faults: Vec<FieldFault>) -> Error {
    let told = faults.first().map(|it| it.message.clone());
    let issues: Vec<Value> = faults
        .into_iter()
        .map(|it| json!({ "code": "custom", "message": it.message, "path": ["fields", it.field] }))
        .collect();
    Error::invalid("VALIDATION_ERROR", told.unwrap_or_default()).with_details(json!(issues))
}

/// 404 for a template.
pub(super) fn no_template() -> Error {
    Error::not_found("TEMPLATE_NOT_FOUND", "This template does not exist.")
}
