//! Which mails a queue asked for were sent (deduplication of sign-in mails).
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `MAILING#<message id>` | `-` | until when a delivery has it to itself, the link it holds, when it was sent; forgotten after a day |

use serde::Deserialize;

use super::tx::{Change, Tx};
use super::{Key, Store};
use crate::domain::{Result, Timestamp};

/// How long it is known what became of a mail, in seconds; longer than its message lives.
const REMEMBERED: i64 = 24 * 3600;

/// A mail that this delivery of its message may send.
#[derive(Clone, Debug)]
pub struct MailingClaim {
    id: String,
    /// The hash of the link that an earlier delivery drew, but did not mail.
    pub(super) link: Option<String>,
}

/// How a mail stands.
#[derive(Clone, Debug)]
pub enum Mailing {
    /// It is this delivery's to send.
    Claimed(MailingClaim),
    /// Another delivery is sending it.
    Busy,
    /// It was sent.
    Sent,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MailingRow {
    link: Option<String>,
    sent_at: Option<Timestamp>,
}

fn key(id: &str) -> Key {
    Key::lone(format!("MAILING#{id}"))
}

impl Store {
    /// Claims the mail of the message with this id for `lease` seconds.
    pub async fn claim_mailing(&self, id: &str, lease: i64, now: Timestamp) -> Result<Mailing> {
        let change = Change::default()
            .set("claimedUntil", now.plus_seconds(lease))
            .set("ttl", now.plus_seconds(REMEMBERED).epoch_seconds())
            .if_absent("sentAt")
            .when_or_absent("claimedUntil", "<=", now);
        if let Some(row) = self.change::<MailingRow>(&key(id), change).await? {
            let (id, link) = (id.to_owned(), row.link);
            return Ok(Mailing::Claimed(MailingClaim { id, link }));
        }
        let row: Option<MailingRow> = self.get(&key(id)).await?;
        let is_sent = row.is_some_and(|it| it.sent_at.is_some());
        Ok(if is_sent {
            Mailing::Sent
        } else {
            Mailing::Busy
        })
    }

    /// Notes that a mail was sent.
    pub async fn finish_mailing(&self, claim: &MailingClaim, now: Timestamp) -> Result<()> {
        let change = Change::default().set("sentAt", now);
        self.tx().update(&key(&claim.id), change).commit().await?;
        Ok(())
    }
}

impl Tx<'_> {
    /// Notes the link that a mail will hold.
    pub(super) fn note_mailed_link(self, claim: &MailingClaim, hash: &str) -> Self {
        self.update(&key(&claim.id), Change::default().set("link", hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_mail_is_one_deliverys_until_it_is_sent_or_the_delivery_is_over() {
        let store = crate::testing::store().await;
        let now = Timestamp::parse("2026-11-20T12:00:00Z").unwrap();
        let claim = async |after| {
            let now = now.plus_seconds(after);
            store.claim_mailing("m", 60, now).await.unwrap()
        };
        let Mailing::Claimed(first) = claim(0).await else {
            panic!("it is nobody's")
        };
        assert_eq!(first.link, None);
        assert!(matches!(claim(59).await, Mailing::Busy));
        let noted = store.tx().note_mailed_link(&first, "h").commit().await;
        assert!(noted.unwrap().is_done());
        let Mailing::Claimed(second) = claim(60).await else {
            panic!("the first was killed")
        };
        assert_eq!(second.link.as_deref(), Some("h"));
        store.finish_mailing(&second, now).await.unwrap();
        assert!(matches!(claim(1000).await, Mailing::Sent));
    }
}
