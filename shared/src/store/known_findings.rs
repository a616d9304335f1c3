//! Findings as a scan read them before it looked at their places.

use std::collections::HashMap;

use serde::Deserialize;

use crate::domain::{Alert, Match, MatchId};

/// The findings of a picture as a scan read them.
pub(crate) type KnownFindings = HashMap<MatchId, KnownFinding>;

/// A finding with what only the store knows of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KnownFinding {
    #[serde(flatten)]
    pub(crate) found: Match,
    /// It raised no alert.
    #[serde(default)]
    pub(super) quiet: bool,
}

impl KnownFinding {
    /// A finding that was stored a moment ago.
    pub(crate) fn new(found: &Match, is_quiet: bool) -> Self {
        Self {
            found: found.clone(),
            quiet: is_quiet,
        }
    }

    /// Whether a sighting with this alert may be something to tell her of.
    pub(super) fn may_be_news(&self, alert: Option<&Alert>) -> bool {
        alert.is_some() && (self.quiet || self.found.gone_at.is_some())
    }
}
