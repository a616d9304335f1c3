//! The stand-ins on a port of their own: `vara-engines [--port 4010]`.

use std::io;
use std::process::ExitCode;

use lexopt::Parser;
use lexopt::prelude::*;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

const USAGE: &str =
    "usage: vara-engines [--port PORT]   (default port: 4010; 0 takes any free one)";
const DEFAULT_PORT: u16 = 4010;

#[tokio::main]
async fn main() -> ExitCode {
    let port = match port(Parser::from_env()) {
        Ok(Some(port)) => port,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(err) => {
            eprintln!("{err}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();
    match run(port).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("the stand-ins cannot serve on port {port}: {e}");
            ExitCode::FAILURE
        }
    }
}

async fn run(port: u16) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let stop = stop()?;
    println!("stand-ins listen on http://{}", listener.local_addr()?);
    vara_engines::serve(listener, stop).await
}

/// Resolves on Ctrl-C, and on SIGTERM where there is one.
#[cfg(unix)]
fn stop() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Resolves on Ctrl-C.
#[cfg(not(unix))]
fn stop() -> io::Result<impl Future<Output = io::Result<()>> + Send + 'static> {
    Ok(tokio::signal::ctrl_c())
}

/// The port asked for, or nothing when help was.
fn port(mut arguments: Parser) -> Result<Option<u16>, lexopt::Error> {
    let mut port = DEFAULT_PORT;
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(None),
            Long("port") => port = arguments.value()?.parse()?,
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Option<u16>, String> {
        port(Parser::from_args(arguments)).map_err(|err| err.to_string())
    }

    #[test]
    fn the_port_can_be_chosen() {
        assert_eq!(parsed(&[]), Ok(Some(4010)));
        assert_eq!(parsed(&["--port", "4020"]), Ok(Some(4020)));
        assert_eq!(parsed(&["--help"]), Ok(None));
        assert!(parsed(&["--port"]).is_err());
        assert!(parsed(&["--port", "70000"]).is_err());
        assert!(parsed(&["--prot", "1"]).is_err());
    }
}
