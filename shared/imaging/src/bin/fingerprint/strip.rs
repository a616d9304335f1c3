//! `strip`: a copy of a picture that tells nothing but what it shows.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use vara_imaging::{Limits, decode, encode_jpeg, read_metadata};

use crate::files::{self, Failure};
use crate::hash::MetadataFields;
use crate::lines::JsonLines;

#[derive(Default, Serialize)]
struct StripLine {
    file: String,
    output: String,
    width: Option<u32>,
    height: Option<u32>,
    /// Size of the copy.
    bytes: Option<usize>,
    /// What the file told; the copy tells none of it.
    metadata: Option<MetadataFields>,
    error: Option<String>,
}

/// Writes the copy and prints one object.
pub(crate) fn run<W: Write>(
    input: &Path,
    output: &Path,
    quality: u8,
    lines: &mut JsonLines<W>,
) -> io::Result<()> {
    let mut line = StripLine {
        file: input.display().to_string(),
        output: output.display().to_string(),
        ..StripLine::default()
    };
    let failed = strip(&mut line, input, output, quality).err();
    line.error = failed.map(|it| it.to_string());
    lines.object(&line, line.error.is_some())
}

fn strip(line: &mut StripLine, input: &Path, output: &Path, quality: u8) -> Result<(), Failure> {
    let file = files::read_bytes(input)?;
    let picture = decode(&file, &Limits::DEFAULT)?;
    line.metadata = Some(read_metadata(&file).into());
    line.width = Some(picture.width());
    line.height = Some(picture.height());
    let stripped = encode_jpeg(&picture, quality)?;
    line.bytes = Some(stripped.len());
    put(output, &stripped).map_err(Failure::Write)
}

/// Writes beside the output first, so that a full disk never leaves half a
/// picture, nor costs the input when both are the same file.
fn put(output: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = output
        .file_name()
        .ok_or_else(|| io::Error::other("the output has no name"))?
        .to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let beside: PathBuf = output.with_file_name(name);
    fs::write(&beside, bytes)
        .and_then(|()| fs::rename(&beside, output))
        .inspect_err(|_| {
            // There is nothing to be done about a leftover that cannot be removed.
            let _ = fs::remove_file(&beside);
        })
}
