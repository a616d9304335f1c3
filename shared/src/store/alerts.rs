//! Alert rows: create, list, count, change, clear.

use std::collections::BTreeSet;

use super::list::{CHANGES, Counters};
use super::tx::{Change, Tx};
use super::{Append, Key, Listing, Row, Store};
use crate::domain::feed::{FeedChange, FeedTopic};
use crate::domain::{Alert, AlertId, AlertStatus, Page, Result, UserId};

pub(super) fn key(user: UserId, id: AlertId) -> Key {
    Key::user(user, format!("ALERT#{id}"))
}

pub(super) fn run(status: AlertStatus) -> String {
    format!("ALERT#{}", status.as_str())
}

pub(super) fn counter(status: AlertStatus) -> String {
    format!("alert.{}", status.as_str())
}

/// New before viewed before done; within one, newest first. The id settles ties.
fn place(alert: &Alert) -> String {
    format!(
        "{}#{}{}.{}",
        run(alert.status),
        alert.status as u8,
        alert.created_at.newest_first(),
        alert.id
    )
}

/// How many alerts she has neither acted on nor dismissed.
pub(super) fn open(counters: &Counters) -> u64 {
    let states = [AlertStatus::New, AlertStatus::Viewed];
    states.iter().map(|&it| counters.get(&counter(it))).sum()
}

impl Store {
    /// One alert of hers.
    pub async fn alert(&self, user: UserId, id: AlertId) -> Result<Option<Alert>> {
        self.get(&key(user, id)).await
    }

    /// A page of her alerts in these states.
    pub async fn alerts(
        &self,
        user: UserId,
        statuses: &[AlertStatus],
        page: Page,
    ) -> Result<Listing<Alert>> {
        self.joined_listing(user, page, |counters| {
            let counted = |&it| (run(it), counters.get(&counter(it)));
            statuses.iter().map(counted).collect()
        })
        .await
    }

    /// Those of these alerts that she has not dismissed. One she cleared is among them: clearing the
    /// list says nothing about what an alert was raised for.
    pub async fn without_dismissed(
        &self,
        user: UserId,
        ids: BTreeSet<AlertId>,
    ) -> Result<BTreeSet<AlertId>> {
        let keys: Vec<Key> = ids.iter().map(|it| key(user, *it)).collect();
        let mut left = ids;
        for alert in self.get_all::<Alert>(&keys).await? {
            if alert.status == AlertStatus::Dismissed {
                left.remove(&alert.id);
            }
        }
        Ok(left)
    }

    /// How many alerts she has not seen.
    pub async fn new_alerts(&self, user: UserId) -> Result<u64> {
        Ok(self.counters(user).await?.get(&counter(AlertStatus::New)))
    }

    /// Replaces `before` by `after`, if it still is what it was. `false`: somebody was faster.
    pub async fn change_alert(
        &self,
        before: &Alert,
        after: &Alert,
        event: Option<Append>,
    ) -> Result<bool> {
        let tx = self.tx().move_alert(before, after);
        let tx = tx.append_all(event);
        Ok(tx.commit().await?.is_done())
    }
}

impl Tx<'_> {
    /// Replaces `before` by `after` with its place and the totals; refused if it is not what it was.
    pub(super) fn move_alert(self, before: &Alert, after: &Alert) -> Self {
        let change = Change::default()
            .set("status", after.status)
            .set("title", &after.title)
            .set("description", &after.description)
            .set("createdAt", after.created_at)
            .set("severity", after.severity)
            .set("metadata", &after.metadata)
            .set("viewedAt", after.viewed_at)
            .set("actionedAt", after.actioned_at)
            .set("list", place(after))
            .when("list", "=", place(before))
            .when("severity", "=", before.severity);
        let moves = if place(before) == place(after) {
            vec![]
        } else if before.status == after.status {
            // No total moves, and yet the list changes.
            vec![(CHANGES.to_owned(), 1)]
        } else {
            vec![(counter(before.status), -1), (counter(after.status), 1)]
        };
        self.update(&key(after.user_id, after.id), change)
            .count(after.user_id, &moves)
            .publish(after.user_id, FeedChange::of(FeedTopic::Alert, after.id))
    }

    /// Stores a new alert, counts it, and has her told of it where she wants. Refused if it was raised before.
    pub(crate) fn raise(self, alert: &Alert) -> Self {
        self.raise_in_app(alert)
            .tell(alert.user_id, alert.kind, alert.created_at)
    }

    /// Stores a new alert and counts it; she is told of it in the app only.
    pub(crate) fn raise_in_app(self, alert: &Alert) -> Self {
        let row = Row::new(key(alert.user_id, alert.id), alert).listed(place(alert));
        self.create(&row)
            .count(alert.user_id, &[(counter(alert.status), 1)])
            .publish(alert.user_id, FeedChange::of(FeedTopic::Alert, alert.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AlertType, Severity, Timestamp};
    use crate::testing;

    fn alert(user: UserId, second: i64) -> Alert {
        Alert {
            id: AlertId::from(uuid::Uuid::new_v4()),
            user_id: user,
            kind: AlertType::ImageMisuse,
            severity: Severity::High,
            title: "t".into(),
            description: "d".into(),
            metadata: None,
            status: AlertStatus::New,
            created_at: Timestamp::from_epoch_seconds(1_800_000_000 + second).unwrap(),
            viewed_at: None,
            actioned_at: None,
        }
    }

    async fn filled(store: &Store, user: UserId, count: i64) -> Vec<Alert> {
        let alerts: Vec<Alert> = (0..count).map(|second| alert(user, second)).collect();
        for alert in &alerts {
            assert!(store.tx().raise(alert).commit().await.unwrap().is_done());
        }
        alerts
    }

    #[tokio::test]
    async fn lists_are_new_first_then_newest_first_and_totals_follow() {
        let (store, user) = (testing::store().await, UserId::random());
        let alerts = filled(&store, user, 7).await;
        let viewed = alerts[6]
            .clone()
            .with_status(AlertStatus::Viewed, alerts[6].created_at);
        assert!(store.change_alert(&alerts[6], &viewed, None).await.unwrap());

        let page = |number| Page { number, limit: 3 };
        let first = store
            .alerts(user, &AlertStatus::ALL, page(1))
            .await
            .unwrap();
        assert_eq!(first.pagination.total, 7);
        assert_eq!(
            first.items,
            [alerts[5].clone(), alerts[4].clone(), alerts[3].clone()]
        );
        let last = store
            .alerts(user, &AlertStatus::ALL, page(3))
            .await
            .unwrap();
        assert_eq!(last.items, [viewed]);
        assert!(
            store
                .alerts(user, &AlertStatus::ALL, page(4))
                .await
                .unwrap()
                .items
                .is_empty()
        );
        let new = store
            .alerts(user, &[AlertStatus::New], page(1))
            .await
            .unwrap();
        assert_eq!(new.pagination.total, 6);
        let stranger = store
            .alerts(UserId::random(), &AlertStatus::ALL, page(1))
            .await
            .unwrap();
        assert_eq!((stranger.items.len(), stranger.pagination.total), (0, 0));
    }

    #[tokio::test]
    async fn an_alert_is_raised_once() {
        let (store, user) = (testing::store().await, UserId::random());
        let alert = alert(user, 1);
        assert!(store.tx().raise(&alert).commit().await.unwrap().is_done());
        assert!(!store.tx().raise(&alert).commit().await.unwrap().is_done());
        assert_eq!(store.counters(user).await.unwrap().get("alert.NEW"), 1);
    }

    #[tokio::test]
    async fn only_what_she_dismissed_is_dismissed() {
        let (store, user) = (testing::store().await, UserId::random());
        let alerts = filled(&store, user, 3).await;
        let cleared = AlertId::from(uuid::Uuid::new_v4());
        for (alert, status) in alerts[1..]
            .iter()
            .zip([AlertStatus::Actioned, AlertStatus::Dismissed])
        {
            let after = alert.clone().with_status(status, alert.created_at);
            assert!(store.change_alert(alert, &after, None).await.unwrap());
        }
        let all = alerts.iter().map(|it| it.id).chain([cleared]).collect();
        let left = store.without_dismissed(user, all).await.unwrap();
        assert_eq!(left, BTreeSet::from([alerts[0].id, alerts[1].id, cleared]));
        let none = store.without_dismissed(user, BTreeSet::new()).await;
        assert!(none.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_stale_change_is_refused() {
        let (store, user) = (testing::store().await, UserId::random());
        let alerts = filled(&store, user, 1).await;
        let viewed = alerts[0]
            .clone()
            .with_status(AlertStatus::Viewed, alerts[0].created_at);
        let done = alerts[0]
            .clone()
            .with_status(AlertStatus::Actioned, alerts[0].created_at);
        assert!(store.change_alert(&alerts[0], &viewed, None).await.unwrap());
        assert!(!store.change_alert(&alerts[0], &done, None).await.unwrap());
        let counters = store.counters(user).await.unwrap();
        assert_eq!(
            (
                counters.get("alert.NEW"),
                counters.get("alert.VIEWED"),
                counters.get("alert.ACTIONED")
            ),
            (0, 1, 0)
        );
    }

    #[tokio::test]
    async fn clearing_leaves_nothing_and_no_count() {
        let (store, user) = (testing::store().await, UserId::random());
        filled(&store, user, 95).await;
        assert_eq!(store.delete_alerts(user).await.unwrap(), 95);
        assert_eq!(store.delete_alerts(user).await.unwrap(), 0);
        let left = store
            .alerts(
                user,
                &AlertStatus::ALL,
                Page {
                    number: 1,
                    limit: 20,
                },
            )
            .await
            .unwrap();
        assert_eq!((left.items.len(), left.pagination.total), (0, 0));
    }
}
