//! Real processes (examples/echo.rs) behind the real Runtime API.

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::future::join_all;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::{Value, json};

use super::{InvocationOutcome, Launcher, Pool};
use crate::{guard::Guard, state::State, template::Function};

/// The example, which cargo builds beside the tests.
fn echo() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let target = tests.parent().unwrap().parent().unwrap();
    target.join("examples").join("echo")
}

fn function(timeout: Duration, environment: &[(&str, &str)]) -> Function {
    Function {
        logical: "Echo".to_owned(),
        name: "vara-local-Echo".to_owned(),
        package: "echo".to_owned(),
        arn: "arn:aws:lambda:us-east-1:000000000000:function:vara-local-Echo".to_owned(),
        handler: "bootstrap".to_owned(),
        timeout,
        memory: 256,
        environment: environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        sources: Vec::new(),
        schedules: Vec::new(),
    }
}

/// A pool and the directory its logs are in.
fn pool(timeout: Duration, environment: &[(&str, &str)]) -> (Arc<Pool>, State) {
    let state = State::open(None).unwrap();
    let pool = Pool::new(Launcher {
        function: function(timeout, environment),
        binary: echo(),
        log: state.log("echo").unwrap(),
        extra: vec![("EXTRA".to_owned(), "local".to_owned())],
        guard: Arc::new(Guard::start().unwrap()),
    });
    (pool, state)
}

const LONG: Duration = Duration::from_secs(60);

async fn invoke(pool: &Arc<Pool>, event: Value) -> InvocationOutcome {
    pool.invoke(Bytes::from(event.to_string())).await
}

async fn answer(pool: &Arc<Pool>, event: Value) -> Value {
    match invoke(pool, event).await {
        InvocationOutcome::Answer(answer) => serde_json::from_slice(&answer).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn kill(process: u32) {
    let process = Pid::from_raw(process.cast_signed()).unwrap();
    kill_process(process, Signal::KILL).unwrap();
}

fn runs(process: u32) -> bool {
    test_kill_process(Pid::from_raw(process.cast_signed()).unwrap()).is_ok()
}

#[tokio::test]
async fn a_function_is_hosted_as_lambda_does() {
    let (pool, _state) = pool(LONG, &[("OWN", "value")]);
    let before = std::time::SystemTime::now();
    let said = answer(&pool, json!({"a": 1})).await;
    assert_eq!(said["event"], json!({"a": 1}));
    assert_eq!(said["arn"], pool.launcher().function.arn);
    assert!(said["request_id"].as_str().unwrap().len() == 36);
    assert!(said["trace"].as_str().unwrap().starts_with("Root=1-"));
    let since = before.duration_since(std::time::UNIX_EPOCH).unwrap();
    let deadline = u128::from(said["deadline"].as_u64().unwrap());
    assert!(deadline >= since.as_millis() + LONG.as_millis());
    let environment = &said["environment"];
    assert_eq!(environment["OWN"], "value");
    assert_eq!(environment["EXTRA"], "local");
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_NAME"], "vara-local-Echo");
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "256");
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_VERSION"], "$LATEST");
    assert_eq!(environment["_HANDLER"], "bootstrap");
    assert!(environment["LAMBDA_TASK_ROOT"].is_string());
    assert!(
        environment.get("CARGO").is_none(),
        "the host's variables leak"
    );
    pool.close().await;
}

#[tokio::test]
async fn one_environment_serves_one_event_after_another() {
    let (pool, _state) = pool(LONG, &[]);
    let first = answer(&pool, json!({})).await;
    let second = answer(&pool, json!({})).await;
    assert_eq!(first["process"], second["process"]);
    assert_ne!(first["request_id"], second["request_id"]);
    pool.close().await;
}

#[tokio::test]
async fn events_at_once_get_environments_of_their_own() {
    let (pool, _state) = pool(LONG, &[]);
    let sleep = json!({"do": "sleep", "milliseconds": 1000});
    let answers = join_all((0..3).map(|_| answer(&pool, sleep.clone()))).await;
    let mut processes: Vec<_> = answers
        .iter()
        .map(|answer| answer["process"].as_u64().unwrap())
        .collect();
    processes.sort_unstable();
    processes.dedup();
    assert_eq!(processes.len(), 3);
    assert_eq!(pool.process_ids().len(), 3);
    pool.close().await;
}

#[tokio::test]
async fn a_failure_leaves_the_environment_alive() {
    let (pool, _state) = pool(LONG, &[]);
    let before = answer(&pool, json!({})).await;
    let InvocationOutcome::FunctionError(said) = invoke(&pool, json!({"do": "fail"})).await else {
        panic!("not a function error");
    };
    assert!(String::from_utf8_lossy(&said).contains("told to fail"));
    assert_eq!(before["process"], answer(&pool, json!({})).await["process"]);
    pool.close().await;
}

#[tokio::test]
async fn a_crash_is_told_and_the_environment_replaced() {
    let (pool, _state) = pool(LONG, &[]);
    let before = answer(&pool, json!({})).await;
    let crashed = invoke(&pool, json!({"do": "crash"})).await;
    assert!(
        matches!(&crashed, InvocationOutcome::Died(reason) if reason.contains('7')),
        "{crashed:?}"
    );
    assert_ne!(before["process"], answer(&pool, json!({})).await["process"]);
    pool.close().await;
}

#[tokio::test]
async fn a_kill_between_events_loses_nothing() {
    let (pool, _state) = pool(LONG, &[]);
    answer(&pool, json!({})).await;
    for _ in 0..5 {
        let process = pool.process_ids()[0];
        kill(process);
        while runs(process) {
            tokio::task::yield_now().await;
        }
        let after = answer(&pool, json!({})).await;
        assert_ne!(after["process"], process);
    }
    pool.close().await;
}

#[tokio::test]
async fn the_timeout_kills_the_process() {
    let (pool, _state) = pool(Duration::from_millis(300), &[]);
    let process = answer(&pool, json!({})).await["process"].as_u64().unwrap();
    let process = u32::try_from(process).unwrap();
    assert_eq!(
        invoke(&pool, json!({"do": "hang"})).await,
        InvocationOutcome::TimedOut
    );
    assert!(!runs(process));
    answer(&pool, json!({})).await;
    pool.close().await;
}

#[tokio::test]
async fn a_function_that_does_not_start_says_why() {
    let (pool, state) = pool(LONG, &[("ECHO_REFUSES_TO_START", "1")]);
    let reason = pool.warm().await.unwrap_err();
    assert!(reason.contains("its process ended"), "{reason}");
    let log = std::fs::read_to_string(state.path("logs/echo.log")).unwrap();
    assert!(log.contains("told not to start"), "{log}");
}

#[tokio::test]
async fn payloads_over_six_megabytes_do_not_pass() {
    let (pool, _state) = pool(LONG, &[]);
    let event = json!("x".repeat(6_300_000));
    assert_eq!(invoke(&pool, event).await, InvocationOutcome::TooLarge);
    let large = invoke(&pool, json!({"do": "large"})).await;
    assert!(
        large.failure().unwrap().contains("ResponseSizeTooLarge"),
        "{large:?}"
    );
    pool.close().await;
}

#[tokio::test]
async fn idle_environments_end_but_one_stays_warm() {
    let (pool, _state) = pool(LONG, &[]);
    let sleep = json!({"do": "sleep", "milliseconds": 500});
    join_all((0..3).map(|_| invoke(&pool, sleep.clone()))).await;
    assert_eq!(pool.process_ids().len(), 3);
    pool.reap_idle(Duration::ZERO);
    while pool.process_ids().len() > 1 {
        tokio::task::yield_now().await;
    }
    answer(&pool, json!({})).await;
    assert_eq!(pool.process_ids().len(), 1);
    pool.close().await;
}

#[tokio::test]
async fn closing_leaves_no_process() {
    let (pool, _state) = pool(LONG, &[]);
    let sleep = json!({"do": "sleep", "milliseconds": 200});
    join_all((0..2).map(|_| invoke(&pool, sleep.clone()))).await;
    let processes = pool.process_ids();
    pool.close().await;
    assert_eq!(processes.len(), 2);
    assert!(processes.into_iter().all(|process| !runs(process)));
    assert!(matches!(
        invoke(&pool, json!({})).await,
        InvocationOutcome::NotStarted(_)
    ));
}
