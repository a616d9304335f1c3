//! Changes of a request by her: facts, submission, what the recipient answered, next steps, withdrawal.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::addressee::{Addressee, addressee_of};
use super::create::{NewTakedown, must_be_adult, must_be_on_site, must_fit};
use super::transition::{Changed, forget_approval, mark_sent, receive, redraft, wrong_state};
use super::{TakedownWithTimeline, Takedowns, fault, missing};
use crate::auth::Caller;
use crate::domain::takedown::catalogue::SITE;
use crate::domain::takedown::{
    ReceiptKind, TakedownEvent, TakedownFacts, TakedownPurpose, TakedownState, has_commenced,
    priority,
};
use crate::domain::{Error, Law, Result, TakedownId, Timestamp};
use crate::store::TakedownRow;

/// The most characters of what she notes about an answer.
const MAX_NOTE_CHARS: usize = 2000;

/// Changes of a request. What is not named stays.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TakedownPatch {
    /// Another law.
    #[serde(default)]
    pub law: Option<Law>,
    /// Another way of the same recipient.
    #[serde(default)]
    pub route: Option<usize>,
    /// All that she tells now; it takes the place of what she told before.
    #[serde(default)]
    pub facts: Option<TakedownFacts>,
}

/// That she sent a request herself.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Submission {
    /// The number that the recipient gave it.
    #[serde(default)]
    pub reference: Option<String>,
}

/// What a recipient answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AnswerKind {
    /// That it has the request.
    Acknowledged,
    /// A question.
    Asked,
    /// That it removed it. We look whether that is so.
    Removed,
    /// That it does not remove it.
    Refused,
}

/// An answer of the recipient, as she tells of it.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecipientAnswer {
    /// What it says.
    pub kind: AnswerKind,
    /// The number that the recipient gave the request.
    #[serde(default)]
    pub reference: Option<String>,
    /// What she notes about it.
    #[serde(default)]
    pub note: Option<String>,
}

/// A next step.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Escalation {
    /// `FOLLOW_UP` or `RECIPIENT`.
    pub step: String,
    /// The other recipient.
    #[serde(default)]
    pub recipient_id: Option<String>,
}

impl Takedowns {
    /// Changes facts, law or way, if the request is at the revision that the caller must name.
    pub async fn patch(
        &self,
        caller: &Caller,
        id: TakedownId,
        expected: Option<u64>,
        patch: TakedownPatch,
        now: Timestamp,
    ) -> Result<TakedownWithTimeline> {
        let user = caller.user;
        let row = self.store().takedown(user, id).await?.ok_or_else(missing)?;
        let expected = expected.ok_or_else(unconditional)?;
        let facts = patch
            .facts
            .map(TakedownFacts::checked)
            .transpose()
            .map_err(fault)?;
        if let Some(facts) = &facts {
            must_be_adult(facts)?;
        }
        self.count(user, now).await?;
        let found = self.finding(user, row.finding_id).await?;
        let actor = caller.actor();
        self.change((user, &actor), id, now, |row, sealed| {
            if expected != row.revision {
                return Err(version_conflict(row));
            }
            if row.purpose == TakedownPurpose::Retraction {
                return Err(wrong_state(row.state));
            }
            let mut changed = Changed::of(row);
            changed.step(
                TakedownEvent::Edit,
                json!({ "law": patch.law, "route": patch.route }),
            )?;
            if let Some(facts) = &facts {
                sealed.facts = facts.clone();
                if !sealed.facts.urls.contains(&sealed.page) {
                    sealed.facts.urls.insert(0, sealed.page.clone());
                }
            }
            let it = &mut changed.row;
            it.law = patch.law.unwrap_or(it.law);
            it.route = patch.route.unwrap_or(it.route);
            it.failure = None;
            let Addressee { recipient, route } = addressee_of(it, sealed)?;
            must_be_on_site(&sealed.facts, &found, &recipient)?;
            must_fit(it.law, &route, now)?;
            it.channel = route.channel;
            it.priority = priority::priority(sealed.facts.harm);
            it.is_urgent = priority::is_urgent(sealed.facts.harm, it.law);
            redraft(&mut changed, sealed)?;
            Ok(Some(changed))
        })
        .await?;
        self.get(user, id, now).await
    }

    /// Notes that she sent a request herself.
    pub async fn submit(
        &self,
        caller: &Caller,
        id: TakedownId,
        submission: Submission,
        now: Timestamp,
    ) -> Result<TakedownWithTimeline> {
        let user = caller.user;
        let reference = line("reference", submission.reference)?;
        self.count(user, now).await?;
        let actor = caller.actor();
        self.change((user, &actor), id, now, |row, sealed| {
            let mut changed = Changed::of(row);
            let said =
                json!({ "sha256": row.approved_sha256, "hasReference": reference.is_some() });
            if row.purpose == TakedownPurpose::Retraction {
                changed.step(TakedownEvent::Retract, said)?;
                return Ok(Some(changed));
            }
            if row.state == TakedownState::Sent && row.receipt == Some(ReceiptKind::HerWord) {
                // Told again, perhaps with the number.
                sealed.reference = reference.clone().or(sealed.reference.take());
                return Ok(Some(changed));
            }
            changed.step(TakedownEvent::Submit, said)?;
            mark_sent(&mut changed.row, now);
            receive(&mut changed.row, sealed, ReceiptKind::HerWord, now)?;
            sealed.reference = reference.clone().or(sealed.reference.take());
            Ok(Some(changed))
        })
        .await?;
        self.get(user, id, now).await
    }

    /// Notes what the recipient answered, by her word. It is never gone by words: then it is looked at.
    pub async fn answer(
        &self,
        caller: &Caller,
        id: TakedownId,
        answer: RecipientAnswer,
        now: Timestamp,
    ) -> Result<TakedownWithTimeline> {
        let user = caller.user;
        let reference = line("reference", answer.reference)?;
        let note = answer
            .note
            .map(|it| it.trim().to_owned())
            .filter(|it| !it.is_empty());
        if note
            .as_ref()
            .is_some_and(|it| it.chars().count() > MAX_NOTE_CHARS)
        {
            return Err(Error::invalid_at(
                "note",
                "A note has at most 2000 characters.",
            ));
        }
        self.count(user, now).await?;
        let actor = caller.actor();
        let row = self.change((user, &actor), id, now, |row, sealed| {
            let event = match answer.kind {
                AnswerKind::Acknowledged => TakedownEvent::Acknowledge,
                AnswerKind::Asked => TakedownEvent::Ask,
                AnswerKind::Removed => TakedownEvent::ClaimGone,
                AnswerKind::Refused => TakedownEvent::Refuse,
            };
            let mut changed = Changed::of(row);
            changed.step(event, json!({ "by": "HER_WORD" }))?;
            if row.received_at.is_none() {
                receive(&mut changed.row, sealed, ReceiptKind::Reply, now)?;
            }
            sealed.reference = reference.clone().or(sealed.reference.take());
            sealed.answer = note.clone().or(sealed.answer.take());
            Ok(Some(changed))
        });
        let row = row.await?;
        if row.state == TakedownState::ClaimedGone {
            self.tell_worker(user, &row).await;
        }
        self.get(user, id, now).await
    }

    /// Takes a request back: at once before it was sent, by a text that she approves after that.
    pub async fn withdraw(
        &self,
        caller: &Caller,
        id: TakedownId,
        now: Timestamp,
    ) -> Result<TakedownWithTimeline> {
        let user = caller.user;
        self.count(user, now).await?;
        let actor = caller.actor();
        self.change((user, &actor), id, now, |row, sealed| {
            if matches!(
                row.state,
                TakedownState::Withdrawn | TakedownState::Retracting
            ) {
                return Ok(None);
            }
            let mut changed = Changed::of(row);
            changed.step(
                TakedownEvent::Withdraw,
                json!({ "wasSent": row.sent_at.is_some() }),
            )?;
            if changed.row.state == TakedownState::Retracting {
                changed.row.purpose = TakedownPurpose::Retraction;
                forget_approval(&mut changed.row, sealed);
            }
            Ok(Some(changed))
        })
        .await?;
        self.get(user, id, now).await
    }

    /// Takes a next step: asks again, or asks somebody else about the same finding with the same facts.
    pub async fn escalate(
        &self,
        caller: &Caller,
        id: TakedownId,
        step: Escalation,
        now: Timestamp,
    ) -> Result<TakedownWithTimeline> {
        let user = caller.user;
        match (step.step.as_str(), step.recipient_id) {
            ("FOLLOW_UP", _) => {
                self.count(user, now).await?;
                let actor = caller.actor();
                self.change((user, &actor), id, now, |row, sealed| {
                    let mut changed = Changed::of(row);
                    let number = row.follow_ups + 1;
                    changed.step(TakedownEvent::FollowUp, json!({ "number": number }))?;
                    changed.row.purpose = TakedownPurpose::FollowUp;
                    changed.row.follow_ups = number;
                    let reference = sealed.reference.clone();
                    let facts = &mut sealed.facts;
                    facts.earlier_reference = reference.or(facts.earlier_reference.take());
                    redraft(&mut changed, sealed)?;
                    Ok(Some(changed))
                })
                .await?;
                self.get(user, id, now).await
            }
            ("RECIPIENT", Some(recipient)) if recipient != SITE => {
                self.ask_another(caller, id, &recipient, now).await
            }
            _ => Err(Error::invalid_at(
                "step",
                "A next step is FOLLOW_UP, or RECIPIENT with the id of one.",
            )),
        }
    }

    async fn ask_another(
        &self,
        caller: &Caller,
        id: TakedownId,
        recipient_id: &str,
        now: Timestamp,
    ) -> Result<TakedownWithTimeline> {
        let (row, sealed) = self.opened(caller.user, id, now).await?;
        let catalogue = crate::domain::takedown::catalogue()?;
        let unknown = || Error::invalid_at("recipientId", "There is no such recipient.");
        let recipient = catalogue.get(recipient_id).ok_or_else(unknown)?;
        // The same law where it can be invoked there, else the first that can.
        let mut ways = recipient.routes.iter().enumerate();
        let same = ways.find(|(_, it)| it.laws.contains(&row.law) && !it.is_dmca);
        let way = same.map(|(at, _)| (at, row.law)).or_else(|| {
            let mut ways = recipient.routes.iter().enumerate();
            let first = ways.find(|(_, it)| !it.is_dmca)?;
            let law = first.1.laws.iter().find(|it| has_commenced(**it, now))?;
            Some((first.0, *law))
        });
        let (route, law) = way.ok_or_else(unknown)?;
        let facts = TakedownFacts {
            earlier_reference: sealed.reference,
            site_address: None,
            ..sealed.facts
        };
        let new = NewTakedown {
            finding_id: row.finding_id,
            recipient_id: recipient_id.to_owned(),
            law,
            route,
            facts,
        };
        self.create(caller, new, now).await
    }
}

fn line(field: &str, text: Option<String>) -> Result<Option<String>> {
    let text = text
        .map(|it| it.trim().to_owned())
        .filter(|it| !it.is_empty());
    let is_line = |it: &String| it.chars().count() <= 200 && !it.contains(char::is_control);
    match text.as_ref().is_none_or(is_line) {
        true => Ok(text),
        false => Err(Error::invalid_at(
            field,
            "This is one line of at most 200 characters.",
        )),
    }
}

fn unconditional() -> Error {
    Error::unconditional(
        "Please say which state of the request this follows: send its ETag as If-Match.",
    )
}

fn version_conflict(row: &TakedownRow) -> Error {
    Error::version_conflict(
        "This request was changed somewhere else meanwhile. Please look at it first.",
        json!({ "revision": row.revision }),
    )
}
