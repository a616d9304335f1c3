//! Changes of a document: save, restore a version, title and state, trash, erase, copy.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::checking::must_be_complete;
use super::links::must_be_hers;
use super::{
    DocumentSealer, DocumentText, DocumentWithBody, Documents, NewDocument, SealedVersion, about,
    body, links, missing, title,
};
use crate::auth::Caller;
use crate::domain::document::{
    DocumentLink, DocumentStatus, MAX_VERSIONS, RECENT_VERSIONS, VersionReason,
};
use crate::domain::{DocumentId, Error, Result, Timestamp, UserId};
use crate::store::{DocumentChange, DocumentRow, retry_on_conflict};

/// Changes of a document beside its text. What is not named stays.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DocumentPatch {
    /// Her name for it.
    #[serde(default)]
    pub title: Option<String>,
    /// Whether a search finds it.
    #[serde(default)]
    pub searchable: Option<bool>,
    /// `DRAFT`, `READY` or `ARCHIVED`.
    #[serde(default)]
    pub status: Option<DocumentStatus>,
    /// What it refers to.
    #[serde(default)]
    pub links: Option<Vec<DocumentLink>>,
}

/// A new text for a document.
pub(super) struct NewText {
    pub(super) text: DocumentText,
    pub(super) reason: VersionReason,
    pub(super) parent: u64,
}

impl Documents {
    /// Saves a whole new text, if the document is at the revision that the caller must name.
    pub async fn save(
        &self,
        caller: &Caller,
        id: DocumentId,
        expected: Option<u64>,
        text: &str,
        now: Timestamp,
    ) -> Result<DocumentWithBody> {
        let before = self.head(caller.user, id).await?;
        let expected = expected.ok_or_else(unconditional)?;
        if expected != before.revision {
            return Err(version_conflict(&before));
        }
        let body = body(text)?;
        self.count(caller.user, now).await?;
        let current = self.version_text(caller.user, id, before.version, now);
        let filled = current.await?.1.filled;
        if let Some(block) = filled.as_ref().and_then(|it| it.lost_block(body.as_str())) {
            return Err(locked_text(&block.text));
        }
        let text = NewText {
            text: DocumentText { body, filled },
            reason: VersionReason::Edited,
            parent: before.version,
        };
        let saved = self.put_text(caller, &before, text, now).await?;
        match saved {
            Some(saved) => Ok(saved),
            None => Err(self.overtaken(caller, id).await?),
        }
    }

    /// Takes an earlier version again, as a new version.
    pub async fn restore_version(
        &self,
        caller: &Caller,
        id: DocumentId,
        number: u64,
        now: Timestamp,
    ) -> Result<DocumentWithBody> {
        let user = caller.user;
        self.count(user, now).await?;
        self.head(user, id).await?;
        let (_, old) = self.version_text(user, id, number, now).await?;
        let body = body(&old.body)?;
        retry_on_conflict("restoring a version of a document", || async {
            let before = self.head(user, id).await?;
            let text = NewText {
                text: DocumentText {
                    body: body.clone(),
                    filled: old.filled.clone(),
                },
                reason: VersionReason::Restored,
                parent: number,
            };
            self.put_text(caller, &before, text, now).await
        })
        .await
    }

    /// Changes title, state, links and whether it is found; at the expected revision, if one is named.
    pub async fn patch(
        &self,
        caller: &Caller,
        id: DocumentId,
        expected: Option<u64>,
        patch: DocumentPatch,
        now: Timestamp,
    ) -> Result<DocumentWithBody> {
        let new_title = patch.title.as_deref().map(title).transpose()?;
        let new_links = patch.links.clone().map(links).transpose()?;
        let allowed = [
            DocumentStatus::Draft,
            DocumentStatus::Ready,
            DocumentStatus::Archived,
        ];
        if patch.status.is_some_and(|it| !allowed.contains(&it)) {
            let message = "The status can be set to DRAFT, READY or ARCHIVED.";
            return Err(Error::invalid_at("status", message));
        }
        self.count(caller.user, now).await?;
        if let Some(links) = &new_links {
            self.must_have_new_links_of_hers(caller.user, id, links, now)
                .await?;
        }
        let mut checked = None;
        if patch.status == Some(DocumentStatus::Ready) {
            let (head, text) = self.current(caller.user, id, now).await?;
            must_be_complete(&head, &text)?;
            checked = Some(head.version);
        }
        self.change(caller, id, "document.changed", now, |before, sealed| {
            if expected.is_some_and(|it| it != before.revision) {
                return Err(version_conflict(before));
            }
            must_not_be_trashed(before)?;
            // Another text was saved since it was checked.
            if checked.is_some_and(|it| it != before.version) {
                return Err(version_conflict(before));
            }
            let mut after = before.clone();
            if let Some(status) = patch.status {
                let is_thawing = before.signed_at.is_some() && status != DocumentStatus::Archived;
                after.status = if is_thawing {
                    DocumentStatus::Signed
                } else {
                    status
                };
            }
            after.searchable = patch.searchable.unwrap_or(before.searchable);
            if let Some(title) = new_title.clone().filter(|it| !it.is_empty()) {
                sealed.title = title;
            }
            if let Some(links) = new_links.clone() {
                sealed.links = links;
            }
            let data = json!({ "status": after.status, "searchable": after.searchable });
            Ok(Some((after, data)))
        })
        .await?;
        self.get(caller.user, id, now).await
    }

    /// Refuses links that the document did not have before, if they lead to what is not hers. What it had may be gone.
    async fn must_have_new_links_of_hers(
        &self,
        user: UserId,
        id: DocumentId,
        links: &[DocumentLink],
        now: Timestamp,
    ) -> Result<()> {
        let head = self.head(user, id).await?;
        let key = self.log.data_key(user, now).await?;
        let before = DocumentSealer { user, key: &key }.open_head(&head)?.links;
        let new = links.iter().filter(|it| {
            let mut known = before.iter();
            !known.any(|old| (old.kind, old.id) == (it.kind, it.id))
        });
        let new: Vec<DocumentLink> = new.cloned().collect();
        must_be_hers(self.store(), user, &new).await
    }

    /// Puts a document into the trash; there already, it stays there.
    pub async fn trash(&self, caller: &Caller, id: DocumentId, now: Timestamp) -> Result<()> {
        self.count(caller.user, now).await?;
        self.change(caller, id, "document.trashed", now, |before, _| {
            if before.status == DocumentStatus::Trashed {
                return Ok(None);
            }
            let after = DocumentRow {
                status: DocumentStatus::Trashed,
                status_before: Some(before.status),
                trashed_at: Some(now),
                ..before.clone()
            };
            let data = json!({ "erasedAt": after.erase_at() });
            Ok(Some((after, data)))
        })
        .await
    }

    /// Takes a document out of the trash.
    pub async fn take_back(
        &self,
        caller: &Caller,
        id: DocumentId,
        now: Timestamp,
    ) -> Result<DocumentWithBody> {
        self.count(caller.user, now).await?;
        self.change(caller, id, "document.restored", now, |before, _| {
            if before.status != DocumentStatus::Trashed {
                return Ok(None);
            }
            let after = DocumentRow {
                status: before.status_before.unwrap_or(DocumentStatus::Draft),
                status_before: None,
                trashed_at: None,
                ..before.clone()
            };
            let data = json!({ "status": after.status });
            Ok(Some((after, data)))
        })
        .await?;
        self.get(caller.user, id, now).await
    }

    /// Erases a document with all its versions. Interrupted, the schedule goes on with it.
    pub async fn erase(&self, caller: &Caller, id: DocumentId, now: Timestamp) -> Result<()> {
        self.count(caller.user, now).await?;
        self.change(caller, id, "document.erased", now, |before, _| {
            let after = DocumentRow {
                is_erased: true,
                ..before.clone()
            };
            Ok(Some((after, json!({ "versions": before.kept }))))
        })
        .await?;
        self.store().remove_erased_document(caller.user, id).await
    }

    /// A new draft with the current text.
    pub async fn copy(
        &self,
        caller: &Caller,
        id: DocumentId,
        now: Timestamp,
    ) -> Result<DocumentWithBody> {
        let user = caller.user;
        let (head, text) = self.current(user, id, now).await?;
        let key = self.log.data_key(user, now).await?;
        let document = DocumentSealer { user, key: &key }.document(head)?;
        let text = DocumentText {
            body: body(&text.body)?,
            filled: text.filled,
        };
        let new = NewDocument {
            kind: document.kind,
            title: Some(document.title),
            language: document.language,
            body: String::new(),
            template_id: None,
            fields: Map::new(),
            links: document.links,
            searchable: document.searchable,
        };
        self.make(caller, new, text, now).await
    }

    pub(super) async fn overtaken(&self, caller: &Caller, id: DocumentId) -> Result<Error> {
        let head = self.store().document(caller.user, id).await?;
        Ok(head.map_or_else(missing, |it| version_conflict(&it)))
    }

    /// Stores a new text behind this head. `None`: somebody was faster.
    pub(super) async fn put_text(
        &self,
        caller: &Caller,
        before: &DocumentRow,
        text: NewText,
        now: Timestamp,
    ) -> Result<Option<DocumentWithBody>> {
        must_not_be_trashed(before)?;
        if before.signed_at.is_some() {
            return Err(frozen());
        }
        let (user, id) = (caller.user, before.id);
        let pruned = self.version_to_prune(caller, before).await?;
        if pruned.is_none() && before.kept >= MAX_VERSIONS {
            return Err(Error::conflict(
                "TOO_MANY_VERSIONS",
                "This document has as many versions as there is room for. Please go on in a copy.",
            ));
        }
        let key = self.log.data_key(user, now).await?;
        let sealer = DocumentSealer { user, key: &key };
        let mut after = DocumentRow {
            status: DocumentStatus::Draft,
            version: before.version + 1,
            kept: before.kept + u64::from(pruned.is_none()),
            revision: before.revision + 1,
            bytes: text.text.body.as_str().len() as u64,
            updated_at: now,
            edited_at: now,
            ..before.clone()
        };
        let mut version = about(caller, &after, text.reason, Some(text.parent), now);
        version.is_first_of_day = now.day() != before.edited_at.day();
        let sealed_text = SealedVersion::of(&after, text.text);
        let mut head = sealer.open_head(before)?;
        head.sha256.clone_from(&sealed_text.sha256);
        after.sealed = sealer.close_head(id, &head)?;
        let version = sealer.close_version(id, version, &sealed_text)?;
        let data = json!({
            "version": after.version, "sha256": sealed_text.sha256, "reason": text.reason, "parent": text.parent,
        });
        let event = self.event(caller, id, "document.edited", data, now).await?;
        let change = DocumentChange {
            before,
            after: &after,
            version: Some(&version),
            pruned,
            event,
        };
        if !self.store().change_document(user, change).await? {
            return Ok(None);
        }
        let document = sealer.document(after)?;
        Ok(Some(DocumentWithBody::of(document, sealed_text)))
    }

    /// The version that the next one pushes out: the one that is recent no more, unless it is the first of its
    /// day.
    async fn version_to_prune(&self, caller: &Caller, head: &DocumentRow) -> Result<Option<u64>> {
        let Some(number) = head
            .version
            .checked_sub(RECENT_VERSIONS - 1)
            .filter(|it| *it > 0)
        else {
            return Ok(None);
        };
        let old = self
            .store()
            .version_about(caller.user, head.id, number)
            .await?;
        Ok(old.filter(|it| !it.is_first_of_day).map(|_| number))
    }

    /// Changes the head by a rule, with its event. A rule that answers nothing finds it as it shall be.
    pub(super) async fn change(
        &self,
        caller: &Caller,
        id: DocumentId,
        event: &'static str,
        now: Timestamp,
        rule: impl Fn(&DocumentRow, &mut super::SealedHead) -> Result<Option<(DocumentRow, Value)>>,
    ) -> Result<()> {
        let user = caller.user;
        let key = self.log.data_key(user, now).await?;
        let sealer = DocumentSealer { user, key: &key };
        retry_on_conflict("changing a document", || async {
            let before = self.head(user, id).await?;
            let mut sealed = sealer.open_head(&before)?;
            let Some((mut after, data)) = rule(&before, &mut sealed)? else {
                return Ok(Some(()));
            };
            after.sealed = sealer.close_head(id, &sealed)?;
            after.revision = before.revision + 1;
            after.updated_at = now;
            let event = self.event(caller, id, event, data, now).await?;
            let change = DocumentChange {
                before: &before,
                after: &after,
                version: None,
                pruned: None,
                event,
            };
            let is_done = self.store().change_document(user, change).await?;
            Ok(is_done.then_some(()))
        })
        .await
    }
}

pub(super) fn must_not_be_trashed(head: &DocumentRow) -> Result<()> {
    match head.status == DocumentStatus::Trashed {
        true => Err(Error::conflict(
            "DOCUMENT_IN_TRASH",
            "This document lies in the trash. Please take it out first.",
        )),
        false => Ok(()),
    }
}

fn locked_text(block: &str) -> Error {
    let message = "A part of this text is needed by law and has to stay as it is, in its place.";
    Error::conflict("LOCKED_TEXT_CHANGED", message).with_details(json!({ "text": block }))
}

fn unconditional() -> Error {
    Error::unconditional(
        "Please say which state of the document this text follows: send its ETag as If-Match.",
    )
}

pub(super) fn frozen() -> Error {
    Error::conflict(
        "FROZEN",
        "You have signed this document, so its text stays as it is. You can go on in a copy.",
    )
}

pub(super) fn version_conflict(head: &DocumentRow) -> Error {
    Error::version_conflict(
        "This document was changed somewhere else meanwhile. Please look at that version first.",
        json!({ "version": head.version, "revision": head.revision }),
    )
}
