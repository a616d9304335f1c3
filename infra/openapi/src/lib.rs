//! The description of the API: `OpenAPI` 3.1, and of its WebSocket: `AsyncAPI` 3.0.
//!
//! Schemas come from the Rust types; what an operation takes, answers and refuses is said in `routes`,
//! a line for each thing. `cargo run -p vara-openapi` writes `openapi.json`
//! and `asyncapi.json`. That it is true is held
//! by the tests: the document is what the sources say, its operations are the functions' routes, every
//! answer that the tests of the system see is one it describes, and `fuzz` looks for others.

mod asyncapi;
mod document;
mod examples;
mod operation;
mod parts;
mod routes;
mod schemas;

pub use asyncapi::socket_document;
pub use document::document;

/// The document as it is written.
#[must_use]
pub fn text(document: &serde_json::Value) -> String {
    format!("{document:#}\n")
}
