//! One delivery of a queue's message: what a worker knows of it.

use crate::domain::Timestamp;

/// One delivery of a message.
#[derive(Clone, Debug)]
pub struct QueueDelivery {
    /// The message's id, the same at each delivery.
    pub id: String,
    /// What it says.
    pub body: String,
    /// The name of the queue it came from.
    pub queue: String,
    /// The receipt handle, which changes its visibility timeout.
    pub receipt: String,
    /// Which delivery this is, from 1.
    pub attempt: u32,
    /// Whether the message goes to the dead-letter queue if it fails now.
    pub last: bool,
    /// The trace of whoever sent it.
    pub trace: Option<String>,
    /// When the invocation ends.
    pub deadline: Timestamp,
}
