//! What a migration is.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::change::RowChange;
use crate::item::Item;

/// Which way rows are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum MigrationDirection {
    /// To the newer shape.
    Up,
    /// Back to the older one.
    Down,
}

impl fmt::Display for MigrationDirection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Up => "up",
            Self::Down => "down",
        })
    }
}

/// A change of stored rows from one shape to the next, and back.
///
/// It looks at one row at a time and says what to do with it. A row that has the shape it leads to
/// needs nothing, so a pass can be stopped anywhere and begun again.
pub(crate) trait Migration: Sync {
    /// Its number; they run in this order.
    fn number(&self) -> u32;
    /// Its name.
    fn name(&self) -> &'static str;
    /// The newest version `v` of a row that it knows how to change.
    fn version(&self) -> u32;
    /// What to do with a row; nothing if it has the shape already, or is of another kind.
    fn plan(&self, direction: MigrationDirection, item: &Item) -> Option<RowChange>;
}
