//! Time-stamp authorities (RFC 3161): `/_tsa/a` signs with an elliptic-curve key, `/_tsa/b` with an RSA key.
//!
//! A second part of the path makes a mistake on purpose, so that whoever checks the answers can be tested:
//! `/_tsa/a/wrong-nonce`, `wrong-imprint`, `wrong-certificate`, `wrong-signature`, `expired`, `wide`, `refused`,
//! `html`. The keys are in `tsa/`; `tsa/make.sh` makes them anew.

mod token;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::gate::{Failures, gate};
use crate::web::refuse;
use crate::world::{Engine, OutsideWorld};
use token::POLICY;

/// The root that both authorities lead to.
pub(crate) const ROOT: &[u8] = include_bytes!("tsa/root.der");

const FAILURES: Failures = Failures {
    engine: Engine::Tsa,
    refuse,
    garbage,
    spent: || refuse(StatusCode::TOO_MANY_REQUESTS),
    counts: |_| true,
};

/// The setting `TIME_STAMP_AUTHORITIES` for both, at `base_url`.
pub(crate) fn authorities(base_url: &str) -> Value {
    let root = STANDARD.encode(ROOT);
    let authority = |name: &str| {
        json!({
            "name": name, "url": format!("{base_url}/_tsa/{name}"), "roots": [root], "policies": [POLICY],
        })
    };
    json!([authority("a"), authority("b")])
}

pub(crate) fn routes(world: &Arc<OutsideWorld>) -> Router<Arc<OutsideWorld>> {
    let whole = |Path(name): Path<String>, body: Bytes| async move { answer(&name, "", &body) };
    let wrong = |Path((name, fault)): Path<(String, String)>, body: Bytes| async move {
        answer(&name, &fault, &body)
    };
    Router::new()
        .route("/_tsa/{name}", post(whole))
        .route("/_tsa/{name}/{fault}", post(wrong))
        .route_layer(middleware::from_fn_with_state(
            (Arc::clone(world), FAILURES),
            gate,
        ))
}

fn answer(name: &str, fault: &str, body: &[u8]) -> Response {
    if fault == "html" {
        return garbage();
    }
    match token::answer(name, fault, body) {
        Some(token) => {
            let kind = [(header::CONTENT_TYPE, "application/timestamp-reply")];
            (kind, token).into_response()
        }
        None => refuse(StatusCode::BAD_REQUEST),
    }
}

/// What a gateway says in place of the authority behind it.
fn garbage() -> Response {
    Html("<!doctype html>\n<title>Maintenance</title>\n").into_response()
}
