//! Bounces and complaints (queue mail-feedback): switch mail to that address off and tell her in the
//! app.
//!
//! Switches the mail channel of the woman whose address it is off, notes why, and tells her in the app. A
//! message that comes twice changes nothing; neither does one that is older than her last choice.

use crate::auth::OneTime;
use crate::clock;
use crate::domain::{Channels, Error, MailFeedback, MailStop, Preferences, Result, notice};
use crate::queues::QueueDelivery;
use crate::store::{PreferencesRow, Store, retry_on_conflict};

/// Stops the mail of whom the mail service says that mail does not reach.
#[derive(Clone, Debug)]
pub struct MailFeedbackHandler {
    store: Store,
}

impl MailFeedbackHandler {
    /// The service over this table.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Takes a delivery. What is no event that stops mail is passed over.
    pub async fn take(&self, delivered: &QueueDelivery) -> Result<()> {
        let Some(feedback) = MailFeedback::parse(&delivered.body) else {
            tracing::info!(bytes = delivered.body.len(), "this stops no mail");
            return Ok(());
        };
        for address in &feedback.addresses {
            self.stop(address, &feedback.stop).await?;
        }
        Ok(())
    }

    async fn stop(&self, address: &str, stop: &MailStop) -> Result<()> {
        let Some(account) = self.store.account_of(address).await? else {
            tracing::info!("mail to nobody we know was refused");
            return Ok(());
        };
        let user = account.id();
        retry_on_conflict("stopping mail", || async {
            let before = self.store.preferences(user).await?;
            let is_known = |it: &PreferencesRow| {
                let chosen_since = it.preferences.channels.email && it.updated_at > stop.at;
                it.is_unreadable || it.mail_stop.is_some() || chosen_since
            };
            if before.as_ref().is_some_and(is_known) {
                return Ok(Some(()));
            }
            let edition = before.as_ref().map(|it| it.edition.clone());
            let row = before.unwrap_or_else(|| PreferencesRow::first(clock::now()));
            let after = stopped(row, stop)?;
            let alert = notice::mail_stop_alert(user, stop.reason, clock::now());
            let tx = self
                .store
                .tx()
                .write_preferences(user, edition.as_deref(), &after)
                .raise_in_app(&alert);
            if tx.commit().await?.is_done() {
                tracing::warn!(user.id = %user, reason = ?stop.reason, "mail to her is stopped");
                return Ok(Some(()));
            }
            if self.store.account(user).await?.is_none() {
                return Ok(Some(()));
            }
            Ok::<_, Error>(None)
        })
        .await
    }
}

fn stopped(row: PreferencesRow, stop: &MailStop) -> Result<PreferencesRow> {
    let channels = Channels {
        email: false,
        ..row.preferences.channels
    };
    Ok(PreferencesRow {
        preferences: Preferences {
            channels,
            ..row.preferences
        },
        mail_stop: Some(stop.clone()),
        edition: OneTime::draw()?.token,
        ..row
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::{Account, MailStopReason, Timestamp, UserId};
    use crate::services::people::preferences::UserPreferences;
    use crate::testing;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_epoch_seconds(1_800_000_000 + second).unwrap()
    }

    async fn woman(store: &Store) -> UserId {
        let account = Account::new(UserId::random(), "ana@example.net", at(0));
        let created = store.create_account(&account, "hash", None).await;
        assert!(created.unwrap());
        account.id()
    }

    fn event(kind: &str, second: i64) -> QueueDelivery {
        let event = json!({
            "eventType": "Bounce",
            "bounce": {
                "bounceType": kind, "timestamp": at(second),
                "bouncedRecipients": [{ "emailAddress": "ana@example.net" }],
            },
        });
        QueueDelivery {
            id: "m1".into(),
            trace: None,
            body: json!({ "Type": "Notification", "Message": event.to_string() }).to_string(),
            queue: "vara-mail-feedback".into(),
            receipt: "r".into(),
            attempt: 1,
            last: false,
            deadline: at(9999),
        }
    }

    fn preferences(store: &Store) -> UserPreferences {
        UserPreferences::new(store.clone(), testing::event_log(store))
    }

    async fn choose(store: &Store, user: UserId, email: bool, second: i64) {
        let before = preferences(store).get(user).await.unwrap();
        let mut chosen = before.preferences.clone();
        chosen.channels.email = email;
        let set = preferences(store)
            .set(&testing::caller(user), &before, chosen, at(second))
            .await;
        set.unwrap();
    }

    #[tokio::test]
    async fn a_bounce_stops_mail_and_says_so_once() {
        let store = testing::store().await;
        let user = woman(&store).await;
        choose(&store, user, true, 1).await;
        MailFeedbackHandler::new(store.clone())
            .take(&event("Transient", 2))
            .await
            .unwrap();
        let seen = preferences(&store).get(user).await.unwrap();
        assert!(seen.preferences.channels.email && seen.mail_stop.is_none());
        for _ in 0..2 {
            MailFeedbackHandler::new(store.clone())
                .take(&event("Permanent", 3))
                .await
                .unwrap();
        }
        let seen = preferences(&store).get(user).await.unwrap();
        assert!(!seen.preferences.channels.email);
        assert_eq!(seen.mail_stop.unwrap().reason, MailStopReason::Bounced);
        assert_eq!(store.new_alerts(user).await.unwrap(), 1);
        // She mends her mailbox and chooses mail again; the old event comes once more.
        choose(&store, user, true, 10).await;
        MailFeedbackHandler::new(store.clone())
            .take(&event("Permanent", 3))
            .await
            .unwrap();
        let seen = preferences(&store).get(user).await.unwrap();
        assert!(seen.preferences.channels.email && seen.mail_stop.is_none());
        MailFeedbackHandler::new(store.clone())
            .take(&event("Permanent", 20))
            .await
            .unwrap();
        let seen = preferences(&store).get(user).await.unwrap();
        assert!(!seen.preferences.channels.email && seen.mail_stop.is_some());
    }

    #[tokio::test]
    async fn it_holds_for_somebody_without_preferences_and_means_nothing_for_a_stranger() {
        let store = testing::store().await;
        MailFeedbackHandler::new(store.clone())
            .take(&event("Permanent", 1))
            .await
            .unwrap();
        let user = woman(&store).await;
        MailFeedbackHandler::new(store.clone())
            .take(&event("Permanent", 2))
            .await
            .unwrap();
        let seen = preferences(&store).get(user).await.unwrap();
        assert!(seen.mail_stop.is_some());
        for body in ["", "garbage", "{}"] {
            let delivered = QueueDelivery {
                id: "m1".into(),
                trace: None,
                body: body.into(),
                ..event("Permanent", 3)
            };
            MailFeedbackHandler::new(store.clone())
                .take(&delivered)
                .await
                .unwrap();
        }
    }
}
