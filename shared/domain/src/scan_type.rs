//! Types and states of scans.

use serde::{Deserialize, Serialize};

/// The type of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub enum ScanType {
    ImageScan,
    ProfileScan,
    BreachCheck,
    BehavioralAnalysis,
    FullScan,
}

impl ScanType {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::ImageScan,
        Self::ProfileScan,
        Self::BreachCheck,
        Self::BehavioralAnalysis,
        Self::FullScan,
    ];

    /// Those the screens follow when they ask by status only (QUIRKS Q17d).
    pub const FOLLOWED: [Self; 2] = [Self::ImageScan, Self::FullScan];

    /// The contract's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ImageScan => "IMAGE_SCAN",
            Self::ProfileScan => "PROFILE_SCAN",
            Self::BreachCheck => "BREACH_CHECK",
            Self::BehavioralAnalysis => "BEHAVIORAL_ANALYSIS",
            Self::FullScan => "FULL_SCAN",
        }
    }
}

impl std::str::FromStr for ScanType {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|it| it.as_str() == text)
            .ok_or(())
    }
}

/// The status of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub enum ScanStatus {
    Pending,
    Running,
    Completed,
    Failed,
}

impl ScanStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Running, Self::Completed, Self::Failed];

    /// The contract's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
        }
    }

    /// Whether nothing more happens.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }
}

impl std::str::FromStr for ScanStatus {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|it| it.as_str() == text)
            .ok_or(())
    }
}
