//! What the product does, in rooms. Services call the store, the bucket, the queues and the engines;
//! they know nothing of HTTP or Lambda.

pub mod archive;
pub mod documents;
pub mod evidence;
pub mod live;
pub mod notices;
pub mod people;
pub mod pictures;
pub mod record;
pub mod scans;
pub mod search;
pub mod takedowns;
pub mod upkeep;

#[cfg(test)]
mod read_back_tests;
