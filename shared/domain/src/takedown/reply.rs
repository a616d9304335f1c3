//! Replies of recipients: what a mail says by fixed rules, its ticket number, and what it does to a request.
//!
//! Words alone never decide that something is gone or refused. A mail that says "removed" has it looked at; one that
//! says "no" is put before her.

use serde::{Deserialize, Serialize};

use super::TakedownEvent;
use super::state::TakedownState;
use crate::named_values::named_values;

named_values! {
    /// What a mail of a recipient says, by fixed rules.
    ReplyKind {
        /// That it has the request.
        Acknowledgement = "ACKNOWLEDGEMENT",
        /// That it needs something more.
        NeedsInfo = "NEEDS_INFO",
        /// That it removed it.
        SaysRemoved = "SAYS_REMOVED",
        /// That it does not remove it.
        Unable = "UNABLE",
        /// A mail server could not deliver the request.
        Undelivered = "UNDELIVERED",
        /// Nothing that the rules know.
        Other = "OTHER",
    }
}

/// A mail, sorted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SortedReply {
    /// What it says.
    pub kind: ReplyKind,
    /// The number that the recipient gave the request.
    pub ticket: Option<String>,
}

/// Sentences with one of these say nothing about what was done.
const CONDITIONS: [&str; 9] = [
    "if ",
    "once ",
    "when ",
    "unless ",
    "until ",
    "after ",
    "before ",
    "whether ",
    "should you",
];

const REMOVED: [&str; 15] = [
    "has been removed",
    "have been removed",
    "was removed",
    "were removed",
    "have removed",
    "we removed",
    "been taken down",
    "taken it down",
    "have taken down",
    "has been deleted",
    "have been deleted",
    "have deleted",
    "has been disabled",
    "have disabled access",
    "no longer available",
];

const UNABLE: [&str; 16] = [
    "unable to remove",
    "not able to remove",
    "cannot remove",
    "can not remove",
    "can't remove",
    "will not remove",
    "won't remove",
    "not be removed",
    "not been removed",
    "have not removed",
    "does not violate",
    "do not violate",
    "doesn't violate",
    "no violation",
    "not find a violation",
    "declined your",
];

const NEEDS_INFO: [&str; 14] = [
    "please provide",
    "please send us",
    "please reply with",
    "please confirm",
    "please specify",
    "please clarify",
    "need more information",
    "need additional information",
    "need further information",
    "require more information",
    "require additional information",
    "unable to locate",
    "unable to verify",
    "could not find the content",
];

const RECEIVED: [&str; 10] = [
    "received your",
    "have received",
    "has been received",
    "thank you for your report",
    "thank you for contacting",
    "thanks for contacting",
    "thank you for reaching out",
    "will review",
    "under review",
    "being reviewed",
];

/// Lines from which on somebody else is quoted.
const QUOTE_MARKS: [&str; 4] = [
    "-----original message-----",
    "-- original message --",
    "________________________________",
    "begin forwarded message",
];

impl ReplyKind {
    /// In a sentence for her, which comes before the text itself.
    #[must_use]
    pub fn summary(self) -> &'static str {
        match self {
            Self::Acknowledgement => "They say that they have your request.",
            Self::NeedsInfo => "They ask for something more.",
            Self::SaysRemoved => "They say that they removed it. We look whether that is so.",
            Self::Unable => "This may be a no. Please read it and tell us what it says.",
            Self::Undelivered => "A mail server says that your request did not arrive.",
            Self::Other => "They wrote. We could not tell what it says.",
        }
    }

    /// What happens to a request that stands so by a mail of its recipient. `None`: she reads it, and nothing moves.
    #[must_use]
    pub fn event(self, state: TakedownState) -> Option<TakedownEvent> {
        use TakedownState as S;
        match (self, state) {
            (Self::Undelivered, S::Sent) => Some(TakedownEvent::Fail),
            (Self::Undelivered, _) => None,
            (Self::NeedsInfo, S::Sent | S::Acknowledged | S::Overdue) => Some(TakedownEvent::Ask),
            (Self::SaysRemoved, S::Sent | S::Acknowledged | S::NeedsInfo | S::Overdue) => {
                Some(TakedownEvent::ClaimGone)
            }
            // Whatever it says, they have it.
            (_, S::Sent) => Some(TakedownEvent::Acknowledge),
            _ => None,
        }
    }
}

/// What a mail says. One that a machine wrote by itself is an acknowledgement, whatever its words are.
#[must_use]
pub fn sort_reply(subject: &str, text: &str, is_automatic: bool) -> SortedReply {
    let own = own_words(text);
    let ticket = ticket(subject).or_else(|| ticket(&own));
    let own = own.to_lowercase();
    let sentences: Vec<&str> = own
        .split(['.', '!', '?', '\n'])
        .map(str::trim)
        .filter(|it| !is_conditional(it))
        .collect();
    let says = |phrases: &[&str]| {
        let mut all = sentences.iter();
        all.any(|it| phrases.iter().any(|phrase| it.contains(phrase)))
    };
    let kind = match (says(&NEEDS_INFO), says(&UNABLE), says(&REMOVED)) {
        _ if is_automatic => ReplyKind::Acknowledgement,
        (true, false, false) => ReplyKind::NeedsInfo,
        (false, true, false) => ReplyKind::Unable,
        (false, false, true) => ReplyKind::SaysRemoved,
        (false, false, false) if says(&RECEIVED) => ReplyKind::Acknowledgement,
        // Two of them at once, or none.
        _ => ReplyKind::Other,
    };
    SortedReply { kind, ticket }
}

fn is_conditional(sentence: &str) -> bool {
    let mut words = CONDITIONS.iter();
    words.any(|it| sentence.starts_with(it) || sentence.contains(&format!(" {it}")))
}

/// The text without what it quotes: the request itself speaks of removing.
fn own_words(text: &str) -> String {
    let mut own = String::new();
    for line in text.lines() {
        let trimmed = line.trim();
        let lower = trimmed.to_lowercase();
        let is_quote_mark = QUOTE_MARKS.iter().any(|it| lower.starts_with(it))
            || lower.starts_with("on ") && lower.ends_with("wrote:");
        if is_quote_mark {
            break;
        }
        if !trimmed.starts_with('>') {
            own.push_str(trimmed);
            // A sentence may go on in the next line; an empty line ends it.
            own.push(if trimmed.is_empty() { '\n' } else { ' ' });
        }
    }
    own
}

/// Words behind which a number of a request stands.
const TICKET_WORDS: [&str; 5] = ["ticket", "case", "reference", "report", "request"];

/// Words that may stand between them and it.
const TICKET_FILLERS: [&str; 6] = ["id", "number", "no", "no.", "is", "#"];

const MAX_TICKET_CHARS: usize = 40;

/// The number that a recipient gave the request: `[#123]`, `Ticket ID: AB-123`. Numbers of ours are none.
fn ticket(text: &str) -> Option<String> {
    let spaced = text
        .replace([':', '[', ']', '(', ')', ','], " ")
        .replace('#', " # ");
    let mut expected = false;
    let mut after_hash = false;
    for word in spaced.split_whitespace() {
        let bare = word.trim_end_matches(['.', ';', '!', '?']);
        let lower = bare.to_lowercase();
        if (expected || after_hash) && is_ticket(bare) {
            return Some(bare.to_owned());
        }
        after_hash = word == "#";
        expected = TICKET_WORDS.contains(&lower.as_str())
            || expected && TICKET_FILLERS.contains(&lower.as_str());
    }
    None
}

fn is_ticket(word: &str) -> bool {
    let is_ours = word.starts_with("R-");
    let fits = (4..=MAX_TICKET_CHARS).contains(&word.len());
    let is_plain = word
        .bytes()
        .all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_');
    !is_ours && fits && is_plain && word.bytes().any(|it| it.is_ascii_digit())
}

#[cfg(test)]
mod tests;
