//! What the routes share: guards and services, and the answer with a document.

use axum::response::Response;
use vara::http::{self, data, with_etag};
use vara::services::documents::{DocumentFiles, DocumentWithBody, Documents};

/// Guards and services.
pub type App = http::App<DocumentServices>;

/// Documents, and the files that are made of them.
#[derive(Clone)]
pub struct DocumentServices {
    /// The documents.
    pub documents: Documents,
    /// Their files.
    pub files: DocumentFiles,
}

/// 200 with a document, marked with its revision.
pub(crate) fn whole(it: DocumentWithBody) -> Response {
    let revision = it.document.revision;
    with_etag(data(it), revision)
}
