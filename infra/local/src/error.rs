//! Why the stack cannot be raised, in words a person can act on.

use std::{io, path::PathBuf};

use thiserror::Error;

use crate::template::TemplateError;

/// Why the stack cannot be raised.
#[derive(Debug, Error)]
pub enum Error {
    /// No `template.yaml` above the current directory.
    #[error("no template.yaml in this directory or above it; run this inside the project")]
    NoWorkspace,
    /// The template is outside what can be raised here.
    #[error("{path}: {source}")]
    Template {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: TemplateError,
    },
    /// Another program listens where the stack should.
    #[error(
        "port {port} is in use, so {what} cannot listen there; stop the other program or choose another --port"
    )]
    PortInUse {
        /// The port.
        port: u16,
        /// What wanted it.
        what: &'static str,
    },
    /// Another stack uses the same state directory.
    #[error("another stack is using {0}; stop it, or give this one its own --state")]
    StateInUse(PathBuf),
    /// A program the build needs is not installed.
    #[error("{program} is not installed ({needed_for}); install it with: {command}")]
    Missing {
        /// The program.
        program: &'static str,
        /// Why it is needed.
        needed_for: &'static str,
        /// The command that installs it.
        command: &'static str,
    },
    /// Cargo could not build the functions.
    #[error("the functions do not build; cargo says why above (or run: {0})")]
    Build(String),
    /// A function's binary is not there.
    #[error("{0} is not built; leave out --no-build, or run: cargo build -p {0}")]
    NotBuilt(String),
    /// A function's process does not reach its first poll.
    #[error("{package} does not start: {reason}; its output is in {log}")]
    Function {
        /// The cargo package.
        package: String,
        /// What happened instead.
        reason: String,
        /// Where it wrote.
        log: PathBuf,
    },
    /// The first request through the gateway fails.
    #[error("the stack is up but GET /health answers {status}: {body}")]
    Unhealthy {
        /// The status.
        status: u16,
        /// The body.
        body: String,
    },
    /// A function or a resource nobody has.
    #[error("nothing here is called {0}")]
    Unknown(String),
    /// A function failed when it was invoked by hand.
    #[error("{function} failed: {reason}")]
    Invocation {
        /// The function.
        function: String,
        /// How.
        reason: String,
    },
    /// The table on disk is not the template's.
    #[error(
        "the stored table {table} differs from the template's ({difference}); remove {path} or use another --state"
    )]
    TableDiffers {
        /// The table.
        table: String,
        /// The first difference.
        difference: &'static str,
        /// The database.
        path: PathBuf,
    },
    /// One of the embedded servers refused.
    #[error("{server}: {reason}")]
    Server {
        /// Which server.
        server: &'static str,
        /// What it said.
        reason: String,
    },
    /// A file or socket operation failed.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// Wraps an I/O error with what was being done.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }

    pub(crate) fn server(server: &'static str, reason: impl ToString) -> Self {
        Self::Server {
            server,
            reason: reason.to_string(),
        }
    }
}

/// The result of raising or using the stack.
pub type Result<T> = std::result::Result<T, Error>;
