//! How the API is spoken to: the envelope, errors as answers, extractors, CORS.
//!
//! What the product does is not here; a handler parses, calls one service and answers.

mod app;
mod attachment;
mod caller;
mod client;
mod correlation;
mod cors;
mod envelope;
mod errors;
mod etag;
mod extract;
pub mod gotrue;
mod guards;
mod html;
mod layers;
mod limit;
mod precondition;
mod replay;

pub use app::App;
pub use attachment::attachment;
pub use caller::{Admin, Caller, Recent, Reviewer};
pub use client::{ClientAddress, EDGE, Edge, VIEWER};
pub use cors::Cors;
pub use envelope::{Deleted, accepted, created, data, deleted, page};
pub use errors::{ApiError, Result, status};
pub use extract::{Body, Issue, JsonBody, Params, given, id, merged, shape};
pub use guards::HttpGuards;
pub use html::{html_error, html_page, is_form};
pub use layers::finish;
pub use precondition::{expected_revision, with_etag};
