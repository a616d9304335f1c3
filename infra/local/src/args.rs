//! The command line.

use lexopt::prelude::*;
use lexopt::{Error, Parser};
use vara_local::Options;

/// What `--help` prints.
pub(crate) const USAGE: &str = "\
Raises the whole of Vara on this machine, from template.yaml.

Usage: cargo run -p vara-local -- [options]

  --port PORT        where the gateway listens; the stand-ins listen ten above (4000)
  --state DIR        where everything is kept (.vara/state)
  --ephemeral        keep nothing
  --parameter N=V    a value of a parameter of template.yaml; can be repeated
  --traces           the functions send their traces to the stand-ins, which show them at /_traces
  --profile PROFILE  the cargo profile of the functions: dev or release (dev)
  --no-build         take the functions as they were built before
  --keep-going       start even if a function does not build or start
  --on ministack     deploy to the AWS emulator instead, run the end-to-end suite there,
                     and end with its status; takes --profile and --no-build
  --help             this text";

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Command {
    /// Print the usage.
    Help,
    /// Raise the embedded stack.
    Run(Options),
    /// Prove the template on MiniStack.
    Prove(Options),
}

/// The parser.
pub(crate) struct Args;

impl Args {
    /// Reads the arguments after the program's name.
    pub(crate) fn parse(parser: Parser) -> Result<Command, String> {
        Self::read(parser).map_err(|err| match err {
            Error::MissingValue { option: Some(name) } => format!("{name} needs a value"),
            other => other.to_string(),
        })
    }

    fn read(mut args: Parser) -> Result<Command, Error> {
        let mut options = Options::default();
        let mut command: fn(Options) -> Command = Command::Run;
        while let Some(arg) = args.next()? {
            match arg {
                Long("help") | Short('h') => return Ok(Command::Help),
                Long("port") => options.port = Some(port(&args.value()?.string()?)?),
                Long("state") => options.state = Some(args.value()?.into()),
                Long("on") => command = place(&args.value()?.string()?)?,
                Long("parameter") => {
                    let given = parameter(&args.value()?.string()?)?;
                    options.parameters.push(given);
                }
                Long("profile") => options.profile = args.value()?.string()?,
                Long("ephemeral") => options.ephemeral = true,
                Long("no-build") => options.build = false,
                Long("traces") => options.traces = true,
                Long("keep-going") => options.keep_going = true,
                other => return Err(other.unexpected()),
            }
        }
        Ok(command(options))
    }
}

/// Where else the system can run.
fn place(text: &str) -> Result<fn(Options) -> Command, String> {
    match text {
        "ministack" => Ok(Command::Prove),
        _ => Err(format!("--on {text} is not a place; there is ministack")),
    }
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let named = text.split_once('=').filter(|it| !it.0.is_empty());
    let (name, value) = named.ok_or_else(|| format!("--parameter {text} is not NAME=VALUE"))?;
    Ok((name.to_owned(), value.to_owned()))
}

/// 0 is any free port; otherwise there must be one for the stand-ins ten above.
fn port(text: &str) -> Result<u16, String> {
    text.parse()
        .ok()
        .filter(|port: &u16| port.checked_add(10).is_some())
        .ok_or_else(|| format!("--port {text} is not a port from 0 to 65525"))
}

#[cfg(test)]
mod tests {

    use std::path::PathBuf;

    use super::{Args, Command, Options, Parser};

    fn parse(line: &str) -> Result<Options, String> {
        match Args::parse(Parser::from_args(line.split_whitespace()))? {
            Command::Run(options) => Ok(options),
            Command::Help => Err("help".to_owned()),
            Command::Prove(options) => Err(format!("prove {}", options.profile)),
        }
    }

    #[test]
    fn nothing_is_the_default() {
        let options = parse("").unwrap();
        assert_eq!(
            (options.port, options.ephemeral, options.build),
            (Some(4000), false, true)
        );
    }

    #[test]
    fn everything_can_be_said() {
        let options =
            parse("--port 5000 --state=/s --ephemeral --profile release --no-build --keep-going --traces --parameter RateLimit=9 --parameter=A=")
                .unwrap();
        let parameters = [("RateLimit", "9"), ("A", "")];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(options.parameters, parameters);
        assert_eq!(options.port, Some(5000));
        assert_eq!(options.state, Some(PathBuf::from("/s")));
        assert_eq!(options.profile, "release");
        assert!(options.ephemeral && !options.build && options.keep_going && options.traces);
    }

    #[test]
    fn mistakes_are_named() {
        for (line, named) in [
            ("--prot 1", "--prot"),
            ("--port", "--port needs a value"),
            ("--port x", "--port x"),
            ("--port 65530", "65525"),
            ("--parameter RateLimit", "NAME=VALUE"),
            ("--help", "help"),
            ("--on mars", "--on mars"),
            ("--on ministack --profile release", "prove release"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(named), "{line}: {error}");
        }
    }
}
