//! Rows of mailed links that work without a sign-in.
//!
//! `MAIL_LINK#<hash of the token>` under her: each mail has a token of its own, which does one thing, once,
//! until it expires.

use serde::{Deserialize, Serialize};

use super::tx::Tx;
use super::{Key, Row, Store};
use crate::domain::{Result, Timestamp, UserId};

/// What a link in a mail does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MailLinkPurpose {
    /// Stops all messages.
    Stop,
    /// Answers the question whether she wants mail.
    Question,
    /// Brings back an account that rests.
    Restore,
}

/// A link in a mail that was not used yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MailLink {
    /// What it does.
    pub purpose: MailLinkPurpose,
    /// Until when.
    pub expires_at: Timestamp,
}

fn key(user: UserId, hash: &str) -> Key {
    Key::user(user, format!("MAIL_LINK#{hash}"))
}

impl Store {
    /// Stores a link. `false`: she has left.
    pub async fn add_mail_link(&self, user: UserId, hash: &str, link: &MailLink) -> Result<bool> {
        let tx = self
            .tx()
            .write_mail_link(user, hash, link)
            .require(&super::users::account_key(user));
        Ok(tx.commit().await?.is_done())
    }

    /// A link that was not used yet. It may have expired.
    pub async fn mail_link(&self, user: UserId, hash: &str) -> Result<Option<MailLink>> {
        self.get(&key(user, hash)).await
    }
}

impl Tx<'_> {
    pub(super) fn write_mail_link(self, user: UserId, hash: &str, link: &MailLink) -> Self {
        let mut row = Row::new(key(user, hash), link);
        row.ttl = Some(link.expires_at.epoch_seconds());
        self.put(&row)
    }

    /// Uses up a link; refused if it was used before.
    pub(crate) fn use_mail_link(self, user: UserId, hash: &str) -> Self {
        self.delete_existing(&key(user, hash))
    }
}
