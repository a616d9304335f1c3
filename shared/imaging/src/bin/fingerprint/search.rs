//! `search`: which hashes of one list are near which of another.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use vara_imaging::{HashIndex, Pdq};

use crate::lines::JsonLines;

/// Queries that are looked up together; their answers are held at one time.
const BATCH_QUERIES: usize = 256;

/// From this many queries on, sorting the index into buckets takes less time
/// than it saves: measured, it costs as much as scanning for so many.
const MANY_QUERIES: usize = 4000;

/// One pair that is near enough. Lines are counted from one.
#[derive(Serialize)]
struct HitLine<'a> {
    query: &'a str,
    query_line: usize,
    #[serde(rename = "match")]
    found: String,
    match_line: usize,
    distance: u32,
}

/// A line that is no hash.
#[derive(Serialize)]
struct BadHashLine<'a> {
    file: &'a str,
    line: usize,
    error: String,
}

/// Hashes and the lines they stand in.
#[derive(Default)]
struct HashList {
    hashes: Vec<Pdq>,
    numbers: Vec<usize>,
}

/// Prints one object for each pair within the distance: queries in the order
/// of their list, for each the nearest first.
pub(crate) fn run<W: Write>(
    index: &Path,
    queries: &Path,
    distance: u32,
    lines: &mut JsonLines<W>,
) -> io::Result<()> {
    let known = read(index, lines)?;
    let asked = read(queries, lines)?;
    let mut index = HashIndex::new(known.hashes.iter().copied()).map_err(io::Error::other)?;
    if asked.hashes.len() >= MANY_QUERIES {
        index = index.for_batches();
    }
    let numbered: Vec<(Pdq, usize)> = asked.hashes.into_iter().zip(asked.numbers).collect();
    for batch in numbered.chunks(BATCH_QUERIES) {
        let hashes: Vec<Pdq> = batch.iter().map(|(hash, _)| *hash).collect();
        for ((query, query_line), hits) in batch.iter().zip(index.search_all(&hashes, distance)) {
            let text = query.to_string();
            for hit in hits {
                let place = hit.place as usize;
                let near = HitLine {
                    query: &text,
                    query_line: *query_line,
                    found: known.hashes[place].to_string(),
                    match_line: known.numbers[place],
                    distance: hit.distance,
                };
                lines.object(&near, false)?;
            }
        }
    }
    Ok(())
}

/// The hashes of a list: the first word of each line, up to a comma or a
/// blank. Empty lines are passed over, and what is no hash is told.
fn read<W: Write>(path: &Path, lines: &mut JsonLines<W>) -> io::Result<HashList> {
    let file = path.display().to_string();
    let bytes = fs::read(path).map_err(|error| {
        let told = format!("{file} cannot be read: {error}");
        io::Error::new(error.kind(), told)
    })?;
    let mut list = HashList::default();
    for (text, line) in bytes.split(|byte| *byte == b'\n').zip(1..) {
        let text = String::from_utf8_lossy(text);
        let Some(word) = text.split([',', ' ', '\t', '\r']).find(|it| !it.is_empty()) else {
            continue;
        };
        match word.parse() {
            Ok(hash) => {
                list.hashes.push(hash);
                list.numbers.push(line);
            }
            Err(error) => {
                let file = &file;
                let error = format!("{error}");
                lines.object(&BadHashLine { file, line, error }, true)?;
            }
        }
    }
    Ok(list)
}
