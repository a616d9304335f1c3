//! Parses the command line of `fingerprint`.

use std::ffi::OsString;
use std::num::NonZero;
use std::path::PathBuf;
use std::thread;

use lexopt::Parser;
use lexopt::prelude::*;
use vara_imaging::MATCH_DISTANCE;

/// What is printed for `--help` and after a mistake.
pub(crate) const USAGE: &str = "\
usage: fingerprint hash [--no-models] [--jobs N] FILE...
       fingerprint compare [--no-models] A B
       fingerprint compare [--no-models] [--jobs N] --pairs LIST.tsv
       fingerprint strip [--quality N] IN OUT
       fingerprint search --index HASHES.txt --queries HASHES.txt [--distance 31]

Prints one JSON object a line.
Exit status: 0 all done, 1 some lines are errors, 2 not run.";

/// Quality of the JPEG that `strip` writes.
const STRIP_QUALITY: u8 = 92;

/// What holds for many pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ToolOptions {
    /// Whether faces and other models are run.
    pub(crate) models: bool,
    /// How many pictures are worked on at a time.
    pub(crate) jobs: usize,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ToolCommand {
    Help,
    Version,
    Hash {
        files: Vec<PathBuf>,
        options: ToolOptions,
    },
    Compare {
        pair: [PathBuf; 2],
        options: ToolOptions,
    },
    ComparePairs {
        list: PathBuf,
        options: ToolOptions,
    },
    Strip {
        input: PathBuf,
        output: PathBuf,
        quality: u8,
    },
    Search {
        index: PathBuf,
        queries: PathBuf,
        distance: u32,
    },
}

/// What is wrong with the command line.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UsageError {
    #[error("no command")]
    Nothing,
    #[error("no command {0}")]
    ToolCommand(String),
    #[error("{0} is not an option of this command")]
    Option(String),
    #[error("{0} needs a value")]
    Value(&'static str),
    #[error("{0} is a number from {1} to {2}")]
    Number(&'static str, u32, u32),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{0} is one file too many")]
    TooMany(String),
    #[error("{0}")]
    Other(String),
}

impl ToolCommand {
    /// Reads what follows the name of the program.
    pub(crate) fn parse(mut arguments: Parser) -> Result<Self, UsageError> {
        let command = arguments.try_raw_args().and_then(|mut it| it.next());
        let command = command.ok_or(UsageError::Nothing)?;
        match command.to_str() {
            Some("hash") => hash(ParsedArguments::read(
                arguments,
                &["--no-models"],
                &["--jobs"],
            )?),
            Some("compare") => compare(ParsedArguments::read(
                arguments,
                &["--no-models"],
                &["--jobs", "--pairs"],
            )?),
            Some("strip") => strip(ParsedArguments::read(arguments, &[], &["--quality"])?),
            Some("search") => search(ParsedArguments::read(
                arguments,
                &[],
                &["--index", "--queries", "--distance"],
            )?),
            Some("help" | "--help" | "-h") => Ok(Self::Help),
            Some("--version" | "-V") => Ok(Self::Version),
            _ => Err(UsageError::ToolCommand(command.display().to_string())),
        }
    }
}

fn hash(mut given: ParsedArguments) -> Result<ToolCommand, UsageError> {
    let options = given.options()?;
    let files = std::mem::take(&mut given.files);
    if files.is_empty() {
        return Err(UsageError::Missing("FILE"));
    }
    Ok(ToolCommand::Hash { files, options })
}

fn compare(mut given: ParsedArguments) -> Result<ToolCommand, UsageError> {
    let options = given.options()?;
    if let Some(list) = given.take("--pairs") {
        given.no_more_files()?;
        let list = list.into();
        return Ok(ToolCommand::ComparePairs { list, options });
    }
    let pair = [given.file("A")?, given.file("B")?];
    given.no_more_files()?;
    Ok(ToolCommand::Compare { pair, options })
}

fn strip(mut given: ParsedArguments) -> Result<ToolCommand, UsageError> {
    let quality = given.number("--quality", 1, 100)?;
    let (input, output) = (given.file("IN")?, given.file("OUT")?);
    given.no_more_files()?;
    Ok(ToolCommand::Strip {
        input,
        output,
        quality: quality
            .and_then(|it| u8::try_from(it).ok())
            .unwrap_or(STRIP_QUALITY),
    })
}

fn search(mut given: ParsedArguments) -> Result<ToolCommand, UsageError> {
    let distance = given.number("--distance", 0, 256)?;
    let mut path = |name: &'static str| {
        let value = given.take(name).ok_or(UsageError::Missing(name));
        value.map(PathBuf::from)
    };
    let (index, queries) = (path("--index")?, path("--queries")?);
    given.no_more_files()?;
    Ok(ToolCommand::Search {
        index,
        queries,
        distance: distance.unwrap_or(MATCH_DISTANCE),
    })
}

/// Options and files, sorted.
#[derive(Default)]
struct ParsedArguments {
    flags: Vec<&'static str>,
    values: Vec<(&'static str, OsString)>,
    files: Vec<PathBuf>,
}

impl ParsedArguments {
    /// Sorts the arguments by the names a command knows. Options may stand
    /// anywhere, as `--name value` or `--name=value`; after `--` all are files.
    fn read(
        mut arguments: Parser,
        flags: &[&'static str],
        names: &[&'static str],
    ) -> Result<Self, UsageError> {
        let mut given = Self::default();
        let other = |err: lexopt::Error| UsageError::Other(err.to_string());
        while let Some(argument) = arguments.next().map_err(other)? {
            let name = match argument {
                Value(file) => {
                    given.files.push(file.into());
                    continue;
                }
                Long(name) => format!("--{name}"),
                Short(letter) => format!("-{letter}"),
            };
            if let Some(flag) = flags.iter().find(|it| **it == name) {
                given.flags.push(flag);
            } else if let Some(known) = names.iter().find(|it| **it == name) {
                let value = arguments.value().map_err(|_| UsageError::Value(known))?;
                given.values.push((known, value));
            } else {
                return Err(UsageError::Option(name));
            }
        }
        Ok(given)
    }

    fn options(&mut self) -> Result<ToolOptions, UsageError> {
        let jobs = self.number("--jobs", 1, 256)?;
        let jobs = jobs.and_then(|it| usize::try_from(it).ok());
        Ok(ToolOptions {
            models: !self.flags.contains(&"--no-models"),
            jobs: jobs.unwrap_or_else(|| thread::available_parallelism().map_or(1, NonZero::get)),
        })
    }

    /// The value of an option; of one given twice the last.
    fn take(&mut self, name: &str) -> Option<OsString> {
        let at = self.values.iter().rposition(|(known, _)| *known == name)?;
        Some(self.values.swap_remove(at).1)
    }

    fn number(
        &mut self,
        name: &'static str,
        least: u32,
        most: u32,
    ) -> Result<Option<u32>, UsageError> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        let number = value.to_str().and_then(|text| text.parse().ok());
        match number.filter(|number| (least..=most).contains(number)) {
            Some(number) => Ok(Some(number)),
            None => Err(UsageError::Number(name, least, most)),
        }
    }

    /// The next file.
    fn file(&mut self, name: &'static str) -> Result<PathBuf, UsageError> {
        if self.files.is_empty() {
            return Err(UsageError::Missing(name));
        }
        Ok(self.files.remove(0))
    }

    fn no_more_files(&self) -> Result<(), UsageError> {
        match self.files.first() {
            Some(file) => Err(UsageError::TooMany(file.display().to_string())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn parse(line: &str) -> Result<ToolCommand, UsageError> {
        ToolCommand::parse(Parser::from_args(line.split_whitespace()))
    }

    #[test]
    fn options_stand_anywhere() {
        let expected = ToolCommand::Search {
            index: "a".into(),
            queries: "b".into(),
            distance: 12,
        };
        let line = "search --distance=12 --queries b --index a";
        assert_eq!(parse(line).unwrap(), expected);
        let ToolCommand::Hash { files, options } = parse("hash x --jobs 3 y --no-models").unwrap()
        else {
            panic!("not a hash");
        };
        assert_eq!(files, [PathBuf::from("x"), PathBuf::from("y")]);
        assert_eq!((options.jobs, options.models), (3, false));
    }

    #[test]
    fn after_two_dashes_all_are_files() {
        let parsed = parse("strip -- --in --out").unwrap();
        let expected = ToolCommand::Strip {
            input: "--in".into(),
            output: "--out".into(),
            quality: STRIP_QUALITY,
        };
        assert_eq!(parsed, expected);
    }

    #[test]
    fn mistakes_are_named() {
        let wrong = |line: &str| parse(line).unwrap_err();
        assert_eq!(wrong(""), UsageError::Nothing);
        assert_eq!(wrong("paint"), UsageError::ToolCommand("paint".into()));
        assert_eq!(wrong("hash"), UsageError::Missing("FILE"));
        assert_eq!(wrong("compare a"), UsageError::Missing("B"));
        assert_eq!(wrong("compare a b c"), UsageError::TooMany("c".into()));
        assert_eq!(wrong("compare --pairs"), UsageError::Value("--pairs"));
        assert_eq!(
            wrong("strip --fast a b"),
            UsageError::Option("--fast".into())
        );
        assert_eq!(wrong("search --index a"), UsageError::Missing("--queries"));
        let far = "search --index a --queries b --distance 300";
        assert_eq!(wrong(far), UsageError::Number("--distance", 0, 256));
    }
}
