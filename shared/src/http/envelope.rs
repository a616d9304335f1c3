//! Success envelope of answers: `{"data": …, "meta": …}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::domain::Pagination;

/// 200 with one thing.
pub fn data(it: impl Serialize) -> Response {
    answer(StatusCode::OK, it)
}

/// 201 with what was made.
pub fn created(it: impl Serialize) -> Response {
    answer(StatusCode::CREATED, it)
}

/// 202 with what will be done.
pub fn accepted(it: impl Serialize) -> Response {
    answer(StatusCode::ACCEPTED, it)
}

/// The deletion succeeded.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Deleted {
    deleted: bool,
}

/// 200 to who had something deleted.
#[must_use]
pub fn deleted() -> Response {
    data(Deleted { deleted: true })
}

/// 200 with a page of a list.
pub fn page(items: impl Serialize, pagination: Pagination) -> Response {
    let meta = Some(PageMeta { pagination });
    Json(EnvelopeOf { data: items, meta }).into_response()
}

fn answer(status: StatusCode, data: impl Serialize) -> Response {
    (status, Json(EnvelopeOf { data, meta: None })).into_response()
}

#[derive(Serialize)]
struct EnvelopeOf<T> {
    data: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<PageMeta>,
}

#[derive(Serialize)]
struct PageMeta {
    pagination: Pagination,
}
