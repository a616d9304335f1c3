//! The two shapes of the scan list.
//!
//! The screens read the same route in two ways that no one value satisfies: three calls read
//! `data.scans[0]`, one calls `.filter` on `data`. Their queries differ, so the query decides (QUIRKS Q1).

use std::str::FromStr;

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use vara::domain::{Page, Pagination, Scan, ScanFilter, ScanStatus};
use vara::store::Listing;

/// How a list is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListShape {
    /// `data` is the list.
    Array,
    /// `data` holds the list under `scans`.
    Object,
}

impl FromStr for ListShape {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "array" => Ok(Self::Array),
            "object" => Ok(Self::Object),
            _ => Err(()),
        }
    }
}

impl ListShape {
    /// The shape the query's author expects.
    pub(crate) fn of(filter: &ScanFilter, has_page: bool, limit: u32) -> Self {
        let Some(statuses) = &filter.statuses else {
            return Self::Array;
        };
        let only_completed = statuses.iter().all(|it| *it == ScanStatus::Completed);
        if limit >= Page::MAX_LIMIT || only_completed && !has_page {
            Self::Array
        } else {
            Self::Object
        }
    }
}

/// A list of scans as an object.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScanList {
    scans: Vec<Scan>,
    pagination: Pagination,
}

/// The list in its shape; the pagination is in `meta` in any case.
pub(crate) fn shaped(shape: ListShape, found: Listing<Scan>) -> Response {
    let Listing { items, pagination } = found;
    let meta = json!({ "pagination": pagination });
    let data = match shape {
        ListShape::Array => json!(items),
        ListShape::Object => json!(ScanList {
            scans: items,
            pagination
        }),
    };
    Json(json!({ "data": data, "meta": meta })).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(statuses: Option<&[ScanStatus]>, has_page: bool, limit: u32) -> ListShape {
        ListShape::of(
            &ScanFilter {
                statuses: statuses.map(<[_]>::to_vec),
                kind: None,
            },
            has_page,
            limit,
        )
    }

    #[test]
    fn the_four_calls_of_the_screens() {
        use ScanStatus::{Completed, Failed, Pending, Running};
        assert_eq!(
            shape(Some(&[Running, Pending]), false, 1),
            ListShape::Object
        );
        assert_eq!(
            shape(Some(&[Completed, Failed]), false, 1),
            ListShape::Object
        );
        assert_eq!(shape(Some(&[Completed]), true, 1), ListShape::Object);
        assert_eq!(shape(Some(&[Completed]), false, 100), ListShape::Array);
    }

    #[test]
    fn other_calls() {
        use ScanStatus::{Completed, Running};
        assert_eq!(shape(None, true, 20), ListShape::Array);
        assert_eq!(shape(Some(&[Running]), false, 10), ListShape::Object);
        assert_eq!(shape(Some(&[Running]), true, 100), ListShape::Array);
        assert_eq!(shape(Some(&[Completed]), false, 1), ListShape::Array);
    }
}
