//! Looks that she asks for: at most one an hour for each request.

use super::transition::{Changed, wrong_state};
use super::{TakedownWithTimeline, Takedowns};
use crate::auth::Caller;
use crate::domain::takedown::TakedownState;
use crate::domain::{Error, ErrorKind, Result, TakedownId, Timestamp};

/// How far apart looks are that she asks for, in seconds.
const ASKED_LOOKS_APART_SECONDS: i64 = 3600;

impl Takedowns {
    /// Has a worker look now whether it is still there.
    pub async fn recheck(
        &self,
        caller: &Caller,
        id: TakedownId,
        now: Timestamp,
    ) -> Result<TakedownWithTimeline> {
        let user = caller.user;
        self.count(user, now).await?;
        let actor = caller.actor();
        let row = self.change((user, &actor), id, now, |row, _| {
            let was_sent = row.state.is_live()
                || matches!(row.state, TakedownState::Gone | TakedownState::Refused);
            if !was_sent {
                return Err(wrong_state(row.state));
            }
            let asked = row.look_asked_at;
            let again = asked.map(|it| it.plus_seconds(ASKED_LOOKS_APART_SECONDS));
            if again.is_some_and(|it| it > now) {
                return Err(too_soon());
            }
            let mut changed = Changed::of(row);
            changed.row.look_asked_at = Some(now);
            changed.row.work_at = Some(now);
            Ok(Some(changed))
        });
        let row = row.await?;
        self.tell_worker(user, &row).await;
        self.get(user, id, now).await
    }
}

fn too_soon() -> Error {
    Error::new(
        ErrorKind::TooMany,
        "LOOKED_LATELY",
        "You asked for a look within the last hour. Please ask again later; we keep looking by ourselves.",
    )
}
