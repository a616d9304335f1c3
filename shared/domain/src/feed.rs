//! Live feed: which things of hers changed, numbered in order. A frame never says what a thing holds.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Error, Timestamp};

/// How long a frame is kept, in seconds.
pub const FRAME_TTL_SECONDS: i64 = 24 * 3600;

/// The most frames that a client may be behind. Reading the lists again costs it less than that many frames.
pub const MAX_BACKLOG: u64 = 10_000;

/// The most changes of one topic that are told one by one when they are stored together.
pub const MAX_CHANGES_AT_ONCE: usize = 10;

/// The kind of a thing that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum FeedTopic {
    /// An alert.
    Alert,
    /// A finding.
    Finding,
    /// A picture.
    Image,
    /// A scan.
    Scan,
    /// A request to take something down.
    Takedown,
    /// Something that was kept as evidence.
    Evidence,
    /// A document.
    Document,
    /// A person who may see something of hers.
    Delegate,
    /// The protection plan.
    Plan,
    /// A sign-in on one device.
    Session,
    /// The preferences.
    Preferences,
    /// Work that runs in the background.
    Job,
}

/// A change that is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedChange {
    /// The kind of the thing.
    pub topic: FeedTopic,
    /// Which one; nothing means that any of them may have changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// The version of the thing, if it has versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub v: Option<u64>,
}

impl FeedChange {
    /// A change of one thing.
    #[must_use]
    pub fn of(topic: FeedTopic, id: impl Into<Uuid>) -> Self {
        Self {
            topic,
            id: Some(id.into()),
            v: None,
        }
    }

    /// A change of several things of this kind, or of the only one there is.
    #[must_use]
    pub fn any(topic: FeedTopic) -> Self {
        Self {
            topic,
            id: None,
            v: None,
        }
    }
}

/// The run of numbers that a place in the feed belongs to: 8 hexadecimal digits. Another epoch means that nothing
/// is known of what changed between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct FeedEpoch(String);

impl FeedEpoch {
    /// The epoch of a feed that has never had a frame.
    const NONE: &str = "00000000";

    /// Another one.
    #[must_use]
    pub fn random() -> Self {
        let random = Uuid::new_v4().as_fields().0;
        Self(format!("{:08x}", random.max(1)))
    }

    /// Reads the textual form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |it: u8| it.is_ascii_digit() || (b'a'..=b'f').contains(&it);
        (text.len() == 8 && text.bytes().all(is_digit)).then(|| Self(text.to_owned()))
    }

    /// The epoch of a feed that has never had a frame.
    #[must_use]
    pub fn none() -> Self {
        Self(Self::NONE.to_owned())
    }
}

impl std::fmt::Display for FeedEpoch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A place in the feed: the last frame that a client has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedPlace {
    /// The epoch of the frame.
    pub epoch: FeedEpoch,
    /// Its number; 0 stands before the first.
    pub seq: u64,
}

impl FeedPlace {
    /// Reads `<epoch>.<seq>`, as an event stream names its places.
    ///
    /// # Errors
    ///
    /// If it is something else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let parts = text.split_once('.').and_then(|(epoch, seq)| {
            let (epoch, seq) = (FeedEpoch::parse(epoch)?, seq.parse().ok()?);
            Some(Self { epoch, seq })
        });
        parts.ok_or_else(|| {
            let message =
                "This is no place in the feed. Leave it out to begin with what comes now.";
            Error::invalid_at("Last-Event-ID", message)
        })
    }
}

impl FeedPlace {
    /// Whether the frames behind it can be told when the feed stands so. Who has seen that there was no frame at
    /// all is told of all frames.
    #[must_use]
    pub fn is_followed_by(&self, now: &FeedState) -> bool {
        let is_before_all = self.seq == 0 && self.epoch == FeedEpoch::none();
        let behind = now.head.checked_sub(self.seq);
        (is_before_all || self.epoch == now.epoch) && behind.is_some_and(|it| it <= MAX_BACKLOG)
    }
}

impl std::fmt::Display for FeedPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.epoch, self.seq)
    }
}

/// What a client is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum FeedFrame {
    /// Something changed.
    Change(ChangeFrame),
    /// Changes were missed: everything is to be read again.
    Gap(GapFrame),
}

/// Something of hers changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeFrame {
    /// The number of the frame. Numbers have no gap within an epoch.
    pub seq: u64,
    /// The kind of the thing that changed.
    pub topic: FeedTopic,
    /// The thing that changed; `null` if any of this kind may have.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub id: Option<Uuid>,
    /// The version of the thing, if it has versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub v: Option<u64>,
    /// When it changed.
    pub at: Timestamp,
}

/// Frames that are no longer there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GapFrame {
    /// The last frame that the client has seen.
    pub from: u64,
    /// The last frame there is: to be followed from here.
    pub head: u64,
}

/// Where the feed stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedState {
    /// The epoch of the numbers.
    #[cfg_attr(feature = "openapi", schema(value_type = String, pattern = "^[0-9a-f]{8}$"))]
    pub epoch: FeedEpoch,
    /// The number of the last frame; 0 if there is none.
    pub head: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written_and_nothing_else_is_one() {
        let place = FeedPlace {
            epoch: FeedEpoch::random(),
            seq: 7,
        };
        assert_eq!(FeedPlace::parse(&place.to_string()).unwrap(), place);
        let wrong = [
            "",
            ".",
            "0123abcd",
            "0123abcd.",
            "0123ABCD.1",
            "0123abcd.-1",
            "0123abc.1",
            "0123abcd.1.1",
        ];
        for text in wrong {
            assert!(FeedPlace::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_place_is_followed_in_its_epoch_and_by_no_more_than_the_backlog() {
        let epoch = FeedEpoch::random();
        let at = |epoch: &FeedEpoch, seq| FeedPlace {
            epoch: epoch.clone(),
            seq,
        };
        let now = |head| FeedState {
            epoch: epoch.clone(),
            head,
        };
        assert!(at(&epoch, 3).is_followed_by(&now(3)));
        assert!(at(&epoch, 3).is_followed_by(&now(3 + MAX_BACKLOG)));
        assert!(!at(&epoch, 3).is_followed_by(&now(4 + MAX_BACKLOG)));
        assert!(!at(&epoch, 3).is_followed_by(&now(2)));
        assert!(!at(&FeedEpoch::random(), 3).is_followed_by(&now(3)));
        assert!(at(&FeedEpoch::none(), 0).is_followed_by(&now(3)));
        assert!(!at(&FeedEpoch::none(), 1).is_followed_by(&now(3)));
    }
}
