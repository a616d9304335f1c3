//! TinEye's envelope: the same around results and around errors.
//!
//! The words of the messages are ours, except `NO_SIGNATURE_ERROR`; the codes and the
//! shape are the contract.

use std::time::Instant;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use vara_imaging::DecodeError;

/// Facts about an answer: times are strings, counts are numbers.
#[derive(Debug, Serialize)]
pub(crate) struct Stats {
    timestamp: String,
    query_time: String,
    #[serde(flatten)]
    totals: Option<Totals>,
}

#[derive(Debug, Serialize)]
struct Totals {
    total_backlinks: usize,
    total_collection: usize,
    total_stock: usize,
    total_results: usize,
    total_filtered_results: usize,
}

impl Stats {
    /// Facts about an answer that found nothing to count.
    pub(crate) fn since(begun: Instant) -> Self {
        let now = OffsetDateTime::now_utc();
        let hundredths = now.millisecond() / 10;
        Self {
            timestamp: format!("{}.{hundredths:02}", now.unix_timestamp()),
            query_time: format!("{:.2}", begun.elapsed().as_secs_f64()),
            totals: None,
        }
    }

    /// Facts about a search: all that was found, whatever page is shown.
    pub(crate) fn of_search(begun: Instant, results: usize, backlinks: usize) -> Self {
        let totals = Totals {
            total_backlinks: backlinks,
            total_collection: 0,
            total_stock: 0,
            total_results: results,
            total_filtered_results: results,
        };
        Self {
            totals: Some(totals),
            ..Self::since(begun)
        }
    }
}

/// A success.
pub(crate) fn answer(stats: Stats, results: Value) -> Response {
    envelope(StatusCode::OK, &stats, &[], results)
}

/// An error of the engine, as a fault asks for it.
pub(crate) fn refuse(status: StatusCode) -> Response {
    Trouble::of(status).into_response()
}

fn envelope(status: StatusCode, stats: &Stats, messages: &[&str], results: Value) -> Response {
    let body = json!({
        "stats": stats,
        "code": status.as_u16(),
        "messages": messages,
        "results": results,
    });
    (status, Json(body)).into_response()
}

/// Why there is no result.
#[derive(Debug)]
pub(crate) struct Trouble {
    status: StatusCode,
    kind: &'static str,
    text: String,
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let stats = Stats::since(Instant::now());
        envelope(self.status, &stats, &[self.kind, &self.text], json!([]))
    }
}

impl Trouble {
    /// What the service says with a status of its own accord.
    pub(crate) fn of(status: StatusCode) -> Self {
        let (kind, text) = match status.as_u16() {
            400 => ("INVALID_REQUEST", "The request is invalid."),
            401 => (
                "AUTHENTICATION_ERROR",
                "Missing or invalid API key in the X-API-KEY header.",
            ),
            402 => (
                "NO_SEARCHES_REMAINING",
                "You have no searches remaining. Please purchase a bundle.",
            ),
            404 => ("NOT_FOUND", "There is no such method."),
            413 => ("IMAGE_TOO_LARGE", "The image is too large."),
            429 => (
                "TOO_MANY_REQUESTS",
                "Too many concurrent requests. Please try again later.",
            ),
            503 => (
                "SERVICE_BUSY",
                "The service is experiencing high load. Please try again later.",
            ),
            _ => ("ERROR", "The request could not be completed."),
        };
        Self {
            status,
            kind,
            text: text.to_owned(),
        }
    }

    /// The key is where it was before the scheme was removed.
    pub(crate) fn removed_authentication() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            kind: "AUTHENTICATION_ERROR",
            text: "This authentication method has been removed. Please send your API key in the \
                   X-API-KEY header."
                .to_owned(),
        }
    }

    /// A parameter that cannot be.
    pub(crate) fn parameter(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::of(StatusCode::BAD_REQUEST)
        }
    }

    pub(crate) fn no_picture() -> Self {
        Self::parameter("Please provide an image_upload or an image_url.")
    }

    pub(crate) fn unreachable() -> Self {
        Self::image("The image URL is invalid or could not be reached.")
    }

    /// The bytes are not a picture, or none that can be read.
    pub(crate) fn unreadable(error: &DecodeError) -> Self {
        match error {
            DecodeError::TooSmall => Self::no_signature(),
            DecodeError::TooManyBytes { .. } => Self::of(StatusCode::PAYLOAD_TOO_LARGE),
            _ => Self::image("The file is not an image, or its format is not supported."),
        }
    }

    pub(crate) fn no_signature() -> Self {
        Self {
            kind: "NO_SIGNATURE_ERROR",
            ..Self::image("The image is too simple or too small to create a unique signature.")
        }
    }

    fn image(text: &str) -> Self {
        Self {
            kind: "IMAGE_ERROR",
            ..Self::parameter(text)
        }
    }
}
