//! Makes the page of the API's description from `infra/openapi/openapi.json`.

mod page;

use std::error::Error;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let document =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../infra/openapi/openapi.json");
    println!("cargo::rerun-if-changed={}", document.display());
    println!("cargo::rerun-if-changed=build");
    let page = page::page(&serde_json::from_slice(&fs::read(document)?)?);
    fs::write(Path::new(&env::var("OUT_DIR")?).join("docs.html"), page)?;
    Ok(())
}
