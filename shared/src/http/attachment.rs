//! Files that a browser saves.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::Result;
use crate::domain::Error;
use crate::services::record::file_addresses::HerFile;

/// A file under its name, which nobody keeps and no browser takes for something else.
pub fn attachment(file: HerFile) -> Result<Response> {
    let name = HeaderValue::try_from(format!("attachment; filename=\"{}\"", file.name))
        .map_err(|err| Error::bug("naming a file", err))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(file.kind)),
        (header::CONTENT_DISPOSITION, name),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, file.bytes).into_response())
}
