//! The Lambda Runtime API, one server for each environment: the function's
//! process asks for the next invocation and posts what came of it.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use serde_json::json;
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use uuid::Uuid;

use super::InvocationOutcome;

/// What Lambda takes and gives in one synchronous invocation.
pub(crate) const PAYLOAD_LIMIT: usize = 6_291_556;

/// One event on its way to a function.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) payload: Bytes,
    pub(crate) timeout: Duration,
    pub(crate) reply: oneshot::Sender<InvocationOutcome>,
    /// Told when the process has been given the event.
    pub(crate) taken: oneshot::Sender<()>,
}

/// The server's end of one environment.
#[derive(Debug)]
pub(crate) struct Runtime {
    arn: String,
    invocations: Mutex<mpsc::Receiver<Invocation>>,
    current: Mutex<Option<(String, oneshot::Sender<InvocationOutcome>)>>,
    /// `true` from the first poll on.
    ready: watch::Sender<bool>,
    /// What the process said when it could not initialise.
    init_error: watch::Sender<Option<String>>,
}

impl Runtime {
    pub(crate) fn new(
        arn: String,
        invocations: mpsc::Receiver<Invocation>,
        ready: watch::Sender<bool>,
        init_error: watch::Sender<Option<String>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            arn,
            invocations: Mutex::new(invocations),
            current: Mutex::new(None),
            ready,
            init_error,
        })
    }

    /// The routes of the Runtime API.
    pub(crate) fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route(
                "/2018-06-01/runtime/invocation/{id}/response",
                post(response),
            )
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            // Ours is checked in `response`, with Lambda's own outcome.
            .layer(DefaultBodyLimit::disable())
            .with_state(self)
    }

    async fn finish(&self, id: &str, outcome: InvocationOutcome) -> Response {
        let mut current = self.current.lock().await;
        match current.take_if(|(current, _)| current == id) {
            Some((_, reply)) => {
                // Nobody waits any longer for an invocation that timed out.
                let _ = reply.send(outcome);
                accepted()
            }
            None => refusal(StatusCode::BAD_REQUEST, "InvalidRequestID"),
        }
    }
}

async fn next(State(runtime): State<Arc<Runtime>>) -> Response {
    runtime.ready.send_replace(true);
    let invocation = runtime.invocations.lock().await.recv().await;
    let Some(invocation) = invocation else {
        return refusal(StatusCode::GONE, "EnvironmentEnded");
    };
    // If the process has died meanwhile, its closed connection ends us here, and
    // the event goes to another environment untaken.
    tokio::task::yield_now().await;
    let id = Uuid::new_v4().to_string();
    let deadline = SystemTime::now() + invocation.timeout;
    let deadline = deadline
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis();
    // A pool that stopped waiting has dropped the other end; the event is still run.
    let _ = invocation.taken.send(());
    *runtime.current.lock().await = Some((id.clone(), invocation.reply));
    (
        [
            ("content-type", "application/json".to_owned()),
            ("lambda-runtime-aws-request-id", id),
            ("lambda-runtime-deadline-ms", deadline.to_string()),
            ("lambda-runtime-invoked-function-arn", runtime.arn.clone()),
            ("lambda-runtime-trace-id", trace_id()),
        ],
        invocation.payload,
    )
        .into_response()
}

async fn response(
    State(runtime): State<Arc<Runtime>>,
    Path(id): Path<String>,
    body: Body,
) -> Response {
    match to_bytes(body, PAYLOAD_LIMIT).await {
        Ok(bytes) => runtime.finish(&id, InvocationOutcome::Answer(bytes)).await,
        Err(_) => {
            let said = json!({
                "errorType": "Function.ResponseSizeTooLarge",
                "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
            });
            runtime
                .finish(
                    &id,
                    InvocationOutcome::FunctionError(said.to_string().into()),
                )
                .await;
            refusal(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge")
        }
    }
}

async fn error(
    State(runtime): State<Arc<Runtime>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    runtime
        .finish(&id, InvocationOutcome::FunctionError(body))
        .await
}

async fn init_error(
    State(runtime): State<Arc<Runtime>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let kind = headers
        .get("lambda-runtime-function-error-type")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let said = String::from_utf8_lossy(&body);
    runtime
        .init_error
        .send_replace(Some(format!("{kind} {said}").trim().to_owned()));
    accepted()
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, axum::Json(json!({"status": "OK"}))).into_response()
}

fn refusal(status: StatusCode, kind: &str) -> Response {
    (
        status,
        axum::Json(json!({"errorType": kind, "errorMessage": kind})),
    )
        .into_response()
}

/// An X-Ray trace header in the documented form; nothing is sampled here.
pub(crate) fn trace_id() -> String {
    let seconds = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let random = Uuid::new_v4().simple().to_string();
    let (root, parent) = (&random[..24], &random[16..]);
    format!("Root=1-{seconds:08x}-{root};Parent={parent};Sampled=0")
}
