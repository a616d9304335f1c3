//! `compare`: whether one picture is the other, and what was done to it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use vara_imaging::{Models, compare};

use crate::arguments::ToolOptions;
use crate::evidence::{self, VerdictFields};
use crate::files::Failure;
use crate::hash::load_models;
use crate::lines::JsonLines;
use crate::parallel::run_in_order;
use crate::subjects::Subjects;

/// One line of output. All names are always there; what is not known is null.
#[derive(Serialize)]
struct CompareLine<'a> {
    a: Option<String>,
    b: Option<String>,
    #[serde(flatten)]
    judgement: VerdictFields,
    error: Option<&'a str>,
}

/// Compares two files.
pub(crate) fn compare_files<W: Write>(
    [a, b]: &[PathBuf; 2],
    options: &ToolOptions,
    lines: &mut JsonLines<W>,
) -> io::Result<()> {
    compare_pairs(std::iter::once(Ok([a.clone(), b.clone()])), options, lines)
}

/// Compares the pairs of a list: two files a line, parted by a tab. What
/// follows a second tab is not looked at, empty lines are passed over.
pub(crate) fn compare_list<W: Write>(
    list: &Path,
    options: &ToolOptions,
    lines: &mut JsonLines<W>,
) -> io::Result<()> {
    let text = fs::read_to_string(list).map_err(|error| {
        let told = format!("{} cannot be read: {error}", list.display());
        io::Error::new(error.kind(), told)
    })?;
    let rows = text
        .lines()
        .zip(1..)
        .filter(|(row, _)| !row.trim().is_empty());
    compare_pairs(
        rows.map(|(row, number)| parse_pair(row, number)),
        options,
        lines,
    )
}

fn parse_pair(row: &str, number: usize) -> Result<[PathBuf; 2], String> {
    let mut names = row.split('\t').map(PathBuf::from);
    match (names.next(), names.next()) {
        (Some(a), Some(b)) => Ok([a, b]),
        _ => Err(format!("line {number} has no tab between two files")),
    }
}

fn compare_pairs<W: Write>(
    pairs: impl Iterator<Item = Result<[PathBuf; 2], String>> + Send,
    options: &ToolOptions,
    lines: &mut JsonLines<W>,
) -> io::Result<()> {
    let models = load_models(options)?;
    let models = models.as_ref();
    let subjects = Subjects::default();
    run_in_order(
        pairs,
        options.jobs,
        |pair| match pair {
            Ok(pair) => compare_pair(pair, &subjects, models),
            Err(error) => Err(error.clone()),
        },
        |pair, answer| {
            let answer = answer.unwrap_or_else(|| Err(Failure::Bug.to_string()));
            let name = |at: usize| Some(pair.as_ref().ok()?[at].display().to_string());
            let line = CompareLine {
                a: name(0),
                b: name(1),
                error: answer.as_ref().err().map(String::as_str),
                judgement: answer.as_ref().ok().cloned().unwrap_or_default(),
            };
            lines.object(&line, line.error.is_some())
        },
    )
}

fn compare_pair(
    [a, b]: &[PathBuf; 2],
    subjects: &Subjects,
    models: Option<&Models>,
) -> Result<VerdictFields, String> {
    let told = |path: &Path, error: &String| format!("{}: {error}", path.display());
    subjects.with(a, |query| {
        let query = query.as_ref().map_err(|error| told(a, error))?;
        subjects.with(b, |candidate| {
            let candidate = candidate.as_ref().map_err(|error| told(b, error))?;
            Ok(evidence::verdict_fields(&compare(query, candidate, models)))
        })
    })
}
