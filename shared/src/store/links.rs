//! Mailed-link rows (tokens) and when they were last asked for.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `TOKEN#<hash>` | `-` | a link: whose, what for, until when |
//! | `MAIL#<keyed hash of an address>` | `-` | when a link was last asked for, known address or not |
//!
//! *Invariant:* a link works only while its hash is in its account's list of that kind. So a change of the
//! account's row alone ends every link, whatever is written beside it.

use super::tx::{Change, Tx};
use super::users::{LISTS, account_key, as_seen, links_attribute};
use super::{Key, MailingClaim, Row, Store};
use crate::domain::{Account, Link, LinkKind, Result, Timestamp, WORKING_LINKS};

fn sent_attribute(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::SignUp => "confirmationSentAt",
        LinkKind::Recovery => "recoverySentAt",
    }
}

/// How long a link that has ended is known as such, in seconds: who opens it should be told that it is
/// too old, not that there is no such link.
const REMEMBERED: i64 = 7 * 24 * 3600;

fn key(hash: &str) -> Key {
    Key::lone(format!("TOKEN#{hash}"))
}

fn window_key(address: &str) -> Key {
    Key::lone(format!("MAIL#{address}"))
}

impl Store {
    /// A link that was not used yet, by the hash of its token. It may have expired.
    pub async fn link(&self, hash: &str) -> Result<Option<Link>> {
        self.get_readable(&key(hash)).await
    }

    /// Stores a new link beside the last ones, of which the oldest ends if there are too many. It is the link
    /// of `mailing`, in place of one that an earlier delivery drew for it. `false`: the account is not what it
    /// was.
    pub async fn add_link(
        &self,
        account: &Account,
        link: &Link,
        mailing: Option<&MailingClaim>,
        now: Timestamp,
    ) -> Result<bool> {
        let (attribute, before) = (links_attribute(link.kind), account.links(link.kind));
        let unsent = mailing.and_then(|it| it.link.as_ref());
        let (mut ended, mut kept): (Vec<&String>, Vec<&String>) =
            before.iter().partition(|it| Some(*it) == unsent);
        let surplus = (kept.len() + 1).saturating_sub(WORKING_LINKS);
        ended.extend(kept.drain(..surplus));
        kept.push(&link.hash);
        let change = as_seen(account)
            .set(attribute, &kept)
            .set(sent_attribute(link.kind), now)
            .when_or_absent(attribute, "=", before);
        let mut tx = self
            .tx()
            .update(&account_key(account.id()), change)
            .write_link(link);
        if let Some(mailing) = mailing {
            tx = tx.note_mailed_link(mailing, &link.hash);
        }
        let tx = ended.iter().fold(tx, |tx, hash| tx.drop_link(hash));
        Ok(tx.commit().await?.is_done())
    }

    /// Ends all her links.
    pub async fn void_links(&self, account: &Account) -> Result<()> {
        let change = Change::default().without_links().if_exists();
        // Refused means that she has left.
        let tx = self.tx().update(&account_key(account.id()), change);
        tx.drop_links(account, None).commit().await?;
        Ok(())
    }

    /// Notes that a link was asked for. `false`: one was, less than `seconds` ago. `address` is the
    /// address' keyed name, the same whether we know it or not.
    pub async fn open_mail_window(
        &self,
        address: &str,
        seconds: i64,
        now: Timestamp,
    ) -> Result<bool> {
        let change = Change::default()
            .set("askedAt", now)
            .set("ttl", now.plus_seconds(seconds).epoch_seconds())
            .when_or_absent("askedAt", "<=", now.minus_seconds(seconds));
        Ok(self
            .tx()
            .update(&window_key(address), change)
            .commit()
            .await?
            .is_done())
    }

    /// Forgets that a link was asked for, because it could not be sent.
    pub async fn close_mail_window(&self, address: &str) -> Result<()> {
        self.tx().delete(&window_key(address)).commit().await?;
        Ok(())
    }
}

impl Change {
    /// Ends the links of both kinds.
    pub(super) fn without_links(self) -> Self {
        LISTS.iter().fold(self, |it, list| it.remove(list))
    }
}

impl Tx<'_> {
    pub(super) fn write_link(self, link: &Link) -> Self {
        let mut row = Row::new(key(&link.hash), link);
        row.ttl = Some(link.expires_at.plus_seconds(REMEMBERED).epoch_seconds());
        self.create(&row)
    }

    /// Goes through for one of those who show the link.
    pub(super) fn use_link(self, link: &Link) -> Self {
        self.delete_existing(&key(&link.hash))
    }

    pub(super) fn drop_link(self, hash: &str) -> Self {
        self.delete(&key(hash))
    }

    /// Removes the rows of her links, but of the one that is used in the same step.
    pub(super) fn drop_links(self, account: &Account, used: Option<&Link>) -> Self {
        let all = account
            .confirmation_links
            .iter()
            .chain(&account.recovery_links);
        all.filter(|it| used.is_none_or(|used| used.hash != **it))
            .fold(self, |tx, hash| tx.drop_link(hash))
    }

    pub(super) fn drop_mail_window(self, address: &str) -> Self {
        self.delete(&window_key(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_mail_a_minute() {
        let store = crate::testing::store().await;
        let now = Timestamp::parse("2026-11-20T12:00:00Z").unwrap();
        assert!(store.open_mail_window("a", 60, now).await.unwrap());
        assert!(
            !store
                .open_mail_window("a", 60, now.plus_seconds(59))
                .await
                .unwrap()
        );
        assert!(
            store
                .open_mail_window("b", 60, now.plus_seconds(59))
                .await
                .unwrap()
        );
        assert!(
            store
                .open_mail_window("a", 60, now.plus_seconds(60))
                .await
                .unwrap()
        );
        store.close_mail_window("a").await.unwrap();
        assert!(
            store
                .open_mail_window("a", 60, now.plus_seconds(61))
                .await
                .unwrap()
        );
    }
}
