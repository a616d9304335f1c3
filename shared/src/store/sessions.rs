//! Session rows (sign-ins): `SIGN-IN#<id>` / `SESSION#<id>`. While the row is there she is signed in.

use serde::Deserialize;

use super::tx::{Change, Tx};
use super::{Key, Row, Store};
use crate::domain::{Result, Session, SessionId, UserId};

/// How many sign-ins one transaction ends, leaving room for what goes with them.
pub(crate) const ENDED_AT_ONCE: usize = 80;

fn key(user: UserId, id: SessionId) -> Key {
    Key::sign_in(user, format!("SESSION#{id}"))
}

#[derive(Deserialize)]
struct Name {
    id: SessionId,
}

impl Store {
    /// A sign-in, while it lasts. An unreadable one has ended: she signs in anew.
    pub async fn session(&self, user: UserId, id: SessionId) -> Result<Option<Session>> {
        self.get_readable(&key(user, id)).await
    }

    /// The names of her sign-ins.
    pub async fn sessions(&self, user: UserId) -> Result<Vec<SessionId>> {
        let names: Vec<Name> = self.parts(Key::sign_in(user, "SESSION#"), "id").await?;
        Ok(names.into_iter().map(|it| it.id).collect())
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
    pub(super) fn write_session(self, session: &Session) -> Self {
        let mut row = Row::new(key(session.user_id, session.id), session);
        row.ttl = Some(session.ends_at().epoch_seconds());
        self.create(&row)
    }

    pub(super) fn drop_session(self, user: UserId, id: SessionId) -> Self {
        self.delete(&key(user, id))
    }
}
