//! Reads `template.yaml`: the subset of SAM and CloudFormation the system uses,
//! and a loud error that names whatever is outside it. Starts nothing.

mod error;
mod functions;
mod intrinsics;
mod loops;
mod model;
pub mod names;
mod place;
mod properties;
mod reader;
mod resources;
mod rules;
mod sockets;
mod uploads;

pub use error::TemplateError;
pub use model::{
    Api, ApiCors, Bucket, CorsRule, Function, GatewayAnswer, LargeUploads, MailRule, Notification,
    Queue, QueueSource, Route, Schedule, Secret, SecretValue, SocketApi, System, Table,
};
pub use place::Place;

/// Reads the text of a template and resolves it for `place`.
///
/// # Errors
///
/// On anything outside the subset, naming it.
pub fn load(text: &str, place: &Place) -> Result<System, TemplateError> {
    resources::system(&reader::read(text)?, place)
}

#[cfg(test)]
pub(crate) mod tests;
