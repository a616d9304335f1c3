//! How the API is spoken to: the envelope, errors as answers, extractors, CORS.
//!
//! What the product does is not here; a handler parses, calls one service and answers.

mod caller;
mod client;
mod cors;
mod envelope;
mod errors;
mod extract;
pub mod gotrue;
mod layers;

pub use caller::Caller;
pub use client::ClientAddress;
pub use cors::Cors;
pub use envelope::{accepted, created, data, page};
pub use extract::{Body, Issue, Params, id};
pub use layers::finish;
