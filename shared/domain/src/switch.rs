//! Operational switches for engines and scheduled scans, set by admins without a deployment.

use serde::{Deserialize, Serialize};

use super::{Timestamp, UserId};

/// Something that can be turned off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// The engine TinEye.
    Tineye,
    /// The engine Google Vision.
    GoogleVision,
    /// The engine SerpApi.
    Serpapi,
    /// The engine FaceCheck.
    Facecheck,
    /// Have I Been Pwned.
    Hibp,
    /// The directory of public profiles.
    Social,
    /// Scans and checks that the schedule starts.
    ScheduledScans,
}

/// How a switch was last set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SwitchState {
    /// Whether it is on.
    pub is_on: bool,
    /// Why it was set so.
    pub reason: String,
    /// When.
    pub changed_at: Timestamp,
    /// By whom.
    pub changed_by: UserId,
}

impl Switch {
    /// All there are.
    pub const ALL: [Self; 7] = [
        Self::Tineye,
        Self::GoogleVision,
        Self::Serpapi,
        Self::Facecheck,
        Self::Hibp,
        Self::Social,
        Self::ScheduledScans,
    ];

    /// Its name; an engine's is the name its questions are counted under.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tineye => "tineye",
            Self::GoogleVision => "google-vision",
            Self::Serpapi => "serpapi",
            Self::Facecheck => "facecheck",
            Self::Hibp => "hibp",
            Self::Social => "social",
            Self::ScheduledScans => "scheduled-scans",
        }
    }

    /// The switch of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// What does not happen while it is off.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Tineye => "Searches with TinEye",
            Self::GoogleVision => "Searches with Google Vision",
            Self::Serpapi => "Searches with SerpApi",
            Self::Facecheck => "Searches by face with FaceCheck",
            Self::Hibp => "Breach checks with Have I Been Pwned",
            Self::Social => "Searches of the directory of profiles",
            Self::ScheduledScans => "Scans and breach checks that the schedule starts",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_switch_is_found_by_its_name() {
        for switch in Switch::ALL {
            assert_eq!(Switch::named(switch.name()), Some(switch));
        }
        assert_eq!(Switch::named("everything"), None);
    }
}
