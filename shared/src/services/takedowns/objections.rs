//! Objections of recipients to requests, by a page that needs no sign-in: taken by the reference in the text that they
//! got. The answer is the same for every reference, and takes the same time.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Takedowns;
use super::sealed::{RequestSealer, SealedObjection};
use super::transition::Changed;
use crate::domain::event::Actor;
use crate::domain::takedown::objection::parse_reference;
use crate::domain::takedown::{ObjectionMark, ObjectionState};
use crate::domain::{Error, ErrorKind, Result, TakedownId, Timestamp, UserId};
use crate::store::{ObjectionChange, ObjectionRow};

/// How many objections a network may send in [`WINDOW_SECONDS`].
const MAX_OBJECTIONS: u64 = 5;

const WINDOW_SECONDS: i64 = 3600;

/// The fewest and the most characters of a reason.
const REASON_CHARS: (usize, usize) = (10, 2000);

/// The most characters of a contact.
const MAX_CONTACT_CHARS: usize = 200;

/// No answer comes sooner, so that its time tells nobody whether there is such a request.
const ANSWER_AFTER: Duration = Duration::from_millis(600);

const THANKS: &str =
    "Thank you. If there is a request with this reference, two people at Vara will look at it.";

/// An objection to a request.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewObjection {
    /// The reference that the text of the request names.
    #[cfg_attr(feature = "openapi", schema(example = "R-1A2B3C4D"))]
    pub reference: String,
    /// Why the request is wrong: 10 to 2000 characters.
    pub reason: String,
    /// How to reach who objects: one line of at most 200 characters.
    pub contact: String,
}

/// The answer to every objection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ObjectionReceived {
    /// What happens now.
    pub message: &'static str,
}

impl Takedowns {
    /// Takes an objection of somebody behind this network. A request that it means is paused and put before reviewers.
    pub async fn object(
        &self,
        new: NewObjection,
        network: &str,
        now: Timestamp,
    ) -> Result<ObjectionReceived> {
        let answer_at = tokio::time::Instant::now() + ANSWER_AFTER;
        self.count_objection(network, now).await?;
        let (reference, sealed) = checked(new)?;
        for it in self.store().requests_of_reference(&reference).await? {
            let taken = self.open_objection(it.user_id, it.takedown_id, &sealed, now);
            match taken.await {
                Err(err) if err.is_retryable() => return Err(err),
                // She has left, or the request cannot be read: nobody is told.
                Err(err) => {
                    tracing::error!(takedown.id = %it.takedown_id, error.chain = err.chain(), "an objection is not taken");
                }
                Ok(()) => {}
            }
        }
        tokio::time::sleep_until(answer_at).await;
        Ok(ObjectionReceived { message: THANKS })
    }

    /// Pauses a request and puts the objection before reviewers. There is one for each request: a second, also one after
    /// the first was dismissed, changes nothing, so that nobody pauses a request for ever.
    async fn open_objection(
        &self,
        user: UserId,
        id: TakedownId,
        sealed: &SealedObjection,
        now: Timestamp,
    ) -> Result<()> {
        let key = self.log.data_key(user, now).await?;
        let sealed = RequestSealer { user, key: &key }.close_objection(id, sealed)?;
        let actor = Actor::system();
        self.change((user, &actor), id, now, |row, _| {
            if row.objection.is_some() || row.state.is_over() {
                return Ok(None);
            }
            let mut changed = Changed::of(row);
            changed.row.objection = Some(ObjectionMark {
                state: ObjectionState::Open,
                since: now,
            });
            changed.told.push("takedown.objected");
            changed.objection = Some(ObjectionChange {
                before: None,
                after: ObjectionRow {
                    takedown_id: id,
                    opened_at: now,
                    state: ObjectionState::Open,
                    revision: 1,
                    votes: Vec::new(),
                    sealed: sealed.clone(),
                },
            });
            Ok(Some(changed))
        })
        .await?;
        Ok(())
    }

    async fn count_objection(&self, network: &str, now: Timestamp) -> Result<()> {
        let window = now.epoch_seconds().div_euclid(WINDOW_SECONDS);
        let name = hex::encode(Sha256::digest(format!("objections/{network}/{window}")));
        let ends_at = now.plus_seconds(2 * WINDOW_SECONDS);
        let calls = self.store().count_calls(&name, &["all"], 1, ends_at);
        if calls.await?.all <= MAX_OBJECTIONS {
            return Ok(());
        }
        let wait = (window + 1) * WINDOW_SECONDS - now.epoch_seconds();
        let message = "That were many objections from one place. Please try again in an hour.";
        Err(Error::new(ErrorKind::TooMany, "TOO_MANY_WRITES", message).with_retry_after(wait))
    }
}

/// The reference, and what is sealed.
fn checked(new: NewObjection) -> Result<(String, SealedObjection)> {
    let reference = parse_reference(&new.reference).ok_or_else(|| {
        let message =
            "Please copy the reference from the message that you got. It looks like R-1A2B3C4D.";
        Error::invalid_at("reference", message)
    })?;
    let reason = new.reason.trim().to_owned();
    let (least, most) = REASON_CHARS;
    let is_text = |it: char| !it.is_control() || it == '\n' || it == '\r' || it == '\t';
    if !(least..=most).contains(&reason.chars().count()) || !reason.chars().all(is_text) {
        let message = "Please say in 10 to 2000 characters why the request is wrong.";
        return Err(Error::invalid_at("reason", message));
    }
    let contact = new.contact.trim().to_owned();
    let length = contact.chars().count();
    if length == 0 || length > MAX_CONTACT_CHARS || contact.contains(char::is_control) {
        let message = "Please say in one line of at most 200 characters how we can reach you.";
        return Err(Error::invalid_at("contact", message));
    }
    Ok((reference, SealedObjection { reason, contact }))
}
