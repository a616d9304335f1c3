//! Document rows: create, list by state and kind, change under the expected revision, versions, trash, erase.
//!
//! The head has in clear what lists and rules need. Title, links and hash are sealed in it, the text in its
//! version. A change of the head, its version, the totals and its event are one transaction.

use serde::{Deserialize, Serialize};

use super::list::Counters;
use super::tx::{Condition, TxOutcome};
use super::{Append, Key, Listing, Row, Store};
use crate::domain::document::{DocumentKind, DocumentStatus, TRASH_SECONDS, VersionReason};
use crate::domain::event::Actor;
use crate::domain::feed::{FeedChange, FeedTopic};
use crate::domain::{DocumentId, Page, Result, Timestamp, UserId};

/// Kind of work in the `due` index: a document that lies in the trash or is being erased.
pub(crate) const DUE_DOCUMENT: &str = "DOCUMENT";

/// How soon an erasure that was interrupted is gone on with, in seconds.
const RESUME_ERASE_SECONDS: i64 = 60;

/// How many versions one transaction removes.
const MAX_REMOVED_AT_ONCE: usize = 90;

/// The totals: all documents, and how many were ever made.
const ALL: &str = "documents";
const MADE: &str = "documents.made";

/// The head of a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentRow {
    /// Its id.
    pub id: DocumentId,
    /// Its number among hers.
    pub number: u32,
    /// What it is for.
    pub kind: DocumentKind,
    /// The language of the text.
    pub language: String,
    /// How far it is.
    pub status: DocumentStatus,
    /// How far it was when it was put into the trash.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status_before: Option<DocumentStatus>,
    /// The number of the current version.
    pub version: u64,
    /// How many versions are kept.
    pub kept: u64,
    /// Counts every change.
    pub revision: u64,
    /// The size of the current text in bytes.
    pub bytes: u64,
    /// Whether a search finds it.
    pub searchable: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When the text last changed.
    pub edited_at: Timestamp,
    /// When she signed it; the text is frozen since.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub signed_at: Option<Timestamp>,
    /// When it was put into the trash.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trashed_at: Option<Timestamp>,
    /// It is being erased; to everybody it is gone.
    #[serde(default)]
    pub is_erased: bool,
    /// Title, links and hash, sealed with her data key.
    pub sealed: String,
}

/// A version of a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentVersionRow {
    /// What is told of it without its text.
    #[serde(flatten)]
    pub about: VersionAbout,
    /// Hash and text, sealed with her data key.
    pub sealed: String,
}

/// What is told of a version without its text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct VersionAbout {
    /// Its number, from 1.
    pub number: u64,
    /// When it was saved.
    pub at: Timestamp,
    /// Who saved it.
    pub by: Actor,
    /// Why.
    pub reason: VersionReason,
    /// The version it was made from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parent: Option<u64>,
    /// The size of the text in bytes.
    pub bytes: u64,
    /// It is the first of its day.
    pub is_first_of_day: bool,
}

/// Her totals of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DocumentTotals {
    /// All, those in the trash among them.
    pub(crate) all: u64,
    /// How many were ever made.
    pub(crate) made: u32,
}

/// A change of a document.
pub(crate) struct DocumentChange<'a> {
    pub(crate) before: &'a DocumentRow,
    pub(crate) after: &'a DocumentRow,
    /// The new version, if the text changes.
    pub(crate) version: Option<&'a DocumentVersionRow>,
    /// The version that is kept no longer.
    pub(crate) pruned: Option<u64>,
    pub(crate) event: Append,
}

fn key(user: UserId, id: DocumentId) -> Key {
    Key::user(user, format!("DOC#{id}"))
}

fn version_key(user: UserId, id: DocumentId, number: u64) -> Key {
    Key::user(user, format!("DOCV#{id}#{number:06}"))
}

fn run((status, kind): (DocumentStatus, DocumentKind)) -> String {
    format!("DOC#{}#{}", status.as_str(), kind.as_str())
}

fn counter((status, kind): (DocumentStatus, DocumentKind)) -> String {
    format!("document.{}.{}", status.as_str(), kind.as_str())
}

/// What open apps are told of a document.
fn changed(head: &DocumentRow) -> FeedChange {
    FeedChange {
        v: Some(head.revision),
        ..FeedChange::of(FeedTopic::Document, head.id)
    }
}

/// The head as it is stored: listed unless it is being erased, due while it lies in the trash.
fn head_row(user: UserId, head: &DocumentRow, erase_at: Option<Timestamp>) -> Row<&DocumentRow> {
    let row = Row::new(key(user, head.id), head);
    let row = match erase_at {
        Some(at) => row.due(DUE_DOCUMENT, at),
        None => row,
    };
    if head.is_erased {
        return row;
    }
    let newest_first = head.updated_at.newest_first();
    row.listed(format!(
        "{}#{newest_first}.{}",
        run((head.status, head.kind)),
        head.id
    ))
}

impl DocumentRow {
    /// When it is erased from the trash, or its erasure is gone on with.
    #[must_use]
    pub fn erase_at(&self) -> Option<Timestamp> {
        match self.is_erased {
            true => Some(self.updated_at.plus_seconds(RESUME_ERASE_SECONDS)),
            false => self.trashed_at.map(|it| it.plus_seconds(TRASH_SECONDS)),
        }
    }
}

impl Store {
    /// The head of a document of hers, unless it is erased.
    pub async fn document(&self, user: UserId, id: DocumentId) -> Result<Option<DocumentRow>> {
        let head: Option<DocumentRow> = self.get(&key(user, id)).await?;
        Ok(head.filter(|it| !it.is_erased))
    }

    /// A page of her documents of these kinds in these states, the last changed first.
    pub async fn documents(
        &self,
        user: UserId,
        (statuses, kinds): (&[DocumentStatus], &[DocumentKind]),
        page: Page,
    ) -> Result<Listing<DocumentRow>> {
        self.listing(user, page, |counters: &Counters| {
            let pairs = statuses
                .iter()
                .flat_map(|status| kinds.iter().map(|kind| (*status, *kind)));
            pairs
                .map(|it| (run(it), counters.get(&counter(it))))
                .collect()
        })
        .await
    }

    /// Her totals of documents.
    pub(crate) async fn document_totals(&self, user: UserId) -> Result<DocumentTotals> {
        let counters = self.counters(user).await?;
        Ok(DocumentTotals {
            all: counters.get(ALL),
            made: u32::try_from(counters.get(MADE)).unwrap_or(u32::MAX),
        })
    }

    /// Stores a new document if its number is the next one.
    pub(crate) async fn create_document(
        &self,
        user: UserId,
        head: &DocumentRow,
        version: &DocumentVersionRow,
        event: Append,
    ) -> Result<TxOutcome> {
        let state = counter((head.status, head.kind));
        let counts = [(ALL.to_owned(), 1), (MADE.to_owned(), 1), (state, 1)];
        self.tx()
            .create(&head_row(user, head, None))
            .named(Condition::IsNew)
            .create(&Row::new(
                version_key(user, head.id, version.about.number),
                version,
            ))
            .count(user, &counts)
            // Below its own number: nobody else has got it.
            .room(MADE, head.number)
            .publish(user, changed(head))
            .append(event)
            .commit()
            .await
    }

    /// Changes a document that is still at the revision it was read at. `false`: somebody was faster.
    pub(crate) async fn change_document(
        &self,
        user: UserId,
        change: DocumentChange<'_>,
    ) -> Result<bool> {
        let DocumentChange {
            before,
            after,
            version,
            pruned,
            event,
        } = change;
        let (from, to) = ((before.status, before.kind), (after.status, after.kind));
        let mut moves = vec![(super::list::CHANGES.to_owned(), 1)];
        if after.is_erased {
            moves.push((counter(from), -1));
        } else if from != to {
            moves.extend([(counter(from), -1), (counter(to), 1)]);
        }
        let mut tx = self
            .tx()
            .put_when(
                &head_row(user, after, after.erase_at()),
                "revision",
                before.revision,
            )
            .count(user, &moves)
            .publish(user, changed(after))
            .append(event);
        if let Some(version) = version {
            tx = tx.create(&Row::new(
                version_key(user, after.id, version.about.number),
                version,
            ));
        }
        if let Some(number) = pruned {
            tx = tx.delete(&version_key(user, after.id, number));
        }
        Ok(tx.commit().await?.is_done())
    }

    /// One version of a document.
    pub(crate) async fn document_version(
        &self,
        user: UserId,
        id: DocumentId,
        number: u64,
    ) -> Result<Option<DocumentVersionRow>> {
        self.get(&version_key(user, id, number)).await
    }

    /// What is told of a version, without reading more of a damaged one than that it is there.
    pub(crate) async fn version_about(
        &self,
        user: UserId,
        id: DocumentId,
        number: u64,
    ) -> Result<Option<VersionAbout>> {
        self.get_readable(&version_key(user, id, number)).await
    }

    /// What is told of all versions that are kept, the first first.
    pub(crate) async fn document_versions(
        &self,
        user: UserId,
        id: DocumentId,
    ) -> Result<Vec<VersionAbout>> {
        self.rows_under(Key::user(user, format!("DOCV#{id}#")))
            .await
    }

    /// Removes what is left of a document whose head says that it is erased; any number of times.
    pub(crate) async fn remove_erased_document(&self, user: UserId, id: DocumentId) -> Result<()> {
        // All numbers it can have, so that an unreadable version goes as well.
        let Some(head) = self.get::<DocumentRow>(&key(user, id)).await? else {
            return Ok(());
        };
        if !head.is_erased {
            return Ok(());
        }
        let numbers: Vec<u64> = (1..=head.version).collect();
        for some in numbers.chunks(MAX_REMOVED_AT_ONCE) {
            let mut tx = self.tx();
            for number in some {
                tx = tx.delete(&version_key(user, id, *number));
            }
            tx.commit().await?;
        }
        let tx = self.tx().delete_existing(&key(user, id));
        tx.count(user, &[(ALL.to_owned(), -1)]).commit().await?;
        Ok(())
    }

    /// The head of a document that is due, erased or not.
    pub(crate) async fn due_document(
        &self,
        user: UserId,
        id: DocumentId,
    ) -> Result<Option<DocumentRow>> {
        self.get(&key(user, id)).await
    }

    /// Has the schedule erase a document that lay in the trash for long enough. `false`: it was taken out.
    pub(crate) async fn expire_document(
        &self,
        user: UserId,
        before: &DocumentRow,
        now: Timestamp,
    ) -> Result<bool> {
        let after = DocumentRow {
            is_erased: true,
            revision: before.revision + 1,
            updated_at: now,
            ..before.clone()
        };
        let row = head_row(user, &after, after.erase_at());
        let moves = [
            (super::list::CHANGES.to_owned(), 1),
            (counter((before.status, before.kind)), -1),
        ];
        let tx = self.tx().put_when(&row, "revision", before.revision);
        let tx = tx.count(user, &moves).publish(user, changed(&after));
        Ok(tx.commit().await?.is_done())
    }
}

#[cfg(test)]
mod tests;
