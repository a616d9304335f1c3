//! The rate limit of a scan: so many rows a second.

use std::time::Duration;

/// The most rows of one page.
const MAX_PAGE: u32 = 200;

/// How fast rows are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    rows_per_second: u32,
    max_page: u32,
}

impl Pace {
    pub(crate) fn new(rows_per_second: u32) -> Self {
        Self {
            rows_per_second: rows_per_second.max(1),
            max_page: MAX_PAGE,
        }
    }

    /// As fast as can be, in pages of so many rows.
    #[cfg(test)]
    pub(crate) fn in_pages(rows: u32) -> Self {
        Self {
            rows_per_second: u32::MAX,
            max_page: rows,
        }
    }

    /// How many rows to ask for at a time: a fifth of a second's, so that reading does not come in gusts.
    pub(crate) fn page(self) -> i32 {
        let rows = self.rows_per_second.div_ceil(5).clamp(1, self.max_page);
        i32::try_from(rows).unwrap_or(1)
    }

    /// How long to wait, when so many rows were read in this time.
    pub(crate) fn wait(self, rows: u64, elapsed: Duration) -> Duration {
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        let due = Duration::from_secs(1).mul_f64(f64::from(rows) / f64::from(self.rows_per_second));
        due.saturating_sub(elapsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_no_faster_than_allowed() {
        let pace = Pace::new(100);
        assert_eq!(pace.page(), 20);
        assert_eq!(pace.wait(50, Duration::ZERO), Duration::from_millis(500));
        assert_eq!(
            pace.wait(50, Duration::from_millis(400)),
            Duration::from_millis(100)
        );
        assert_eq!(pace.wait(50, Duration::from_secs(1)), Duration::ZERO);
    }

    #[test]
    fn pages_are_never_empty_and_never_large() {
        assert_eq!(Pace::new(0).page(), 1);
        assert_eq!(Pace::new(1).page(), 1);
        assert_eq!(Pace::new(1_000_000).page(), 200);
    }
}
