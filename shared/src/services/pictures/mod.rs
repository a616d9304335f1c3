//! Pictures: upload, intake, the files a browser is given, the addresses engines fetch from.

pub mod image_addresses;
pub mod image_files;
pub mod images;
pub mod ingest;
pub mod proxy;
pub mod upload_form;
