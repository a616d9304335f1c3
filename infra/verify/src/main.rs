//! `vara-verify PACK [--keys FILE] [--tsa-roots DIR] [--json]`: checks a pack of evidence without network.
//!
//! Exit code 0: all is in order. 1: something is wrong. 2: it cannot be read, or is not a pack of Vara's.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use lexopt::Arg::{Long, Short, Value};
use lexopt::ValueExt as _;
use vara_evidence::timestamp::certificates;
use vara_evidence::{MAX_CONTAINER_BYTES, Report, Trusted, verify_pack};

const USAGE: &str = "\
vara-verify PACK [--keys FILE] [--tsa-roots DIR] [--json]

  --keys FILE        the SHA-256 of each key that Vara signs with, in hexadecimal, one a line
  --tsa-roots DIR    root certificates of time-stamp authorities (PEM or DER) to believe instead of the pack's own
  --json             the report as JSON

Needs no network. Exit code 0: all is in order; 1: something is wrong; 2: it cannot be read.
";

/// What the command line asks for.
struct VerifyArgs {
    pack: PathBuf,
    trusted: Trusted,
    is_json: bool,
}

fn main() -> ExitCode {
    let asked = match read_arguments(std::env::args_os()) {
        Ok(Some(asked)) => asked,
        Ok(None) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(err) => {
            eprintln!("{err}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let file = match read_pack(&asked.pack) {
        Ok(file) => file,
        Err(err) => {
            eprintln!("{} cannot be read: {err}", asked.pack.display());
            return ExitCode::from(2);
        }
    };
    let Some(report) = verify_pack(&file, &asked.trusted) else {
        eprintln!(
            "{} is not a pack of Vara's, or was changed",
            asked.pack.display()
        );
        return ExitCode::from(2);
    };
    match asked.is_json {
        true => println!("{}", serde_json::json!(report)),
        false => print(&report),
    }
    ExitCode::from(u8::from(!report.ok))
}

fn read_pack(path: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.len() > MAX_CONTAINER_BYTES as u64 {
        return Err(io::Error::other("it is too large"));
    }
    fs::read(path)
}

type AnyError = Box<dyn std::error::Error>;

fn read_arguments(
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Option<VerifyArgs>, AnyError> {
    let mut parser = lexopt::Parser::from_iter(arguments);
    let (mut pack, mut is_json, mut trusted) = (None, false, Trusted::default());
    while let Some(argument) = parser.next()? {
        match argument {
            Long("json") => is_json = true,
            Long("keys") => trusted.keys = Some(read_keys(&PathBuf::from(parser.value()?))?),
            Long("tsa-roots") => trusted.roots = Some(read_roots(&PathBuf::from(parser.value()?))?),
            Long("help") | Short('h') => return Ok(None),
            Value(path) if pack.is_none() => pack = Some(PathBuf::from(path.string()?)),
            other => return Err(other.unexpected().into()),
        }
    }
    let pack = pack.ok_or("no pack is named")?;
    Ok(Some(VerifyArgs {
        pack,
        trusted,
        is_json,
    }))
}

fn read_keys(path: &Path) -> Result<Vec<String>, AnyError> {
    let text = fs::read_to_string(path)?;
    let lines = text.lines().map(|it| it.trim().to_lowercase());
    Ok(lines.filter(|it| !it.is_empty()).collect())
}

fn read_roots(directory: &Path) -> Result<Vec<Vec<u8>>, AnyError> {
    let mut roots = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let read = certificates(&fs::read(&path)?);
        roots.extend(read.ok_or_else(|| format!("{} is not a certificate", path.display()))?);
    }
    Ok(roots)
}

fn print(report: &Report) {
    for check in &report.checks {
        let sign = if check.ok { "ok    " } else { "FAILED" };
        match check.note.is_empty() {
            true => println!("{sign}  {}", check.what),
            false => println!("{sign}  {}: {}", check.what, check.note),
        }
    }
    let lines = |title: &str, lines: &[String]| {
        if !lines.is_empty() {
            println!("\n{title}");
        }
        for line in lines {
            println!("  {line}");
        }
    };
    lines("Proven", &report.proven);
    lines("Not proven", &report.not_proven);
}
