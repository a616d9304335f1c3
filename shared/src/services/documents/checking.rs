//! Checking of a text: what is to be said of it, and whether it is complete.

use serde::Serialize;
use serde_json::json;

use super::sealed::SealedVersion;
use crate::domain::{Error, Result};
use crate::store::DocumentRow;
use crate::templates::{CheckFinding, CheckSeverity, CheckedText, check};

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DocumentCheck {
    /// Whether nothing keeps the text from being ready.
    pub ok: bool,
    /// What was found, what keeps it from being ready first.
    pub findings: Vec<CheckFinding>,
}

/// What is to be said of this text.
pub(super) fn check_of(head: &DocumentRow, text: &SealedVersion) -> DocumentCheck {
    let findings = check(CheckedText {
        kind: head.kind,
        language: &head.language,
        body: &text.body,
        filled: text.filled.as_ref(),
    });
    let is_ready = |it: &CheckFinding| it.severity != CheckSeverity::Error;
    DocumentCheck {
        ok: findings.iter().all(is_ready),
        findings,
    }
}

/// Refuses a text that was made from a template and is not complete. What she wrote herself is complete when she says
/// so.
pub(super) fn must_be_complete(head: &DocumentRow, text: &SealedVersion) -> Result<()> {
    let Some(filled) = &text.filled else {
        return Ok(());
    };
    let mut check = check_of(head, text);
    if check.ok {
        return Ok(());
    }
    let missing: Vec<&str> = filled.missing.iter().map(|it| it.name.as_str()).collect();
    check
        .findings
        .retain(|it| it.severity == CheckSeverity::Error);
    let message = "This text is not complete yet. Please look at what is still missing.";
    let details = json!({ "missing": missing, "findings": check.findings });
    Err(Error::conflict("MISSING_FIELDS", message).with_details(details))
}
