//! The mailbox: every mail the stand-in took, newest last.

use std::collections::HashMap;
use std::sync::Mutex;

use serde::Serialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::lock::lock;

/// A mail as it was sent.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SentMail {
    /// All receivers, joined by a comma.
    pub(crate) to: String,
    pub(crate) from: String,
    pub(crate) subject: String,
    /// Empty when the mail has no such part.
    pub(crate) text: String,
    /// Empty when the mail has no such part.
    pub(crate) html: String,
    pub(crate) links: Vec<String>,
    /// Where answers go, joined by a comma; empty means to the sender.
    pub(crate) reply_to: String,
    /// By which the service tells what became of it.
    pub(crate) tags: HashMap<String, String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
}

impl SentMail {
    fn is_to(&self, address: &str) -> bool {
        self.to
            .split(',')
            .any(|to| bare(to).eq_ignore_ascii_case(bare(address)))
    }
}

/// The address without the name around it.
fn bare(mailbox: &str) -> &str {
    let address = match (mailbox.rfind('<'), mailbox.rfind('>')) {
        (Some(from), Some(to)) if from < to => &mailbox[from + 1..to],
        _ => mailbox,
    };
    address.trim()
}

/// The addresses of the real service's simulator, before a label, with what it tells of a mail to them.
const SIMULATED: [(&str, &str); 2] = [("bounce", "Bounce"), ("complaint", "Complaint")];

/// What the mail service tells of a mail to its simulator's addresses (`bounce+label@simulator.amazonses.com`),
/// in the envelope of the topic by which it tells it.
fn feedback(mail: &SentMail) -> Option<Value> {
    let to = bare(&mail.to);
    let (local, domain) = to.split_once('@')?;
    let name = local.split('+').next()?;
    let (_, kind) = SIMULATED
        .into_iter()
        .find(|it| it.0 == name && domain == "simulator.amazonses.com")?;
    let at = mail.at.format(&Rfc3339).ok()?;
    let recipients = json!([{ "emailAddress": to }]);
    let (part, detail) = match kind {
        "Bounce" => (
            "bounce",
            json!({
                "bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": recipients,
                "timestamp": at, "feedbackId": Uuid::new_v4(),
            }),
        ),
        _ => (
            "complaint",
            json!({
                "complainedRecipients": recipients, "timestamp": at, "feedbackId": Uuid::new_v4(),
                "complaintFeedbackType": "abuse",
            }),
        ),
    };
    let event = json!({
        "eventType": kind, part: detail,
        "mail": { "timestamp": at, "source": mail.from, "destination": [to] },
    });
    Some(json!({
        "Type": "Notification", "MessageId": Uuid::new_v4(), "Message": event.to_string(), "Timestamp": at,
    }))
}

/// All mail, in order of arrival, and what was told of it.
#[derive(Default)]
pub(crate) struct Mailbox {
    mails: Mutex<Vec<SentMail>>,
    feedback: Mutex<Vec<Value>>,
}

impl Mailbox {
    pub(crate) fn put(&self, mail: SentMail) {
        lock(&self.feedback).extend(feedback(&mail));
        lock(&self.mails).push(mail);
    }

    /// All mail, or what was sent to one address.
    pub(crate) fn all(&self, to: Option<&str>) -> Vec<SentMail> {
        let mails = lock(&self.mails);
        mails
            .iter()
            .filter(|it| to.is_none_or(|to| it.is_to(to)))
            .cloned()
            .collect()
    }

    /// Throws everything away; says how much it was.
    pub(crate) fn clear(&self) -> usize {
        lock(&self.feedback).clear();
        std::mem::take(&mut *lock(&self.mails)).len()
    }

    /// What was told of mails to the simulator's addresses, oldest first.
    pub(crate) fn feedback(&self) -> Vec<Value> {
        lock(&self.feedback).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_with_and_without_a_name() {
        assert_eq!(bare("Vara <no-reply@vara.test>"), "no-reply@vara.test");
        assert_eq!(bare(" a@vara.test "), "a@vara.test");
        assert_eq!(bare("> odd <"), "> odd <");
    }
}
