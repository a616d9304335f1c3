//! The middleware that every call of a stand-in goes through: it applies the fault that was set, waits its
//! delay, and counts what became of the call. It knows no stand-in: each brings how it fails.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use crate::limits::BODY_LIMIT;
use crate::world::{Engine, Fault, Mode, OutsideWorld};

/// The longest a request is held open: longer than any client of ours waits.
const HELD: Duration = Duration::from_secs(60);

/// How a stand-in fails where a fault says so, in its own formats.
#[derive(Clone, Copy)]
pub(crate) struct Failures {
    pub(crate) engine: Engine,
    /// An error of this status.
    pub(crate) refuse: fn(StatusCode) -> Response,
    /// A success that is not the format.
    pub(crate) garbage: fn() -> Response,
    /// All that was paid for, or is allowed, is used up.
    pub(crate) spent: fn() -> Response,
    /// Whether a call to this path counts: of several methods only that which begins a search.
    pub(crate) counts: fn(&str) -> bool,
}

/// The state of a gate: the world, and whose gate it is.
pub(crate) type Post = (Arc<OutsideWorld>, Failures);

/// Lets a call through to its engine, or answers as the broken engine would.
pub(crate) async fn gate(
    State((world, failures)): State<Post>,
    request: Request,
    next: Next,
) -> Response {
    let engine = failures.engine;
    let counted = (failures.counts)(request.uri().path());
    let count = |well: bool| match (counted, well) {
        (true, true) => world.calls.answered(engine),
        (true, false) => world.calls.refused(engine),
        (false, _) => {}
    };
    // Read whole first: a client still sending would see a broken connection instead of
    // the answer, and a held request could not notice that its client has left.
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        count(false);
        return (failures.refuse)(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let request = Request::from_parts(parts, Body::from(body));

    let fault = world.faults.take(engine);
    if let Some(fault) = &fault {
        tracing::info!(?engine, mode = ?fault.mode, "a call meets a fault");
        tokio::time::sleep(fault.delay()).await;
    }
    match fault {
        Some(fault) if fault.mode != Mode::Off => {
            count(false);
            broken(&world, &fault, &failures).await
        }
        _ => {
            let answer = next.run(request).await;
            count(answer.status().is_success());
            answer
        }
    }
}

async fn broken(world: &OutsideWorld, fault: &Fault, failures: &Failures) -> Response {
    match fault.mode {
        Mode::Timeout => {
            hold(world).await;
            (failures.refuse)(StatusCode::GATEWAY_TIMEOUT)
        }
        Mode::Garbage => (failures.garbage)(),
        Mode::Quota => (failures.spent)(),
        Mode::Error | Mode::Off => {
            let status = StatusCode::from_u16(fault.status);
            (failures.refuse)(status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE))
        }
    }
}

/// Waits for the cap or the end of the server; a client that leaves drops this future.
async fn hold(world: &OutsideWorld) {
    let mut closed = world.closed();
    tokio::select! {
        () = tokio::time::sleep(HELD) => {}
        _ = closed.wait_for(|closed| *closed) => {}
    }
}
