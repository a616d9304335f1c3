//! Alerts: list, view, set status, act, clear.

use crate::domain::{
    Alert, AlertAction, AlertId, AlertStatus, Error, Page, Result, Timestamp, UserId,
};
use crate::store::{Listing, Store};

/// How often a change is tried again when somebody else changed the alert in between.
const WRITE_CONFLICT_RETRIES: u32 = 5;

/// The most characters a note may have.
const NOTES: usize = 1000;

/// A page of her alerts, of all states unless some are named.
pub async fn list(
    store: &Store,
    user: UserId,
    statuses: Option<Vec<AlertStatus>>,
    page: Page,
) -> Result<Listing<Alert>> {
    let mut statuses = statuses.unwrap_or_else(|| AlertStatus::ALL.to_vec());
    statuses.sort_unstable();
    statuses.dedup();
    store.alerts(user, &statuses, page).await
}

/// The id of an alert; what is no UUID is the id of none.
pub fn parse_id(text: &str) -> Result<AlertId> {
    AlertId::parse(text).ok_or_else(missing)
}

/// One alert, which counts as viewed from now on.
///
/// The answer is the alert as it was: the screen, seeing NEW, sends the VIEWED that refreshes its
/// list and badge (QUIRKS Q5).
pub async fn view(store: &Store, user: UserId, id: AlertId, now: Timestamp) -> Result<Alert> {
    let mut shown = None;
    change(store, user, id, |alert| {
        let before = shown.get_or_insert_with(|| alert.clone());
        if before.status == AlertStatus::New {
            alert.with_status(AlertStatus::Viewed, now)
        } else {
            alert
        }
    })
    .await?;
    shown.ok_or_else(missing)
}

/// Sets the state of an alert.
pub async fn set_status(
    store: &Store,
    user: UserId,
    id: AlertId,
    status: AlertStatus,
    now: Timestamp,
) -> Result<Alert> {
    change(store, user, id, |alert| alert.with_status(status, now)).await
}

/// Records what she did about an alert.
pub async fn act(
    store: &Store,
    user: UserId,
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
    change(store, user, id, |alert| {
        alert.with_action(action, notes.clone(), now)
    })
    .await
}

/// Removes all her alerts; how many there were.
pub async fn clear(store: &Store, user: UserId) -> Result<u64> {
    store.delete_alerts(user).await
}

async fn change(
    store: &Store,
    user: UserId,
    id: AlertId,
    mut change: impl FnMut(Alert) -> Alert,
) -> Result<Alert> {
    for _ in 0..WRITE_CONFLICT_RETRIES {
        let before = store.alert(user, id).await?.ok_or_else(missing)?;
        let after = change(before.clone());
        if after == before || store.change_alert(&before, &after).await? {
            return Ok(after);
        }
    }
    Err(Error::unavailable("changing an alert", "it kept changing"))
}

fn missing() -> Error {
    Error::not_found("ALERT_NOT_FOUND", "This alert does not exist.")
}

#[cfg(test)]
mod tests {
    use super::*;

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
