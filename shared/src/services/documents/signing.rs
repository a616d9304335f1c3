//! Signing of a document: the text is frozen with its hash, the name she typed and the moment.
//!
//! It is an electronic signature of the simple kind: intent, shown by a typed name after the password.

use serde::Deserialize;
use serde_json::json;

use super::changes::{frozen, must_not_be_trashed, version_conflict};
use super::{DocumentWithBody, Documents};
use crate::auth::Caller;
use crate::domain::document::{DocumentStatus, document_title};
use crate::domain::{DocumentId, Error, Result, Timestamp};
use crate::store::DocumentRow;

/// What is signed, and by which name.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DocumentSigning {
    /// The number of the current version.
    pub version: u64,
    /// The hash of the text as it was shown.
    pub sha256: String,
    /// Her name, as she types it.
    pub signed_name: String,
}

impl Documents {
    /// Signs the current text, if it is the one whose hash is named. Signed by the same name already, it stays so.
    pub async fn sign(
        &self,
        caller: &Caller,
        id: DocumentId,
        signing: DocumentSigning,
        now: Timestamp,
    ) -> Result<DocumentWithBody> {
        let name = document_title(&signing.signed_name).filter(|it| !it.is_empty());
        let name = name.ok_or_else(|| {
            let message = "Please type your name: one line of at most 120 characters.";
            Error::invalid_at("signedName", message)
        })?;
        self.count(caller.user, now).await?;
        let sha256 = signing.sha256.to_ascii_lowercase();
        self.change(caller, id, "document.signed", now, |before, sealed| {
            must_not_be_trashed(before)?;
            if !before.kind.is_signed() {
                return Err(not_signable());
            }
            if signing.version != before.version || sha256 != sealed.sha256 {
                return Err(version_conflict(before));
            }
            if before.signed_at.is_some() {
                let is_same = sealed.signed_name.as_deref() == Some(name.as_str());
                return if is_same { Ok(None) } else { Err(frozen()) };
            }
            sealed.signed_name = Some(name.clone());
            let after = DocumentRow {
                status: DocumentStatus::Signed,
                signed_at: Some(now),
                ..before.clone()
            };
            let data = json!({ "version": after.version, "sha256": sealed.sha256 });
            Ok(Some((after, data)))
        })
        .await?;
        self.get(caller.user, id, now).await
    }
}

fn not_signable() -> Error {
    Error::conflict(
        "NOT_SIGNABLE",
        "Notes and timelines are not signed. Please copy the text into a letter or a statement.",
    )
}
