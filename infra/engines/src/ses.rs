//! The mail service: `SendEmail` of SES v2 for simple messages, kept in the mailbox.
//!
//! Signatures are not checked; only `Content.Simple` is spoken, because nothing else is
//! sent by Vara.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::answer::content_type;
use crate::gate::{Failures, gate};
use crate::links::links;
use crate::world::{Engine, OutsideWorld, SentMail};

/// How AWS names an error in its REST-JSON protocol.
static ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
static REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendEmail {
    from_email_address: Option<String>,
    destination: Option<Destination>,
    content: Option<MailContent>,
    #[serde(default)]
    reply_to_addresses: Vec<String>,
    #[serde(default)]
    email_tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    name: String,
    value: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Destination {
    to_addresses: Vec<String>,
    cc_addresses: Vec<String>,
    bcc_addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MailContent {
    simple: Option<Simple>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simple {
    subject: Part,
    body: MailParts,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MailParts {
    text: Option<Part>,
    html: Option<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Part {
    data: String,
}

const FAILURES: Failures = Failures {
    engine: Engine::Ses,
    refuse,
    garbage,
    spent: || refuse(StatusCode::TOO_MANY_REQUESTS),
    counts: |_| true,
};

pub(crate) fn routes(world: &Arc<OutsideWorld>) -> Router<Arc<OutsideWorld>> {
    Router::new()
        .route("/v2/email/outbound-emails", post(send))
        .route_layer(middleware::from_fn_with_state(
            (Arc::clone(world), FAILURES),
            gate,
        ))
        .fallback(unknown)
}

async fn send(State(world): State<Arc<OutsideWorld>>, body: Bytes) -> Response {
    match mail(&body) {
        Ok(mail) => {
            world.mail.put(mail);
            answer(StatusCode::OK, json!({"MessageId": message_id()}))
        }
        Err(message) => error(StatusCode::BAD_REQUEST, "BadRequestException", &message),
    }
}

/// The mail a request asks for, or what is wrong with the request.
fn mail(body: &[u8]) -> Result<SentMail, String> {
    let request: SendEmail =
        serde_json::from_slice(body).map_err(|e| format!("The request is malformed: {e}"))?;
    let reply_to = request.reply_to_addresses.join(", ");
    let tags = request.email_tags.into_iter();
    let tags = tags.map(|it| (it.name, it.value)).collect();
    let from = request.from_email_address.filter(|it| it.contains('@'));
    let destination = request.destination.unwrap_or_default();
    let to: Vec<String> = [
        destination.to_addresses,
        destination.cc_addresses,
        destination.bcc_addresses,
    ]
    .concat();
    if to.is_empty() || to.iter().any(|it| !it.contains('@')) {
        return Err("Destination must hold at least one address, and only addresses".to_owned());
    }
    let simple = request.content.and_then(|it| it.simple);
    let simple = simple.ok_or("Content.Simple is missing; this stand-in knows no other content")?;
    let data = |part: Option<Part>| part.map(|it| it.data).unwrap_or_default();
    let (text, html) = (data(simple.body.text), data(simple.body.html));
    if text.is_empty() && html.is_empty() {
        return Err("Content.Simple.Body has neither Text nor Html".to_owned());
    }
    Ok(SentMail {
        to: to.join(", "),
        from: from.ok_or("FromEmailAddress is missing or not an address")?,
        subject: simple.subject.data,
        links: links(&text, &html),
        reply_to,
        tags,
        text,
        html,
        at: OffsetDateTime::now_utc(),
    })
}

/// An id in the shape of the real ones: a time and a UUID.
fn message_id() -> String {
    let millis = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
    format!("0100{millis:012x}-{}-000000", Uuid::new_v4())
}

async fn unknown() -> Response {
    error(
        StatusCode::NOT_FOUND,
        "UnknownOperationException",
        "No such operation",
    )
}

/// An error as this service writes it.
fn refuse(status: StatusCode) -> Response {
    let (kind, message) = match status {
        StatusCode::TOO_MANY_REQUESTS => {
            ("TooManyRequestsException", "Daily message quota exceeded.")
        }
        StatusCode::FORBIDDEN => (
            "AccessDeniedException",
            "Not authorized to perform ses:SendEmail.",
        ),
        status if status.is_server_error() => (
            "InternalServiceErrorException",
            "The service is unavailable.",
        ),
        _ => ("BadRequestException", "The request was refused."),
    };
    error(status, kind, message)
}

/// A success that is not the format.
fn garbage() -> Response {
    (
        content_type("application/json"),
        "<html>not the format</html>",
    )
        .into_response()
}

fn error(status: StatusCode, kind: &'static str, message: &str) -> Response {
    let mut answer = answer(status, json!({"message": message}));
    answer
        .headers_mut()
        .insert(&ERROR_TYPE, HeaderValue::from_static(kind));
    answer
}

fn answer(status: StatusCode, body: serde_json::Value) -> Response {
    let mut answer = (status, Json(body)).into_response();
    if let Ok(id) = HeaderValue::from_str(&Uuid::new_v4().to_string()) {
        answer.headers_mut().insert(&REQUEST_ID, id);
    }
    answer
}
