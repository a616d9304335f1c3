//! What everybody in the soak shares.

use vara_tests::World;

use crate::settings::Settings;
use crate::tally::Tally;

/// What everybody in the soak shares.
pub(crate) struct Soak {
    pub(crate) world: World,
    pub(crate) settings: Settings,
    pub(crate) tally: Tally,
}

impl Soak {
    /// Whether there is anything left that was asked for.
    pub(crate) fn goes_on(&self) -> bool {
        let (tally, wanted) = (&self.tally, &self.settings);
        tally.sum("scan") < wanted.scans
            || tally.sum("kill") < wanted.kills
            || tally.kinds("fault") < wanted.faults()
    }
}
