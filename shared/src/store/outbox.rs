//! Notification outbox: alerts that are still to be sent, by channel.
//!
//! An alert leaves its mark here in the transaction that raises it, so none is forgotten; all marks are
//! in one row, so many alerts at once make one message. The row is in the `due` index until she has been
//! told of all of them, or need not be.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::tx::Change;
use super::{Key, Row, Store, VERSION, read_all};
use crate::domain::{AlertType, Channel, Result, Timestamp, UserId};

/// Kind of work in the `due` index.
pub const DUE_NOTIFY: &str = "NOTIFY";

/// How long a delivery is remembered, in seconds.
const ATTEMPT_TTL_SECONDS: i64 = 90 * 24 * 3600;

/// Attributes of kinds of alert, and of channels: whether the message is delivered, how often that was
/// tried, and before when nobody tries it again.
const KIND: &str = "kind.";
const DONE: &str = "done.";
const TRIES: &str = "tries.";
const HELD: &str = "held.";

/// What there is to tell her.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outbox {
    /// Since when.
    pub since: Timestamp,
    /// Changes with every alert.
    stamp: String,
    /// The name of the message that is under way.
    #[serde(default)]
    pub message: Option<String>,
    /// The stamp of the last alert that the message under way tells of.
    #[serde(default)]
    covers: Option<String>,
    #[serde(flatten)]
    rest: HashMap<String, Value>,
}

impl Outbox {
    /// Of what.
    #[must_use]
    pub fn kinds(&self) -> BTreeSet<AlertType> {
        let marked = |it: &AlertType| self.rest.contains_key(&format!("{KIND}{}", it.as_str()));
        AlertType::ALL.into_iter().filter(marked).collect()
    }

    /// Whether the message under way was delivered so, or given up.
    #[must_use]
    pub fn is_done(&self, channel: Channel) -> bool {
        self.rest
            .contains_key(&format!("{DONE}{}", channel.as_str()))
    }

    /// Before when nobody tries it so again.
    #[must_use]
    pub fn held_until(&self, channel: Channel) -> Option<Timestamp> {
        let held = self.rest.get(&format!("{HELD}{}", channel.as_str()))?;
        Timestamp::parse(held.as_str()?)
    }

    /// How often it was tried so.
    #[must_use]
    pub fn tries(&self, channel: Channel) -> u32 {
        let tries = self.rest.get(&format!("{TRIES}{}", channel.as_str()));
        let tries = tries.and_then(Value::as_u64).unwrap_or_default();
        u32::try_from(tries).unwrap_or(u32::MAX)
    }
}

/// The outcome of an attempt to notify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = DeliveryOutcome))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NoticeOutcome {
    /// It was taken.
    Sent,
    /// It was not, and will be tried again.
    Failed,
    /// It was not, and will not be.
    GivenUp,
}

/// An attempt to notify, without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct NoticeAttempt {
    /// The name of the message.
    pub message: String,
    /// How.
    pub channel: Channel,
    /// When.
    pub at: Timestamp,
    /// What became of it.
    pub outcome: NoticeOutcome,
    /// Why, if it was not taken.
    pub reason: Option<String>,
}

pub(super) fn key(user: UserId) -> Key {
    Key::user(user, "OUTBOX")
}

/// The mark of new alerts. What is under way or put off stays so.
pub(super) fn more(user: UserId, kinds: &BTreeSet<AlertType>, at: Timestamp) -> Change {
    let change = Change::default()
        .set("v", VERSION)
        .set("stamp", uuid::Uuid::new_v4())
        .set(
            "due_kind",
            super::due_shards::shard(DUE_NOTIFY, &key(user).pk),
        )
        .set_once("due_at", at)
        .set_once("since", at);
    kinds.iter().fold(change, |it, kind| {
        it.set(&format!("{KIND}{}", kind.as_str()), true)
    })
}

impl Store {
    /// What there is to tell her.
    pub async fn outbox(&self, user: UserId) -> Result<Option<Outbox>> {
        self.get(&key(user)).await
    }

    /// Begins a message of what `seen` held, or goes on with the one that is under way; its name.
    pub async fn begin_message(&self, user: UserId, seen: &Outbox) -> Result<Option<Outbox>> {
        let name = format!("msg_{}", uuid::Uuid::new_v4().simple());
        let change = Change::default()
            .set_once("message", name)
            .set_once("covers", &seen.stamp);
        self.change(&key(user), change.if_exists()).await
    }

    /// Keeps others from trying `message` on this channel until then, and the outbox as it is now.
    /// `None`: another has it, it is done, or another message is under way.
    pub async fn hold_delivery(
        &self,
        user: UserId,
        message: &str,
        channel: Channel,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Outbox>> {
        let held = format!("{HELD}{}", channel.as_str());
        let change = Change::default()
            .if_absent(&format!("{DONE}{}", channel.as_str()))
            .set(&held, until)
            .when("message", "=", message)
            .when_or_absent(&held, "<=", now);
        self.change(&key(user), change).await
    }

    /// Records an attempt; a failed one is not repeated before `again`.
    pub async fn record_delivery(
        &self,
        user: UserId,
        delivery: &NoticeAttempt,
        again: Timestamp,
    ) -> Result<()> {
        let (channel, at) = (delivery.channel.as_str(), delivery.at);
        let place = format!("DELIVERY#{}.{channel}", at.newest_first());
        let mut row = Row::new(
            Key::user(user, format!("DELIVERY#{at}#{channel}")),
            delivery,
        )
        .listed(place);
        row.ttl = Some(at.plus_seconds(ATTEMPT_TTL_SECONDS).epoch_seconds());
        let change = Change::default().add(&format!("{TRIES}{channel}"), 1).when(
            "message",
            "=",
            &delivery.message,
        );
        let change = change.apply(|it| match delivery.outcome {
            NoticeOutcome::Failed => it.set(&format!("{HELD}{channel}"), again),
            NoticeOutcome::Sent | NoticeOutcome::GivenUp => {
                it.set(&format!("{DONE}{channel}"), true)
            }
        });
        // If she left or stopped all messages meanwhile, there is nothing to record.
        let tx = self.tx().update(&key(user), change).put(&row);
        tx.commit().await.map(|_| ())
    }

    /// Her last deliveries, newest first.
    pub async fn deliveries(&self, user: UserId, most: usize) -> Result<Vec<NoticeAttempt>> {
        let rows = self.run(user, "DELIVERY", most).await?;
        Ok(read_all(rows))
    }

    /// Looks at it again then.
    pub async fn put_off_outbox(&self, user: UserId, until: Timestamp) -> Result<()> {
        let change = Change::default().set("due_at", until);
        let change = change.if_exists();
        self.change::<Outbox>(&key(user), change).await.map(|_| ())
    }

    /// Looks at it at once: what it was put off for may not hold any more.
    pub async fn wake_outbox(&self, user: UserId, now: Timestamp) -> Result<()> {
        let change = Change::default().set("due_at", now);
        let change = change.if_exists().when("due_at", ">", now);
        self.change_row(&key(user), change).await.map(drop)
    }

    /// She was told, or need not be. What the message under way does not tell of is told with the next.
    pub async fn close_outbox(&self, user: UserId, seen: &Outbox, now: Timestamp) -> Result<()> {
        let key = key(user);
        let covered = seen.covers.as_ref().unwrap_or(&seen.stamp);
        let tx = self.tx().delete_when(&key, "stamp", covered);
        if tx.commit().await?.is_done() {
            return Ok(());
        }
        let mut change = Change::default()
            .if_exists()
            .remove("message")
            .remove("covers");
        for channel in [Channel::Email, Channel::Webhook] {
            for name in [DONE, TRIES, HELD] {
                change = change.remove(&format!("{name}{}", channel.as_str()));
            }
        }
        let change = change
            .set("since", now)
            .set("due_at", now)
            .apply(|it| match &seen.message {
                Some(message) => it.when("message", "=", message),
                None => it.if_absent("message"),
            });
        self.change::<Outbox>(&key, change).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Due;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_epoch_seconds(1_800_000_000 + seconds).unwrap()
    }

    async fn due(store: &Store, now: i64) -> Vec<Due> {
        store.due(DUE_NOTIFY, at(now), 10).await.unwrap()
    }

    async fn tell(store: &Store, user: UserId, kind: AlertType, second: i64) {
        let tx = store.tx().tell(user, kind, at(second));
        assert!(tx.commit().await.unwrap().is_done());
    }

    #[tokio::test]
    async fn alerts_gather_in_one_row_that_is_due_until_it_is_closed() {
        let (store, user) = (crate::testing::store().await, UserId::random());
        tell(&store, user, AlertType::ImageMisuse, 0).await;
        tell(&store, user, AlertType::DataBreach, 5).await;
        let found = due(&store, 10).await;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].user(), Some(user));
        assert!(store.take_due(&found[0], at(300)).await.unwrap());
        // What comes meanwhile does not bring it back before its time.
        tell(&store, user, AlertType::DataBreach, 11).await;
        assert_eq!(due(&store, 299).await.len(), 0);
        let outbox = store.outbox(user).await.unwrap().unwrap();
        assert_eq!(outbox.since, at(0));
        let kinds = [AlertType::ImageMisuse, AlertType::DataBreach];
        assert_eq!(outbox.kinds(), kinds.into());
        store.close_outbox(user, &outbox, at(20)).await.unwrap();
        assert_eq!(store.outbox(user).await.unwrap(), None);
        assert_eq!(due(&store, 9999).await.len(), 0);
    }

    #[tokio::test]
    async fn a_message_keeps_its_name_and_is_done_once_a_way() {
        let (store, user) = (crate::testing::store().await, UserId::random());
        tell(&store, user, AlertType::ImageMisuse, 0).await;
        let seen = store.outbox(user).await.unwrap().unwrap();
        let begin = || store.begin_message(user, &seen);
        let first = begin().await.unwrap().unwrap();
        let name = first.message.clone().unwrap();
        let delivery = |channel, second, outcome| NoticeAttempt {
            message: name.clone(),
            channel,
            at: at(second),
            outcome,
            reason: None,
        };
        for it in [
            delivery(Channel::Webhook, 1, NoticeOutcome::Failed),
            delivery(Channel::Email, 2, NoticeOutcome::Sent),
        ] {
            store.record_delivery(user, &it, at(60)).await.unwrap();
        }
        let again = begin().await.unwrap().unwrap();
        assert_eq!(again.message, first.message);
        assert_eq!(
            (again.is_done(Channel::Email), again.tries(Channel::Email)),
            (true, 1)
        );
        assert_eq!(
            (
                again.is_done(Channel::Webhook),
                again.tries(Channel::Webhook)
            ),
            (false, 1)
        );
        let told: Vec<_> = store.deliveries(user, 10).await.unwrap();
        let channels: Vec<_> = told.iter().map(|it| it.channel).collect();
        assert_eq!(channels, [Channel::Email, Channel::Webhook]);
        // An alert that came after the message was begun is told with another.
        tell(&store, user, AlertType::FakeProfile, 9).await;
        store.close_outbox(user, &again, at(10)).await.unwrap();
        let next = begin().await.unwrap().unwrap();
        assert_ne!(next.message, first.message);
        assert!(!next.is_done(Channel::Email));
        assert_eq!((next.since, next.tries(Channel::Webhook)), (at(10), 0));
        assert_eq!(due(&store, 10).await.len(), 1);
    }

    #[tokio::test]
    async fn one_at_a_time_tries_a_channel_and_nobody_one_that_is_done() {
        let (store, user) = (crate::testing::store().await, UserId::random());
        tell(&store, user, AlertType::ImageMisuse, 0).await;
        let seen = store.outbox(user).await.unwrap().unwrap();
        let name = store.begin_message(user, &seen).await.unwrap().unwrap();
        let name = name.message.unwrap();
        let hold = async |message: &str, channel, now| {
            let until = at(now + 60);
            let held = store.hold_delivery(user, message, channel, at(now), until);
            held.await.unwrap()
        };
        assert!(hold("msg_other", Channel::Email, 1).await.is_none());
        let held = hold(&name, Channel::Email, 1).await.unwrap();
        assert_eq!(held.held_until(Channel::Email), Some(at(61)));
        assert!(hold(&name, Channel::Email, 2).await.is_none());
        assert!(hold(&name, Channel::Webhook, 2).await.is_some());
        // Whoever had it was killed.
        assert!(hold(&name, Channel::Email, 61).await.is_some());
        let sent = NoticeAttempt {
            message: name.clone(),
            channel: Channel::Email,
            at: at(62),
            outcome: NoticeOutcome::Sent,
            reason: None,
        };
        store.record_delivery(user, &sent, at(62)).await.unwrap();
        assert!(hold(&name, Channel::Email, 999).await.is_none());
    }

    /// An alert that comes between the beginning of a message and its end is told with the next, also
    /// if the last channel of the first was tried after it.
    #[tokio::test]
    async fn what_a_message_does_not_cover_makes_another() {
        let (store, user) = (crate::testing::store().await, UserId::random());
        tell(&store, user, AlertType::ImageMisuse, 0).await;
        let seen = store.outbox(user).await.unwrap().unwrap();
        store.begin_message(user, &seen).await.unwrap().unwrap();
        tell(&store, user, AlertType::FakeProfile, 5).await;
        let late = store.outbox(user).await.unwrap().unwrap();
        store.close_outbox(user, &late, at(6)).await.unwrap();
        // Closed by two at once.
        store.close_outbox(user, &late, at(7)).await.unwrap();
        let left = store.outbox(user).await.unwrap().unwrap();
        assert_eq!((left.since, left.message), (at(6), None));
    }
}
