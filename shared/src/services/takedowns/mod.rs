//! Requests to remove: proposals, make, list, read, text. Changes are in `changes`, approval in `approval`, sending and
//! looking in `worker`.

mod addressee;
mod approval;
mod changes;
mod create;
mod her_picture;
mod inbox;
mod look;
mod mails;
mod objection_review;
mod objections;
mod overview;
mod page_pictures;
mod recheck;
mod schedule;
pub(in crate::services) mod sealed;
mod text;
mod transition;
mod view;
mod watch;
mod worker;

use serde::{Deserialize, Serialize};

use crate::auth::DataKey;
use crate::domain::event::StreamName;
use crate::domain::takedown::facts::FactFault;
use crate::domain::takedown::proposal::{ProposalFor, propose};
use crate::domain::takedown::{
    Catalogue, Harm, Photographer, Recipient, RequestText, TakedownProposal, TakedownState,
    catalogue, guards,
};
use crate::domain::{
    CanonicalUrl, Error, Match, MatchId, Page, Result, TakedownId, Timestamp, UserId,
};
use crate::queues::{Queues, TakedownMessage};
use crate::services::record::event_log::{Direction, EventLog};
use crate::services::upkeep::write_rates::{count_write, too_many_writes};
use crate::settings::Env;
use crate::store::{Listing, Store, TakedownRow};

use addressee::{Addressee, addressee, addressee_of};
use sealed::{RequestSealer, SealedTakedown};
use text::current_text;

pub use approval::TakedownApproval;
pub use changes::{AnswerKind, Escalation, RecipientAnswer, Submission, TakedownPatch};
pub use create::NewTakedown;
pub use inbox::TakedownInbox;
pub use mails::{TakedownMail, TakedownMailText};
pub use objection_review::{
    ObjectedRequest, ObjectionDecision, ObjectionInQueue, ObjectionOutcome, ObjectionView,
    ObjectionVoteView,
};
pub use objections::{NewObjection, ObjectionReceived};
pub use overview::{
    TakedownCounts, TakedownHost, TakedownLoad, TakedownOverview, TakedownStateCount,
};
pub use view::{FormAnswer, Takedown, TakedownStep, TakedownWithTimeline};
pub use worker::TakedownWorker;

/// The most writes a minute.
const MAX_WRITES_A_MINUTE: u64 = 60;

/// The most events of a timeline.
const MAX_TIMELINE: usize = 200;

/// The most findings of one call for proposals.
const MAX_FINDINGS: usize = 20;

/// The queues of requests that are to be sent or looked at.
#[derive(Clone, Debug)]
pub struct TakedownQueues {
    /// The queue service.
    pub queues: Queues,
    /// Of those that are urgent.
    pub urgent: String,
    /// Of the others.
    pub other: String,
}

impl TakedownQueues {
    /// The queues that the settings name.
    #[must_use]
    pub fn read(env: &Env, queues: Queues) -> Self {
        Self {
            queues,
            urgent: env.queue("takedown-urgent"),
            other: env.queue("takedown"),
        }
    }

    /// Has a request looked after now.
    pub(crate) async fn send(&self, user: UserId, row: &TakedownRow) -> Result<()> {
        let queue = if row.is_urgent {
            &self.urgent
        } else {
            &self.other
        };
        let message = TakedownMessage::of(user, row.id);
        self.queues.send(queue, &message).await
    }
}

/// Her requests. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Takedowns {
    log: EventLog,
    queues: TakedownQueues,
    /// Where recipients object, named in each text that is drafted.
    objection_page: Option<String>,
}

/// For which findings ways are proposed, and what is known of the case.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProposalRequest {
    /// The findings.
    pub finding_ids: Vec<MatchId>,
    /// What is done to her by them.
    pub harm: Harm,
    /// Her country (ISO 3166-1).
    #[serde(default)]
    pub country: Option<String>,
    /// Who took the picture.
    #[serde(default)]
    pub photographer: Option<Photographer>,
}

/// The ways to have one finding removed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct FindingProposals {
    /// The finding.
    pub finding_id: MatchId,
    /// Its address.
    pub page: String,
    /// Why it cannot be asked for, in words for her.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<&'static str>,
    /// Whether the page may be of public interest. Vara sends nothing about it; the text is hers to send.
    pub is_of_public_interest: bool,
    /// The ways, the best first.
    pub proposals: Vec<TakedownProposal>,
}

/// The exact text of a request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TakedownText {
    /// The text, with the statements that she ticks.
    #[serde(flatten)]
    pub text: RequestText,
    /// The hash of it, by which she approves it.
    pub sha256: String,
    /// What she should think about before it goes out.
    #[serde(rename = "safetyQuestion")]
    pub safety_question: &'static str,
}

const SAFETY_QUESTION: &str = "Could the person who published this see your request, and is that safe for you today? You can choose a later time for it to be sent.";

impl Takedowns {
    /// The requests beside this record of events.
    #[must_use]
    pub fn new(log: EventLog, queues: TakedownQueues) -> Self {
        Self {
            log,
            queues,
            objection_page: None,
        }
    }

    /// The same, naming the page of this API for objections in the texts that it drafts.
    #[must_use]
    pub fn with_objections_at(self, public_url: &str) -> Self {
        let page = format!("{}/api/v1/objections", public_url.trim_end_matches('/'));
        Self {
            objection_page: Some(page),
            ..self
        }
    }

    /// The ways to have findings removed.
    pub async fn propose(
        &self,
        user: UserId,
        request: ProposalRequest,
        now: Timestamp,
    ) -> Result<Vec<FindingProposals>> {
        if request.finding_ids.is_empty() || request.finding_ids.len() > MAX_FINDINGS {
            let message = format!("Please name 1 to {MAX_FINDINGS} findings.");
            return Err(Error::invalid_at("findingIds", message));
        }
        let catalogue = catalogue()?;
        let mut all = Vec::with_capacity(request.finding_ids.len());
        for id in &request.finding_ids {
            let found = self.finding(user, *id).await?;
            let host = host(&found);
            let refusal = guards::may_ask(&found).err().map(guards::NotYours::message);
            let case = ProposalFor {
                host: &host,
                harm: request.harm,
                country: request.country.as_deref(),
                photographer: request.photographer.unwrap_or(Photographer::Unknown),
            };
            all.push(FindingProposals {
                finding_id: *id,
                refusal,
                is_of_public_interest: guards::public_interest(&host).is_some(),
                proposals: match refusal {
                    Some(_) => Vec::new(),
                    None => propose(catalogue, &case, now),
                },
                page: found.source_url,
            });
        }
        Ok(all)
    }

    /// A request with what happened to it.
    pub async fn get(
        &self,
        user: UserId,
        id: TakedownId,
        now: Timestamp,
    ) -> Result<TakedownWithTimeline> {
        let (row, sealed) = self.opened(user, id, now).await?;
        let stream = StreamName::takedown(id);
        let of = (user, &stream);
        let page = self
            .log
            .read(of, None, Direction::Forward, MAX_TIMELINE, now);
        // Whatever became of its record, the request is shown.
        let timeline = match page.await {
            Ok(page) => page.events,
            Err(err) => {
                tracing::error!(takedown.id = %id, error.chain = err.chain(), "the timeline of a request cannot be read");
                Vec::new()
            }
        };
        let takedown = shown(&row, sealed, now)?;
        Ok(TakedownWithTimeline { takedown, timeline })
    }

    /// A page of her requests, the last changed first. No state named means all.
    pub async fn list(
        &self,
        user: UserId,
        states: Option<Vec<TakedownState>>,
        page: Page,
        now: Timestamp,
    ) -> Result<Listing<Takedown>> {
        let states = states.unwrap_or_else(|| TakedownState::ALL.to_vec());
        let listing = self.store().takedowns(user, &states, page).await?;
        let rows = ("a request", |it: &TakedownRow| it.id.into());
        let open = |key: &DataKey, row: TakedownRow| {
            let sealed = RequestSealer { user, key }.open(&row)?;
            shown(&row, sealed, now)
        };
        self.log.open_listing(user, rows, listing, now, open).await
    }

    /// The exact text: the one she approved, or the one to be approved.
    pub async fn text(&self, user: UserId, id: TakedownId, now: Timestamp) -> Result<TakedownText> {
        let (row, sealed) = self.opened(user, id, now).await?;
        let text = current_text(&row, &sealed, self.objection_page.as_deref(), now)?;
        Ok(TakedownText {
            sha256: text.sha256(),
            text,
            safety_question: SAFETY_QUESTION,
        })
    }

    /// All recipients.
    pub fn recipients(&self) -> Result<&'static [Recipient]> {
        Ok(&catalogue()?.recipients)
    }

    fn store(&self) -> &Store {
        &self.log.store
    }

    async fn finding(&self, user: UserId, id: MatchId) -> Result<Match> {
        let found = self.store().finding_by_id(user, id).await?;
        found.ok_or_else(|| Error::not_found("MATCH_NOT_FOUND", "This finding does not exist."))
    }

    async fn opened(
        &self,
        user: UserId,
        id: TakedownId,
        now: Timestamp,
    ) -> Result<(TakedownRow, SealedTakedown)> {
        let row = self.store().takedown(user, id).await?.ok_or_else(missing)?;
        let key = self.log.data_key(user, now).await?;
        let sealed = RequestSealer { user, key: &key }.open(&row)?;
        Ok((row, sealed))
    }

    async fn count(&self, user: UserId, now: Timestamp) -> Result<()> {
        let area = (user, "takedowns");
        count_write(
            self.store(),
            area,
            MAX_WRITES_A_MINUTE,
            too_many_writes,
            now,
        )
        .await
    }
}

fn shown(row: &TakedownRow, sealed: SealedTakedown, now: Timestamp) -> Result<Takedown> {
    let Addressee { recipient, route } = addressee_of(row, &sealed)?;
    let catalogue: &Catalogue = catalogue()?;
    let with = (catalogue, &recipient, &route);
    Ok(view::view((row, sealed), with, now))
}

fn host(found: &Match) -> String {
    CanonicalUrl::parse(&found.source_url)
        .map(|it| it.host())
        .unwrap_or_default()
}

fn fault(fault: FactFault) -> Error {
    Error::invalid_at(&format!("facts.{}", fault.field), fault.message)
}

fn missing() -> Error {
    Error::not_found("TAKEDOWN_NOT_FOUND", "This request does not exist.")
}

#[cfg(test)]
mod tests;
