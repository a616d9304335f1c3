//! Documents made from templates: fill in anew, check.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::changes::{NewText, frozen, must_not_be_trashed, version_conflict};
use super::checking::{DocumentCheck, check_of};
use super::made_text::{body, faults, no_template};
use super::sealed::DocumentText;
use super::{DocumentWithBody, Documents};
use crate::auth::Caller;
use crate::domain::document::VersionReason;
use crate::domain::{DocumentId, Error, Result, Timestamp, UserId};
use crate::templates::template;

/// Fields to be filled in. What is not named stays, `null` empties a field.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldsRequest {
    /// Values by the names of the fields.
    pub fields: Map<String, Value>,
}

impl Documents {
    /// Fills in fields of the template a document was made from; at the expected revision, if one is named.
    pub async fn fill(
        &self,
        caller: &Caller,
        id: DocumentId,
        expected: Option<u64>,
        request: &FieldsRequest,
        now: Timestamp,
    ) -> Result<DocumentWithBody> {
        let user = caller.user;
        let before = self.head(user, id).await?;
        if expected.is_some_and(|it| it != before.revision) {
            return Err(version_conflict(&before));
        }
        must_not_be_trashed(&before)?;
        if before.signed_at.is_some() {
            return Err(frozen());
        }
        let current = self.version_text(user, id, before.version, now).await?.1;
        let old = current.filled.ok_or_else(no_template_of_its_own)?;
        let template = template(&old.template_id, &before.language).ok_or_else(no_template)?;
        if template.version != old.template_version {
            return Err(template_changed());
        }
        let new = template.values(&request.fields).map_err(faults)?;
        let mut values = old.values.clone();
        values.retain(|name, _| !request.fields.contains_key(name));
        values.extend(new);
        let filled = template.fill(values);
        let filled = filled.map_err(|err| Error::bug("filling in a template", err))?;
        let refilled = old.refill(&current.body, &filled);
        self.count(user, now).await?;
        let text = NewText {
            text: DocumentText {
                body: body(&refilled.text)?,
                filled: Some(filled),
            },
            reason: VersionReason::Generated,
            parent: before.version,
        };
        match self.put_text(caller, &before, text, now).await? {
            Some(mut saved) => {
                if let Some(template) = &mut saved.template {
                    template.kept = refilled.kept;
                }
                Ok(saved)
            }
            None => Err(self.overtaken(caller, id).await?),
        }
    }

    /// Checks the current text of a document.
    pub async fn check(
        &self,
        user: UserId,
        id: DocumentId,
        now: Timestamp,
    ) -> Result<DocumentCheck> {
        let (head, text) = self.current(user, id, now).await?;
        Ok(check_of(&head, &text))
    }
}

fn no_template_of_its_own() -> Error {
    Error::conflict(
        "NOT_FROM_TEMPLATE",
        "This document was not made from a template, so it has no fields.",
    )
}

fn template_changed() -> Error {
    Error::conflict(
        "TEMPLATE_CHANGED",
        "The template was changed since this document was made. Please make a new document from it.",
    )
}
