//! Alerts: type, severity, status, and what she is shown.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{AlertId, Timestamp, UserId};

/// The kinds of alert the screens know. A new kind would blank the page (QUIRKS Q3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub enum AlertType {
    ImageMisuse,
    FakeProfile,
    DataBreach,
    SuspiciousFollower,
    BehavioralChange,
    DeepfakeDetected,
    ProfileImpersonation,
}

impl AlertType {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::ImageMisuse,
        Self::FakeProfile,
        Self::DataBreach,
        Self::SuspiciousFollower,
        Self::BehavioralChange,
        Self::DeepfakeDetected,
        Self::ProfileImpersonation,
    ];

    /// The contract's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ImageMisuse => "IMAGE_MISUSE",
            Self::FakeProfile => "FAKE_PROFILE",
            Self::DataBreach => "DATA_BREACH",
            Self::SuspiciousFollower => "SUSPICIOUS_FOLLOWER",
            Self::BehavioralChange => "BEHAVIORAL_CHANGE",
            Self::DeepfakeDetected => "DEEPFAKE_DETECTED",
            Self::ProfileImpersonation => "PROFILE_IMPERSONATION",
        }
    }
}

/// The severity of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// One step graver.
    #[must_use]
    pub fn raised(self) -> Self {
        match self {
            Self::Info => Self::Low,
            Self::Low => Self::Medium,
            Self::Medium => Self::High,
            Self::High | Self::Critical => Self::Critical,
        }
    }
}

/// The status of an alert, in the order of lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub enum AlertStatus {
    New,
    Viewed,
    Actioned,
    Dismissed,
}

impl AlertStatus {
    /// All of them, in list order.
    pub const ALL: [Self; 4] = [Self::New, Self::Viewed, Self::Actioned, Self::Dismissed];

    /// The contract's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Viewed => "VIEWED",
            Self::Actioned => "ACTIONED",
            Self::Dismissed => "DISMISSED",
        }
    }
}

impl std::str::FromStr for AlertStatus {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|it| it.as_str() == text)
            .ok_or(())
    }
}

/// An action on an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub enum AlertAction {
    Dismiss,
    Report,
    Escalate,
    MarkSafe,
}

/// An alert as the user sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub struct Alert {
    pub id: AlertId,
    pub user_id: UserId,
    #[serde(rename = "type")]
    pub kind: AlertType,
    pub severity: Severity,
    pub title: String,
    pub description: String,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<Map<String, Value>>,
    pub status: AlertStatus,
    pub created_at: Timestamp,
    pub viewed_at: Option<Timestamp>,
    pub actioned_at: Option<Timestamp>,
}

impl Alert {
    /// The alert after she (or the screen for her) sets `status`.
    ///
    /// A late VIEWED never undoes a decision, and the first view is kept (QUIRKS Q5).
    #[must_use]
    pub fn with_status(mut self, status: AlertStatus, now: Timestamp) -> Self {
        let decided = matches!(self.status, AlertStatus::Actioned | AlertStatus::Dismissed);
        if status == AlertStatus::Viewed && decided {
            return self;
        }
        if status == AlertStatus::Viewed {
            self.viewed_at = self.viewed_at.or(Some(now));
        }
        if status == AlertStatus::Actioned && self.status != AlertStatus::Actioned {
            self.actioned_at = Some(now);
        }
        self.status = status;
        self
    }

    /// The alert after she has acted on it.
    #[must_use]
    pub fn with_action(
        mut self,
        action: AlertAction,
        notes: Option<String>,
        now: Timestamp,
    ) -> Self {
        self.status = match action {
            AlertAction::Dismiss | AlertAction::MarkSafe => AlertStatus::Dismissed,
            AlertAction::Report | AlertAction::Escalate => AlertStatus::Actioned,
        };
        self.actioned_at = Some(now);
        let metadata = self.metadata.get_or_insert_default();
        metadata.insert(
            "action".into(),
            serde_json::to_value(action).unwrap_or_default(),
        );
        metadata.insert(
            "actionNotes".into(),
            notes.map_or(Value::Null, Value::String),
        );
        metadata.insert("actionTakenAt".into(), Value::String(now.to_string()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert() -> Alert {
        serde_json::from_value(serde_json::json!({
            "id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "userId": "6f9619ff-8b86-4d01-b42d-00cf4fc964fe",
            "type": "IMAGE_MISUSE", "severity": "HIGH", "title": "t", "description": "d", "metadata": null,
            "status": "NEW", "createdAt": "2026-01-31T12:00:00.000Z", "viewedAt": null, "actionedAt": null,
        }))
        .unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_epoch_seconds(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn the_first_view_is_kept_and_a_late_view_undoes_nothing() {
        let viewed = alert()
            .with_status(AlertStatus::Viewed, at(1))
            .with_status(AlertStatus::Viewed, at(2));
        assert_eq!(viewed.viewed_at, Some(at(1)));
        let done = viewed.with_status(AlertStatus::Actioned, at(3));
        assert_eq!(done.actioned_at, Some(at(3)));
        let late = done.clone().with_status(AlertStatus::Viewed, at(4));
        assert_eq!(late, done);
        assert_eq!(
            done.with_status(AlertStatus::New, at(5)).status,
            AlertStatus::New
        );
    }

    #[test]
    fn actions() {
        let safe = alert().with_action(AlertAction::MarkSafe, Some("mine".into()), at(1));
        assert_eq!(safe.status, AlertStatus::Dismissed);
        let metadata = safe.metadata.unwrap();
        assert_eq!(metadata["action"], "MARK_SAFE");
        assert_eq!(metadata["actionNotes"], "mine");
        assert_eq!(metadata["actionTakenAt"], at(1).to_string());
        assert_eq!(
            alert()
                .with_action(AlertAction::Escalate, None, at(1))
                .status,
            AlertStatus::Actioned
        );
    }

    #[test]
    fn the_wire_shape_is_the_contracts() {
        let text = serde_json::to_value(alert()).unwrap();
        let keys: Vec<_> = text.as_object().unwrap().keys().cloned().collect();
        assert_eq!(
            keys,
            [
                "actionedAt",
                "createdAt",
                "description",
                "id",
                "metadata",
                "severity",
                "status",
                "title",
                "type",
                "userId",
                "viewedAt"
            ]
        );
    }
}
