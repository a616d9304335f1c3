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

/// All types that this version writes. A change of the shape of a type's data raises its version, and the
/// golden event of the old version in the tests stays.
pub const CATALOGUE: [EventSpec; 22] = [
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
    EventSpec {
        name: "access.read",
        version: 1,
        stream: "access",
        client: false,
        description: "Somebody looked at something of hers.",
    },
    EventSpec {
        name: "access.shared",
        version: 1,
        stream: "access",
        client: false,
        description: "A service outside was given something of hers.",
    },
    EventSpec {
        name: "session.started",
        version: 1,
        stream: "session",
        client: false,
        description: "A session began on a device.",
    },
    EventSpec {
        name: "session.device_added",
        version: 1,
        stream: "session",
        client: false,
        description: "A session began with a browser or from a network that was not used before.",
    },
    EventSpec {
        name: "session.ended",
        version: 1,
        stream: "session",
        client: false,
        description: "Sessions ended; the data says which and why.",
    },
    EventSpec {
        name: "session.named",
        version: 1,
        stream: "session",
        client: false,
        description: "She named a session.",
    },
    EventSpec {
        name: "session.confirmed",
        version: 1,
        stream: "session",
        client: false,
        description: "The password was entered again in a session.",
    },
    EventSpec {
        name: "account.password_changed",
        version: 1,
        stream: "account",
        client: false,
        description: "A new password was set.",
    },
    EventSpec {
        name: "account.rested",
        version: 1,
        stream: "account",
        client: false,
        description: "The account was deleted and rests; until the given time it can be brought back.",
    },
    EventSpec {
        name: "account.restored",
        version: 1,
        stream: "account",
        client: false,
        description: "The account was brought back by a mailed link.",
    },
    EventSpec {
        name: "alert.cleared",
        version: 1,
        stream: "alert",
        client: false,
        description: "She cleared alerts; the data says how many.",
    },
    EventSpec {
        name: "alert.restored",
        version: 1,
        stream: "alert",
        client: false,
        description: "She brought cleared alerts back; the data says how many.",
    },
    EventSpec {
        name: "document.created",
        version: 1,
        stream: "document",
        client: false,
        description: "A document was made.",
    },
    EventSpec {
        name: "document.edited",
        version: 1,
        stream: "document",
        client: false,
        description: "The text of a document was saved, restored or made anew.",
    },
    EventSpec {
        name: "document.changed",
        version: 1,
        stream: "document",
        client: false,
        description: "The title, the status or the links of a document were changed.",
    },
    EventSpec {
        name: "document.trashed",
        version: 1,
        stream: "document",
        client: false,
        description: "A document was put into the trash. It is erased from there at the time that is named.",
    },
    EventSpec {
        name: "document.restored",
        version: 1,
        stream: "document",
        client: false,
        description: "A document was taken out of the trash.",
    },
    EventSpec {
        name: "document.signed",
        version: 1,
        stream: "document",
        client: false,
        description: "A document was signed; the data has the hash of its text.",
    },
    EventSpec {
        name: "document.erased",
        version: 1,
        stream: "document",
        client: false,
        description: "A document was erased with all its versions.",
    },
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
