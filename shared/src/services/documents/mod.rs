//! Documents: make, read, list, versions and their differences. Changes are in `changes`, texts made from templates in
//! `from_template`, files in `export`.

mod archives;
mod changes;
mod checking;
mod export;
pub(in crate::services) mod files;
mod from_template;
mod links;
mod made_text;
pub(in crate::services) mod sealed;
mod signing;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::auth::{Caller, DataKey};
use crate::domain::document::{
    DiffPart, DiffUnit, Document, DocumentKind, DocumentLink, DocumentStatus, MAX_DOCUMENTS,
    VersionReason, diff, document_title, is_language_tag,
};
use crate::domain::event::StreamName;
use crate::domain::{DocumentId, Error, Page, Result, Timestamp, UserId};
use crate::services::record::event_log::EventLog;
use crate::services::upkeep::write_rates::{count_write, too_many_writes};
use crate::store::{
    Append, DocumentRow, Listing, Store, TxOutcome, VersionAbout, retry_on_conflict,
};

use links::{links, must_be_hers};
use made_text::body;
use sealed::{DocumentSealer, DocumentText, SealedHead, SealedVersion};

pub use changes::DocumentPatch;
pub use checking::DocumentCheck;
pub use export::ExportFormat;
pub use files::{DocumentFiles, RenderWorker};
pub use from_template::FieldsRequest;
pub use made_text::DocumentTemplate;
pub use signing::{DocumentSigning, StatementTick};

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
    /// The text, in Markdown. One that is made from a template has none of its own.
    #[serde(default)]
    pub body: String,
    /// The template it is made from.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "notice-us-tida"))]
    pub template_id: Option<String>,
    /// What is filled in, by the names of the template's fields.
    #[serde(default)]
    pub fields: Map<String, Value>,
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
    /// What the text was made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<DocumentTemplate>,
}

impl DocumentWithBody {
    fn of(document: Document, text: SealedVersion) -> Self {
        Self {
            document,
            body: text.body,
            template: text.filled.map(DocumentTemplate::of),
        }
    }
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
        let text = new_text(&new)?;
        links(new.links.clone())?;
        must_be_hers(self.store(), caller.user, &new.links).await?;
        self.make(caller, new, text, now).await
    }

    /// Makes a document with this text.
    async fn make(
        &self,
        caller: &Caller,
        new: NewDocument,
        text: DocumentText,
        now: Timestamp,
    ) -> Result<DocumentWithBody> {
        let title = new.title.as_deref().map(title).transpose()?;
        let links = links(new.links)?;
        self.count(caller.user, now).await?;
        let user = caller.user;
        let key = self.log.data_key(user, now).await?;
        let sealer = DocumentSealer { user, key: &key };
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
                bytes: text.body.as_str().len() as u64,
                searchable: new.searchable,
                created_at: now,
                updated_at: now,
                edited_at: now,
                signed_at: None,
                trashed_at: None,
                is_erased: false,
                sealed: String::new(),
            };
            let text = SealedVersion::of(&head, text.clone());
            let named = title.clone().filter(|it| !it.is_empty());
            let sealed = SealedHead {
                title: named.unwrap_or_else(|| format!("Document {:04}", head.number)),
                sha256: text.sha256.clone(),
                links: links.clone(),
                signed_name: None,
                signed_statements: Vec::new(),
            };
            head.sealed = sealer.close_head(id, &sealed)?;
            let about = about(caller, &head, VersionReason::Created, None, now);
            let version = sealer.close_version(id, about, &text)?;
            let data = json!({
                "kind": head.kind, "language": head.language, "version": 1, "sha256": text.sha256,
                "template": text.filled.as_ref().map(|it| &it.template_id),
            });
            let event = self
                .event(caller, id, "document.created", data, now)
                .await?;
            let stored = self.store().create_document(user, &head, &version, event);
            match stored.await? {
                TxOutcome::Done => Ok(Some(DocumentWithBody::of(sealer.document(head)?, text))),
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
        let (head, text) = self.current(user, id, now).await?;
        let key = self.log.data_key(user, now).await?;
        let document = DocumentSealer { user, key: &key }.document(head)?;
        Ok(DocumentWithBody::of(document, text))
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
        let rows = ("a document", |it: &DocumentRow| it.id.into());
        let open = |key: &DataKey, row| DocumentSealer { user, key }.document(row);
        self.log.open_listing(user, rows, listing, now, open).await
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
        let SealedVersion { sha256, body, .. } = text;
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

    /// A document with its current text, as they are stored.
    async fn current(
        &self,
        user: UserId,
        id: DocumentId,
        now: Timestamp,
    ) -> Result<(DocumentRow, SealedVersion)> {
        let head = self.head(user, id).await?;
        let text = self.version_text(user, id, head.version, now).await?.1;
        Ok((head, text))
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
        let text = DocumentSealer { user, key: &key }.open_version(id, &row)?;
        Ok((row.about, text))
    }

    async fn count(&self, user: UserId, now: Timestamp) -> Result<()> {
        let area = (user, "documents");
        count_write(
            self.store(),
            area,
            MAX_WRITES_A_MINUTE,
            too_many_writes,
            now,
        )
        .await
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
        let actor = caller.actor();
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
        by: caller.actor(),
        reason,
        parent,
        bytes: head.bytes,
        is_first_of_day: head.version == 1,
    }
}

/// The text of a new document: her own, or that of a template.
fn new_text(new: &NewDocument) -> Result<DocumentText> {
    let Some(id) = &new.template_id else {
        if !new.fields.is_empty() {
            let message = "Fields belong to a template, and none is named.";
            return Err(Error::invalid_at("fields", message));
        }
        let body = body(&new.body)?;
        return Ok(DocumentText { body, filled: None });
    };
    if !new.body.is_empty() {
        let message = "A document made from a template has the text of the template at first.";
        return Err(Error::invalid_at("body", message));
    }
    made_text::text((id, &new.language), new.kind, &new.fields)
}

fn title(text: &str) -> Result<String> {
    document_title(text)
        .ok_or_else(|| Error::invalid_at("title", "A title is one line of at most 120 characters."))
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
