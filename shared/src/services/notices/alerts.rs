//! Alerts: list, view, set status, act.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::Serialize;

use crate::auth::Caller;
use crate::domain::event::AlertDecided;
use crate::domain::{
    Alert, AlertAction, AlertId, AlertStatus, Error, Page, Result, Timestamp, UserId,
};
use crate::services::record::event_log::EventLog;
use crate::store::{Append, Listing, Store, TakedownOfFinding, retry_on_conflict};

/// The most characters a note may have.
const NOTES: usize = 1000;

/// An alert, with the request to remove what it is about, if she made one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertView {
    /// The alert. Its description says how the request stands.
    #[serde(flatten)]
    pub alert: Alert,
    /// The request that changed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub takedown: Option<TakedownOfFinding>,
}

impl AlertView {
    fn of(mut alert: Alert, takedown: Option<TakedownOfFinding>) -> Self {
        if let Some(takedown) = &takedown {
            alert.description = format!("{} {}", alert.description, takedown.state.sentence());
        }
        Self { alert, takedown }
    }
}

/// Lists and changes her alerts.
#[derive(Clone, Debug)]
pub struct Alerts {
    store: Store,
    log: EventLog,
}

impl Alerts {
    /// The service over this table, which records what she decides in this log.
    #[must_use]
    pub fn new(store: Store, log: EventLog) -> Self {
        Self { store, log }
    }

    /// A page of her alerts, of all states unless some are named.
    pub async fn list(
        &self,
        user: UserId,
        statuses: Option<Vec<AlertStatus>>,
        page: Page,
    ) -> Result<Listing<AlertView>> {
        let mut statuses = statuses.unwrap_or_else(|| AlertStatus::ALL.to_vec());
        statuses.sort_unstable();
        statuses.dedup();
        let listing = self.store.alerts(user, &statuses, page).await?;
        let ids: Vec<AlertId> = listing.items.iter().map(|it| it.id).collect();
        let mut requests = self.requests(user, &ids).await;
        let items = listing.items.into_iter().map(|it| {
            let request = requests.remove(&it.id);
            AlertView::of(it, request)
        });
        Ok(Listing {
            items: items.collect(),
            pagination: listing.pagination,
        })
    }

    /// The requests about these alerts. An alert is shown whether or not they can be read.
    async fn requests(
        &self,
        user: UserId,
        alerts: &[AlertId],
    ) -> HashMap<AlertId, TakedownOfFinding> {
        let found = self.store.takedowns_of_alerts(user, alerts).await;
        found.unwrap_or_else(|err| {
            tracing::error!(
                error.chain = err.chain(),
                "alerts are shown without their requests"
            );
            HashMap::new()
        })
    }

    /// One alert, which counts as viewed from now on.
    ///
    /// The answer is the alert as it was: the screen, seeing NEW, sends the VIEWED that refreshes its
    /// list and badge (QUIRKS Q5).
    pub async fn view(&self, caller: &Caller, id: AlertId, now: Timestamp) -> Result<AlertView> {
        let shown = OnceLock::new();
        self.change(caller, (id, None), now, |alert| {
            let before = shown.get_or_init(|| alert.clone());
            if before.status == AlertStatus::New {
                alert.with_status(AlertStatus::Viewed, now)
            } else {
                alert
            }
        })
        .await?;
        let alert = shown.into_inner().ok_or_else(missing)?;
        let request = self.requests(caller.user, &[id]).await.remove(&id);
        Ok(AlertView::of(alert, request))
    }

    /// Sets the state of an alert.
    pub async fn set_status(
        &self,
        caller: &Caller,
        id: AlertId,
        status: AlertStatus,
        now: Timestamp,
    ) -> Result<Alert> {
        self.change(caller, (id, None), now, |alert| {
            alert.with_status(status, now)
        })
        .await
    }

    /// Records what she did about an alert.
    pub async fn act(
        &self,
        caller: &Caller,
        id: AlertId,
        action: AlertAction,
        notes: Option<String>,
        now: Timestamp,
    ) -> Result<Alert> {
        if notes.as_ref().is_some_and(|it| it.chars().count() > NOTES) {
            return Err(Error::invalid_at(
                "notes",
                "Notes have at most 1000 characters.",
            ));
        }
        self.change(caller, (id, Some(action)), now, |alert| {
            alert.with_action(action, notes.clone(), now)
        })
        .await
    }

    async fn change(
        &self,
        caller: &Caller,
        (id, action): (AlertId, Option<AlertAction>),
        now: Timestamp,
        change: impl Fn(Alert) -> Alert,
    ) -> Result<Alert> {
        retry_on_conflict("changing an alert", || async {
            let known = self.store.alert(caller.user, id).await?;
            let before = known.ok_or_else(missing)?;
            let after = change(before.clone());
            if after == before {
                return Ok(Some(after));
            }
            let event = self.event(caller, &after, action, now).await?;
            if self.store.change_alert(&before, &after, event).await? {
                return Ok(Some(after));
            }
            Ok::<_, Error>(None)
        })
        .await
    }

    /// What she decided; that she looked at an alert is no decision.
    async fn event(
        &self,
        caller: &Caller,
        after: &Alert,
        action: Option<AlertAction>,
        now: Timestamp,
    ) -> Result<Option<Append>> {
        if after.status <= AlertStatus::Viewed && action.is_none() {
            return Ok(None);
        }
        let said = AlertDecided {
            alert_id: after.id,
            status: after.status,
            action,
        };
        let event = self.log.tell(caller.whose(), "alert.decided", &said, now);
        event.await.map(Some)
    }
}

/// The id of an alert; what is no UUID is the id of none.
pub fn parse_id(text: &str) -> Result<AlertId> {
    AlertId::parse(text).ok_or_else(missing)
}

fn missing() -> Error {
    Error::not_found("ALERT_NOT_FOUND", "This alert does not exist.")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::clock;
    use crate::domain::event::StreamName;
    use crate::domain::{MailStopReason, notice};
    use crate::testing;

    #[tokio::test]
    async fn a_decision_is_told_and_a_look_is_not() {
        let store = testing::store().await;
        let user = UserId::random();
        let raised = notice::mail_stop_alert(user, MailStopReason::Bounced, clock::now());
        let tx = store.tx().raise_in_app(&raised);
        assert!(tx.commit().await.unwrap().is_done());
        let alerts = Alerts::new(store.clone(), testing::event_log(&store));
        let (caller, id, now) = (testing::caller(user), raised.id, clock::now());
        alerts.view(&caller, id, now).await.unwrap();
        let told = async || {
            let stream = StreamName::parse("alert").unwrap();
            testing::told(&store, user, &stream).await
        };
        assert!(told().await.is_empty());
        let report = AlertAction::Report;
        let noted = Some("to the site".to_owned());
        alerts.act(&caller, id, report, noted, now).await.unwrap();
        let told = told().await;
        assert_eq!(told.len(), 1);
        assert_eq!(
            told[0],
            (
                "alert.decided".to_owned(),
                json!({ "alertId": id, "status": "ACTIONED", "action": "REPORT" })
            )
        );
    }

    #[test]
    fn what_is_no_uuid_is_the_id_of_no_alert() {
        let id = "0e7d5c2f-7a51-4b0b-9f1c-3a865a1f6d02";
        assert_eq!(parse_id(id).unwrap().to_string(), id);
        assert_eq!(parse_id(&id.to_uppercase()).unwrap().to_string(), id);
        let long = "0".repeat(1 << 20);
        for none in ["", "no-id", "0e7d5c2f", "#", "SCAN#1", "..", long.as_str()] {
            let refused = parse_id(none).unwrap_err();
            assert_eq!(refused.code, "ALERT_NOT_FOUND");
        }
    }
}
