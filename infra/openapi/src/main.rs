//! Writes the document and its page.

use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = vara_openapi::document();
    fs::write(here.join("openapi.json"), vara_openapi::text(&document))?;
    fs::write(here.join("docs.html"), vara_openapi::page(&document))
}
