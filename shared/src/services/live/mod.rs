//! Live news: what changed, told to open apps the moment it is stored.

pub mod feed;
pub mod push;
pub mod sockets;
pub mod tickets;
