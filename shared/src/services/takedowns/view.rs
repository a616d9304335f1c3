//! A request as she is shown it: state, who acts next, what is missing, the answers of a form, next steps.

use serde::Serialize;

use crate::domain::event::Event;
use crate::domain::takedown::proposal::{exposure, hours};
use crate::domain::takedown::state::TakedownPurpose;
use crate::domain::takedown::{
    Catalogue, Exposure, FormNeed, Harm, Look, MissingFact, NextActor, ObjectionMark,
    ObjectionState, PublicState, ReceiptKind, Recipient, RecipientKind, RecipientRoute,
    TakedownChannel, TakedownFacts, TakedownState, missing,
};
use crate::domain::{Law, MatchId, TakedownId, Timestamp};
use crate::store::{TakedownFailure, TakedownRow};

use super::sealed::SealedTakedown;

/// One thing she can do when a request came to nothing yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TakedownStep {
    /// `FOLLOW_UP` asks the same recipient again, `RECIPIENT` begins a request to another one, `APPEAL` is done with
    /// the recipient itself.
    pub step: &'static str,
    /// The other recipient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient_id: Option<String>,
    /// What it is, in words for her.
    pub label: String,
    /// Where it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// One answer of a form, in the order of the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FormAnswer {
    /// What the form asks.
    pub need: FormNeed,
    /// What it asks, in words for her.
    pub label: &'static str,
    /// What to put in, if it is known.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub value: Option<String>,
}

/// A request, without its texts.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Takedown {
    /// Its id.
    pub id: TakedownId,
    /// The finding that is to be removed.
    pub finding_id: MatchId,
    /// The address of the finding.
    pub page: String,
    /// Whom it asks.
    pub recipient_id: String,
    /// What the recipient is called.
    pub recipient_name: String,
    /// What the recipient is.
    pub recipient_kind: RecipientKind,
    /// The law that it invokes.
    pub law: Law,
    /// The number of the way among the recipient's.
    pub route: usize,
    /// How it goes there.
    pub channel: TakedownChannel,
    /// The mailbox or the page of the form.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub target: Option<String>,
    /// Whether somebody opened the address lately. If not, she opens it and says so when she approves.
    pub is_checked: bool,
    /// What its current text is for.
    pub purpose: TakedownPurpose,
    /// Where it stands, exactly.
    pub state: TakedownState,
    /// Where it stands, for the screen.
    pub public_state: PublicState,
    /// The same in a sentence.
    pub message: &'static str,
    /// The recipient's objection, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objection: Option<ObjectionMark>,
    /// Who acts next.
    pub next_actor: NextActor,
    /// When something happens next, if that is known.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub next_action_at: Option<Timestamp>,
    /// Which time this recipient is asked, from 1.
    pub round: u32,
    /// Counts every change. It is the `ETag`.
    pub revision: u64,
    /// What she told.
    pub facts: TakedownFacts,
    /// What is missing until she can approve.
    pub missing: Vec<MissingFact>,
    /// Who will see what of hers.
    pub exposure: Vec<Exposure>,
    /// What she should know before.
    pub warnings: Vec<String>,
    /// For a form: what to put in, in its order.
    pub answers: Vec<FormAnswer>,
    /// What she can do next where it came to nothing yet.
    pub steps: Vec<TakedownStep>,
    /// Its page may be of public interest: Vara sends nothing about it, the text is hers to send.
    pub is_of_public_interest: bool,
    /// In how many hours the recipient has to answer.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub hours: Option<i64>,
    /// The hash of the text that she approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_sha256: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When its last text was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// Not to be sent before, by her word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_after: Option<Timestamp>,
    /// When the recipient had it, provably.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received_at: Option<Timestamp>,
    /// What proves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<ReceiptKind>,
    /// When the recipient's time ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// How many mails came about it.
    pub mails: u32,
    /// The last look at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_look: Option<Look>,
    /// We cannot see it: is it gone for her?
    pub asks_whether_gone: bool,
    /// When two looks had found it gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gone_at: Option<Timestamp>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<TakedownFailure>,
    /// The recipient's number of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The request that it goes on from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<TakedownId>,
}

/// A request with what happened to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TakedownWithTimeline {
    /// The request.
    #[serde(flatten)]
    pub takedown: Takedown,
    /// What happened to it, the first first.
    pub timeline: Vec<Event>,
}

/// The view of a request.
pub(super) fn view(
    (row, sealed): (&TakedownRow, SealedTakedown),
    (catalogue, recipient, route): (&Catalogue, &Recipient, &RecipientRoute),
    now: Timestamp,
) -> Takedown {
    let needs_facts = matches!(row.state, TakedownState::Draft | TakedownState::Ready);
    let public_state = row.state.public(row.receipt);
    let answers = match row.channel {
        TakedownChannel::Form => form_answers(route, &sealed),
        TakedownChannel::Mail => Vec::new(),
    };
    Takedown {
        id: row.id,
        finding_id: row.finding_id,
        recipient_id: row.recipient_id.clone(),
        recipient_name: recipient.name().to_owned(),
        recipient_kind: recipient.kind,
        law: row.law,
        route: row.route,
        channel: row.channel,
        target: route.address.clone().or_else(|| route.url.clone()),
        is_checked: recipient.is_checked(now),
        purpose: row.purpose,
        state: row.state,
        public_state,
        message: message(row, public_state),
        objection: row.objection,
        next_actor: row.state.next_actor(),
        next_action_at: row.next_action_at(),
        round: row.round,
        revision: row.revision,
        missing: match needs_facts {
            true => missing_of(row, recipient, &sealed.facts),
            false => Vec::new(),
        },
        exposure: exposure(row.law, recipient, route),
        warnings: route.warnings.clone(),
        answers,
        steps: steps(row, (catalogue, recipient), &sealed.facts),
        is_of_public_interest: row.is_of_public_interest,
        hours: hours(row.law, recipient),
        approved_sha256: row.approved_sha256.clone(),
        created_at: row.created_at,
        updated_at: row.updated_at,
        sent_at: row.sent_at,
        send_after: row.send_after,
        received_at: row.received_at,
        receipt: row.receipt,
        due_at: row.due_at,
        mails: row.mails.saturating_add(row.unverified_mails),
        last_look: row.looks.last,
        asks_whether_gone: row.state.is_live() && row.looks.asks_her(),
        gone_at: row.gone_at,
        failure: row.failure,
        reference: sealed.reference,
        before: row.before,
        page: sealed.page,
        facts: sealed.facts,
    }
}

/// Where a request stands, in a sentence; an objection comes first, until the request goes on.
fn message(row: &TakedownRow, state: PublicState) -> &'static str {
    match row.objection {
        Some(it) if it.state != ObjectionState::Dismissed => it.state.sentence(),
        _ => state.sentence(),
    }
}

/// What is missing: what the law asks for, and an address where the recipient is the site itself.
pub(super) fn missing_of(
    row: &TakedownRow,
    recipient: &Recipient,
    facts: &TakedownFacts,
) -> Vec<MissingFact> {
    let mut all = missing(row.law, facts);
    if recipient.kind == RecipientKind::Site && facts.site_address.is_none() {
        all.push(MissingFact {
            field: "siteAddress",
            message: "The e-mail address that the site itself names for such requests.",
        });
    }
    all
}

fn form_answers(route: &RecipientRoute, sealed: &SealedTakedown) -> Vec<FormAnswer> {
    let facts = &sealed.facts;
    // In the words that she ticked.
    let statement = |ids: &[&str]| {
        let mut all = sealed.approval.iter().flat_map(|it| &it.statements);
        let said = all.find(|it| ids.contains(&it.id.as_str()));
        said.map(|it| it.text.clone())
    };
    let joined = |urls: &[String]| (!urls.is_empty()).then(|| urls.join("\n"));
    let answer = |need: FormNeed| match need {
        FormNeed::ItemUrls | FormNeed::ProfileUrl => joined(&facts.urls),
        FormNeed::PageUrls => Some(sealed.page.clone()),
        FormNeed::ResultUrls => joined(&facts.result_urls),
        FormNeed::StatementDepicted => statement(&["complaint", "data-subject", "content-present"]),
        FormNeed::StatementNoConsent => statement(&["no-consent", "content-present"]),
        FormNeed::StatementAccurate => statement(&["bona-fide", "accuracy"]),
        FormNeed::StatementUnauthorised => statement(&["good-faith"]),
        FormNeed::StatementPerjury => statement(&["accuracy"]),
        FormNeed::Email => facts.email.clone(),
        FormNeed::Name | FormNeed::Signature => facts.name.clone(),
        FormNeed::Reason => sealed.approval.as_ref().map(|it| it.text.body.clone()),
        FormNeed::Country => facts.country.clone(),
        FormNeed::Work => facts.work.clone(),
        FormNeed::EarlierReport => facts.earlier_reference.clone(),
        FormNeed::RealOrFake => facts.harm.map(|it| match it {
            Harm::Deepfake => "Made or altered".to_owned(),
            _ => "Real".to_owned(),
        }),
        FormNeed::Category
        | FormNeed::IdentityDocument
        | FormNeed::Date
        | FormNeed::PictureOnHerDevice
        | FormNeed::OwnAccount
        | FormNeed::Authority
        | FormNeed::Evidence => None,
    };
    let needs = route.needs.iter();
    needs
        .map(|need| FormAnswer {
            need: *need,
            label: label(*need),
            value: answer(*need),
        })
        .collect()
}

fn label(need: FormNeed) -> &'static str {
    match need {
        FormNeed::ItemUrls => "The addresses of what should be removed",
        FormNeed::PageUrls => "The addresses of the pages that show it",
        FormNeed::ResultUrls => "The addresses of the search results",
        FormNeed::ProfileUrl => "The address of the profile",
        FormNeed::StatementDepicted => "That it shows you",
        FormNeed::StatementNoConsent => "That it is there without your consent",
        FormNeed::StatementAccurate => "That what you say is accurate",
        FormNeed::StatementUnauthorised => "That nobody allowed it who could",
        FormNeed::StatementPerjury => "The statement under penalty of perjury",
        FormNeed::Email => "Your e-mail address",
        FormNeed::Name => "Your name",
        FormNeed::Signature => "Your name as a signature",
        FormNeed::Reason => "What happened",
        FormNeed::Category => "The category, from the form's own list",
        FormNeed::Country => "Your country",
        FormNeed::Work => "The work whose copyright is yours",
        FormNeed::EarlierReport => "The number of your earlier report",
        FormNeed::IdentityDocument => {
            "A picture of an identity document; think about whether you want that"
        }
        FormNeed::Date => "When it happened",
        FormNeed::RealOrFake => "Whether it is real or made",
        FormNeed::PictureOnHerDevice => "The picture; it stays on your device",
        FormNeed::OwnAccount => "An account with the recipient",
        FormNeed::Authority => "Only for somebody who acts for another person",
        FormNeed::Evidence => "What you kept as evidence",
    }
}

fn steps(
    row: &TakedownRow,
    (catalogue, recipient): (&Catalogue, &Recipient),
    facts: &TakedownFacts,
) -> Vec<TakedownStep> {
    use TakedownState as S;
    if !matches!(
        row.state,
        S::Overdue | S::Refused | S::NeedsInfo | S::Failed
    ) {
        return Vec::new();
    }
    let mut steps = Vec::new();
    if row.state != S::Failed && !row.is_paused() {
        steps.push(TakedownStep {
            step: "FOLLOW_UP",
            recipient_id: None,
            label: format!("Ask {} again", recipient.name()),
            url: None,
        });
    }
    if let Some(appeal) = recipient
        .appeal
        .as_ref()
        .filter(|_| row.state == S::Refused)
    {
        steps.push(TakedownStep {
            step: "APPEAL",
            recipient_id: None,
            label: appeal.summary.clone(),
            url: appeal.url.clone(),
        });
    }
    let regulator = (row.state != S::Failed)
        .then(|| regulator(row.law, facts))
        .flatten();
    let searches = ["google-search", "bing"];
    let others = regulator.into_iter().chain(searches);
    for id in others.filter(|it| *it != recipient.id) {
        if let Some(other) = catalogue.get(id) {
            let label = match other.kind {
                RecipientKind::Regulator => format!("Complain to {}", other.name()),
                _ => format!("Have it left out of {}", other.name()),
            };
            steps.push(TakedownStep {
                step: "RECIPIENT",
                recipient_id: Some(id.to_owned()),
                label,
                url: None,
            });
        }
    }
    steps
}

/// Who one complains to when the recipient does not do what this law asks.
fn regulator(law: Law, facts: &TakedownFacts) -> Option<&'static str> {
    match law {
        Law::UsTida => Some("us-ftc"),
        Law::UkOsa => Some("uk-ofcom"),
        Law::InIt => Some("in-gac"),
        Law::AuEsafety => Some("au-esafety"),
        Law::EuDsa => Some(match facts.country.as_deref() {
            Some("DE") => "de-dsc",
            Some("IE") => "ie-cnam",
            _ => "eu-dsc-list",
        }),
        _ => None,
    }
}
