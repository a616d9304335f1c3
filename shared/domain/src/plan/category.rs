//! The categories of advice.

use serde::Serialize;

/// The category of a piece of advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub enum Category {
    ImageProtection,
    AccountSecurity,
    PrivacySettings,
    EmergencyPlanning,
    MonitoringSetup,
    GettingStarted,
}

impl Category {
    /// What she reads: the screens print it as it is (QUIRKS Q14).
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::ImageProtection => "Image Protection",
            Self::AccountSecurity => "Account Security",
            Self::PrivacySettings => "Privacy Settings",
            Self::EmergencyPlanning => "Emergency Planning",
            Self::MonitoringSetup => "Monitoring Setup",
            Self::GettingStarted => "Getting Started",
        }
    }
}
