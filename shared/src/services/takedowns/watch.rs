//! Looks of the worker of requests: whether it is still there, whether the recipient's time is over, and the next round
//! of what came back.

use serde_json::json;

use super::her_picture::HerPicture;
use super::look::{Looked, PageLooker};
use super::transition::Changed;
use super::worker::TakedownWorker;
use super::{NewTakedown, schedule};
use crate::domain::event::Actor;
use crate::domain::takedown::{Look, LookOutcome, TakedownEvent, TakedownState};
use crate::domain::{Result, Timestamp, UserId};
use crate::store::{ImageRow, TakedownRow};

impl TakedownWorker {
    /// Looks whether it is still there, and whether the recipient's time is over.
    pub(super) async fn watch(
        &self,
        user: UserId,
        row: &TakedownRow,
        now: Timestamp,
    ) -> Result<()> {
        let is_watched = row.state.is_live()
            || matches!(row.state, TakedownState::Gone | TakedownState::Refused);
        if !is_watched || row.work_at.is_none_or(|it| it > now) {
            return Ok(());
        }
        let (_, sealed) = self.takedowns.opened(user, row.id, now).await?;
        let image = self.image_of(user, row).await;
        let hers = HerPicture::of(image.as_ref(), sealed.pictures);
        let looker = PageLooker::new(&self.fetcher, &hers);
        let Looked { outcome, pictures } = looker.look(&sealed.page, &sealed.facts.urls).await;
        let look = Look { at: now, outcome };
        if row.state == TakedownState::Gone && outcome == LookOutcome::Present {
            self.begin_next_round(user, row, now).await?;
        }
        let actor = Actor::system();
        self.takedowns
            .change((user, &actor), row.id, now, |row, sealed| {
                sealed.pictures.extend(pictures.clone());
                looked(row, look, now)
            })
            .await?;
        Ok(())
    }

    /// Her picture that a request is about. Without it pages are looked at all the same.
    async fn image_of(&self, user: UserId, row: &TakedownRow) -> Option<ImageRow> {
        let found = self.takedowns.finding(user, row.finding_id).await.ok()?;
        let image = self.takedowns.store().image(user, found.protected_image_id);
        image.await.ok().flatten()
    }

    /// It is there again: a new round with everything filled in. Made before the old one is closed, so that a worker
    /// that is killed between makes it once and closes the old one at the next look.
    async fn begin_next_round(
        &self,
        user: UserId,
        row: &TakedownRow,
        now: Timestamp,
    ) -> Result<()> {
        let (_, sealed) = self.takedowns.opened(user, row.id, now).await?;
        let found = self.takedowns.finding(user, row.finding_id).await?;
        let mut facts = sealed.facts;
        facts.earlier_reference = sealed.reference.or(facts.earlier_reference);
        let new = NewTakedown {
            finding_id: row.finding_id,
            recipient_id: row.recipient_id.clone(),
            law: row.law,
            route: row.route,
            facts,
        };
        let round = (new, row.round + 1, Some(row.id));
        let made = self
            .takedowns
            .make(&Actor::system(), user, &found, round, now)
            .await;
        match made {
            Err(err) if err.is_retryable() => Err(err),
            // No room, or she can make it herself: that it came back is told all the same.
            Err(err) => {
                tracing::warn!(takedown.id = %row.id, error.chain = err.chain(), "no next round is begun");
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }
}

/// The request after a look.
fn looked(row: &TakedownRow, look: Look, now: Timestamp) -> Result<Option<Changed>> {
    let is_watched =
        row.state.is_live() || matches!(row.state, TakedownState::Gone | TakedownState::Refused);
    if !is_watched {
        return Ok(None);
    }
    let mut changed = Changed::of(row);
    changed.row.looks = row.looks.after(look);
    let said = json!({ "outcome": look.outcome, "at": look.at });
    match row.state {
        TakedownState::Gone if look.outcome == LookOutcome::Present => {
            changed.step(TakedownEvent::SeeThere, said)?;
        }
        TakedownState::Gone => {}
        _ if changed.row.looks.is_confirmed_gone() => {
            changed.row.gone_at = Some(look.at);
            changed.step(TakedownEvent::SeeGone, said)?;
        }
        TakedownState::ClaimedGone if look.outcome == LookOutcome::Present => {
            changed.step(TakedownEvent::SeeThere, said)?;
        }
        TakedownState::Sent | TakedownState::Acknowledged
            if row.due_at.is_some_and(|it| it <= now) =>
        {
            changed.step(TakedownEvent::RunOut, json!({ "dueAt": row.due_at }))?;
        }
        _ => {}
    }
    changed.row.work_at = schedule::work_at(&changed.row, now);
    Ok(Some(changed))
}
