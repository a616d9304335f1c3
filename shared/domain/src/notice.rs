//! Alerts in the app about her notification channels: webhook set, mail stopped.

use uuid::Uuid;

use super::{Alert, AlertId, AlertStatus, AlertType, MailStopReason, Severity, Timestamp, UserId};

/// The alert after a webhook was set: whoever sat at her device for a minute may have done it. `host` is
/// where it leads.
#[must_use]
pub fn webhook_alert(user: UserId, host: &str, now: Timestamp) -> Alert {
    settings_alert(
        user,
        "Your messages now also go to another address",
        format!(
            "Whenever there is something new for you, {host} is now told so, too. If this was not you, \
             choose a new password with \"Forgot password\" where you sign in: that ends it."
        ),
        now,
    )
}

/// The alert after a sign-in on a device that is called so and was not used before.
#[must_use]
pub fn new_device_alert(user: UserId, device: &str, now: Timestamp) -> Alert {
    settings_alert(
        user,
        "There was a sign-in in a new place",
        format!(
            "{device} was used to sign in to your account, with a browser or from a network that was not used \
             before. If this was you, there is nothing to do. If not, choose a new password with \"Forgot \
             password\" where you sign in: that ends it."
        ),
        now,
    )
}

/// The alert after mail to her was stopped.
#[must_use]
pub fn mail_stop_alert(user: UserId, reason: MailStopReason, now: Timestamp) -> Alert {
    let why = match reason {
        MailStopReason::Bounced => "Your mailbox did not take a mail from us",
        MailStopReason::Complained => "A mail from us was marked as unwanted in your mailbox",
    };
    let description = format!(
        "{why}, so we send you no more of them. You find everything that is new here. You can switch mail \
         on again in your preferences."
    );
    settings_alert(user, "You get no more mail from us", description, now)
}

/// An alert about her own settings. Of the kinds the screens know, this one comes nearest (QUIRKS Q3).
fn settings_alert(user: UserId, title: &str, description: String, now: Timestamp) -> Alert {
    Alert {
        id: AlertId::from(Uuid::new_v4()),
        user_id: user,
        kind: AlertType::BehavioralChange,
        severity: Severity::Info,
        title: title.to_owned(),
        description,
        metadata: None,
        status: AlertStatus::New,
        created_at: now,
        viewed_at: None,
        actioned_at: None,
    }
}
