//! Making of requests: what is hers to ask, of whom, how many a day.

use serde::Deserialize;
use serde_json::json;

use super::sealed::{RequestSealer, SealedTakedown};
use super::transition::next_state;
use super::{TakedownWithTimeline, Takedowns, addressee, fault, host, missing, view};
use crate::auth::Caller;
use crate::domain::event::{Actor, StreamName};
use crate::domain::takedown::objection::MAX_UPHELD;
use crate::domain::takedown::recheck::LookMemory;
use crate::domain::takedown::{
    ObjectionState, Recipient, RecipientKind, RecipientRoute, TakedownEvent, TakedownFacts,
    TakedownPurpose, TakedownState, guards, has_commenced, priority,
};
use crate::domain::{
    CanonicalUrl, Error, ErrorKind, Law, Match, MatchId, Result, TakedownId, Timestamp, UserId,
};
use crate::services::upkeep::write_rates::count_write_of_day;
use crate::store::{Condition, TakedownRow, TxOutcome, sending_closed};

/// A request to be made.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct NewTakedown {
    /// The finding that is to be removed.
    pub finding_id: MatchId,
    /// Whom it asks: the id of the catalogue, or `site`.
    #[cfg_attr(feature = "openapi", schema(example = "google-search"))]
    pub recipient_id: String,
    /// The law that it invokes.
    pub law: Law,
    /// The number of the way among the recipient's.
    #[serde(default)]
    pub route: usize,
    /// What she told so far.
    #[serde(default)]
    pub facts: TakedownFacts,
}

impl Takedowns {
    /// Makes a request. One that is open already is answered as it is.
    pub async fn create(
        &self,
        caller: &Caller,
        new: NewTakedown,
        now: Timestamp,
    ) -> Result<TakedownWithTimeline> {
        let user = caller.user;
        let found = self.finding(user, new.finding_id).await?;
        guards::may_ask(&found).map_err(not_yours)?;
        let actor = caller.actor();
        let (round, before) = match self.latest_round(user, &found, &new.recipient_id).await? {
            Some(row) if row.state.is_open() || row.state == TakedownState::Gone => {
                return self.get(user, row.id, now).await;
            }
            Some(row) if is_upheld(&row) => return Err(ended_by_objection()),
            Some(row) => (row.round + 1, Some(row.id)),
            None => (1, None),
        };
        if self.store().upheld_objections(user).await? >= MAX_UPHELD.into() {
            return Err(sending_closed());
        }
        self.count_new(user, now).await?;
        let id = self
            .make(&actor, user, &found, (new, round, before), now)
            .await?;
        self.get(user, id, now).await
    }

    /// Stores a new request about a finding; one that is there already stays as it is.
    pub(super) async fn make(
        &self,
        actor: &Actor,
        user: UserId,
        found: &Match,
        (new, round, before): (NewTakedown, u32, Option<TakedownId>),
        now: Timestamp,
    ) -> Result<TakedownId> {
        let mut facts = new.facts.checked().map_err(fault)?;
        must_be_adult(&facts)?;
        if !facts.urls.contains(&found.source_url) {
            facts.urls.insert(0, found.source_url.clone());
        }
        let addressee = addressee(&new.recipient_id, new.route, &facts, &host(found))?;
        must_be_on_site(&facts, found, &addressee.recipient)?;
        must_fit(new.law, &addressee.route, now)?;
        let id = TakedownId::of(user, found.id, &new.recipient_id, round);
        let mut row = TakedownRow {
            id,
            finding_id: found.id,
            recipient_id: new.recipient_id,
            law: new.law,
            route: new.route,
            channel: addressee.route.channel,
            purpose: TakedownPurpose::Request,
            state: TakedownState::Draft,
            round,
            revision: 1,
            priority: priority::priority(facts.harm),
            is_urgent: priority::is_urgent(facts.harm, new.law),
            created_at: now,
            updated_at: now,
            approved_sha256: None,
            approved_at: None,
            send_after: None,
            attempts: 0,
            delays: 0,
            claimed_at: None,
            sent_at: None,
            received_at: None,
            receipt: None,
            due_at: None,
            follow_ups: 0,
            looks: LookMemory::default(),
            gone_at: None,
            failure: None,
            before,
            is_of_public_interest: guards::public_interest(&host(found)).is_some(),
            objection: None,
            look_asked_at: None,
            mails: 0,
            unverified_mails: 0,
            work_at: None,
            sealed: String::new(),
        };
        let is_complete = view::missing_of(&row, &addressee.recipient, &facts).is_empty();
        let sealed = SealedTakedown {
            page: found.source_url.clone(),
            facts,
            ..SealedTakedown::default()
        };
        let key = self.log.data_key(user, now).await?;
        row.sealed = RequestSealer { user, key: &key }.close(id, &sealed)?;
        let said = json!({ "law": row.law, "recipientId": row.recipient_id, "round": round });
        let mut told = vec![("takedown.created", said)];
        if is_complete {
            row.state = next_state(row.state, TakedownEvent::Complete)?;
            told.push((TakedownEvent::Complete.record_type(), json!({})));
        }
        let stream = StreamName::takedown(id);
        let events = self
            .log
            .tell_all_in((user, actor, &stream), &told, now)
            .await?;
        match self.store().create_takedown(user, &row, events).await? {
            TxOutcome::Done => Ok(id),
            TxOutcome::Refused(why) if why.contains(&Condition::IsNew) => Ok(id),
            TxOutcome::Refused(why) if why.contains(&Condition::HasRoom) => Err(too_many_open()),
            TxOutcome::Refused(_) => Err(missing()),
        }
    }

    /// The last round in which this recipient was asked about this finding.
    async fn latest_round(
        &self,
        user: UserId,
        found: &Match,
        recipient: &str,
    ) -> Result<Option<TakedownRow>> {
        let mut latest = None;
        for round in 1.. {
            let id = TakedownId::of(user, found.id, recipient, round);
            match self.store().takedown(user, id).await? {
                Some(row) => latest = Some(row),
                None => break,
            }
        }
        Ok(latest)
    }

    async fn count_new(&self, user: UserId, now: Timestamp) -> Result<()> {
        let refusal = || {
            Error::new(
                ErrorKind::TooMany,
                "TOO_MANY_TAKEDOWNS",
                "You have begun as many requests as a day allows. Please go on tomorrow; what is urgent can be asked for by the forms of the services themselves.",
            )
        };
        let area = (user, "takedowns-new");
        let most = guards::MAX_NEW_A_DAY.into();
        count_write_of_day(self.store(), area, most, refusal, now).await
    }
}

pub(super) fn must_fit(law: Law, route: &RecipientRoute, now: Timestamp) -> Result<()> {
    match route.laws.contains(&law) && has_commenced(law, now) {
        true => Ok(()),
        false => Err(Error::invalid_at(
            "law",
            "This law does not fit this way to the recipient.",
        )),
    }
}

/// Every address of a request is on the site of the finding or on the recipient's own hosts: nothing else is provably
/// about her.
pub(super) fn must_be_on_site(
    facts: &TakedownFacts,
    found: &Match,
    recipient: &Recipient,
) -> Result<()> {
    let site = guards::registrable_domain(&host(found));
    let is_fine = |url: &String| {
        let host = CanonicalUrl::parse(url)
            .map(|it| it.host())
            .unwrap_or_default();
        let is_below = |it: &String| {
            host.strip_suffix(it.as_str())
                .is_some_and(|it| it.is_empty() || it.ends_with('.'))
        };
        guards::registrable_domain(&host) == site
            || recipient.domains.iter().any(is_below) && recipient.kind == RecipientKind::Platform
    };
    match facts.urls.iter().all(is_fine) {
        true => Ok(()),
        false => Err(Error::new(
            ErrorKind::Forbidden,
            "NOT_YOURS_TO_ASK",
            "A request names addresses of the site on which this was found, and no others.",
        )),
    }
}

pub(super) fn must_be_adult(facts: &TakedownFacts) -> Result<()> {
    if facts.was_adult != Some(false) {
        return Ok(());
    }
    let message = "You were under 18 in it. There are services made for exactly this, which are faster and keep you out of it: Take It Down of NCMEC, and Report Remove in the UK. Please use one of them; we send nothing.";
    let services = json!({ "recipients": ["ncmec-take-it-down", "iwf-report-remove"] });
    Err(Error::conflict("UNDER_18", message).with_details(services))
}

fn not_yours(why: guards::NotYours) -> Error {
    Error::new(ErrorKind::Forbidden, "NOT_YOURS_TO_ASK", why.message())
}

fn is_upheld(row: &TakedownRow) -> bool {
    row.objection
        .is_some_and(|it| it.state == ObjectionState::Upheld)
}

fn ended_by_objection() -> Error {
    Error::conflict(
        "OBJECTION_UPHELD",
        "The recipient objected to an earlier request about this, and it was ended. It cannot be asked for again.",
    )
}

fn too_many_open() -> Error {
    Error::conflict(
        "TOO_MANY_TAKEDOWNS",
        "You have as many open requests as there is room for. Please end some first.",
    )
}
