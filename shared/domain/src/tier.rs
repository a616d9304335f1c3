//! The confidence tier of a finding.

use serde::{Deserialize, Serialize};

use super::Severity;

/// The confidence tier of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub enum Tier {
    Low,
    Medium,
    MediumHigh,
    High,
}

impl Tier {
    /// How much an alert of this tier matters on a site like any other.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::High => Severity::High,
            Self::MediumHigh | Self::Medium => Severity::Medium,
            Self::Low => Severity::Low,
        }
    }

    /// The contract's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::MediumHigh => "MEDIUM_HIGH",
            Self::High => "HIGH",
        }
    }
}
