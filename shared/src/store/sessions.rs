//! Session rows (sign-ins): `SIGN-IN#<id>` / `SESSION#<id>`. While the row is there she is signed in.

use serde::Deserialize;

use super::append::Append;
use super::tx::{Change, Tx};
use super::{Key, Row, Store};
use crate::domain::feed::{FeedChange, FeedTopic};
use crate::domain::{Alert, Result, Session, SessionId, Timestamp, UserId};

/// How many sign-ins one transaction ends, leaving room for what goes with them.
pub(crate) const ENDED_AT_ONCE: usize = 80;

/// A session that begins, with what is stored in the same step.
#[derive(Clone, Debug)]
pub struct NewSession<'a> {
    pub(crate) session: &'a Session,
    /// Events of its beginning.
    pub(crate) events: Vec<Append>,
    /// What she is told of it in the app.
    pub(crate) alert: Option<Alert>,
}

impl<'a> From<&'a Session> for NewSession<'a> {
    /// A session of which nothing is recorded.
    fn from(session: &'a Session) -> Self {
        Self {
            session,
            events: Vec::new(),
            alert: None,
        }
    }
}

fn key(user: UserId, id: SessionId) -> Key {
    Key::sign_in(user, format!("SESSION#{id}"))
}

#[derive(Deserialize)]
struct SessionName {
    id: SessionId,
}

impl Store {
    /// A sign-in, while it lasts. An unreadable one has ended: she signs in anew.
    pub async fn session(&self, user: UserId, id: SessionId) -> Result<Option<Session>> {
        self.get_readable(&key(user, id)).await
    }

    /// The names of her sign-ins.
    pub async fn sessions(&self, user: UserId) -> Result<Vec<SessionId>> {
        let names: Vec<SessionName> = self.parts(Key::sign_in(user, "SESSION#"), "id").await?;
        Ok(names.into_iter().map(|it| it.id).collect())
    }

    /// Her sign-ins, as far as they can be read, in no order.
    pub(crate) async fn session_rows(&self, user: UserId) -> Result<Vec<Session>> {
        self.rows_under(Key::sign_in(user, "SESSION#")).await
    }

    /// Names a sign-in, or removes its name. `false`: it has ended.
    pub(crate) async fn name_session(
        &self,
        (user, id): (UserId, SessionId),
        name: Option<&str>,
        event: Append,
    ) -> Result<bool> {
        let change = Change::default().if_exists();
        let change = match name {
            Some(name) => change.set("name", name),
            None => change.remove("name"),
        };
        let tx = self.tx().update(&key(user, id), change).append(event);
        Ok(tx.commit().await?.is_done())
    }

    /// Notes that the password was entered again in a sign-in. `false`: it has ended.
    pub(crate) async fn confirm_session(
        &self,
        (user, id): (UserId, SessionId),
        now: Timestamp,
        event: Append,
    ) -> Result<bool> {
        let change = Change::default().set("confirmedAt", now).if_exists();
        let tx = self.tx().update(&key(user, id), change).append(event);
        Ok(tx.commit().await?.is_done())
    }

    /// Ends one sign-in. `false`: it had ended.
    pub(crate) async fn end_session(
        &self,
        (user, id): (UserId, SessionId),
        event: Append,
    ) -> Result<bool> {
        let tx = self
            .tx()
            .delete_existing(&key(user, id))
            .publish_ended_session(user, id)
            .append(event);
        Ok(tx.commit().await?.is_done())
    }

    /// Replaces a sign-in whose newest refresh token was shown. `false`: somebody was faster, or it has ended.
    pub async fn rotate(&self, before: &Session, after: &Session) -> Result<bool> {
        let change = Change::default()
            .set("generation", after.generation)
            .set("refreshedAt", after.refreshed_at)
            .set("superseded", &after.superseded)
            .set("ttl", after.ends_at().epoch_seconds())
            .when("generation", "=", before.generation);
        Ok(self
            .tx()
            .update(&key(before.user_id, before.id), change)
            .commit()
            .await?
            .is_done())
    }

    /// Ends these sign-ins, as far as they have not ended, and records it with the first of them. Killed in
    /// between, it is asked for again.
    pub(crate) async fn end_sessions_telling(
        &self,
        user: UserId,
        ids: &[SessionId],
        event: Append,
    ) -> Result<()> {
        let (first, rest) = ids.split_at(ids.len().min(ENDED_AT_ONCE));
        let tx = first
            .iter()
            .fold(self.tx(), |tx, &id| tx.drop_session(user, id));
        tx.append(event).commit().await?;
        self.end_sessions(user, rest).await
    }

    /// Ends these sign-ins, as far as they have not ended.
    pub async fn end_sessions(&self, user: UserId, ids: &[SessionId]) -> Result<()> {
        for some in ids.chunks(ENDED_AT_ONCE) {
            let tx = some
                .iter()
                .fold(self.tx(), |tx, &id| tx.drop_session(user, id));
            tx.commit().await?;
        }
        Ok(())
    }
}

impl Tx<'_> {
    pub(super) fn begin_session(self, new: NewSession<'_>) -> Self {
        let session = new.session;
        let mut row = Row::new(key(session.user_id, session.id), session);
        row.ttl = Some(session.ends_at().epoch_seconds());
        let change = FeedChange::of(FeedTopic::Session, session.id);
        let tx = self
            .create(&row)
            .publish_if_followed(session.user_id, change);
        let tx = tx.append_all(new.events);
        match &new.alert {
            Some(alert) => tx.raise_in_app(alert),
            None => tx,
        }
    }

    pub(super) fn drop_session(self, user: UserId, id: SessionId) -> Self {
        self.delete(&key(user, id)).publish_ended_session(user, id)
    }
}
