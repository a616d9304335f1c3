//! Text of a request: the template of its law, filled in with what she told, as plain text.

use serde_json::{Map, Value, json};

use super::addressee::{Addressee, addressee_of};
use super::sealed::SealedTakedown;
use crate::domain::document::plain_text;
use crate::domain::takedown::objection::reference_of;
use crate::domain::takedown::{
    Harm, RequestText, TakedownFacts, TakedownPurpose, TextStatement, facts,
};
use crate::domain::{Error, Law, Result, Timestamp};
use crate::store::TakedownRow;
use vara_templates::{SignerRole, Template, template};

/// The language of texts if she chose none.
const DEFAULT_LANGUAGE: &str = "en";

/// The text she approved, or else the one that is to be approved, which names the page for objections.
pub(super) fn current_text(
    row: &TakedownRow,
    sealed: &SealedTakedown,
    objection_page: Option<&str>,
    now: Timestamp,
) -> Result<RequestText> {
    match &sealed.approval {
        Some(approval) => Ok(approval.text.clone()),
        None => draft(row, sealed, objection_page, now),
    }
}

/// The text that follows from what she told.
fn draft(
    row: &TakedownRow,
    sealed: &SealedTakedown,
    objection_page: Option<&str>,
    now: Timestamp,
) -> Result<RequestText> {
    let language = sealed.facts.language.as_deref().unwrap_or(DEFAULT_LANGUAGE);
    let template = template_of(row, language)?;
    let Addressee { recipient, .. } = addressee_of(row, sealed)?;
    let policy = recipient.policies.first();
    let policy = policy.map(|it| (it.title.as_str(), it.url.as_str()));
    let mut filled = values(row, &sealed.facts, recipient.name(), policy, now);
    if let Some(page) = objection_page {
        let page = format!("{page}?reference={}", reference_of(row.id));
        filled.insert("objection_page".to_owned(), json!(page));
    }
    filled.retain(|name, _| template.field(name).is_some());
    let values = template.values(&filled).map_err(|faults| {
        let first = faults.into_iter().next();
        let message = first.map_or_else(|| "This cannot be filled in.".to_owned(), |it| it.message);
        Error::invalid_at("facts", message)
    })?;
    let filled = template
        .fill(values)
        .map_err(|err| Error::bug("filling in the text of a request", err))?;
    let statements = filled.statements_of(SignerRole::Herself);
    let statements = statements.map(|it| TextStatement {
        id: it.id.clone(),
        text: it.text.clone(),
    });
    let statements = statements.collect();
    let text = plain_text(&filled.text());
    let (subject, body) = text.split_once('\n').unwrap_or((&text, ""));
    Ok(RequestText {
        subject: subject.trim().to_owned(),
        body: body.trim_start().to_owned(),
        statements,
    })
}

fn template_of(row: &TakedownRow, language: &str) -> Result<&'static Template> {
    let id = match row.purpose {
        TakedownPurpose::FollowUp => "notice-follow-up".to_owned(),
        TakedownPurpose::Retraction => "notice-retraction".to_owned(),
        TakedownPurpose::Request => {
            let law = row.law.as_str().to_ascii_lowercase().replace('_', "-");
            format!("notice-{law}")
        }
    };
    template(&id, language).ok_or_else(|| {
        Error::invalid_at("facts.language", "There is no text in this language yet.")
    })
}

fn values(
    row: &TakedownRow,
    facts: &TakedownFacts,
    recipient: &str,
    policy: Option<(&str, &str)>,
    now: Timestamp,
) -> Map<String, Value> {
    let harm = match facts.harm {
        Some(Harm::Intimate) => "INTIMATE",
        Some(Harm::Deepfake) => "ALTERED",
        Some(Harm::Impersonation) => "IMPERSONATION",
        _ => "OTHER",
    };
    let kind = match facts.harm {
        Some(Harm::Impersonation) => "PROFILE",
        _ => "PICTURE",
    };
    let items: Vec<&String> = facts.urls.iter().chain(&facts.result_urls).collect();
    let items = items.get(..facts::MAX_URLS).unwrap_or(&items);
    let mut values = Map::new();
    let mut put = |name: &str, value: Value| values.insert(name.to_owned(), value);
    put("reference", json!(reference_of(row.id)));
    put("recipient", json!(recipient));
    put("role", json!("SELF"));
    put("items", json!(items));
    put("item_kind", json!(kind));
    put("harm", json!(harm));
    put("contact_name", json!(facts.name));
    put("contact_email", json!(facts.email));
    put("signature", json!(facts.name));
    put("signed_on", json!(now.day()));
    put("work", json!(facts.work));
    put("first_sent", json!(row.sent_at));
    put("due", json!(row.due_at));
    if row.law == Law::Gdpr17 {
        put("searched_name", json!(facts.searched_name));
    }
    if let Some((title, url)) = policy {
        put("policy_title", json!(title));
        put("policy_url", json!(url));
    }
    put("why_illegal", json!(facts.reason));
    put("facts", json!(more_facts(row, facts)));
    values
}

/// What she told beyond what the template asks for by itself.
fn more_facts(row: &TakedownRow, facts: &TakedownFacts) -> Option<String> {
    let is_asked = row.law == Law::EuDsa && row.purpose == TakedownPurpose::Request;
    let reason = facts.reason.clone().filter(|_| !is_asked);
    let name = facts
        .searched_name
        .as_ref()
        .filter(|_| row.law == Law::Gdpr21);
    let name = name.map(|it| format!("The name that was searched for: {it}"));
    let earlier = facts.earlier_reference.as_ref();
    let earlier = earlier.map(|it| format!("Your number of an earlier report: {it}"));
    let all: Vec<String> = [reason, name, earlier].into_iter().flatten().collect();
    (!all.is_empty()).then(|| all.join("\n\n"))
}
