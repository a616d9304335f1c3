//! The command line.

use lexopt::prelude::*;
use lexopt::{Error, Parser};

/// What `--help` prints.
pub(crate) const USAGE: &str = "\
Moves the rows of a table from one shape to the next, and back.

Usage: cargo run -p vara-migrations -- up|down|status --table NAME [options]

  up                  applies what is not applied
  down                undoes the last that is applied
  status              says how each migration stands

  --table NAME        the table
  --endpoint URL      the DynamoDB endpoint, where it is not AWS's own
  --to N              up: the last to apply; down: the last to keep, 0 undoes all
  --rows-per-second N how fast the table is read (200)
  --dry-run           writes nothing and says how many rows would be changed
  --help              this text

Region and credentials come from the environment, as for every tool of AWS.";

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Up,
    Down,
    Status,
}

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Args {
    pub(crate) action: Action,
    pub(crate) table: String,
    pub(crate) endpoint: Option<String>,
    pub(crate) to: Option<u32>,
    pub(crate) rows_per_second: u32,
    pub(crate) is_dry: bool,
}

impl Args {
    /// Reads the arguments after the program's name; `None`: the usage is asked for.
    pub(crate) fn parse(parser: Parser) -> Result<Option<Self>, String> {
        Self::read(parser).map_err(|err| match err {
            Error::MissingValue { option: Some(name) } => format!("{name} needs a value"),
            other => other.to_string(),
        })
    }

    fn read(mut args: Parser) -> Result<Option<Self>, Error> {
        let (mut action, mut table) = (None, None);
        let (mut endpoint, mut to, mut rows_per_second, mut is_dry) = (None, None, 200, false);
        while let Some(arg) = args.next()? {
            match arg {
                Value(it) if it == "up" => action = Some(Action::Up),
                Value(it) if it == "down" => action = Some(Action::Down),
                Value(it) if it == "status" => action = Some(Action::Status),
                Long("table") => table = Some(args.value()?.string()?),
                Long("endpoint") => endpoint = Some(args.value()?.string()?),
                Long("to") => to = Some(number("--to", &args.value()?.string()?)?),
                Long("rows-per-second") => {
                    rows_per_second = number("--rows-per-second", &args.value()?.string()?)?;
                }
                Long("dry-run") => is_dry = true,
                Long("help") | Short('h') => return Ok(None),
                other => return Err(other.unexpected()),
            }
        }
        Ok(Some(Self {
            action: action.ok_or("up, down or status is missing")?,
            table: table.ok_or("--table is missing")?,
            endpoint,
            to,
            rows_per_second,
            is_dry,
        }))
    }
}

fn number(name: &str, text: &str) -> Result<u32, String> {
    text.parse()
        .map_err(|_| format!("{name} {text} is not a whole number"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn parse(line: &str) -> Result<Option<Args>, String> {
        Args::parse(Parser::from_args(line.split_whitespace()))
    }

    #[test]
    fn everything_can_be_said() {
        let line = "down --table vara --endpoint=http://127.0.0.1:8000 --to 0 --rows-per-second 50 --dry-run";
        let args = parse(line).unwrap().unwrap();
        assert_eq!(
            args,
            Args {
                action: Action::Down,
                table: "vara".to_owned(),
                endpoint: Some("http://127.0.0.1:8000".to_owned()),
                to: Some(0),
                rows_per_second: 50,
                is_dry: true,
            }
        );
        assert_eq!(parse("up --table vara --help").unwrap(), None);
    }

    #[test]
    fn mistakes_are_named() {
        for (line, named) in [
            ("", "up, down or status"),
            ("up", "--table is missing"),
            ("up --table", "--table needs a value"),
            ("up --table vara --to x", "--to x"),
            ("up --table vara --endpint x", "--endpint"),
            ("sideways --table vara", "sideways"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(named), "{line}: {error}");
        }
    }
}
