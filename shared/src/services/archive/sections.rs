//! The sections of an archive, and the files that each page of rows becomes.
//!
//! Each kind of row is read as its type and shown as the API shows it, so what she is never shown (hashes of
//! passwords, tokens, secrets, fingerprints) is in no archive.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::event_pages::event_page;
use super::section_page::{ArchiveFile, SectionPage};
use super::zip::Packing;
use crate::auth::DataKey;
use crate::domain::{
    Account, Alert, ArchiveScope, DocumentId, Error, Match, Result, Timestamp, UserId,
};
use crate::objects::{Objects, key};
use crate::services::documents::sealed::DocumentSealer;
use crate::services::evidence::sealed::SealedRecord;
use crate::services::people::users::User;
use crate::services::record::event_log::EventLog;
use crate::services::takedowns::sealed::RequestSealer;
use crate::store::{
    AnswersRow, DocumentRow, DocumentVersionRow, EvidenceRow, ImageRow, LinkedRow, NoticeAttempt,
    PlanRow, PreferencesRow, RowKind, ScanRow, TakedownAttempt, TakedownMailRow, TakedownRow,
};

/// How many rows a file has at most.
const ROWS_A_FILE: i32 = 500;

/// The most bytes of a copy of a picture that is put in.
const MAX_PICTURE_BYTES: usize = 16 * 1024 * 1024;

/// A section of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    /// Rows of a kind.
    Rows(RowKind),
    /// The copies of her pictures.
    Copies,
    /// Her events.
    Events,
}

/// The sections of an archive of everything, in order.
const EVERYTHING: [(&str, Section); 19] = [
    ("account", Section::Rows(RowKind::Profile)),
    ("preferences", Section::Rows(RowKind::Preferences)),
    ("answers", Section::Rows(RowKind::Answers)),
    ("plan", Section::Rows(RowKind::Plan)),
    ("pictures", Section::Rows(RowKind::Image)),
    ("picture-files", Section::Copies),
    ("findings", Section::Rows(RowKind::Match)),
    ("alerts", Section::Rows(RowKind::Alert)),
    ("cleared-alerts", Section::Rows(RowKind::ClearedAlert)),
    ("scans", Section::Rows(RowKind::Scan)),
    ("linked-accounts", Section::Rows(RowKind::Account)),
    ("messages", Section::Rows(RowKind::Delivery)),
    ("documents", Section::Rows(RowKind::Document)),
    ("document-versions", Section::Rows(RowKind::DocumentVersion)),
    ("evidence", Section::Rows(RowKind::Evidence)),
    ("requests", Section::Rows(RowKind::Takedown)),
    ("request-attempts", Section::Rows(RowKind::TakedownAttempt)),
    ("request-mails", Section::Rows(RowKind::TakedownMail)),
    ("events", Section::Events),
];

/// Those of an archive of her documents.
const DOCUMENTS: [(&str, Section); 2] = [
    ("documents", Section::Rows(RowKind::Document)),
    ("document-versions", Section::Rows(RowKind::DocumentVersion)),
];

/// The sections of an archive, each with the name of its folder.
pub(super) fn sections(scope: ArchiveScope) -> &'static [(&'static str, Section)] {
    match scope {
        ArchiveScope::Everything => &EVERYTHING,
        ArchiveScope::Documents => &DOCUMENTS,
    }
}

/// Reads what is kept of a woman.
pub(super) struct ArchiveReader<'a> {
    pub(super) log: &'a EventLog,
    pub(super) objects: &'a Objects,
    pub(super) user: UserId,
    pub(super) key: Arc<DataKey>,
    pub(super) now: Timestamp,
}

impl ArchiveReader<'_> {
    /// A page of a section, behind the page that ended so. `number` is its own, from 1.
    pub(super) async fn page(
        &self,
        section: Section,
        after: Option<&str>,
        number: u32,
    ) -> Result<SectionPage> {
        match section {
            Section::Rows(kind) => self.rows_of(kind, (after, number)).await,
            Section::Copies => self.copy(after).await,
            Section::Events => event_page((self.log, self.user), after, number, self.now).await,
        }
    }

    async fn rows_of(&self, kind: RowKind, at: (Option<&str>, u32)) -> Result<SectionPage> {
        match kind {
            RowKind::Profile => {
                self.rows(kind, at, |_, it: Account| json(&User::from(it)))
                    .await
            }
            RowKind::Preferences => self.rows(kind, at, |_, it| preferences(&it)).await,
            RowKind::Answers => {
                self.rows(kind, at, |_, it: AnswersRow| json(&it.answers))
                    .await
            }
            RowKind::Plan => self.rows(kind, at, |_, it: PlanRow| json(&it.plan)).await,
            RowKind::Image => self.rows(kind, at, |_, it: ImageRow| json(&it.image)).await,
            RowKind::Match => self.rows(kind, at, |_, it: Match| json(&it)).await,
            RowKind::Alert | RowKind::ClearedAlert => {
                self.rows(kind, at, |_, it: Alert| json(&it)).await
            }
            RowKind::Scan => self.rows(kind, at, |_, it: ScanRow| json(&it.scan)).await,
            RowKind::Account => self.rows(kind, at, |_, it| linked(&it)).await,
            RowKind::Delivery => self.rows(kind, at, |_, it: NoticeAttempt| json(&it)).await,
            RowKind::Document => self.rows(kind, at, |_, it| self.document(it)).await,
            RowKind::DocumentVersion => self.rows(kind, at, |id, it| self.version(id, it)).await,
            RowKind::Evidence => self.rows(kind, at, |_, it| self.evidence(it)).await,
            RowKind::Takedown => self.rows(kind, at, |_, it| self.takedown(&it)).await,
            RowKind::TakedownAttempt => self.rows(kind, at, |id, it| attempt(id, &it)).await,
            RowKind::TakedownMail => self.rows(kind, at, |_, it| self.mail(&it)).await,
        }
    }

    /// A page of rows as a list in JSON. What cannot be read or opened is counted, and hides nothing else.
    async fn rows<T: DeserializeOwned>(
        &self,
        kind: RowKind,
        (after, number): (Option<&str>, u32),
        show: impl Fn(&str, T) -> Result<Value>,
    ) -> Result<SectionPage> {
        let store = &self.log.store;
        let page = store.rows_of_kind::<T>(self.user, kind, after, ROWS_A_FILE);
        let page = page.await?;
        let mut made = SectionPage {
            left_out: page.unreadable,
            next: page.next,
            ..SectionPage::default()
        };
        let mut shown = Vec::with_capacity(page.rows.len());
        for (name, row) in page.rows {
            match show(&name, row) {
                Ok(it) => shown.push(it),
                Err(err) => {
                    made.left_out += 1;
                    tracing::error!(row.kind = ?kind, error.chain = err.chain(), "a row is left out of an archive");
                }
            }
        }
        made.items = shown.len() as u64;
        if !shown.is_empty() {
            made.file = Some(ArchiveFile {
                name: format!("{number:04}.json"),
                bytes: serde_json::to_vec_pretty(&shown).map_err(unwritten)?,
                packing: Packing::Deflated,
            });
        }
        Ok(made)
    }

    /// The copy of one picture.
    async fn copy(&self, after: Option<&str>) -> Result<SectionPage> {
        let store = &self.log.store;
        let page = store.rows_of_kind::<ImageRow>(self.user, RowKind::Image, after, 1);
        let page = page.await?;
        let mut made = SectionPage {
            next: page.next,
            ..SectionPage::default()
        };
        for (_, row) in page.rows {
            let id = row.image.id;
            let place = key::display(self.user, id);
            // One that was not taken in yet, or is purged, has none.
            let Some(bytes) = self.objects.get(&place, MAX_PICTURE_BYTES).await? else {
                continue;
            };
            made.items += 1;
            made.file = Some(ArchiveFile {
                name: format!("{id}.jpg"),
                bytes: bytes.into(),
                packing: Packing::Stored,
            });
        }
        Ok(made)
    }

    fn document(&self, row: DocumentRow) -> Result<Value> {
        let (user, key) = (self.user, &*self.key);
        json(&DocumentSealer { user, key }.document(row)?)
    }

    fn version(&self, name: &str, row: DocumentVersionRow) -> Result<Value> {
        let id = name.split('#').next().and_then(DocumentId::parse);
        let id = id.ok_or_else(|| unnamed("a version of a document"))?;
        let (user, key) = (self.user, &*self.key);
        let text = DocumentSealer { user, key }.open_version(id, &row)?;
        let about = json(&row.about)?;
        Ok(json!({
            "documentId": id, "version": about, "sha256": text.sha256, "body": text.body,
        }))
    }

    fn evidence(&self, row: EvidenceRow) -> Result<Value> {
        let record = SealedRecord::open((self.user, &self.key), &row)?;
        json(&record.view(row))
    }

    fn takedown(&self, row: &TakedownRow) -> Result<Value> {
        let (user, key) = (self.user, &*self.key);
        let contents = RequestSealer { user, key }.open(row)?;
        let mut shown = json(row)?;
        if let Some(shown) = shown.as_object_mut() {
            shown.remove("sealed");
            shown.insert("contents".into(), json(&contents)?);
        }
        Ok(shown)
    }

    /// A mail about a request, with what it says.
    fn mail(&self, row: &TakedownMailRow) -> Result<Value> {
        let (user, key) = (self.user, &*self.key);
        let contents = RequestSealer { user, key }.open_mail(row)?;
        let mut shown = json(row)?;
        if let Some(shown) = shown.as_object_mut() {
            shown.remove("sealed");
            shown.insert("contents".into(), json(&contents)?);
        }
        Ok(shown)
    }
}

/// What she chose, without what calls of her webhook are signed with and what stops mails.
fn preferences(row: &PreferencesRow) -> Result<Value> {
    Ok(json!({
        "preferences": json(&row.preferences)?,
        "updatedAt": row.updated_at,
        "faceConsentAt": row.face_consent_at,
        "faceWithdrawnAt": row.face_withdrawn_at,
        "mailStop": json(&row.mail_stop)?,
    }))
}

/// An account elsewhere, without what lets us in.
fn linked(row: &LinkedRow) -> Result<Value> {
    Ok(json!({
        "account": json(&row.account)?, "bio": row.bio, "seen": json(&row.looks)?,
    }))
}

fn attempt(name: &str, row: &TakedownAttempt) -> Result<Value> {
    let id = name.split('#').next().unwrap_or_default();
    Ok(json!({ "requestId": id, "attempt": json(row)? }))
}

fn json(it: &impl Serialize) -> Result<Value> {
    serde_json::to_value(it).map_err(unwritten)
}

fn unwritten(err: serde_json::Error) -> Error {
    Error::bug("writing a file of an archive", err)
}

fn unnamed(what: &'static str) -> Error {
    Error::bug(
        "reading a row for an archive",
        format!("{what} names no id"),
    )
}
