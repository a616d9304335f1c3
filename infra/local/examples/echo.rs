//! A function for the stack's own tests: does what its event says.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    if std::env::var_os("ECHO_REFUSES_TO_START").is_some() {
        return Err("told not to start".into());
    }
    lambda_runtime::run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let LambdaEvent { payload, context } = event;
    match payload["do"].as_str() {
        Some("crash") => std::process::exit(7),
        Some("fail") => Err("told to fail".into()),
        Some("hang") => std::future::pending().await,
        Some("sleep") => {
            let milliseconds = payload["milliseconds"].as_u64().unwrap_or(0);
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            Ok(json!({"process": std::process::id()}))
        }
        Some("large") => Ok(json!("x".repeat(7_000_000))),
        _ => Ok(json!({
            "event": payload,
            "process": std::process::id(),
            "request_id": context.request_id,
            "arn": context.invoked_function_arn,
            "deadline": context.deadline,
            "trace": context.xray_trace_id,
            "environment": std::env::vars().collect::<std::collections::BTreeMap<_, _>>(),
        })),
    }
}
