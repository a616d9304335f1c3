//! The gate every call of an engine goes through: it meets the engine's fault, waits its
//! delay, and counts what became of the call.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use crate::fault::{Engine, Fault, Mode};
use crate::world::World;
use crate::{BODY_LIMIT, facecheck, hibp, oauth, serpapi, ses, social, tineye, vision, web};

/// The longest a request is held open: longer than any client of ours waits.
const HELD: Duration = Duration::from_secs(60);

/// The state of a gate: the world, and whose gate it is.
pub(crate) type Post = (Arc<World>, Engine);

/// Lets a call through to its engine, or answers as the broken engine would.
pub(crate) async fn gate(
    State((world, engine)): State<Post>,
    request: Request,
    next: Next,
) -> Response {
    let counted = counts(engine, request.uri().path());
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
        return refuse(engine, StatusCode::PAYLOAD_TOO_LARGE);
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
            broken(&world, &fault).await
        }
        _ => {
            let answer = next.run(request).await;
            count(answer.status().is_success());
            answer
        }
    }
}

/// Of the engines with several methods only that which begins a search counts.
fn counts(engine: Engine, path: &str) -> bool {
    match engine {
        Engine::Tineye => path.ends_with("/search/"),
        Engine::Serpapi => path.contains("/search"),
        Engine::Facecheck => path.ends_with("/upload_pic"),
        _ => true,
    }
}

async fn broken(world: &World, fault: &Fault) -> Response {
    let engine = fault.engine;
    match fault.mode {
        Mode::Timeout => {
            hold(world).await;
            refuse(engine, StatusCode::GATEWAY_TIMEOUT)
        }
        Mode::Garbage => match engine {
            Engine::Tineye => tineye::garbage(),
            Engine::Web => web::garbage(),
            Engine::Ses => ses::garbage(),
            Engine::Hibp => hibp::garbage(),
            Engine::Social => social::garbage(),
            Engine::Oauth => oauth::garbage(),
            Engine::Vision => vision::garbage(),
            Engine::Serpapi => serpapi::garbage(),
            Engine::Facecheck => facecheck::garbage(),
        },
        Mode::Quota => match engine {
            Engine::Tineye | Engine::Facecheck => refuse(engine, StatusCode::PAYMENT_REQUIRED),
            Engine::Serpapi => serpapi::spent(),
            _ => refuse(engine, StatusCode::TOO_MANY_REQUESTS),
        },
        Mode::Error | Mode::Off => {
            let status = StatusCode::from_u16(fault.status);
            refuse(engine, status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE))
        }
    }
}

/// An error in the engine's own format.
fn refuse(engine: Engine, status: StatusCode) -> Response {
    match engine {
        Engine::Tineye => tineye::refuse(status),
        Engine::Web => web::refuse(status),
        Engine::Ses => ses::refuse(status),
        Engine::Hibp => hibp::refuse(status),
        Engine::Social => social::refuse(status),
        Engine::Oauth => oauth::refuse(status),
        Engine::Vision => vision::refuse(status),
        Engine::Serpapi => serpapi::refuse(status),
        Engine::Facecheck => facecheck::refuse(status),
    }
}

/// Waits for the cap or the end of the server; a client that leaves drops this future.
async fn hold(world: &World) {
    let mut closed = world.closed();
    tokio::select! {
        () = tokio::time::sleep(HELD) => {}
        _ = closed.wait_for(|closed| *closed) => {}
    }
}
