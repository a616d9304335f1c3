//! Bounces and complaints: parsing of SES events in their SNS envelope.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Timestamp;

/// Why no mail is sent to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MailStopReason {
    /// The mailbox does not take mail, for good.
    Bounced,
    /// A mail was marked as unwanted.
    Complained,
}

/// Why and since when no mail is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MailStop {
    /// Why.
    pub reason: MailStopReason,
    /// Since when.
    pub at: Timestamp,
}

/// An event that stops mail to some addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailFeedback {
    /// Why, and when the mail service saw it.
    pub stop: MailStop,
    /// The addresses, in lower case.
    pub addresses: Vec<String>,
}

/// The most addresses of one event that are acted on: each mail of ours has one.
const MAX_ADDRESSES: usize = 50;

impl MailFeedback {
    /// Reads a message of the queue. `None`: it is no event that stops mail, or nothing of the service's.
    ///
    /// An event is taken in its envelope and without it. A bounce counts only if it is permanent: a full
    /// mailbox or a server that is down takes mail again.
    #[must_use]
    pub fn parse(body: &str) -> Option<Self> {
        let outer: Value = serde_json::from_str(body).ok()?;
        let inner: Option<Value> = outer["Message"]
            .as_str()
            .and_then(|it| serde_json::from_str(it).ok());
        let event = inner.unwrap_or(outer);
        let kind = event["eventType"]
            .as_str()
            .or(event["notificationType"].as_str());
        let (reason, detail, recipients) = match kind? {
            "Bounce" if event["bounce"]["bounceType"] == "Permanent" => (
                MailStopReason::Bounced,
                &event["bounce"],
                "bouncedRecipients",
            ),
            "Complaint" => (
                MailStopReason::Complained,
                &event["complaint"],
                "complainedRecipients",
            ),
            _ => return None,
        };
        let at = Timestamp::parse(detail["timestamp"].as_str()?)?;
        let recipients = detail[recipients].as_array()?.iter();
        let addresses = recipients.filter_map(|it| it["emailAddress"].as_str());
        let addresses: Vec<String> = addresses
            .filter(|it| it.contains('@'))
            .take(MAX_ADDRESSES)
            .map(|it| bare(it).to_lowercase())
            .collect();
        (!addresses.is_empty()).then_some(Self {
            stop: MailStop { reason, at },
            addresses,
        })
    }
}

/// The address without the name around it.
fn bare(mailbox: &str) -> &str {
    let inside = mailbox.rsplit_once('<').and_then(|it| it.1.split_once('>'));
    inside.map_or(mailbox, |it| it.0).trim()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const AT: &str = "2026-11-20T12:00:00.000Z";

    fn bounce(kind: &str) -> Value {
        json!({
            "eventType": "Bounce",
            "bounce": {
                "bounceType": kind, "bounceSubType": "General", "timestamp": AT, "feedbackId": "f",
                "bouncedRecipients": [{ "emailAddress": "Ana <Ana@Example.NET>", "action": "failed" }],
            },
            "mail": { "messageId": "m", "destination": ["ana@example.net"] },
        })
    }

    fn enveloped(event: &Value) -> String {
        json!({ "Type": "Notification", "MessageId": "1", "Message": event.to_string() })
            .to_string()
    }

    #[test]
    fn permanent_bounces_and_complaints_stop_mail_with_and_without_the_envelope() {
        let wanted = |reason| MailFeedback {
            stop: MailStop {
                reason,
                at: Timestamp::parse(AT).unwrap(),
            },
            addresses: vec!["ana@example.net".to_owned()],
        };
        let hard = bounce("Permanent");
        for body in [enveloped(&hard), hard.to_string()] {
            let read = MailFeedback::parse(&body).unwrap();
            assert_eq!(read, wanted(MailStopReason::Bounced));
        }
        let complaint = json!({
            "eventType": "Complaint",
            "complaint": {
                "complainedRecipients": [{ "emailAddress": "ana@example.net" }], "timestamp": AT,
                "feedbackId": "f", "complaintFeedbackType": "abuse",
            },
        });
        let read = MailFeedback::parse(&enveloped(&complaint)).unwrap();
        assert_eq!(read, wanted(MailStopReason::Complained));
    }

    #[test]
    fn what_passes_and_what_is_nothing_stops_nothing() {
        for event in [
            bounce("Transient"),
            bounce("Undetermined"),
            json!({}),
            json!([1]),
        ] {
            assert_eq!(MailFeedback::parse(&enveloped(&event)), None, "{event}");
        }
        let mut nobody = bounce("Permanent");
        nobody["bounce"]["bouncedRecipients"] = json!([{ "emailAddress": 7 }, "x", null]);
        let mut timeless = bounce("Permanent");
        timeless["bounce"]["timestamp"] = json!("yesterday");
        for body in [nobody.to_string(), timeless.to_string()] {
            assert_eq!(MailFeedback::parse(&body), None, "{body}");
        }
        for body in ["", "null", "7", "{", "{\"Message\":\"{\"}"] {
            assert_eq!(MailFeedback::parse(body), None, "{body}");
        }
    }

    proptest! {
        #[test]
        fn anything_can_be_read(body in ".{0,200}") {
            let _ = MailFeedback::parse(&body);
            let _ = MailFeedback::parse(&json!({ "Message": body }).to_string());
        }
    }
}
