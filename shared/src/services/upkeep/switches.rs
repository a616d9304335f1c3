//! Operational switches: cached read for workers, list and set for admins.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::clock;
use crate::domain::{Error, ErrorKind, Result, Switch, SwitchState, Timestamp, UserId};
use crate::store::{Store, SwitchBoard};

/// How long a worker acts on what it last read: a switch acts everywhere within this time.
const CACHE_LIFE: Duration = Duration::from_secs(20);

/// The longest reason that is kept, in characters.
const MAX_REASON_CHARS: usize = 500;

/// Reads switches. Cheap to clone; clones share what was read.
#[derive(Clone, Debug)]
pub struct Switches {
    store: Store,
    life: Duration,
    cached: Arc<Mutex<Option<(Instant, SwitchBoard)>>>,
}

/// A switch as admins see it.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SwitchView {
    /// Its name.
    pub name: &'static str,
    /// What does not happen while it is off.
    pub about: &'static str,
    /// Whether it is on.
    pub is_on: bool,
    /// Why it was last set.
    pub reason: Option<String>,
    /// When it was last set.
    pub changed_at: Option<Timestamp>,
    /// Which admin set it.
    pub changed_by: Option<UserId>,
}

/// The new setting of a switch.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SwitchChange {
    /// Whether it is turned on.
    pub is_on: bool,
    /// Why; kept with the switch and logged.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 500))]
    pub reason: String,
}

impl Switches {
    /// Of this table.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self {
            store,
            life: CACHE_LIFE,
            cached: Arc::default(),
        }
    }

    /// Whether a switch is on. While the table does not answer, what was last read counts.
    pub async fn is_on(&self, switch: Switch) -> Result<bool> {
        let cached = self.cached();
        if let Some((read_at, board)) = &cached
            && read_at.elapsed() < self.life
        {
            return Ok(board.is_on(switch));
        }
        match (self.store.switches().await, cached) {
            (Ok(board), _) => {
                let is_on = board.is_on(switch);
                *self.lock() = Some((Instant::now(), board));
                Ok(is_on)
            }
            (Err(err), Some((_, board))) => {
                tracing::warn!(error.chain = err.chain(), "the switches cannot be read");
                Ok(board.is_on(switch))
            }
            (Err(err), None) => Err(err),
        }
    }

    fn cached(&self) -> Option<(Instant, SwitchBoard)> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(Instant, SwitchBoard)>> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All switches, as they are set now.
    pub async fn list(&self) -> Result<Vec<SwitchView>> {
        let board = self.store.switches().await?;
        Ok(Switch::ALL.map(|it| view(&board, it)).into())
    }

    /// Sets a switch, for the admin `by`.
    pub async fn set(&self, name: &str, change: SwitchChange, by: UserId) -> Result<SwitchView> {
        let switch = Switch::named(name).ok_or_else(|| {
            let text = "There is no switch of this name.";
            Error::new(ErrorKind::NotFound, "SWITCH_NOT_FOUND", text)
        })?;
        let reason = change.reason.trim();
        if reason.is_empty() || reason.chars().count() > MAX_REASON_CHARS {
            return Err(Error::invalid(
                "VALIDATION_ERROR",
                format!("A reason of at most {MAX_REASON_CHARS} characters is needed."),
            ));
        }
        let state = SwitchState {
            is_on: change.is_on,
            reason: reason.to_owned(),
            changed_at: clock::now(),
            changed_by: by,
        };
        self.store.set_switch(switch, &state).await?;
        tracing::warn!(
            switch = switch.name(),
            is_on = state.is_on,
            reason,
            user.id = %by,
            "a switch was set"
        );
        let board = self.store.switches().await?;
        Ok(view(&board, switch))
    }

    /// Turns a switch off, for the tests of what it turns off.
    #[cfg(test)]
    pub(crate) async fn off(&self, name: &str) {
        let change = SwitchChange {
            is_on: false,
            reason: "a test".into(),
        };
        let set = self.set(name, change, UserId::random()).await;
        assert!(set.is_ok_and(|it| !it.is_on));
    }
}

fn view(board: &SwitchBoard, switch: Switch) -> SwitchView {
    let state = board.state(switch);
    SwitchView {
        name: switch.name(),
        about: switch.about(),
        is_on: board.is_on(switch),
        reason: state.as_ref().map(|it| it.reason.clone()),
        changed_at: state.as_ref().map(|it| it.changed_at),
        changed_by: state.as_ref().map(|it| it.changed_by),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_switch_acts_when_the_memory_of_it_ends_and_within_a_minute() {
        let store = crate::testing::store().await;
        let mut switches = Switches::new(store.clone());
        assert!(switches.life <= Duration::from_secs(30));
        assert!(switches.is_on(Switch::Tineye).await.unwrap());
        Switches::new(store.clone()).off("tineye").await;
        assert!(switches.is_on(Switch::Tineye).await.unwrap());
        switches.life = Duration::ZERO;
        assert!(!switches.is_on(Switch::Tineye).await.unwrap());
        assert!(switches.is_on(Switch::Serpapi).await.unwrap());
    }

    #[tokio::test]
    async fn what_was_last_read_counts_while_the_table_is_silent() {
        let store = crate::testing::store().await;
        Switches::new(store.clone()).off("hibp").await;
        let mut switches = Switches::new(store);
        switches.life = Duration::ZERO;
        assert!(!switches.is_on(Switch::Hibp).await.unwrap());
        switches.store = crate::testing::silent_store();
        assert!(!switches.is_on(Switch::Hibp).await.unwrap());
        let never_read = Switches::new(crate::testing::silent_store());
        assert!(never_read.is_on(Switch::Hibp).await.is_err());
    }

    #[tokio::test]
    async fn a_change_names_a_switch_and_a_reason() {
        let store = crate::testing::store().await;
        let by = UserId::random();
        let change = |reason: &str| SwitchChange {
            is_on: false,
            reason: reason.into(),
        };
        let switches = Switches::new(store);
        let set = switches.set("social", change(" it is down "), by).await;
        let set = set.unwrap();
        assert_eq!((set.is_on, set.changed_by), (false, Some(by)));
        assert_eq!(set.reason.as_deref(), Some("it is down"));
        let unknown = switches.set("all", change("x"), by).await.unwrap_err();
        assert_eq!(unknown.code, "SWITCH_NOT_FOUND");
        for bad in ["", "  ", &"x".repeat(501)] {
            let refused = switches.set("social", change(bad), by).await;
            assert_eq!(refused.unwrap_err().code, "VALIDATION_ERROR");
        }
        let listed = switches.list().await.unwrap();
        let off: Vec<_> = listed
            .iter()
            .filter(|it| !it.is_on)
            .map(|it| it.name)
            .collect();
        assert_eq!((listed.len(), off), (Switch::ALL.len(), vec!["social"]));
    }
}
