//! Identifier types (user, image, scan, match, alert, …), random or computed from content. Each kind of
//! thing has its own type, so they cannot be mixed up. An id that is computed from a type of another module
//! is computed there.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{CanonicalUrl, Timestamp};

/// The namespace of every id that is computed rather than drawn.
const NAMESPACE: Uuid = Uuid::from_u128(0x0e7d_5c2f_7a51_4b0b_9f1c_3a86_5a1f_6d02);

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Reads the textual form; `None` if it is not a UUID.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Uuid::try_parse(text).ok().map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }
    };
}

id! {
    /// A user of Vara.
    UserId
}
id! {
    /// One of the user's pictures; sorts by upload time.
    ImageId
}
id! {
    /// A scan; sorts by creation time.
    ScanId
}
id! {
    /// A finding. The same picture at the same address is always the same finding.
    MatchId
}
id! {
    /// An alert. One finding raises at most one.
    AlertId
}
id! {
    /// A document of hers; sorts by creation time.
    DocumentId
}
id! {
    /// A file that is made for her. The same version in the same form always has the same id.
    DownloadId
}
id! {
    /// A record of evidence; sorts by creation time.
    EvidenceId
}
id! {
    /// A pack made of records of evidence; sorts by creation time.
    ExportId
}
id! {
    /// A sign-in on one device.
    SessionId
}
id! {
    /// A request to remove. The same finding, recipient and round are always the same request.
    TakedownId
}

id! {
    /// A linked account or address of the user. The same one always has the same id.
    AccountId
}
id! {
    /// The user's answer to one question.
    AnswerId
}
id! {
    /// A plan; every user has one.
    PlanId
}
id! {
    /// A piece of advice in her plan. The same advice is always the same item, so that a page that was
    /// opened before the plan was made again still speaks of it.
    PlanItemId
}

impl UserId {
    /// A new user.
    #[must_use]
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

impl SessionId {
    /// A new sign-in.
    #[must_use]
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

impl ImageId {
    /// A new picture.
    #[must_use]
    pub fn next() -> Self {
        Self(Uuid::now_v7())
    }
}

impl DocumentId {
    /// A new document.
    #[must_use]
    pub fn next() -> Self {
        Self(Uuid::now_v7())
    }
}

impl EvidenceId {
    /// A new record.
    #[must_use]
    pub fn next() -> Self {
        Self(Uuid::now_v7())
    }
}

impl ExportId {
    /// A new pack.
    #[must_use]
    pub fn next() -> Self {
        Self(Uuid::now_v7())
    }
}

impl ScanId {
    /// A new scan.
    #[must_use]
    pub fn next() -> Self {
        Self(Uuid::now_v7())
    }

    /// The scan that follows a picture's arrival: the same one however often its arrival is told.
    #[must_use]
    pub fn first_of(image: ImageId) -> Self {
        Self(named(&format!("first-scan/{image}")))
    }

    /// The scan of ours that goes on where this one of hers left off: the same one however often that is
    /// arranged.
    #[must_use]
    pub fn continuation_of(scan: Self) -> Self {
        Self(named(&format!("continuation/{scan}")))
    }
}

impl MatchId {
    /// The finding of `image` at `url`.
    #[must_use]
    pub fn of(image: ImageId, url: &CanonicalUrl) -> Self {
        Self(named(&format!("match/{image}/{url}")))
    }
}

impl AlertId {
    /// The alert that the finding `id` raises.
    #[must_use]
    pub fn of_match(id: MatchId) -> Self {
        Self(named(&format!("alert/match/{id}")))
    }

    /// The alert that a breach raises for one address of hers. The same breach of another address is
    /// another thing to act on.
    #[must_use]
    pub fn of_breach(user: UserId, breach: &str, address: &str) -> Self {
        Self(named(&format!("alert/breach/{user}/{breach}/{address}")))
    }

    /// The alert that a surge of followers since a look at this moment raises.
    #[must_use]
    pub fn of_surge(account: AccountId, since: Timestamp) -> Self {
        Self(named(&format!("alert/surge/{account}/{since}")))
    }

    /// The alert that this follower of an account raises.
    #[must_use]
    pub fn of_follower(account: AccountId, handle: &str) -> Self {
        Self(named(&format!("alert/follower/{account}/{handle}")))
    }
}

impl AnswerId {
    /// The answer of `user` to `question`.
    #[must_use]
    pub fn of(user: UserId, question: &str) -> Self {
        Self(named(&format!("answer/{user}/{question}")))
    }
}

impl TakedownId {
    /// The request of `user` to `recipient` about the finding `id`, in this round.
    #[must_use]
    pub fn of(user: UserId, id: MatchId, recipient: &str, round: u32) -> Self {
        Self(named(&format!("takedown/{user}/{id}/{recipient}/{round}")))
    }
}

impl PlanId {
    /// The plan of `user`.
    #[must_use]
    pub fn of(user: UserId) -> Self {
        Self(named(&format!("plan/{user}")))
    }
}

/// The id of what has this name.
pub(crate) fn named(name: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_finding_has_the_same_id() {
        let image = ImageId::next();
        let one = CanonicalUrl::parse("https://Example.net/a.jpg#x").unwrap();
        let two = CanonicalUrl::parse("https://example.net/a.jpg").unwrap();
        let other = CanonicalUrl::parse("https://example.net/b.jpg").unwrap();
        assert_eq!(MatchId::of(image, &one), MatchId::of(image, &two));
        assert_ne!(MatchId::of(image, &one), MatchId::of(image, &other));
        assert_ne!(MatchId::of(image, &one), MatchId::of(ImageId::next(), &one));
        assert_eq!(
            AlertId::of_match(MatchId::of(image, &one)),
            AlertId::of_match(MatchId::of(image, &two))
        );
    }

    #[test]
    fn pictures_sort_by_time() {
        let ids: Vec<_> = (0..100).map(|_| ImageId::next()).collect();
        assert!(ids.is_sorted());
    }
}
