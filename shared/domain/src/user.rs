//! User profile.

use serde::{Deserialize, Serialize};

use super::{Error, Result, Timestamp, UserId};

/// The risk level, from the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum RiskLevel {
    Low,
    Medium,
    High,
    Critical,
}

/// The profile of the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub struct Profile {
    pub id: UserId,
    pub user_id: UserId,
    pub display_name: Option<String>,
    pub risk_level: RiskLevel,
    pub onboarding_completed: bool,
    pub created_at: Timestamp,
}

impl Profile {
    /// A new woman's profile.
    #[must_use]
    pub fn new(user: UserId, now: Timestamp) -> Self {
        Self {
            id: user,
            user_id: user,
            display_name: None,
            risk_level: RiskLevel::Low,
            onboarding_completed: false,
            created_at: now,
        }
    }
}

/// Checks a display name: 2 to 50 letters, spaces, apostrophes and hyphens; nothing clears it.
pub fn display_name(text: Option<&str>) -> Result<Option<String>> {
    let Some(name) = text.map(str::trim).filter(|it| !it.is_empty()) else {
        return Ok(None);
    };
    let allowed = |c: char| c.is_alphabetic() || c.is_whitespace() || matches!(c, '\'' | '-' | '’');
    if !(2..=50).contains(&name.chars().count()) || !name.chars().all(allowed) {
        return Err(Error::invalid_at(
            "displayName",
            "A name has 2 to 50 letters; spaces, apostrophes and hyphens are fine.",
        ));
    }
    Ok(Some(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(display_name(None).unwrap(), None);
        assert_eq!(display_name(Some("  ")).unwrap(), None);
        assert_eq!(
            display_name(Some(" Ana-María O'Neil ")).unwrap().unwrap(),
            "Ana-María O'Neil"
        );
        for bad in ["A", "4nna", "a<b>", &"x".repeat(51)] {
            assert_eq!(
                display_name(Some(bad)).unwrap_err().code,
                "VALIDATION_ERROR",
                "{bad}"
            );
        }
    }
}
