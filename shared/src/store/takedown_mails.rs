//! Rows of answers to requests by mail: `TDMAIL#<request>#<mail>`, and `REPLY#<tag>`, the look-up of a reply address.

use serde::{Deserialize, Serialize};

use super::{Key, Row, Store};
use crate::domain::takedown::objection::reference_of;
use crate::domain::takedown::{ReplyKind, ReplyTag};
use crate::domain::{Result, TakedownId, Timestamp, UserId};

/// A mail that came about a request. Who wrote and what it says is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TakedownMailRow {
    /// The request.
    pub takedown_id: TakedownId,
    /// Its name, the same however often it comes.
    pub id: String,
    /// When it came.
    pub received_at: Timestamp,
    /// What it says.
    pub kind: ReplyKind,
    /// Whether it is provably of the recipient.
    pub is_verified: bool,
    /// How many attachments it has. They are not kept.
    pub attachments: u32,
    /// Sender, subject and text, sealed with her data key.
    pub sealed: String,
}

/// Whose request a reply address belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplyAddress {
    /// Whose it is.
    pub user_id: UserId,
    /// Which it is.
    pub takedown_id: TakedownId,
}

/// The name of a row alone.
#[derive(Deserialize)]
struct MailName {
    sk: String,
}

fn mail_key(user: UserId, takedown: TakedownId, mail: &str) -> Key {
    Key::user(user, format!("TDMAIL#{takedown}#{mail}"))
}

fn address_key(tag: &ReplyTag) -> Key {
    Key::lone(format!("REPLY#{}", tag.as_str()))
}

pub(super) fn stored(user: UserId, mail: &TakedownMailRow) -> Row<&TakedownMailRow> {
    Row::new(mail_key(user, mail.takedown_id, &mail.id), mail)
}

/// Where the reference of a request leads to it. References are short, so that more than one can lie at one.
pub(super) fn reference_key(takedown: TakedownId) -> Key {
    let Key { pk, sk } = reference_start(&reference_of(takedown));
    let sk = format!("{sk}{takedown}");
    Key { pk, sk }
}

pub(super) fn reference_start(reference: &str) -> Key {
    Key {
        pk: format!("REFERENCE#{reference}"),
        sk: "REQUEST#".into(),
    }
}

impl Store {
    /// Has answers to a reply address lead to this request. `false`: its account is gone.
    pub(crate) async fn put_reply_address(&self, user: UserId, id: TakedownId) -> Result<bool> {
        let row = ReplyAddress {
            user_id: user,
            takedown_id: id,
        };
        let row = Row::new(address_key(&ReplyTag::of(user, id)), row);
        let tx = self.tx().require(&Key::user(user, "PROFILE")).put(&row);
        Ok(tx.commit().await?.is_done())
    }

    /// The request that a reply address leads to.
    pub(crate) async fn reply_address(&self, tag: &ReplyTag) -> Result<Option<ReplyAddress>> {
        self.get_readable(&address_key(tag)).await
    }

    /// A mail about a request.
    pub(crate) async fn takedown_mail(
        &self,
        user: UserId,
        takedown: TakedownId,
        mail: &str,
    ) -> Result<Option<TakedownMailRow>> {
        self.get(&mail_key(user, takedown, mail)).await
    }

    /// All readable mails about a request, the first first.
    pub(crate) async fn takedown_mails(
        &self,
        user: UserId,
        takedown: TakedownId,
    ) -> Result<Vec<TakedownMailRow>> {
        let mut all: Vec<TakedownMailRow> = self.rows_under(mail_key(user, takedown, "")).await?;
        all.sort_by(|a, b| (a.received_at, &a.id).cmp(&(b.received_at, &b.id)));
        Ok(all)
    }

    /// Removes her reply addresses and the references of her requests, which lie outside her own rows.
    pub(super) async fn drop_reply_addresses(&self, user: UserId) -> Result<()> {
        let start = Key::user(user, "TAKEDOWN#");
        let rows: Vec<MailName> = self.parts(start, "pk, sk, v").await?;
        let ids = rows
            .iter()
            .filter_map(|it| TakedownId::parse(it.sk.strip_prefix("TAKEDOWN#")?));
        for id in ids {
            let key = address_key(&ReplyTag::of(user, id));
            let reference = reference_key(id);
            self.tx().delete(&key).delete(&reference).commit().await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::takedowns::tests::{row, woman};
    use super::*;

    #[tokio::test]
    async fn a_reply_address_leads_to_its_request_until_she_is_erased() {
        let store = crate::testing::store().await;
        let user = woman(&store).await;
        let it = row(user, "a");
        let events = super::super::takedowns::tests::events(user, &it);
        store.create_takedown(user, &it, events).await.unwrap();
        for _ in 0..2 {
            assert!(store.put_reply_address(user, it.id).await.unwrap());
        }
        let tag = ReplyTag::of(user, it.id);
        let found = store.reply_address(&tag).await.unwrap().unwrap();
        assert_eq!((found.user_id, found.takedown_id), (user, it.id));
        let nobody = UserId::random();
        assert!(!store.put_reply_address(nobody, it.id).await.unwrap());
        store.erase_all_rows(user, usize::MAX).await.unwrap();
        assert_eq!(store.reply_address(&tag).await.unwrap(), None);
        assert!(
            !store.put_reply_address(user, it.id).await.unwrap(),
            "she has left"
        );
    }
}
