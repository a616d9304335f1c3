//! `fingerprint`: the imaging crate as a command, for other tools to use.
//!
//! This is the one place of the crate that opens files and prints. What it
//! prints on standard output is JSON, one object a line, and nothing else; the
//! README of the crate describes every field.

mod arguments;
mod compare;
mod evidence;
mod files;
mod hash;
mod lines;
mod parallel;
mod search;
mod strip;
mod subjects;

use std::io::{self, Write};
use std::process::ExitCode;

use arguments::{ToolCommand, USAGE};
use lines::JsonLines;

/// Every line is an answer.
const EXIT_DONE: u8 = 0;
/// At least one line is an error.
const EXIT_SOME_FAILED: u8 = 1;
/// The command was not understood, or could not be run at all.
const EXIT_NOT_RUN: u8 = 2;

fn main() -> ExitCode {
    let command = match ToolCommand::parse(lexopt::Parser::from_env()) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("fingerprint: {error}\n\n{USAGE}");
            return ExitCode::from(EXIT_NOT_RUN);
        }
    };
    let mut lines = JsonLines::new(io::BufWriter::new(io::stdout().lock()));
    let ran = run(&command, &mut lines).and_then(|()| lines.flush());
    match ran {
        Ok(()) if lines.failures() == 0 => ExitCode::from(EXIT_DONE),
        Ok(()) => ExitCode::from(EXIT_SOME_FAILED),
        // Whoever read the lines has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::from(EXIT_DONE),
        Err(error) => {
            eprintln!("fingerprint: {error}");
            ExitCode::from(EXIT_NOT_RUN)
        }
    }
}

fn run<W: Write>(command: &ToolCommand, lines: &mut JsonLines<W>) -> io::Result<()> {
    match command {
        ToolCommand::Help => lines.text(USAGE),
        ToolCommand::Version => lines.text(concat!("fingerprint ", env!("CARGO_PKG_VERSION"))),
        ToolCommand::Hash { files, options } => hash::run(files, options, lines),
        ToolCommand::Compare { pair, options } => compare::compare_files(pair, options, lines),
        ToolCommand::ComparePairs { list, options } => compare::compare_list(list, options, lines),
        ToolCommand::Strip {
            input,
            output,
            quality,
        } => strip::run(input, output, *quality, lines),
        ToolCommand::Search {
            index,
            queries,
            distance,
        } => search::run(index, queries, *distance, lines),
    }
}
