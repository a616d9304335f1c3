//! What mail links are good for, and how often they may be asked for.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `TOKEN#<hash>` | `-` | a link: whose, what for, until when |
//! | `MAIL#<keyed hash of an address>` | `-` | when a link was last asked for, known address or not |

use super::tx::{Change, Tx};
use super::{Key, Row, Store};
use crate::domain::{Account, Link, LinkKind, Result, Timestamp};

impl LinkKind {
    /// Where her account keeps its hash.
    pub(super) fn attribute(self) -> &'static str {
        match self {
            Self::SignUp => "confirmationToken",
            Self::Recovery => "recoveryToken",
        }
    }

    pub(super) fn sent_attribute(self) -> &'static str {
        match self {
            Self::SignUp => "confirmationSentAt",
            Self::Recovery => "recoverySentAt",
        }
    }

    pub(super) fn of(self, account: &Account) -> Option<&str> {
        match self {
            Self::SignUp => account.confirmation_token.as_deref(),
            Self::Recovery => account.recovery_token.as_deref(),
        }
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
            .and_then(|it| it.set("ttl", now.plus_seconds(seconds).epoch_seconds()))
            .and_then(|it| it.when_or_absent("askedAt", "<=", now.minus_seconds(seconds)));
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

    pub(super) fn drop_mail_window(self, address: &str) -> Self {
        self.delete(&window_key(address))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
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
