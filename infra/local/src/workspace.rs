//! Where the project is.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The directory with `template.yaml`: the one above the current directory, or,
/// for a test started elsewhere, the one this crate was built in.
pub(crate) fn find() -> Result<PathBuf> {
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf();
    [std::env::current_dir().ok(), Some(built_in)]
        .into_iter()
        .flatten()
        .find_map(|start| {
            start
                .ancestors()
                .find(|directory| directory.join("template.yaml").is_file())
                .map(Path::to_path_buf)
        })
        .ok_or(Error::NoWorkspace)
}
