//! Her record: events of her own and of services, sealed with her data key, and her access log.

pub mod access_log;
pub mod data_keys;
pub mod event_log;
pub mod file_addresses;
pub mod notes;
