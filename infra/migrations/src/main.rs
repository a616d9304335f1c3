//! `cargo run -p vara-migrations`: moves stored rows from one shape to the next, and back.
//!
//! *Invariant:* a run that is stopped anywhere is gone on with by the next, and comes to the same rows.
//! `src/tests/interrupted.rs` stops it before and after each write.

mod args;
mod change;
mod error;
mod item;
mod migration;
mod migrations;
mod pace;
mod progress;
mod run;
mod table;
#[cfg(test)]
mod tests;

use std::io::Write;
use std::process::ExitCode;

use aws_config::BehaviorVersion;

use args::{Action, Args, USAGE};
use error::BoxError;
use pace::Pace;
use run::{MigrationOutcome, MigrationRun, Standing};
use table::MigratedTable;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let done = match Args::parse(lexopt::Parser::from_env()) {
        Ok(Some(args)) => perform(args).await,
        Ok(None) => print(USAGE),
        Err(wrong) => {
            eprintln!("vara-migrations: {wrong}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vara-migrations: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn perform(args: Args) -> Result<(), BoxError> {
    let config = aws_config::defaults(BehaviorVersion::v2026_01_12());
    let config = match &args.endpoint {
        Some(endpoint) => config.endpoint_url(endpoint),
        None => config,
    };
    let run = MigrationRun {
        table: MigratedTable {
            client: aws_sdk_dynamodb::Client::new(&config.load().await),
            name: args.table,
        },
        migrations: &migrations::ALL,
        pace: Pace::new(args.rows_per_second),
        is_dry: args.is_dry,
    };
    let outcomes = match args.action {
        Action::Up => run.up(args.to).await?,
        Action::Down => run.down(args.to).await?,
        Action::Status => {
            let lines = run.status().await?;
            let lines: Vec<String> = lines
                .iter()
                .map(|(number, name, it)| format!("{number} {name}: {}", standing(it)))
                .collect();
            return print(&lines.join("\n"));
        }
    };
    let lines: Vec<String> = outcomes.iter().map(|it| outcome(it, args.is_dry)).collect();
    match lines.is_empty() {
        true => print("nothing to do"),
        false => print(&lines.join("\n")),
    }
}

fn outcome(it: &MigrationOutcome, is_dry: bool) -> String {
    let would = if is_dry { "to be changed" } else { "changed" };
    format!(
        "{} {} {}: {} rows read, {} {would}",
        it.direction, it.number, it.name, it.read, it.changed
    )
}

fn standing(it: &Standing) -> String {
    match it {
        Standing::Applied => "applied".to_owned(),
        Standing::Pending => "not applied".to_owned(),
        Standing::Running(it) => format!(
            "going {} since {}: pass {}, {} rows read, {} changed; run it again to go on",
            it.direction, it.started_at, it.pass, it.read, it.changed
        ),
    }
}

/// A closed pipe is an error to report, not a reason to panic.
fn print(text: &str) -> Result<(), BoxError> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(())
}
