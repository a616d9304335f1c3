use super::*;
use crate::clock;
use crate::domain::event::StreamName;
use crate::domain::{Alert, AlertStatus, MailStopReason, Page, UserId, notice};
use crate::services::record::event_log::Direction;
use crate::store::CLEARED_FOR_SECONDS;
use crate::testing;

struct Case {
    store: Store,
    log: EventLog,
    clearing: AlertClearing,
    caller: Caller,
}

impl Case {
    async fn build() -> Self {
        let store = testing::store().await;
        let log = testing::event_log(&store);
        let caller = testing::caller(UserId::random());
        Self {
            clearing: AlertClearing::new(store.clone(), log.clone()),
            store,
            log,
            caller,
        }
    }

    async fn raise(&self, count: i64) -> Vec<Alert> {
        let now = clock::now();
        let alert = |it| {
            let at = now.minus_seconds(it);
            notice::mail_stop_alert(self.caller.user, MailStopReason::Bounced, at)
        };
        let alerts: Vec<Alert> = (0..count).map(alert).collect();
        for alert in &alerts {
            let tx = self.store.tx().raise_in_app(alert);
            assert!(tx.commit().await.unwrap().is_done());
        }
        alerts
    }

    /// The first page of her list, and how many alerts all pages have.
    async fn list(&self) -> (Vec<Alert>, u64) {
        let page = Page {
            number: 1,
            limit: 100,
        };
        let user = self.caller.user;
        let found = self.store.alerts(user, &AlertStatus::ALL, page).await;
        let found = found.unwrap();
        (found.items, found.pagination.total)
    }

    async fn events(&self) -> Vec<(String, u64)> {
        let stream = StreamName::parse("alert").unwrap();
        let of = (self.caller.user, &stream);
        let page = self
            .log
            .read(of, None, Direction::Forward, 100, clock::now());
        let events = page.await.unwrap().events.into_iter();
        events
            .map(|it| (it.kind.to_string(), it.data["alerts"].as_u64().unwrap()))
            .collect()
    }
}

#[tokio::test]
async fn what_is_cleared_is_in_no_list_and_comes_back_as_it_was() {
    let case = Case::build().await;
    let alerts = case.raise(45).await;
    let viewed = alerts[3]
        .clone()
        .with_status(AlertStatus::Viewed, clock::now());
    assert!(
        case.store
            .change_alert(&alerts[3], &viewed, None)
            .await
            .unwrap()
    );
    let before = case.list().await;
    let now = clock::now();
    assert_eq!(case.clearing.clear(&case.caller, now).await.unwrap(), 45);
    assert_eq!(case.list().await, (vec![], 0));
    let user = case.caller.user;
    assert_eq!(case.store.alert(user, alerts[0].id).await.unwrap(), None);
    assert_eq!(case.clearing.clear(&case.caller, now).await.unwrap(), 0);

    let brought = case.clearing.bring_back(&case.caller, now).await;
    assert_eq!(brought.unwrap(), 45);
    assert_eq!(case.list().await, before);
    let again = case.clearing.bring_back(&case.caller, now).await;
    assert_eq!(again.unwrap(), 0);
    let counted = ["alert.cleared", "alert.restored"].map(|kind| {
        let kind = kind.to_owned();
        [(kind.clone(), 40), (kind, 5)]
    });
    assert_eq!(case.events().await, counted.concat());
}

#[tokio::test]
async fn what_was_raised_again_meanwhile_stays_as_it_is() {
    let case = Case::build().await;
    let alerts = case.raise(2).await;
    let now = clock::now();
    case.clearing.clear(&case.caller, now).await.unwrap();
    let newer = Alert {
        title: "Newer".into(),
        ..alerts[0].clone()
    };
    let tx = case.store.tx().raise_in_app(&newer);
    assert!(tx.commit().await.unwrap().is_done());
    let brought = case.clearing.bring_back(&case.caller, now).await;
    assert_eq!(brought.unwrap(), 1);
    assert_eq!(case.list().await, (vec![newer, alerts[1].clone()], 2));
}

#[tokio::test]
async fn after_a_month_nothing_comes_back() {
    let case = Case::build().await;
    case.raise(1).await;
    let now = clock::now();
    case.clearing.clear(&case.caller, now).await.unwrap();
    let late = now.plus_seconds(CLEARED_FOR_SECONDS);
    let brought = case.clearing.bring_back(&case.caller, late).await;
    assert_eq!(brought.unwrap(), 0);
    let still = case
        .clearing
        .bring_back(&case.caller, late.minus_seconds(1));
    assert_eq!(still.await.unwrap(), 1);
}
