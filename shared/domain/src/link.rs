//! Mailed links (confirmation, recovery): lifetimes, and how many stay valid.

use serde::{Deserialize, Serialize};

use super::{Timestamp, UserId};

/// How many links of a kind work at the same time: a mail may come late, after another was asked for.
pub const WORKING_LINKS: usize = 3;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LinkKind {
    /// It proves that she reads the address she signed up with.
    SignUp,
    /// She forgot her password.
    Recovery,
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for LinkKind {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let names = Self::NAMES.map(|it| it.0);
        let schema = utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .enum_values(Some(names));
        schema.build().into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for LinkKind {}

impl LinkKind {
    /// The names of the kinds in the sign-in library's requests.
    const NAMES: [(&str, Self); 3] = [
        ("recovery", Self::Recovery),
        ("signup", Self::SignUp),
        ("email", Self::SignUp),
    ];

    /// Its name in addresses and in the sign-in library's requests.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignUp => "signup",
            Self::Recovery => "recovery",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let found = Self::NAMES.into_iter().find(|it| it.0 == name);
        found.map(|it| it.1)
    }

    /// How long such a link works, in seconds. A recovery link signs in, a confirmation does not.
    #[must_use]
    pub const fn life(self) -> i64 {
        match self {
            Self::SignUp => 24 * 3600,
            Self::Recovery => 3600,
        }
    }
}

/// A link that was mailed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// What for.
    pub kind: LinkKind,
    /// Whose.
    pub user_id: UserId,
    /// The hash of its token.
    pub hash: String,
    /// Until when.
    pub expires_at: Timestamp,
}
