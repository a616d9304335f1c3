//! Writes the documents.

use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = vara_openapi::document();
    fs::write(here.join("openapi.json"), vara_openapi::text(&document))?;
    let document = vara_openapi::socket_document();
    fs::write(here.join("asyncapi.json"), vara_openapi::text(&document))
}
