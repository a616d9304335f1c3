//! The row `SWITCHES`: how each switch was last set. A switch that is not in it is on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::retry::retry_on_conflict;
use super::tx::Change;
use super::{Key, Store};
use crate::domain::{Error, Result, Switch, SwitchState};

/// How all switches are set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SwitchBoard {
    states: BTreeMap<String, Value>,
    /// Goes up with every change.
    turn: u64,
}

impl SwitchBoard {
    /// Whether a switch is on. One whose state cannot be read is off: somebody has set it.
    #[must_use]
    pub fn is_on(&self, switch: Switch) -> bool {
        self.states
            .get(switch.name())
            .is_none_or(|it| it["isOn"] == true)
    }

    /// How a switch was last set, if it ever was and that can be read.
    #[must_use]
    pub fn state(&self, switch: Switch) -> Option<SwitchState> {
        let state = self.states.get(switch.name())?;
        serde_json::from_value(state.clone()).ok()
    }
}

fn key() -> Key {
    Key::lone("SWITCHES")
}

impl Store {
    /// How all switches are set.
    pub async fn switches(&self) -> Result<SwitchBoard> {
        Ok(self.get(&key()).await?.unwrap_or_default())
    }

    /// Sets a switch.
    pub async fn set_switch(&self, switch: Switch, state: &SwitchState) -> Result<()> {
        let state = serde_json::to_value(state)
            .map_err(|err| Error::bug("writing the state of a switch", err))?;
        retry_on_conflict("setting a switch", || async {
            let mut board = self.switches().await?;
            board.states.insert(switch.name().into(), state.clone());
            let change = Change::default()
                .set("states", &board.states)
                .set("turn", board.turn + 1)
                .when_or_absent("turn", "=", board.turn);
            let changed: Option<SwitchBoard> = self.change(&key(), change).await?;
            if changed.is_some() {
                return Ok(Some(()));
            }
            Ok::<_, Error>(None)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Timestamp, UserId};

    fn state(is_on: bool) -> SwitchState {
        SwitchState {
            is_on,
            reason: "a test".into(),
            changed_at: Timestamp::parse("2026-11-20T12:00:00Z").unwrap(),
            changed_by: UserId::random(),
        }
    }

    #[tokio::test]
    async fn switches_are_on_until_set_and_changes_side_by_side_are_all_kept() {
        let store = crate::testing::store().await;
        let board = store.switches().await.unwrap();
        assert!(Switch::ALL.into_iter().all(|it| board.is_on(it)));
        assert_eq!(board.state(Switch::Tineye), None);
        let off = state(false);
        let all = Switch::ALL.map(|it| store.set_switch(it, &off));
        futures_util::future::try_join_all(all).await.unwrap();
        let board = store.switches().await.unwrap();
        assert!(Switch::ALL.into_iter().all(|it| !board.is_on(it)));
        assert_eq!(board.state(Switch::Hibp), Some(off));
        store.set_switch(Switch::Hibp, &state(true)).await.unwrap();
        let board = store.switches().await.unwrap();
        assert!(board.is_on(Switch::Hibp) && !board.is_on(Switch::Social));
    }

    #[test]
    fn a_state_that_cannot_be_read_is_off() {
        for broken in [serde_json::json!(7), serde_json::json!({ "isOn": "yes" })] {
            let states = BTreeMap::from([("tineye".to_owned(), broken)]);
            let board = SwitchBoard { states, turn: 1 };
            assert!(!board.is_on(Switch::Tineye) && board.is_on(Switch::Serpapi));
            assert_eq!(board.state(Switch::Tineye), None);
        }
    }
}
