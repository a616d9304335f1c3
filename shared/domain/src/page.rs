//! Pagination: page number, limit and totals of lists.

use serde::Serialize;

/// Which part of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// From 1.
    pub number: u32,
    /// From 1 to 100.
    pub limit: u32,
}

impl Page {
    /// How many items a page may hold at the most.
    pub const MAX_LIMIT: u32 = 100;

    /// How many items come before this page.
    #[must_use]
    pub fn offset(self) -> usize {
        (self.number as usize - 1) * self.limit as usize
    }

    /// The end of this page, counted from the start of the list.
    #[must_use]
    pub fn end(self) -> usize {
        self.offset() + self.limit as usize
    }

    /// What the answer says of this page of a list of `total` items.
    #[must_use]
    pub fn of(self, total: u64) -> Pagination {
        Pagination {
            page: self.number,
            limit: self.limit,
            total,
            total_pages: total.div_ceil(u64::from(self.limit)),
        }
    }
}

/// `meta.pagination` of a list's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    /// From 1.
    pub page: u32,
    /// Items a page.
    pub limit: u32,
    /// Items in the whole list.
    pub total: u64,
    /// 0 when the list is empty.
    pub total_pages: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_round_up_and_empty_has_no_pages() {
        let page = Page {
            number: 2,
            limit: 20,
        };
        assert_eq!(page.offset(), 20);
        assert_eq!(page.of(0).total_pages, 0);
        assert_eq!(page.of(20).total_pages, 1);
        assert_eq!(page.of(21).total_pages, 2);
    }
}
