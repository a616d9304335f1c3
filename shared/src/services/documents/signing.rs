//! Signing of a document: the text is frozen with its hash, the name she typed and the moment.
//!
//! It is an electronic signature of the simple kind: intent, shown by a typed name after the password.

use serde::Deserialize;
use serde_json::json;

use super::changes::{frozen, must_not_be_trashed, version_conflict};
use super::checking::must_be_complete;
use super::{DocumentWithBody, Documents};
use crate::auth::Caller;
use crate::domain::document::{DocumentStatus, SignedStatement, document_title};
use crate::domain::{DocumentId, Error, Result, Timestamp};
use crate::store::DocumentRow;
use crate::templates::{FilledTemplate, SignerRole};

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
    /// The statements under the text, each ticked by her.
    #[serde(default)]
    pub statements: Vec<StatementTick>,
    /// Who signs.
    #[serde(default = "herself")]
    pub role: SignerRole,
}

/// A statement, and whether it is ticked.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatementTick {
    /// Its id.
    pub id: String,
    /// Whether it is ticked.
    pub ticked: bool,
}

fn herself() -> SignerRole {
    SignerRole::Herself
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
        let statements = self.to_be_signed(caller, id, &signing, now).await?;
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
            sealed.signed_statements.clone_from(&statements);
            let after = DocumentRow {
                status: DocumentStatus::Signed,
                signed_at: Some(now),
                ..before.clone()
            };
            let ids: Vec<&str> = statements.iter().map(|it| it.id.as_str()).collect();
            let data = json!({
                "version": after.version, "sha256": sealed.sha256, "statements": ids, "role": signing.role,
            });
            Ok(Some((after, data)))
        })
        .await?;
        self.get(caller.user, id, now).await
    }

    /// The statements that are signed with the text, if it is complete and all of them are ticked.
    async fn to_be_signed(
        &self,
        caller: &Caller,
        id: DocumentId,
        signing: &DocumentSigning,
        now: Timestamp,
    ) -> Result<Vec<SignedStatement>> {
        let head = self.head(caller.user, id).await?;
        if head.signed_at.is_some() || signing.version != head.version {
            // What is wrong is said by the rule.
            return Ok(Vec::new());
        }
        let text = self.version_text(caller.user, id, head.version, now);
        let text = text.await?.1;
        must_be_complete(&head, &text)?;
        let filled = text.filled.as_ref();
        filled.map_or(Ok(Vec::new()), |it| ticked(it, signing))
    }
}

fn ticked(filled: &FilledTemplate, signing: &DocumentSigning) -> Result<Vec<SignedStatement>> {
    let is_ticked = |id: &str| {
        let ticks = &signing.statements;
        ticks.iter().any(|it| it.id == id && it.ticked)
    };
    let statements = || filled.statements_of(signing.role);
    let left: Vec<&str> = statements()
        .map(|it| it.id.as_str())
        .filter(|it| !is_ticked(it))
        .collect();
    if !left.is_empty() {
        let message = "Please read each statement and tick it, if it is true. Only then the text can be signed.";
        let details = json!({ "statements": left });
        return Err(Error::conflict("STATEMENTS_NOT_TICKED", message).with_details(details));
    }
    let signed = statements().map(|it| SignedStatement {
        id: it.id.clone(),
        text: it.text.clone(),
    });
    Ok(signed.collect())
}

fn not_signable() -> Error {
    Error::conflict(
        "NOT_SIGNABLE",
        "Notes and timelines are not signed. Please copy the text into a letter or a statement.",
    )
}
