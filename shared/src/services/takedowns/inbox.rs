//! Inbox of requests (queue takedown-mail): takes each mail that the mail service stored to its request.
//!
//! Only a mail to the address of a request that is provably of its recipient moves it; every other is kept and shown
//! as unverified. Told twice, killed between any two steps or out of order, the result is the same: the row of the
//! mail and what it changes are one transaction, and the stored mail is removed last.

use serde_json::json;
use vara_evidence::sha256_hex;

use super::Takedowns;
use super::addressee::{Addressee, addressee_of};
use super::sealed::{RequestSealer, SealedMail, SealedTakedown};
use super::transition::{Changed, receive};
use crate::clock;
use crate::domain::event::Actor;
use crate::domain::takedown::guards::registrable_domain;
use crate::domain::takedown::{
    ReceiptKind, Recipient, ReplyKind, ReplyTag, SortedReply, TakedownEvent, TakedownState,
    reply::sort_reply,
};
use crate::domain::{ErrorKind, Result, TakedownId, Timestamp, UserId};
use crate::mail::{DeliveryReport, InboundMail, MAX_MAIL_BYTES};
use crate::objects::{Objects, created_objects, key};
use crate::queues::QueueDelivery;
use crate::store::{ReplyAddress, TakedownFailure, TakedownMailRow, TakedownRow};

/// The most mails of a recipient that are kept with a request.
const MAX_MAILS: u32 = 50;

/// The most mails of others.
const MAX_UNVERIFIED_MAILS: u32 = 20;

/// Whose mail servers tell of mails that could not be delivered.
const MAIL_SERVICE: &str = "amazonses.com";

/// Takes mails to their requests.
#[derive(Clone, Debug)]
pub struct TakedownInbox {
    /// Her requests.
    pub takedowns: Takedowns,
    /// Where the mail service stores mails.
    pub objects: Objects,
    /// The domain of reply addresses; without one no mail comes.
    pub post_domain: Option<String>,
}

/// A mail and what was concluded of it.
struct Judged {
    mail: InboundMail,
    sorted: SortedReply,
    is_verified: bool,
    /// It is no report that a mail server is still trying.
    says_something: bool,
}

impl TakedownInbox {
    /// Takes a delivery. An error means it must come again.
    pub async fn take(&self, delivered: &QueueDelivery) -> Result<()> {
        for name in created_objects(&delivered.body)? {
            if name.starts_with(key::MAILS) {
                self.take_mail(&name, clock::now()).await?;
            }
        }
        Ok(())
    }

    /// Takes the mail of this name.
    pub async fn take_mail(&self, name: &str, now: Timestamp) -> Result<()> {
        let Some(bytes) = self.objects.read_start(name, MAX_MAIL_BYTES).await? else {
            return Ok(());
        };
        match InboundMail::read(bytes.to_vec()) {
            Ok(mail) => self.deliver(mail, now).await?,
            Err(err) if err.kind == ErrorKind::Invalid => {
                tracing::warn!("a mail that nobody can read is dropped");
            }
            Err(err) => return Err(err),
        }
        self.objects.delete(name).await
    }

    async fn deliver(&self, mail: InboundMail, now: Timestamp) -> Result<()> {
        let Some(place) = self.place(&mail).await? else {
            tracing::info!("a mail to no request of ours is dropped");
            return Ok(());
        };
        let (user, id) = (place.user_id, place.takedown_id);
        let store = self.takedowns.store();
        let Some(row) = store.takedown(user, id).await? else {
            return Ok(());
        };
        let (_, sealed) = self.takedowns.opened(user, id, now).await?;
        let judged = judge(mail, &row, &sealed)?;
        let known = store.takedown_mail(user, id, &judged.mail.id).await?;
        if known.is_some() {
            return Ok(());
        }
        if is_full(&row, judged.is_verified) {
            tracing::warn!(takedown.id = %id, verified = judged.is_verified, "a mail is dropped: there are too many");
            return Ok(());
        }
        self.keep((user, id), &judged, now).await
    }

    /// The request that a mail is about, by the address it was sent to, or by the mails that it answers.
    async fn place(&self, mail: &InboundMail) -> Result<Option<ReplyAddress>> {
        let Some(domain) = &self.post_domain else {
            return Ok(None);
        };
        let named = mail.to.iter().chain(&mail.answers);
        let tags = named.filter_map(|it| ReplyTag::parse(it, domain));
        for tag in tags {
            if let Some(place) = self.takedowns.store().reply_address(&tag).await? {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    /// Stores a mail together with what it changes.
    async fn keep(
        &self,
        (user, id): (UserId, TakedownId),
        judged: &Judged,
        now: Timestamp,
    ) -> Result<()> {
        let key = self.takedowns.log.data_key(user, now).await?;
        let mail = stored(judged, id, &RequestSealer { user, key: &key }, now)?;
        let actor = Actor::system();
        let changed = self
            .takedowns
            .change((user, &actor), id, now, |row, sealed| {
                let mut changed = Changed::of(row);
                changed.mail = Some(mail.clone());
                match judged.is_verified {
                    true => changed.row.mails = row.mails + 1,
                    false => changed.row.unverified_mails = row.unverified_mails + 1,
                }
                if judged.is_verified && judged.says_something {
                    apply(&mut changed, sealed, &judged.sorted, now)?;
                }
                Ok(Some(changed))
            });
        let row = changed.await?;
        if judged.is_verified && row.state == TakedownState::ClaimedGone {
            self.takedowns.tell_worker(user, &row).await;
        }
        Ok(())
    }
}

/// Moves a request by a mail of its recipient, where the mail moves one that stands so.
fn apply(
    changed: &mut Changed,
    sealed: &mut SealedTakedown,
    sorted: &SortedReply,
    now: Timestamp,
) -> Result<()> {
    let is_delivered = sorted.kind != ReplyKind::Undelivered;
    if is_delivered {
        sealed.reference = sealed.reference.take().or_else(|| sorted.ticket.clone());
    }
    let Some(event) = sorted.kind.event(changed.row.state) else {
        return Ok(());
    };
    changed.step(event, json!({ "by": "MAIL" }))?;
    changed.row.work_at = None;
    match event {
        TakedownEvent::Fail => changed.row.failure = Some(TakedownFailure::Bounced),
        _ if changed.row.received_at.is_none() => {
            receive(&mut changed.row, sealed, ReceiptKind::Reply, now)?;
        }
        _ => {}
    }
    Ok(())
}

fn is_full(row: &TakedownRow, is_verified: bool) -> bool {
    match is_verified {
        true => row.mails >= MAX_MAILS,
        false => row.unverified_mails >= MAX_UNVERIFIED_MAILS,
    }
}

fn judge(mut mail: InboundMail, row: &TakedownRow, sealed: &SealedTakedown) -> Result<Judged> {
    let Addressee { recipient, route } = addressee_of(row, sealed)?;
    let mailbox = route.address.as_deref();
    let from = mail.from.as_deref().filter(|it| mail.verdicts.prove(it));
    let domain = from.map(|it| registrable_domain(it.rsplit('@').next().unwrap_or_default()));
    let is_report = mail.delivery.is_some();
    let is_verified =
        domain.is_some_and(|it| is_of(&it, &recipient, mailbox) || is_report && it == MAIL_SERVICE);
    if !is_verified {
        // Whoever knows the id of a mail to come cannot have it taken for one that came.
        mail.id = unverified_id(&mail.id);
    }
    let says_something = mail
        .delivery
        .as_ref()
        .is_none_or(DeliveryReport::is_failure);
    let mut sorted = sort_reply(&mail.subject, &mail.text, mail.is_automatic);
    if let Some(report) = &mail.delivery {
        sorted.kind = match report.is_failure() {
            true => ReplyKind::Undelivered,
            false => ReplyKind::Other,
        };
    }
    Ok(Judged {
        mail,
        sorted,
        is_verified,
        says_something,
    })
}

fn unverified_id(id: &str) -> String {
    let digest = sha256_hex(format!("unverified {id}").as_bytes());
    digest.chars().take(id.len()).collect()
}

/// Whether a domain is one of the recipient's.
fn is_of(domain: &str, recipient: &Recipient, mailbox: Option<&str>) -> bool {
    let mailbox = mailbox.and_then(|it| it.rsplit('@').next());
    let mut theirs = recipient.domains.iter().map(String::as_str).chain(mailbox);
    theirs.any(|it| registrable_domain(it) == domain)
}

fn stored(
    judged: &Judged,
    takedown_id: TakedownId,
    sealer: &RequestSealer<'_>,
    now: Timestamp,
) -> Result<TakedownMailRow> {
    let mail = &judged.mail;
    let says = |text: &str| match mail.verdicts.has_virus {
        true => String::new(),
        false => text.to_owned(),
    };
    let sealed = SealedMail {
        from: mail.from.clone().unwrap_or_default(),
        subject: says(&mail.subject),
        text: says(&mail.text),
    };
    let mut row = TakedownMailRow {
        takedown_id,
        id: mail.id.clone(),
        received_at: now,
        kind: judged.sorted.kind,
        is_verified: judged.is_verified,
        attachments: u32::try_from(mail.attachments).unwrap_or(u32::MAX),
        sealed: String::new(),
    };
    row.sealed = sealer.close_mail(&row, &sealed)?;
    Ok(row)
}

#[cfg(test)]
mod tests;
