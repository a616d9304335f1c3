//! Incoming mail as the mail service stores it: who wrote, to which address, what it says, and what was checked of it.
//!
//! It is hostile text. Nothing of it is rendered, no link is followed and no attachment is opened; of a mail that is
//! HTML only, the words are kept. It is read in a thread with a stack of its own, so that a mail that is nested without
//! end, or breaks the parser, costs one mail.

mod verdicts;

use std::thread;

use mail_parser::{Address, HeaderValue, Message, MessageParser};
use sha2::{Digest, Sha256};

pub use verdicts::MailVerdicts;

use crate::domain::{Error, Result};

/// How much of a mail is read. What it says comes before its attachments.
pub const MAX_MAIL_BYTES: usize = 256 * 1024;

/// The most characters of its text that are kept.
pub(super) const MAX_TEXT_CHARS: usize = 20_000;

const MAX_LINE_CHARS: usize = 300;

/// The most addresses, or ids of earlier mails, that are looked at.
const MAX_ADDRESSES: usize = 50;

/// Enough for as many mails within mails as [`MAX_MAIL_BYTES`] can hold.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// A mail that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundMail {
    /// Its name, the same however often it comes.
    pub id: String,
    /// The addresses it was sent to, in lower case.
    pub to: Vec<String>,
    /// Who wrote, in lower case; nobody if that is several.
    pub from: Option<String>,
    /// Its subject.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// The ids of the mails that it answers, without brackets.
    pub answers: Vec<String>,
    /// Whether a machine wrote it by itself (RFC 3834).
    pub is_automatic: bool,
    /// What it tells of a mail that did not arrive (RFC 3464).
    pub delivery: Option<DeliveryReport>,
    /// How many attachments it has. They are never opened.
    pub attachments: usize,
    /// What the mail service found out about it.
    pub verdicts: MailVerdicts,
}

/// What a mail server says of the delivery of a mail (RFC 3464).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryReport {
    /// `failed`, `delayed`, `delivered`, `relayed` or `expanded`.
    pub action: String,
}

impl DeliveryReport {
    /// Whether the mail did not arrive and will not, for whatever reason.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.action == "failed"
    }
}

impl InboundMail {
    /// Reads a mail.
    ///
    /// # Errors
    ///
    /// If it is none, or nobody can read it.
    pub fn read(raw: Vec<u8>) -> Result<Self> {
        let unreadable = || Error::invalid("UNREADABLE_MAIL", "This mail cannot be read.");
        let reader = thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn(move || parse(&raw))
            .map_err(|err| Error::unavailable("reading a mail", err))?;
        reader.join().ok().flatten().ok_or_else(unreadable)
    }
}

fn parse(raw: &[u8]) -> Option<InboundMail> {
    let raw = raw.get(..MAX_MAIL_BYTES).unwrap_or(raw);
    let mail = MessageParser::default().parse(raw)?;
    let delivery = delivery(&mail);
    let text = mail.body_text(0).unwrap_or_default();
    Some(InboundMail {
        id: id(&mail, raw),
        to: recipients(&mail),
        from: sender(&mail),
        subject: line(mail.subject().unwrap_or_default()),
        text: plain(&text),
        answers: [mail.in_reply_to(), mail.references()]
            .into_iter()
            .flat_map(ids)
            .take(MAX_ADDRESSES)
            .collect(),
        is_automatic: is_automatic(&mail),
        attachments: mail.attachment_count(),
        verdicts: verdicts::of(&mail),
        delivery,
    })
}

/// By its `Message-ID`; a mail without one by all of it.
fn id(mail: &Message<'_>, raw: &[u8]) -> String {
    let named = mail.message_id().map(str::as_bytes);
    let digest = Sha256::digest(named.unwrap_or(raw));
    hex::encode(digest.get(..16).unwrap_or(&digest))
}

/// Whom the mail service took it for, and whom it names.
fn recipients(mail: &Message<'_>) -> Vec<String> {
    let taken_for = mail.received().and_then(|it| it.for_()).map(str::to_owned);
    let named = [mail.to(), mail.cc()].into_iter().flatten();
    let named = named.flat_map(|it| it.iter().filter_map(|it| it.address().map(str::to_owned)));
    taken_for
        .into_iter()
        .chain(named)
        .take(MAX_ADDRESSES)
        .map(|it| it.trim_matches(['<', '>', ' ']).to_lowercase())
        .collect()
}

fn sender(mail: &Message<'_>) -> Option<String> {
    let mut all = mail
        .header_values("From")
        .filter_map(HeaderValue::as_address);
    let mut people = all.next().map(Address::iter)?;
    let one = people.next()?.address()?.trim().to_lowercase();
    let is_only = people.next().is_none() && all.next().is_none();
    (is_only && one.contains('@')).then_some(one)
}

fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    let one = value.as_text().into_iter();
    let many = value.as_text_list().into_iter().flatten().map(|it| &**it);
    let mut all: Vec<String> = one.chain(many).map(str::to_owned).collect();
    all.dedup();
    all
}

fn is_automatic(mail: &Message<'_>) -> bool {
    let told = mail.header_raw("Auto-Submitted").unwrap_or_default();
    let keyword = told.split(';').next().unwrap_or_default().trim();
    !keyword.is_empty() && !keyword.eq_ignore_ascii_case("no")
}

fn delivery(mail: &Message<'_>) -> Option<DeliveryReport> {
    use mail_parser::MimeHeaders;
    let is_report = |it: &&mail_parser::MessagePart<'_>| {
        it.content_type().is_some_and(|it| {
            it.ctype() == "message"
                && it
                    .subtype()
                    .is_some_and(|it| it.ends_with("delivery-status"))
        })
    };
    let part = mail.parts.iter().find(is_report)?;
    let text = String::from_utf8_lossy(part.contents()).into_owned();
    let field = |name: &str| {
        let mut lines = text.lines().filter_map(|it| it.split_once(':'));
        let found = lines.find(|it| it.0.trim().eq_ignore_ascii_case(name));
        let value = found.map(|it| it.1.trim().to_lowercase());
        value.map(|it| {
            it.split([' ', ';', '('])
                .next()
                .unwrap_or_default()
                .to_owned()
        })
    };
    Some(DeliveryReport {
        action: field("Action")?,
    })
}

fn line(text: &str) -> String {
    let text = text.chars().filter(|it| !it.is_control());
    text.take(MAX_LINE_CHARS).collect()
}

fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let kept = text.trim().chars();
    let kept = kept.filter(|it| !it.is_control() || matches!(it, '\n' | '\t'));
    kept.take(MAX_TEXT_CHARS).collect()
}

#[cfg(test)]
mod tests;
