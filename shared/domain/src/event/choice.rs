//! Events of what she chooses and decides: preferences, consents, her word on findings and alerts, scans she asks for.

use serde::{Deserialize, Serialize};

use crate::named_values::named_values;
use crate::{
    AccountId, AlertAction, AlertId, AlertStatus, EngineConsent, ImageId, MatchId, Preferences,
    ScanType,
};

named_values! {
    /// Something that needs her word.
    Consent {
        /// That her face is recognised.
        FaceRecognition = "FACE_RECOGNITION",
    }
}

/// The data of `account.preferences_changed`. It does not say to what: an address for calls is a secret of hers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountPreferencesChanged {
    /// What is not as it was, by the names of the preferences.
    pub changed: Vec<String>,
    /// Whether a mailed link did it, without a sign-in.
    pub by_link: bool,
}

/// The data of `account.consent_given` and `account.consent_withdrawn`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentChanged {
    /// Which.
    pub consent: Consent,
}

/// The data of `account.engines_chosen`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnginesChosen {
    /// What holds from now on.
    pub engines: EngineConsent,
}

/// The data of `scan.started`, `scan.stopped` and `scan.retried`; which scan it is, the stream says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScanAsked {
    /// What is scanned.
    #[serde(rename = "type")]
    pub kind: ScanType,
    /// The one picture it is of.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub image_id: Option<ImageId>,
    /// The one linked account it is of.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub account_id: Option<AccountId>,
}

/// The data of `finding.confirmed` and `finding.dismissed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingJudged {
    /// The finding.
    pub match_id: MatchId,
    /// Of which picture of hers.
    pub image_id: ImageId,
}

/// The data of `alert.decided`. What she noted with it stays with the alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertDecided {
    /// The alert.
    pub alert_id: AlertId,
    /// How it stands now.
    pub status: AlertStatus,
    /// What she did about it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub action: Option<AlertAction>,
}

/// What is not as it was, by the names of the preferences; consents are told apart from them.
#[must_use]
pub fn changed_preferences(before: &Preferences, after: &Preferences) -> Vec<String> {
    let compared = [
        ("channels", before.channels == after.channels),
        ("digest", before.digest == after.digest),
        ("quietHours", before.quiet_hours == after.quiet_hours),
        (
            "utcOffsetMinutes",
            before.utc_offset_minutes == after.utc_offset_minutes,
        ),
        ("types", before.types == after.types),
        ("pausedUntil", before.paused_until == after.paused_until),
    ];
    let changed = compared.into_iter().filter(|(_, is_same)| !is_same);
    changed.map(|(name, _)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Channels;

    #[test]
    fn what_changed_is_named_and_nothing_else() {
        let before = Preferences::default();
        assert!(changed_preferences(&before, &before).is_empty());
        let after = Preferences {
            channels: Channels {
                email: true,
                webhook: Some("https://hers.example/secret".into()),
            },
            utc_offset_minutes: 60,
            face_recognition: true,
            ..Preferences::default()
        };
        assert_eq!(
            changed_preferences(&before, &after),
            ["channels", "utcOffsetMinutes"]
        );
    }

    #[test]
    fn every_preference_is_looked_at() {
        let all = serde_json::to_value(Preferences::default()).unwrap();
        let told_apart = ["faceRecognition", "engines"];
        let mut named: Vec<&str> = all
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        named.retain(|it| !told_apart.contains(it));
        named.sort_unstable();
        assert_eq!(
            named,
            [
                "channels",
                "digest",
                "pausedUntil",
                "quietHours",
                "types",
                "utcOffsetMinutes"
            ],
            "a new preference is compared in changed_preferences too"
        );
    }
}
