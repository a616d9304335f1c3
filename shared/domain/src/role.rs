//! Roles: user, reviewer, admin.

use serde::{Deserialize, Serialize};

/// A role. Each has the rights of those before it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A user of Vara.
    #[default]
    User,
    /// Somebody who looks at what is put before her for review.
    Reviewer,
    /// Somebody who runs Vara.
    Admin,
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::User, Self::Reviewer, Self::Admin];

    /// The role of this name. What is not a role of ours gives no rights.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "user" => Some(Self::User),
            "reviewer" => Some(Self::Reviewer),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_tokens_and_rows() {
        for role in Role::ALL {
            let name = serde_json::to_value(role).ok();
            let name = name.as_ref().and_then(|it| it.as_str());
            assert_eq!(name.and_then(Role::named), Some(role));
        }
        assert_eq!(Role::named("ADMIN"), None);
        assert!(Role::User < Role::Reviewer && Role::Reviewer < Role::Admin);
    }
}
