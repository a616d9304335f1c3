//! Live news: what changed, told to open apps the moment it is stored.

pub mod feed;
