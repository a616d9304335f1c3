//! Parts of the address of `/api/v1/evidence`.

use vara::domain::{Error, EvidenceId, ExportId, Result};

/// The id of a record; what is none is the id of no record.
pub(crate) fn record(text: &str) -> Result<EvidenceId> {
    EvidenceId::parse(text)
        .ok_or_else(|| Error::not_found("EVIDENCE_NOT_FOUND", "This record does not exist."))
}

/// The id of a pack; what is none is the id of no pack.
pub(crate) fn export(text: &str) -> Result<ExportId> {
    let missing = "This pack does not exist any more. You can ask for another one.";
    ExportId::parse(text).ok_or_else(|| Error::not_found("EXPORT_NOT_FOUND", missing))
}
