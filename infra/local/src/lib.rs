//! The whole of Vara on one machine: reads `template.yaml`, raises DynamoDB, S3
//! and SQS from embedded servers, hosts the real function binaries behind the
//! Lambda Runtime API, and routes HTTP, queues, notifications and schedules to
//! them as AWS would.
//!
//! What belongs here is what ties those parts to the template. Product code does
//! not, and nothing here is deployed. See README.md for the rules it keeps and
//! where it differs from AWS.

mod builder;
mod error;
mod gateway;
mod guard;
mod lambda;
mod ministack;
mod options;
mod parameters;
mod poller;
mod ports;
mod report;
mod schedule;
mod servers;
mod shutdown;
mod stack;
mod state;
pub mod template;
mod workspace;

pub use error::{Error, Result};
pub use ministack::prove;
pub use options::Options;
pub use stack::Stack;
