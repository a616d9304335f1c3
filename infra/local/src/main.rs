//! `cargo run -p vara-local`: raises the stack, says where it is, and takes it
//! down again on Ctrl-C or SIGTERM. With `--on ministack`: proves the template.

mod args;

use std::{io::Write, process::ExitCode, time::Instant};

use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use vara_local::{Options, Stack};

use args::{Args, Command};

fn main() -> ExitCode {
    // The database warns of every refused condition, which are ordinary here.
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,dynoxide=error"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let command = match Args::parse(lexopt::Parser::from_env()) {
        Ok(command) => command,
        Err(wrong) => {
            eprintln!("vara-local: {wrong}\n\n{}", args::USAGE);
            return ExitCode::from(2);
        }
    };
    let done = match command {
        Command::Help => print(args::USAGE).map(|()| ExitCode::SUCCESS),
        Command::Run(options) => run(options).map(|()| ExitCode::SUCCESS),
        Command::Prove(options) => prove(options),
    };
    match done {
        Ok(status) => status,
        Err(error) => {
            eprintln!("vara-local: {error}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    let mut asked_to_stop = std::pin::pin!(asked_to_stop()?);
    let begun = Instant::now();
    let stack = tokio::select! {
        started = Stack::start(options) => started?,
        () = &mut asked_to_stop => return Ok(()),
    };
    let seconds = begun.elapsed().as_secs_f64();
    let said = print(&summary(&stack, seconds));
    if said.is_ok() {
        asked_to_stop.await;
    }
    eprintln!("Stopping");
    stack.stop().await;
    said
}

#[tokio::main]
async fn prove(options: Options) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let status = vara_local::prove(&options, asked_to_stop()?).await?;
    Ok(ExitCode::from(status))
}

/// Ctrl-C or SIGTERM, from now on.
fn asked_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

fn summary(stack: &Stack, seconds: f64) -> String {
    let endpoint = |service| stack.endpoint(service).unwrap_or_default();
    format!(
        "\nVara is at {gateway} (after {seconds:.1} s)\n\
         \n  stand-ins  {engines}\n  DynamoDB   {dynamodb}  table {table}\n  \
         S3         {s3}  bucket {bucket}\n  SQS        {sqs}\n  \
         logs       {logs}\n\
         \nAWS tools: region us-east-1, access key test, secret key test. Ctrl-C ends it all.",
        gateway = stack.gateway_url(),
        engines = stack.engines_url(),
        dynamodb = endpoint("dynamodb"),
        table = stack.table(),
        s3 = endpoint("s3"),
        bucket = stack.bucket(),
        sqs = endpoint("sqs"),
        logs = stack.logs().display(),
    )
}

/// A closed pipe is an error to report, not a reason to panic.
fn print(text: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(())
}
