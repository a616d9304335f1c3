//! Mail that comes in: what the mail service stores of it, with its verdicts above.
//!
//! `POST /_mail/inbound` writes as a recipient: `{"to": "c-…@post.vara.test", "from": "abuse@example.org", "text": "…"}`.
//! With `"proved": false` nothing proves the sender, `"automatic": true` is a machine's answer, and
//! `"delivery": "failed"` is a mail server's report (RFC 3464).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use uuid::Uuid;

use crate::answer::EngineRefusal;
use crate::world::{OutsideWorld, StoredMail};

/// A mail that somebody writes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    to: String,
    from: String,
    #[serde(default = "default_subject")]
    subject: String,
    #[serde(default)]
    text: String,
    /// The same id is the same mail.
    #[serde(default)]
    message_id: Option<String>,
    /// Whether the sender's domain signed it.
    #[serde(default = "is_usual")]
    proved: bool,
    /// Whether a machine wrote it.
    #[serde(default)]
    automatic: bool,
    /// The action of a delivery report.
    #[serde(default)]
    delivery: Option<String>,
}

fn default_subject() -> String {
    "Re: your request".to_owned()
}

fn is_usual() -> bool {
    true
}

pub(crate) fn routes() -> Router<Arc<OutsideWorld>> {
    Router::new().route("/_mail/inbound", post(write))
}

async fn write(
    State(world): State<Arc<OutsideWorld>>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), EngineRefusal> {
    let written: Written = serde_json::from_slice(&body)
        .map_err(|e| EngineRefusal::bad(format!("not the JSON expected: {e}")))?;
    let plain = [&written.to, &written.from, &written.subject];
    if plain.iter().any(|it| it.contains(['\r', '\n'])) {
        return Err(EngineRefusal::bad("a header is one line".to_owned()));
    }
    let name = Uuid::new_v4().simple().to_string();
    let bytes = raw(&written, &name).into_bytes();
    let told = json!({ "name": name });
    match world.inbound.store(StoredMail { name, bytes }) {
        true => Ok((StatusCode::ACCEPTED, Json(told))),
        false => Err(EngineRefusal::bad("nobody stores mails here".to_owned())),
    }
}

/// The mail as the service stores it.
fn raw(mail: &Written, name: &str) -> String {
    let domain = mail.from.rsplit('@').next().unwrap_or_default();
    let (spf, dkim, dmarc) = match mail.proved {
        true => (
            "pass",
            format!("pass header.i=@{domain}"),
            format!("pass header.from={domain}"),
        ),
        false => ("fail", "fail".to_owned(), "none".to_owned()),
    };
    let date = OffsetDateTime::now_utc()
        .format(&Rfc2822)
        .unwrap_or_default();
    let id = mail
        .message_id
        .clone()
        .unwrap_or_else(|| format!("{name}@{domain}"));
    let mut lines = vec![
        format!("Return-Path: <{}>", mail.from),
        format!(
            "Received: from mx.{domain} (mx.{domain} [192.0.2.7]) by inbound-smtp.eu-central-1.amazonaws.com with SMTP id {name} for {}; {date}",
            mail.to
        ),
        "X-SES-Spam-Verdict: PASS".to_owned(),
        "X-SES-Virus-Verdict: PASS".to_owned(),
        format!(
            "Received-SPF: {spf} (spfCheck: domain of {domain}) client-ip=192.0.2.7; envelope-from={}; helo=mx.{domain};",
            mail.from
        ),
        format!(
            "Authentication-Results: amazonses.com; spf={spf} (spfCheck: domain of {domain}) client-ip=192.0.2.7; envelope-from={}; helo=mx.{domain}; dkim={dkim}; dmarc={dmarc};",
            mail.from
        ),
        format!("From: {}", mail.from),
        format!("To: {}", mail.to),
        format!("Subject: {}", mail.subject),
        format!("Message-ID: <{id}>"),
        format!("Date: {date}"),
        "MIME-Version: 1.0".to_owned(),
    ];
    if mail.automatic || mail.delivery.is_some() {
        lines.push("Auto-Submitted: auto-replied".to_owned());
    }
    match &mail.delivery {
        None => lines.extend([
            "Content-Type: text/plain; charset=utf-8".to_owned(),
            String::new(),
            mail.text.clone(),
        ]),
        Some(action) => lines.extend(report(mail, action, domain)),
    }
    lines.join("\r\n")
}

fn report(mail: &Written, action: &str, domain: &str) -> Vec<String> {
    let status = if action == "failed" { "5.1.1" } else { "4.4.7" };
    let text = format!(
        "Content-Type: multipart/report; report-type=delivery-status; boundary=report\n\n\
         --report\nContent-Type: text/plain; charset=utf-8\n\n{}\n\
         --report\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mx.{domain}\n\nFinal-Recipient: rfc822; abuse@{domain}\n\
         Action: {action}\nStatus: {status}\n\n--report--\n",
        mail.text
    );
    text.lines().map(str::to_owned).collect()
}
