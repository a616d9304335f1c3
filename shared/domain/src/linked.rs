//! Linked accounts and addresses of hers on networks: verification codes, states, limits, snapshots.

use serde::{Deserialize, Serialize};

use super::ids::named;
use super::{AccountId, Timestamp, UserId};

/// How many she may tell us of.
pub const MAX_LINKED: u32 = 50;

/// How many looks at an account are kept.
const MAX_SNAPSHOTS: usize = 12;

/// How often a code may be tried.
const CODE_TRIES: u32 = 5;

/// How long a code works, in seconds.
pub const CODE_LIFE: i64 = 15 * 60;

/// A social network; addresses and telephone numbers are `OTHER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub enum Platform {
    Instagram,
    TikTok,
    Facebook,
    Twitter,
    LinkedIn,
    YouTube,
    Other,
}

impl Platform {
    /// Those where people have profiles.
    pub const NETWORKS: [Self; 6] = [
        Self::Instagram,
        Self::TikTok,
        Self::Facebook,
        Self::Twitter,
        Self::LinkedIn,
        Self::YouTube,
    ];

    /// The contract's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Instagram => "INSTAGRAM",
            Self::TikTok => "TIKTOK",
            Self::Facebook => "FACEBOOK",
            Self::Twitter => "TWITTER",
            Self::LinkedIn => "LINKEDIN",
            Self::YouTube => "YOUTUBE",
            Self::Other => "OTHER",
        }
    }

    /// The spelling the screens compare with (QUIRKS Q4).
    #[must_use]
    pub fn shown(self) -> &'static str {
        match self {
            Self::Instagram => "Instagram",
            Self::TikTok => "TikTok",
            Self::Facebook => "Facebook",
            Self::Twitter => "Twitter",
            Self::LinkedIn => "LinkedIn",
            Self::YouTube => "YouTube",
            Self::Other => "another network",
        }
    }
}

impl AccountId {
    /// The account of `user` of this kind and name on this network.
    #[must_use]
    pub fn of(user: UserId, platform: Platform, kind: &str, name: &str) -> Self {
        let platform = platform.as_str();
        Self::from(named(&format!("account/{user}/{platform}/{kind}/{name}")))
    }
}

impl std::str::FromStr for Platform {
    type Err = ();

    /// In any case: it comes from an address.
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::NETWORKS
            .into_iter()
            .chain([Self::Other])
            .find(|it| it.as_str().eq_ignore_ascii_case(text))
            .ok_or(())
    }
}

/// What kind of account it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum LinkedKind {
    /// An address she typed in.
    Email,
    /// A number she typed in.
    Phone,
    /// The name of a public profile she typed in.
    Handle,
    /// An account she let us read.
    OAuth,
}

impl LinkedKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Email => "EMAIL",
            Self::Phone => "PHONE",
            Self::Handle => "HANDLE",
            Self::OAuth => "OAUTH",
        }
    }
}

/// A linked account as the user sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = LinkedAccount))]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub struct Linked {
    pub id: AccountId,
    pub user_id: UserId,
    pub platform: Platform,
    /// Her name there, or the address or number itself.
    pub platform_user_id: String,
    pub last_synced: Option<Timestamp>,
    pub created_at: Timestamp,
    pub kind: LinkedKind,
    /// When the account was verified.
    pub verified_at: Option<Timestamp>,
    pub display_name: Option<String>,
    pub followers: Option<u64>,
}

impl Linked {
    /// An account that was not known before.
    #[must_use]
    pub fn new(
        user: UserId,
        platform: Platform,
        kind: LinkedKind,
        name: &str,
        now: Timestamp,
    ) -> Self {
        // One connection a network, as the contract has it; any number of things she types in.
        let of = if kind == LinkedKind::OAuth { "" } else { name };
        Self {
            id: AccountId::of(user, platform, kind.as_str(), of),
            user_id: user,
            platform,
            platform_user_id: name.to_owned(),
            last_synced: None,
            created_at: now,
            kind,
            verified_at: None,
            display_name: None,
            followers: None,
        }
    }

    /// Whether it is proved to be hers.
    #[must_use]
    pub fn is_hers(&self) -> bool {
        self.verified_at.is_some()
    }

    /// Whether others can see it as a profile.
    #[must_use]
    pub fn is_profile(&self) -> bool {
        matches!(self.kind, LinkedKind::Handle | LinkedKind::OAuth)
    }
}

/// What one look at a profile showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProfileSnapshot {
    /// When.
    pub at: Timestamp,
    /// How many followed it.
    pub followers: u64,
}

/// The looks after another one: in order, each moment once, the oldest forgotten.
#[must_use]
pub fn with_snapshot(looks: &[ProfileSnapshot], look: ProfileSnapshot) -> Vec<ProfileSnapshot> {
    let mut looks: Vec<ProfileSnapshot> = looks
        .iter()
        .filter(|it| it.at != look.at)
        .cloned()
        .collect();
    looks.push(look);
    looks.sort_by_key(|it| it.at);
    let forgotten = looks.len().saturating_sub(MAX_SNAPSHOTS);
    looks.drain(..forgotten);
    looks
}

/// A proof that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proof {
    /// A keyed hash of the code.
    pub code: String,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// How often it was tried.
    pub tries: u32,
}

impl Proof {
    /// Whether a code may still be tried.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.expires_at && self.tries < CODE_TRIES
    }
}

/// A name as networks know it: no `@`, no spaces around it. `None`: no network has such names.
#[must_use]
pub fn handle(text: &str) -> Option<String> {
    let name = text.trim().trim_start_matches('@');
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    let fine = (2..=64).contains(&name.chars().count()) && name.chars().all(fits);
    fine.then(|| name.to_lowercase())
}

/// A telephone number in international form. `None`: it is none.
#[must_use]
pub fn phone(text: &str) -> Option<String> {
    let shape = |c: &char| !matches!(c, ' ' | '-' | '(' | ')' | '.');
    let number: String = text.trim().chars().filter(shape).collect();
    let digits = number.strip_prefix('+')?;
    let fine = (7..=15).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit());
    fine.then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_epoch_seconds(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn names_and_numbers() {
        assert_eq!(handle(" @Ana.K_1 ").as_deref(), Some("ana.k_1"));
        assert_eq!(handle("анна").as_deref(), Some("анна"));
        for bad in ["", "a", "@", "a b", "a/b", "https://x", &"a".repeat(65)] {
            assert_eq!(handle(bad), None, "{bad}");
        }
        assert_eq!(
            phone("+49 (170) 123-45.67").as_deref(),
            Some("+491701234567")
        );
        for bad in [
            "",
            "0170123456",
            "+1234",
            "+49abc1234567",
            "+1234567890123456",
        ] {
            assert_eq!(phone(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_same_account_is_the_same_and_a_network_is_connected_once() {
        let user = UserId::random();
        let id = |kind, name| Linked::new(user, Platform::TikTok, kind, name, at(0)).id;
        assert_eq!(id(LinkedKind::Handle, "ana"), id(LinkedKind::Handle, "ana"));
        assert_ne!(id(LinkedKind::Handle, "ana"), id(LinkedKind::Handle, "bea"));
        assert_eq!(id(LinkedKind::OAuth, "1"), id(LinkedKind::OAuth, "2"));
        assert_ne!(id(LinkedKind::OAuth, ""), id(LinkedKind::Handle, ""));
    }

    #[test]
    fn looks_are_in_order_once_and_few() {
        let look = |second| ProfileSnapshot {
            at: at(second),
            followers: 1,
        };
        let mut looks = with_snapshot(&[], look(5));
        looks = with_snapshot(&looks, look(1));
        looks = with_snapshot(&looks, look(5));
        assert_eq!(looks, [look(1), look(5)]);
        for second in 10..40 {
            looks = with_snapshot(&looks, look(second));
        }
        assert_eq!((looks.len(), looks[0].at), (MAX_SNAPSHOTS, at(28)));
    }

    #[test]
    fn a_code_is_tried_a_few_times_and_not_for_long() {
        let proof = Proof {
            code: "x".into(),
            expires_at: at(10),
            tries: 4,
        };
        assert!(proof.is_open(at(9)));
        assert!(!proof.is_open(at(10)));
        assert!(!Proof { tries: 5, ..proof }.is_open(at(9)));
    }

    #[test]
    fn platforms_come_in_any_case() {
        for platform in Platform::NETWORKS {
            assert_eq!(platform.as_str().to_lowercase().parse(), Ok(platform));
            assert_eq!(serde_json::to_value(platform).unwrap(), platform.as_str());
        }
        assert_eq!("MYSPACE".parse::<Platform>(), Err(()));
    }
}
