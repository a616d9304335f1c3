//! Success envelope of answers: `{"data": …, "meta": …}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

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
    Json(json!({ "data": items, "meta": { "pagination": pagination } })).into_response()
}

fn answer(status: StatusCode, it: impl Serialize) -> Response {
    (status, Json(json!({ "data": it }))).into_response()
}
