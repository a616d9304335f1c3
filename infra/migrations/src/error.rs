//! Why a run ends early. What was done until then stays, and the next run goes on from there.

use aws_sdk_dynamodb::error::BuildError;

use crate::migration::MigrationDirection;

/// What is behind an error of another crate.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a run ends early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A call of the table failed.
    #[error("{doing}: {source}")]
    Table {
        /// What was attempted.
        doing: &'static str,
        /// What the table said.
        source: BoxError,
    },
    /// A request was put together wrongly.
    #[error("building a request")]
    Request(#[from] BuildError),
    /// The row of progress is not what this command writes.
    #[error("reading the row MIGRATIONS: {0}")]
    Progress(#[from] serde_dynamo::Error),
    /// Somebody else writes the row of progress.
    #[error("another run changed the row MIGRATIONS; one run at a time")]
    AnotherRun,
    /// A row is newer than the migration knows.
    #[error(
        "a row of the kind {kind} has version {version}, and migration {number} knows {known} at most; use a newer command"
    )]
    TooNew {
        /// The kind of the row; its ids stay out of the output.
        kind: String,
        /// Its version.
        version: u32,
        /// The migration.
        number: u32,
        /// What it knows.
        known: u32,
    },
    /// A row has a version that is no number, or no key.
    #[error("a row of the kind {0} has no key or version that can be read")]
    Unreadable(String),
    /// A row changed each time it was about to be written.
    #[error("a row of the kind {0} changed each time; stop what writes it and run again")]
    KeepsChanging(String),
    /// The table has a migration that this command does not know.
    #[error("migration {0} is applied, and this command does not know it; use a newer command")]
    Unknown(u32),
    /// There is a gap in what is applied.
    #[error("migration {0} is applied, and one before it is not")]
    OutOfOrder(u32),
    /// There is no such migration to end at.
    #[error("there is no migration {number} to go {direction} to")]
    NoTarget {
        /// What was asked for.
        number: u32,
        /// Which way.
        direction: MigrationDirection,
    },
}

impl Error {
    /// A failed call of the table.
    pub(crate) fn table(doing: &'static str, source: impl Into<BoxError>) -> Self {
        Self::Table {
            doing,
            source: source.into(),
        }
    }
}

/// What a run comes to.
pub(crate) type Result<T> = std::result::Result<T, Error>;
