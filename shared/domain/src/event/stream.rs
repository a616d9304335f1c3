//! Names of streams, and the versions that an append may expect.

use serde::{Deserialize, Deserializer, Serialize, de};
use uuid::Uuid;

/// The kind of the streams that she appends to herself: her diary of incidents.
const NOTE: &str = "note";

/// The name of a stream: `[a-z]+`, or that with a UUID behind a hyphen. It is stored in clear.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, example = "note-0e7d5c2f-7a51-4b0b-9f1c-3a865a1f6d02"))]
#[serde(transparent)]
pub struct StreamName(String);

impl StreamName {
    /// The most characters of a name.
    pub const MAX_LENGTH: usize = 64;

    /// The stream that holds every access to what is hers.
    #[must_use]
    pub fn access() -> Self {
        Self("access".to_owned())
    }

    /// The stream of what she decides about her account.
    #[must_use]
    pub fn account() -> Self {
        Self("account".to_owned())
    }

    /// The stream of a document's changes.
    #[must_use]
    pub fn document(id: crate::DocumentId) -> Self {
        Self(format!("document-{id}"))
    }

    /// The chain of custody of a record of evidence.
    #[must_use]
    pub fn evidence(id: crate::EvidenceId) -> Self {
        Self(format!("evidence-{id}"))
    }

    /// The stream of what she does with a picture.
    #[must_use]
    pub fn image(id: crate::ImageId) -> Self {
        Self(format!("image-{id}"))
    }

    /// The stream of what she asks of a scan.
    #[must_use]
    pub fn scan(id: crate::ScanId) -> Self {
        Self(format!("scan-{id}"))
    }

    /// The stream of what happens to a request to remove.
    #[must_use]
    pub fn takedown(id: crate::TakedownId) -> Self {
        Self(format!("takedown-{id}"))
    }

    /// Reads a name; `None` if it is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, id) = match text.split_once('-') {
            Some((kind, id)) => (kind, Some(id)),
            None => (text, None),
        };
        let is_kind = !kind.is_empty() && kind.bytes().all(|it| it.is_ascii_lowercase());
        let is_id = id.is_none_or(is_canonical_uuid);
        (is_kind && is_id && text.len() <= Self::MAX_LENGTH).then(|| Self(text.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is before the id.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }

    /// Whether she appends to it herself and may delete it. All others are written by services only.
    #[must_use]
    pub fn is_note(&self) -> bool {
        self.kind() == NOTE && self.0.len() > NOTE.len()
    }
}

/// One way to write an id only, so that a stream has one name.
fn is_canonical_uuid(text: &str) -> bool {
    Uuid::try_parse(text).is_ok_and(|it| it.hyphenated().to_string() == text)
}

impl std::fmt::Display for StreamName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for StreamName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not the name of a stream"))
    }
}

/// How far a stream is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamState {
    /// The number that its next event gets; 0 if it never had one.
    pub next: u64,
    /// It was deleted and has had no event since. Its numbers go on.
    pub deleted: bool,
}

impl StreamState {
    /// The number of the last event, as clients of the anchor read it: -1 if there never was one.
    #[must_use]
    pub fn current(self) -> i64 {
        i64::try_from(self.next).map_or(i64::MAX, |it| it - 1)
    }

    fn is_there(self) -> bool {
        self.next > 0 && !self.deleted
    }
}

/// What an append expects of its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedVersion {
    /// Nothing.
    Any,
    /// That there is no such stream, or a deleted one.
    NoStream,
    /// That there is one.
    Exists,
    /// That its last event has this number.
    At(u64),
}

impl ExpectedVersion {
    /// Reads a name (`any`, `none`, `exists`), its numeric alias (-2, -1, -4), or the number of an event.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "any" | "-2" => Some(Self::Any),
            "none" | "-1" => Some(Self::NoStream),
            "exists" | "-4" => Some(Self::Exists),
            _ if text.bytes().all(|it| it.is_ascii_digit()) => text.parse().ok().map(Self::At),
            _ => None,
        }
    }

    /// Whether a stream in this state is as expected.
    #[must_use]
    pub fn admits(self, stream: StreamState) -> bool {
        match self {
            Self::Any => true,
            Self::NoStream => !stream.is_there(),
            Self::Exists => stream.is_there(),
            Self::At(number) => number.checked_add(1) == Some(stream.next),
        }
    }
}

impl std::fmt::Display for ExpectedVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::NoStream => f.write_str("none"),
            Self::Exists => f.write_str("exists"),
            Self::At(number) => number.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "0e7d5c2f-7a51-4b0b-9f1c-3a865a1f6d02";

    #[test]
    fn a_stream_has_a_kind_and_at_most_one_id() {
        for name in ["account", "access", &format!("note-{ID}"), &"a".repeat(64)] {
            assert_eq!(StreamName::parse(name).unwrap().as_str(), name);
        }
        let upper = format!("note-{}", ID.to_uppercase());
        let simple = format!("note-{}", ID.replace('-', ""));
        let two = format!("note-{ID}-{ID}");
        let refused = ["", "-", "note-", "Note", "a1", "a#b", &upper, &simple, &two];
        for name in refused.into_iter().chain([&*"a".repeat(65), "note- x"]) {
            assert_eq!(StreamName::parse(name), None, "{name}");
        }
        assert!(StreamName::parse(&format!("note-{ID}")).unwrap().is_note());
        for service in ["note", "notes", "access", &format!("scan-{ID}")] {
            assert!(!StreamName::parse(service).unwrap().is_note(), "{service}");
        }
    }

    #[test]
    fn versions_have_names_and_numbers() {
        for (text, wanted) in [
            ("any", Some(ExpectedVersion::Any)),
            ("-2", Some(ExpectedVersion::Any)),
            ("none", Some(ExpectedVersion::NoStream)),
            ("-1", Some(ExpectedVersion::NoStream)),
            ("exists", Some(ExpectedVersion::Exists)),
            ("-4", Some(ExpectedVersion::Exists)),
            ("0", Some(ExpectedVersion::At(0))),
            ("17", Some(ExpectedVersion::At(17))),
            ("-3", None),
            ("+1", None),
            ("", None),
            ("1.0", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(ExpectedVersion::parse(text), wanted, "{text}");
        }
    }

    /// What an append or a deletion does to a stream that is a plain list.
    #[derive(Clone, Debug)]
    enum StreamStep {
        Append(i64, u64),
        Delete,
    }

    fn steps() -> impl Strategy<Value = Vec<StreamStep>> {
        let append =
            (-4_i64..12, 1_u64..4).prop_map(|(expected, n)| StreamStep::Append(expected, n));
        proptest::collection::vec(
            prop_oneof![5 => append, 1 => Just(StreamStep::Delete)],
            1..30,
        )
    }

    proptest! {
        /// The rules of the anchor's table, written as it has them: by the version that a stream is at.
        #[test]
        fn an_append_is_admitted_as_the_anchor_has_it(steps in steps()) {
            let (mut state, mut last, mut is_deleted) = (StreamState::default(), -1_i64, false);
            for step in steps {
                let StreamStep::Append(expected, count) = step else {
                    if last >= 0 {
                        state.deleted = true;
                        is_deleted = true;
                    }
                    continue;
                };
                let Some(version) = ExpectedVersion::parse(&expected.to_string()) else {
                    prop_assert_eq!(expected, -3);
                    continue;
                };
                let is_there = last >= 0 && !is_deleted;
                let wanted = match expected {
                    -2 => true,
                    -1 => !is_there,
                    -4 => is_there,
                    number => number == last,
                };
                prop_assert_eq!(version.admits(state), wanted);
                prop_assert_eq!(state.current(), last);
                if wanted {
                    last += i64::try_from(count).unwrap();
                    is_deleted = false;
                    state = StreamState { next: state.next + count, deleted: false };
                }
            }
        }
    }
}
