//! Mails about a request as she is shown them: a summary first, the text on demand.

use serde::Serialize;

use super::sealed::RequestSealer;
use super::{Takedowns, missing};
use crate::domain::takedown::ReplyKind;
use crate::domain::{Error, Result, TakedownId, Timestamp, UserId};
use crate::store::TakedownMailRow;

/// A mail about a request, without what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TakedownMail {
    /// Its name.
    pub id: String,
    /// When it came.
    pub received_at: Timestamp,
    /// What it says, by fixed rules.
    pub kind: ReplyKind,
    /// The same in a sentence.
    pub summary: &'static str,
    /// Whether it is provably of the recipient. What is not changes nothing.
    pub is_verified: bool,
    /// How many attachments it had. They were not kept.
    pub attachments: u32,
}

/// A mail about a request with what it says, as plain text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TakedownMailText {
    /// What is known of it.
    #[serde(flatten)]
    pub mail: TakedownMail,
    /// The address of who wrote it; empty if it does not say.
    pub from: String,
    /// Its subject.
    pub subject: String,
    /// What it says. It is somebody else's text: it may hurt, and its links may not be safe.
    pub text: String,
}

impl From<TakedownMailRow> for TakedownMail {
    fn from(row: TakedownMailRow) -> Self {
        let unverified = "Somebody wrote who may not be the recipient. Nothing was changed by it.";
        Self {
            summary: match row.is_verified {
                true => row.kind.summary(),
                false => unverified,
            },
            id: row.id,
            received_at: row.received_at,
            kind: row.kind,
            is_verified: row.is_verified,
            attachments: row.attachments,
        }
    }
}

impl Takedowns {
    /// The mails about a request, the first first, without what they say.
    pub async fn mails(&self, user: UserId, id: TakedownId) -> Result<Vec<TakedownMail>> {
        self.store().takedown(user, id).await?.ok_or_else(missing)?;
        let rows = self.store().takedown_mails(user, id).await?;
        Ok(rows.into_iter().map(TakedownMail::from).collect())
    }

    /// A mail about a request with what it says.
    pub async fn mail(
        &self,
        user: UserId,
        (id, mail): (TakedownId, &str),
        now: Timestamp,
    ) -> Result<TakedownMailText> {
        self.store().takedown(user, id).await?.ok_or_else(missing)?;
        let none = || Error::not_found("MAIL_NOT_FOUND", "This mail does not exist.");
        if !is_name(mail) {
            return Err(none());
        }
        let row = self.store().takedown_mail(user, id, mail).await?;
        let row = row.ok_or_else(none)?;
        let key = self.log.data_key(user, now).await?;
        let sealed = RequestSealer { user, key: &key }.open_mail(&row)?;
        Ok(TakedownMailText {
            mail: row.into(),
            from: sealed.from,
            subject: sealed.subject,
            text: sealed.text,
        })
    }
}

fn is_name(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|it| it.is_ascii_hexdigit())
}
