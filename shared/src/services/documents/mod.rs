//! Documents: make, read, list, versions and their differences. Changes are in `changes`, files in `export`.

mod changes;
mod export;
mod sealed;
mod signing;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::auth::Caller;
use crate::domain::document::{
    DiffPart, DiffUnit, Document, DocumentBody, DocumentKind, DocumentLink, DocumentStatus,
    MAX_DOCUMENTS, MAX_LINKS, VersionReason, diff, document_title, is_language_tag,
};
use crate::domain::event::{Actor, StreamName};
use crate::domain::{DocumentId, Error, ErrorKind, Page, Result, Timestamp, UserId};
use crate::services::record::event_log::EventLog;
use crate::services::upkeep::write_rates::count_write;
use crate::store::{
    Append, DocumentRow, Listing, Store, TxOutcome, VersionAbout, retry_on_conflict,
};

use sealed::{SealedHead, SealedVersion, Sealer};

pub use changes::DocumentPatch;
pub use export::{DocumentFile, ExportFormat};
pub use signing::DocumentSigning;

/// The most writes of documents a minute.
pub const MAX_WRITES_A_MINUTE: u64 = 60;

/// Her documents. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Documents {
    log: EventLog,
}

/// A document to be made.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct NewDocument {
    /// What it is for.
    pub kind: DocumentKind,
    /// Her name for it; without one it is named by its number.
    #[serde(default)]
    pub title: Option<String>,
    /// The language of the text (BCP 47).
    #[cfg_attr(feature = "openapi", schema(example = "en"))]
    pub language: String,
    /// The text, in Markdown.
    #[serde(default)]
    pub body: String,
    /// What it refers to.
    #[serde(default)]
    pub links: Vec<DocumentLink>,
    /// Whether a search over her documents finds it.
    #[serde(default = "yes")]
    pub searchable: bool,
}

/// A document with its text.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DocumentWithBody {
    /// The document.
    #[serde(flatten)]
    pub document: Document,
    /// Its text.
    pub body: String,
}

/// A version with its text.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DocumentVersion {
    /// What is told of it.
    #[serde(flatten)]
    pub about: VersionAbout,
    /// The hash of kind, language and text.
    pub sha256: String,
    /// Its text.
    pub body: String,
}

fn yes() -> bool {
    true
}

impl Documents {
    /// The documents beside this record of events.
    #[must_use]
    pub fn new(log: EventLog) -> Self {
        Self { log }
    }

    /// Makes a document.
    pub async fn create(
        &self,
        caller: &Caller,
        new: NewDocument,
        now: Timestamp,
    ) -> Result<DocumentWithBody> {
        if !is_language_tag(&new.language) {
            return Err(Error::invalid_at(
                "language",
                "This is not the tag of a language.",
            ));
        }
        let body = body(&new.body)?;
        let title = new.title.as_deref().map(title).transpose()?;
        let links = links(new.links)?;
        self.count(caller.user, now).await?;
        let user = caller.user;
        let key = self.log.data_key(user, now).await?;
        let sealer = Sealer { user, key: &key };
        let id = DocumentId::next();
        retry_on_conflict("making a document", || async {
            let totals = self.store().document_totals(user).await?;
            if totals.all >= u64::from(MAX_DOCUMENTS) {
                return Err(too_many_documents());
            }
            let mut head = DocumentRow {
                id,
                number: totals.made + 1,
                kind: new.kind,
                language: new.language.clone(),
                status: DocumentStatus::Draft,
                status_before: None,
                version: 1,
                kept: 1,
                revision: 1,
                bytes: body.as_str().len() as u64,
                searchable: new.searchable,
                created_at: now,
                updated_at: now,
                edited_at: now,
                signed_at: None,
                trashed_at: None,
                is_erased: false,
                sealed: String::new(),
            };
            let text = SealedVersion::of(&head, body.clone());
            let named = title.clone().filter(|it| !it.is_empty());
            let sealed = SealedHead {
                title: named.unwrap_or_else(|| format!("Document {:04}", head.number)),
                sha256: text.sha256.clone(),
                links: links.clone(),
                signed_name: None,
            };
            head.sealed = sealer.close_head(id, &sealed)?;
            let about = about(caller, &head, VersionReason::Created, None, now);
            let version = sealer.close_version(id, about, &text)?;
            let data = json!({
                "kind": head.kind, "language": head.language, "version": 1, "sha256": text.sha256,
            });
            let event = self
                .event(caller, id, "document.created", data, now)
                .await?;
            let stored = self.store().create_document(user, &head, &version, event);
            match stored.await? {
                TxOutcome::Done => Ok(Some(DocumentWithBody {
                    document: sealer.document(head)?,
                    body: text.body,
                })),
                TxOutcome::Refused(_) => Ok(None),
            }
        })
        .await
    }

    /// A document with its text.
    pub async fn get(
        &self,
        user: UserId,
        id: DocumentId,
        now: Timestamp,
    ) -> Result<DocumentWithBody> {
        let head = self.head(user, id).await?;
        let body = self.version_text(user, id, head.version, now).await?.1.body;
        let key = self.log.data_key(user, now).await?;
        let document = Sealer { user, key: &key }.document(head)?;
        Ok(DocumentWithBody { document, body })
    }

    /// A page of her documents without their texts. Nothing named means: all that are not in the trash.
    pub async fn list(
        &self,
        user: UserId,
        statuses: Option<Vec<DocumentStatus>>,
        kinds: Option<Vec<DocumentKind>>,
        page: Page,
        now: Timestamp,
    ) -> Result<Listing<Document>> {
        let all = DocumentStatus::ALL.iter().copied();
        let shown = || all.filter(|it| *it != DocumentStatus::Trashed).collect();
        let statuses = statuses.unwrap_or_else(shown);
        let kinds = kinds.unwrap_or_else(|| DocumentKind::ALL.to_vec());
        let listing = self
            .store()
            .documents(user, (&statuses, &kinds), page)
            .await?;
        if listing.items.is_empty() {
            return Ok(Listing {
                items: Vec::new(),
                pagination: listing.pagination,
            });
        }
        let key = self.log.data_key(user, now).await?;
        let sealer = Sealer { user, key: &key };
        let mut items = Vec::with_capacity(listing.items.len());
        for row in listing.items {
            let id = row.id;
            match sealer.document(row) {
                Ok(document) => items.push(document),
                Err(err) => tracing::error!(
                    document.id = %id,
                    error.chain = err.chain(),
                    "a document is left out of a list"
                ),
            }
        }
        Ok(Listing {
            items,
            pagination: listing.pagination,
        })
    }

    /// What is told of all versions that are kept, the first first.
    pub async fn versions(&self, user: UserId, id: DocumentId) -> Result<Vec<VersionAbout>> {
        self.head(user, id).await?;
        self.store().document_versions(user, id).await
    }

    /// A version with its text.
    pub async fn version(
        &self,
        user: UserId,
        id: DocumentId,
        number: u64,
        now: Timestamp,
    ) -> Result<DocumentVersion> {
        self.head(user, id).await?;
        let (about, text) = self.version_text(user, id, number, now).await?;
        let SealedVersion { sha256, body } = text;
        Ok(DocumentVersion {
            about,
            sha256,
            body,
        })
    }

    /// What has changed from one version to another; from the one before to the current one, if none is named.
    pub async fn diff(
        &self,
        (user, id): (UserId, DocumentId),
        (from, to): (Option<u64>, Option<u64>),
        unit: DiffUnit,
        now: Timestamp,
    ) -> Result<Vec<DiffPart>> {
        let head = self.head(user, id).await?;
        let to = to.unwrap_or(head.version);
        let from = from.unwrap_or_else(|| to.saturating_sub(1).max(1));
        let (_, from) = self.version_text(user, id, from, now).await?;
        let (_, to) = self.version_text(user, id, to, now).await?;
        Ok(diff(&from.body, &to.body, unit))
    }

    fn store(&self) -> &Store {
        &self.log.store
    }

    async fn head(&self, user: UserId, id: DocumentId) -> Result<DocumentRow> {
        self.store().document(user, id).await?.ok_or_else(missing)
    }

    async fn version_text(
        &self,
        user: UserId,
        id: DocumentId,
        number: u64,
        now: Timestamp,
    ) -> Result<(VersionAbout, SealedVersion)> {
        let row = self.store().document_version(user, id, number).await?;
        let row = row.ok_or_else(|| {
            Error::not_found(
                "VERSION_NOT_FOUND",
                "There is no such version of this document.",
            )
        })?;
        let key = self.log.data_key(user, now).await?;
        let text = Sealer { user, key: &key }.open_version(id, &row)?;
        Ok((row.about, text))
    }

    async fn count(&self, user: UserId, now: Timestamp) -> Result<()> {
        let refusal = || {
            Error::new(
                ErrorKind::TooMany,
                "TOO_MANY_WRITES",
                "That was a lot at once. Please try again in a minute.",
            )
        };
        let area = (user, "documents");
        count_write(self.store(), area, MAX_WRITES_A_MINUTE, refusal, now).await
    }

    /// An event of this document, for the transaction of the change it tells of.
    async fn event(
        &self,
        caller: &Caller,
        id: DocumentId,
        name: &'static str,
        data: Value,
        now: Timestamp,
    ) -> Result<Append> {
        let actor = Actor::user(caller.user, caller.session);
        let place = (caller.user, actor, &StreamName::document(id));
        self.log.tell_in(place, name, &data, now).await
    }
}

fn about(
    caller: &Caller,
    head: &DocumentRow,
    reason: VersionReason,
    parent: Option<u64>,
    now: Timestamp,
) -> VersionAbout {
    VersionAbout {
        number: head.version,
        at: now,
        by: Actor::user(caller.user, caller.session),
        reason,
        parent,
        bytes: head.bytes,
        is_first_of_day: head.version == 1,
    }
}

fn body(text: &str) -> Result<DocumentBody> {
    use crate::domain::document::BodyFault;
    DocumentBody::parse(text).map_err(|fault| match fault {
        BodyFault::TooLong => Error::new(ErrorKind::TooLarge, "TOO_LARGE", fault.message()),
        _ => Error::invalid_at("body", fault.message()),
    })
}

fn title(text: &str) -> Result<String> {
    document_title(text)
        .ok_or_else(|| Error::invalid_at("title", "A title is one line of at most 120 characters."))
}

fn links(links: Vec<DocumentLink>) -> Result<Vec<DocumentLink>> {
    let is_hash = |it: &String| it.len() == 64 && it.bytes().all(|it| it.is_ascii_hexdigit());
    if links.len() > MAX_LINKS
        || !links
            .iter()
            .all(|it| it.sha256.as_ref().is_none_or(is_hash))
    {
        let message =
            format!("A document has at most {MAX_LINKS} links, each with a SHA-256 or none.");
        return Err(Error::invalid_at("links", message));
    }
    Ok(links)
}

fn missing() -> Error {
    Error::not_found("DOCUMENT_NOT_FOUND", "This document does not exist.")
}

fn too_many_documents() -> Error {
    Error::conflict(
        "TOO_MANY_DOCUMENTS",
        "You have as many documents as there is room for. Please erase some that you do not need any more.",
    )
}

#[cfg(test)]
mod tests;
