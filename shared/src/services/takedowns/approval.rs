//! Approval of a text: its hash, her name, the statements of law that she ticked, and what has to be checked first.

use serde::Deserialize;
use serde_json::json;

use super::addressee::{Addressee, addressee_of};
use super::sealed::SealedApproval;
use super::text::current_text;
use super::transition::{Changed, wrong_state};
use super::{TakedownWithTimeline, Takedowns};
use crate::auth::Caller;
use crate::domain::takedown::objection::MAX_UPHELD;
use crate::domain::takedown::{TakedownChannel, TakedownEvent, TakedownState};
use crate::domain::{Error, ErrorKind, Result, TakedownId, Timestamp};
use crate::store::{TakedownRow, sending_closed};

/// How long a request may be kept back, in seconds.
const MAX_SEND_LATER: i64 = 30 * 24 * 3600;

/// Her approval of a text.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TakedownApproval {
    /// The hash of the text as it was shown.
    pub text_hash: String,
    /// Her name as she types it; it is the name in the text.
    #[serde(default)]
    pub signed_name: Option<String>,
    /// The ids of the statements that she ticked.
    #[serde(default)]
    pub statements: Vec<String>,
    /// The address that she opened and found right, where nobody of ours had lately.
    #[serde(default)]
    pub checked_address: Option<String>,
    /// Not to be sent before.
    #[serde(default)]
    pub send_after: Option<Timestamp>,
}

impl Takedowns {
    /// Approves the text whose hash is named. A mail is queued then, a form is handed over to her.
    pub async fn approve(
        &self,
        caller: &Caller,
        id: TakedownId,
        approval: TakedownApproval,
        now: Timestamp,
    ) -> Result<TakedownWithTimeline> {
        let user = caller.user;
        let latest = now.plus_seconds(MAX_SEND_LATER);
        if approval.send_after.is_some_and(|it| it > latest) {
            return Err(Error::invalid_at(
                "sendAfter",
                "A request can be kept back for 30 days.",
            ));
        }
        self.count(user, now).await?;
        let is_closed = self.store().upheld_objections(user).await? >= MAX_UPHELD.into();
        let hash = approval.text_hash.to_ascii_lowercase();
        let actor = caller.actor();
        let row = self.change((user, &actor), id, now, |row, sealed| {
            if row.approved_sha256.as_ref() == Some(&hash) {
                // Told again.
                return Ok(None);
            }
            if !matches!(row.state, TakedownState::Ready | TakedownState::Retracting) {
                return Err(wrong_state(row.state));
            }
            may_be_sent(row, is_closed)?;
            let text = current_text(row, sealed, self.objection_page.as_deref(), now)?;
            if text.sha256() != hash {
                return Err(text_changed(&text.sha256()));
            }
            must_be_ticked(&text.statements, &approval.statements)?;
            must_be_signed(sealed.facts.name.as_deref(), approval.signed_name.as_deref())?;
            let Addressee { recipient, route } = addressee_of(row, sealed)?;
            let is_checked = recipient.is_checked(now);
            if row.channel == TakedownChannel::Mail && !is_checked {
                must_be_checked(route.address.as_deref(), approval.checked_address.as_deref())?;
            }
            sealed.approval = Some(SealedApproval {
                at: now,
                signed_name: approval.signed_name.clone(),
                statements: text.statements.clone(),
                text,
                address: route.address,
                is_address_checked_by_her: !is_checked,
            });
            let mut changed = Changed::of(row);
            changed.row.approved_sha256 = Some(hash.clone());
            changed.row.approved_at = Some(now);
            changed.row.send_after = approval.send_after.filter(|it| *it > now);
            let said = json!({
                "sha256": hash, "statements": approval.statements, "addressCheckedByHer": !is_checked,
            });
            changed.step(TakedownEvent::Approve, said)?;
            match row.channel {
                TakedownChannel::Form => changed.step(TakedownEvent::HandOver, json!({}))?,
                // Kept back, it is queued when its time comes.
                TakedownChannel::Mail if changed.row.send_after.is_some() => {}
                TakedownChannel::Mail => changed.step(TakedownEvent::Enqueue, json!({}))?,
            }
            Ok(Some(changed))
        });
        let row = row.await?;
        if row.state == TakedownState::Queued {
            self.tell_worker(user, &row).await;
        }
        self.get(user, id, now).await
    }
}

/// Whether Vara sends this request, or has her send it, at all.
fn may_be_sent(row: &TakedownRow, is_closed: bool) -> Result<()> {
    // What takes a request back can always be sent.
    if is_closed && row.state == TakedownState::Ready {
        return Err(sending_closed());
    }
    if row.is_paused() {
        return Err(objection_open());
    }
    match row.is_of_public_interest && row.channel == TakedownChannel::Mail {
        true => Err(of_public_interest()),
        false => Ok(()),
    }
}

/// Each statement is ticked by her, or nothing is approved.
fn must_be_ticked(
    statements: &[crate::domain::takedown::TextStatement],
    ticked: &[String],
) -> Result<()> {
    let missing: Vec<_> = statements
        .iter()
        .filter(|it| !ticked.contains(&it.id))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let message = "Please read each statement and tick it if it is true. Nothing is sent before.";
    let missing: Vec<_> = missing
        .iter()
        .map(|it| json!({ "field": format!("statements.{}", it.id), "message": it.text }))
        .collect();
    Err(Error::invalid("MISSING_FIELDS", message).with_details(json!({ "missing": missing })))
}

fn must_be_signed(name: Option<&str>, signed: Option<&str>) -> Result<()> {
    let same = |name: &str| signed.is_some_and(|it| it.trim() == name);
    match name.is_none_or(same) {
        true => Ok(()),
        false => Err(Error::invalid_at(
            "signedName",
            "Please type your name as it stands in the text; it is your signature.",
        )),
    }
}

fn must_be_checked(address: Option<&str>, checked: Option<&str>) -> Result<()> {
    if address.is_some() && checked.map(str::trim) == address {
        return Ok(());
    }
    let message = "Nobody at Vara has opened this address lately. Please look whether the recipient still names it, and say so.";
    let details = json!({ "address": address });
    Err(Error::new(ErrorKind::Conflict, "CHECK_ADDRESS_FIRST", message).with_details(details))
}

/// What Vara does not send: the text is hers to read and to send.
fn of_public_interest() -> Error {
    Error::new(
        ErrorKind::Forbidden,
        "PUBLIC_INTEREST",
        "The page may be of public interest, so Vara sends nothing about it. The text is yours: you can send it yourself, or choose a way that you fill in yourself.",
    )
}

/// Nothing is sent to a recipient whose objection waits for reviewers.
fn objection_open() -> Error {
    Error::conflict(
        "OBJECTION_OPEN",
        "The recipient objected to this request. Nothing more is sent to them until we have looked at it.",
    )
}

fn text_changed(current: &str) -> Error {
    Error::conflict(
        "TEXT_CHANGED",
        "The text is another one than you read. Please read it again before you approve it.",
    )
    .with_details(json!({ "sha256": current }))
}
