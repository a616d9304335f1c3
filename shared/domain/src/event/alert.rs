//! Events of the stream `alert`: what their data says.

use serde::{Deserialize, Serialize};

/// The data of `alert.cleared` and `alert.restored`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertsMoved {
    /// How many alerts.
    pub alerts: u64,
}
