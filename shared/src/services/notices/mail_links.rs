//! Tokens of mailed links that work without a sign-in (stop mail, answer the mail question).
//!
//! A token names the user it belongs to, so that its row is found under her; the table knows it by its
//! hash only.

use crate::auth::OneTime;
use crate::domain::{Error, Result, Timestamp, UserId};
use crate::store::{MailLink, MailLinkPurpose, Store};

/// How long a link in a mail works, in seconds.
pub(crate) const MAIL_LINK_LIFE_SECONDS: i64 = 60 * 24 * 3600;

/// A link that can be used.
pub(crate) struct UsableMailLink {
    /// Whose it is.
    pub(crate) user: UserId,
    /// What the table knows it by.
    pub(crate) hash: String,
}

/// Makes and finds the links of mails.
#[derive(Clone, Debug)]
pub struct MailLinks {
    store: Store,
}

impl MailLinks {
    /// The links of this table.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Makes a link for one mail; its token.
    pub async fn create(
        &self,
        user: UserId,
        purpose: MailLinkPurpose,
        now: Timestamp,
    ) -> Result<String> {
        let token = format!("{user}.{}", OneTime::draw()?.token);
        let link = MailLink {
            purpose,
            expires_at: now.plus_seconds(MAIL_LINK_LIFE_SECONDS),
        };
        if self
            .store
            .add_mail_link(user, &OneTime::hash(&token), &link)
            .await?
        {
            return Ok(token);
        }
        Err(Error::not_found(
            "USER_NOT_FOUND",
            "There is no such account.",
        ))
    }

    /// Makes a link that brings back an account that rests until then; its token. `None`: it does not rest.
    pub(crate) async fn create_restoring(
        &self,
        user: UserId,
        until: Timestamp,
    ) -> Result<Option<String>> {
        let token = format!("{user}.{}", OneTime::draw()?.token);
        let link = MailLink {
            purpose: MailLinkPurpose::Restore,
            expires_at: until,
        };
        let hash = OneTime::hash(&token);
        let added = self.store.add_rest_link(user, &hash, &link).await?;
        Ok(added.then_some(token))
    }

    /// The link with this token. `None`: there is none, it is for something else, it was used, or it expired.
    pub(crate) async fn find(
        &self,
        token: &str,
        purpose: MailLinkPurpose,
        now: Timestamp,
    ) -> Result<Option<UsableMailLink>> {
        let Some(user) = user_of(token) else {
            return Ok(None);
        };
        let hash = OneTime::hash(token);
        let link = self.store.mail_link(user, &hash).await?;
        let usable = link.is_some_and(|it| it.purpose == purpose && it.expires_at > now);
        Ok(usable.then_some(UsableMailLink { user, hash }))
    }
}

/// Whose token this would be.
pub(crate) fn user_of(token: &str) -> Option<UserId> {
    token.split_once('.').and_then(|it| UserId::parse(it.0))
}
