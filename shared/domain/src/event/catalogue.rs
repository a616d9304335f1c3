//! The catalogue of event types: name, version, stream, meaning.

use serde::{Deserialize, Deserializer, Serialize, de};

/// The most characters of a type.
const MAX_LENGTH: usize = 64;

/// The type of an event, like `note.written`. It is stored in clear, so a client chooses from the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, example = "note.written"))]
#[serde(transparent)]
pub struct EventType(String);

impl EventType {
    /// Reads a type: lower-case words joined by points. `None` if it is not one.
    ///
    /// A type that this version does not know is read all the same: a newer version may have written it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_word =
            |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_lowercase() || it == b'_');
        let is_type =
            text.len() <= MAX_LENGTH && text.contains('.') && text.split('.').all(is_word);
        is_type.then(|| Self(text.to_owned()))
    }

    /// The type.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for EventType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&EventSpec> for EventType {
    fn from(spec: &EventSpec) -> Self {
        Self(spec.name.to_owned())
    }
}

impl<'de> Deserialize<'de> for EventType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not the type of an event"))
    }
}

/// A type of event that this version writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct EventSpec {
    /// Its name.
    #[serde(rename = "type")]
    pub name: &'static str,
    /// The version of the shape of its data.
    pub version: u32,
    /// The kind of the streams it is in.
    pub stream: &'static str,
    /// Whether she may append it herself.
    pub client: bool,
    /// What it says.
    pub description: &'static str,
}

const fn takedown(name: &'static str, description: &'static str) -> EventSpec {
    by_service("takedown", name, description)
}

/// A type that only services write.
const fn by_service(
    stream: &'static str,
    name: &'static str,
    description: &'static str,
) -> EventSpec {
    EventSpec {
        name,
        version: 1,
        stream,
        client: false,
        description,
    }
}

/// All types that this version writes. A change of the shape of a type's data raises its version, and the
/// golden event of the old version in the tests stays.
pub const CATALOGUE: [EventSpec; 77] = [
    EventSpec {
        name: "note.written",
        version: 1,
        stream: "note",
        client: true,
        description: "She wrote down an incident.",
    },
    EventSpec {
        name: "note.amended",
        version: 1,
        stream: "note",
        client: true,
        description: "She added to a note or corrected it. What was written before stays in the stream.",
    },
    EventSpec {
        name: "note.withdrawn",
        version: 1,
        stream: "note",
        client: true,
        description: "She does not stand by a note any more. It stays in the stream.",
    },
    by_service(
        "access",
        "access.read",
        "Somebody looked at something of hers.",
    ),
    by_service(
        "access",
        "access.shared",
        "A service outside was given something of hers.",
    ),
    by_service("session", "session.started", "A session began on a device."),
    by_service(
        "session",
        "session.device_added",
        "A session began with a browser or from a network that was not used before.",
    ),
    by_service(
        "session",
        "session.ended",
        "Sessions ended; the data says which and why.",
    ),
    by_service("session", "session.named", "She named a session."),
    by_service(
        "session",
        "session.confirmed",
        "The password was entered again in a session.",
    ),
    by_service(
        "account",
        "account.password_changed",
        "A new password was set.",
    ),
    by_service(
        "account",
        "account.password_restored",
        "A change of the password was undone by the link that was mailed with it.",
    ),
    by_service(
        "account",
        "account.address_change_requested",
        "A change of the account's address was asked for; a code was mailed to the new one.",
    ),
    by_service(
        "account",
        "account.address_changed",
        "The account has a new address; until the given time the earlier one can be put back.",
    ),
    by_service(
        "account",
        "account.address_restored",
        "A change of the account's address was undone by the link that was mailed with it.",
    ),
    by_service(
        "account",
        "account.archive_requested",
        "She asked for an archive of what is kept of her.",
    ),
    by_service(
        "account",
        "account.rested",
        "The account was deleted and rests; until the given time it can be brought back.",
    ),
    by_service(
        "account",
        "account.restored",
        "The account was brought back by a mailed link.",
    ),
    by_service(
        "account",
        "account.preferences_changed",
        "She chose how she is told; the data says what she changed.",
    ),
    by_service(
        "account",
        "account.consent_given",
        "She agreed to something that needs her word; the data says to what.",
    ),
    by_service(
        "account",
        "account.consent_withdrawn",
        "She took a consent back; the data says which.",
    ),
    by_service(
        "account",
        "account.engines_chosen",
        "She chose which pictures may be sent to which company; the data says it for each.",
    ),
    by_service("image", "image.announced", "She began to add a picture."),
    by_service(
        "image",
        "image.archived",
        "She put a picture away. It is not searched for any more.",
    ),
    by_service(
        "image",
        "image.removed",
        "She had a picture removed for good.",
    ),
    by_service("scan", "scan.started", "She started a scan."),
    by_service("scan", "scan.stopped", "She stopped a scan."),
    by_service("scan", "scan.retried", "She had a scan begin again."),
    by_service("finding", "finding.confirmed", "She said that it is her."),
    by_service(
        "finding",
        "finding.dismissed",
        "She said that it is not her, or that she wants to hear no more of it.",
    ),
    by_service(
        "alert",
        "alert.decided",
        "She decided about an alert; the data says how.",
    ),
    by_service(
        "alert",
        "alert.cleared",
        "She cleared alerts; the data says how many.",
    ),
    by_service(
        "alert",
        "alert.restored",
        "She brought cleared alerts back; the data says how many.",
    ),
    by_service("document", "document.created", "A document was made."),
    by_service(
        "document",
        "document.edited",
        "The text of a document was saved, restored or made anew.",
    ),
    by_service(
        "document",
        "document.changed",
        "The title, the status or the links of a document were changed.",
    ),
    by_service(
        "document",
        "document.trashed",
        "A document was put into the trash. It is erased from there at the time that is named.",
    ),
    by_service(
        "document",
        "document.restored",
        "A document was taken out of the trash.",
    ),
    by_service(
        "document",
        "document.signed",
        "A document was signed; the data has the hash of its text.",
    ),
    by_service(
        "document",
        "document.erased",
        "A document was erased with all its versions.",
    ),
    by_service(
        "evidence",
        "evidence.requested",
        "She asked for the page of a finding to be captured.",
    ),
    by_service(
        "evidence",
        "evidence.captured",
        "A page was captured, stored and signed; the data has the hash of the manifest.",
    ),
    by_service(
        "evidence",
        "evidence.failed",
        "A page could not be captured; the data says why.",
    ),
    by_service(
        "evidence",
        "evidence.stamped",
        "An authority stamped the manifest with a time; the data has the hash of its answer.",
    ),
    by_service(
        "evidence",
        "evidence.viewed",
        "Kept bytes were shown; the data says which.",
    ),
    by_service(
        "evidence",
        "evidence.revealed",
        "An address was given under which kept bytes can be fetched once; the data says which.",
    ),
    by_service(
        "evidence",
        "evidence.rehashed",
        "Kept bytes were hashed anew; the data says whether they are what was captured.",
    ),
    by_service(
        "evidence",
        "evidence.exported",
        "A pack was made; the data has the hash of its key.",
    ),
    by_service(
        "evidence",
        "evidence.frozen",
        "A record was protected from being erased.",
    ),
    by_service(
        "evidence",
        "evidence.released",
        "A record is not protected from being erased any more.",
    ),
    by_service(
        "evidence",
        "evidence.erased",
        "What was kept of a record was erased. Its hashes stay in this stream.",
    ),
    takedown("takedown.created", "A request to remove was made."),
    takedown(
        "takedown.completed",
        "Nothing that the law asks for is missing in a request any more.",
    ),
    takedown(
        "takedown.edited",
        "Facts of a request were changed. An approval it had does not hold any more.",
    ),
    takedown(
        "takedown.approved",
        "A text of a request was approved; the data has its hash.",
    ),
    takedown(
        "takedown.handed_over",
        "A request was handed to her to send it herself.",
    ),
    takedown(
        "takedown.queued",
        "A request waits for its turn to be sent.",
    ),
    takedown(
        "takedown.claimed",
        "An attempt to send a request began; the data has the hash of what is sent.",
    ),
    takedown(
        "takedown.sent",
        "A request was sent; the data has the hash of what was sent.",
    ),
    takedown("takedown.delayed", "A request is tried again later."),
    takedown(
        "takedown.failed",
        "A request could not be sent or did not arrive.",
    ),
    takedown("takedown.submitted", "She sent a request herself."),
    takedown(
        "takedown.received",
        "The server of the recipient took a request.",
    ),
    takedown(
        "takedown.acknowledged",
        "The recipient said that it has a request.",
    ),
    takedown(
        "takedown.asked",
        "The recipient asked something about a request.",
    ),
    takedown(
        "takedown.claimed_gone",
        "The recipient says that it removed what a request is about.",
    ),
    takedown(
        "takedown.gone",
        "Two looks found that what a request is about is gone.",
    ),
    takedown(
        "takedown.seen",
        "What a request is about was seen after it was gone or said to be gone.",
    ),
    takedown("takedown.overdue", "The time of a recipient is over."),
    takedown(
        "takedown.mail_received",
        "A mail about a request came, by its recipient or by somebody else.",
    ),
    takedown("takedown.refused", "The recipient refused a request."),
    takedown(
        "takedown.followed_up",
        "A text that follows up a request was begun.",
    ),
    takedown("takedown.withdrawn", "She took a request back."),
    takedown(
        "takedown.retracted",
        "The text that takes a request back was sent.",
    ),
    takedown(
        "takedown.objected",
        "The recipient objected to a request. Nothing is sent to it until that is decided.",
    ),
    takedown(
        "takedown.objection_dismissed",
        "Two reviewers decided that a request goes on after an objection.",
    ),
    takedown(
        "takedown.objection_upheld",
        "Two reviewers ended a request after an objection.",
    ),
];

/// The entry of this type; `None` if this version does not write it.
#[must_use]
pub fn event_spec(name: &str) -> Option<&'static EventSpec> {
    CATALOGUE.iter().find(|it| it.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_the_catalogue_is_one_and_is_there_once() {
        for (at, spec) in CATALOGUE.iter().enumerate() {
            assert_eq!(EventType::parse(spec.name), Some(spec.into()));
            assert!(spec.name.starts_with(&format!("{}.", spec.stream)));
            assert!(CATALOGUE[..at].iter().all(|it| it.name != spec.name));
            assert_eq!(spec.client, spec.stream == "note");
        }
    }

    #[test]
    fn what_is_no_type_is_refused() {
        for text in [
            "",
            "note",
            "note.",
            ".a",
            "a..b",
            "Note.written",
            "note.wrote 1",
        ] {
            assert_eq!(EventType::parse(text), None, "{text}");
        }
        assert_eq!(EventType::parse(&format!("a.{}", "b".repeat(63))), None);
    }
}
