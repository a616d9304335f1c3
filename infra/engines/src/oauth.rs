//! The networks' authorisation servers (RFC 6749 with PKCE, RFC 7636) under `/oauth/{platform}/`.
//!
//! `authorize` stands for the page where somebody agrees: it agrees at once, as the profile named in
//! `login_hint`, or else as the first one planted on the platform; `deny=1` says no. Codes work once and
//! for a minute, refresh tokens rotate.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use crate::answer::content_type;
use crate::gate::{Failures, gate};
use crate::lock::lock;
use crate::world::{Code, Engine, OutsideWorld, Owner};

/// Whom the servers know.
const CLIENT: (&str, &str) = ("local-client", "local-client-secret");
/// How long a code works.
const CODE_LIFE: Duration = Duration::from_secs(60);
/// How long an access token is said to work, in seconds.
const TOKEN_LIFE: u64 = 3600;

const FAILURES: Failures = Failures {
    engine: Engine::Oauth,
    refuse,
    garbage,
    spent: || refuse(StatusCode::TOO_MANY_REQUESTS),
    counts: |_| true,
};

pub(crate) fn routes(world: &Arc<OutsideWorld>) -> Router<Arc<OutsideWorld>> {
    Router::new()
        .route("/{platform}/authorize", get(authorize))
        .route("/{platform}/token", post(token))
        .route("/{platform}/me", get(me))
        .route_layer(middleware::from_fn_with_state(
            (Arc::clone(world), FAILURES),
            gate,
        ))
}

/// How the servers are configured with us: the networks that the product names.
pub(crate) fn providers(base_url: &str) -> Value {
    let base = base_url.trim_end_matches('/');
    let of = |platform: &str| {
        let at = |what: &str| format!("{base}/oauth/{}/{what}", platform.to_lowercase());
        json!({
            "authorizeUrl": at("authorize"), "tokenUrl": at("token"), "profileUrl": at("me"),
            "clientId": CLIENT.0, "clientSecret": CLIENT.1, "scope": "profile",
        })
    };
    json!({ "INSTAGRAM": of("INSTAGRAM"), "TIKTOK": of("TIKTOK"), "FACEBOOK": of("FACEBOOK") })
}

/// A success that is not the format.
fn garbage() -> Response {
    (
        content_type("application/json"),
        "{\"access_token\": <html>",
    )
        .into_response()
}

/// An error as a token endpoint says it.
fn refuse(status: StatusCode) -> Response {
    let error = match status.as_u16() {
        401 => "invalid_client",
        429 | 500.. => "temporarily_unavailable",
        _ => "invalid_request",
    };
    (status, Json(json!({ "error": error }))).into_response()
}

fn invalid_grant() -> Response {
    let body = Json(json!({ "error": "invalid_grant" }));
    (StatusCode::BAD_REQUEST, body).into_response()
}

#[derive(Deserialize)]
struct AuthorizationWish {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    state: Option<String>,
    code_challenge: String,
    code_challenge_method: String,
    login_hint: Option<String>,
    deny: Option<String>,
}

async fn authorize(
    State(world): State<Arc<OutsideWorld>>,
    Path(platform): Path<String>,
    Query(wish): Query<AuthorizationWish>,
) -> Response {
    let whole = wish.response_type == "code"
        && wish.client_id == CLIENT.0
        && wish.code_challenge_method == "S256"
        && !wish.code_challenge.is_empty();
    let Some(mut back) = Url::parse(&wish.redirect_uri).ok().filter(|_| whole) else {
        return refuse(StatusCode::BAD_REQUEST);
    };
    let person = match &wish.login_hint {
        Some(handle) => world.network.find(&platform, handle),
        None => {
            let mut all = world.network.all().into_iter();
            all.find(|it| it.platform.eq_ignore_ascii_case(&platform))
        }
    };
    let answer = match person.filter(|_| wish.deny.is_none()) {
        Some(person) => {
            let code = Uuid::new_v4().simple().to_string();
            let owner = Owner {
                platform: person.platform,
                handle: person.handle,
            };
            let grant = Code {
                owner,
                redirect_uri: wish.redirect_uri,
                challenge: wish.code_challenge,
                at: Instant::now(),
            };
            lock(&world.grants.codes).insert(code.clone(), grant);
            ("code", code)
        }
        None => ("error", "access_denied".to_owned()),
    };
    back.query_pairs_mut().append_pair(answer.0, &answer.1);
    if let Some(state) = wish.state {
        back.query_pairs_mut().append_pair("state", &state);
    }
    Redirect::to(back.as_str()).into_response()
}

async fn token(
    State(world): State<Arc<OutsideWorld>>,
    Path(platform): Path<String>,
    body: Bytes,
) -> Response {
    let form: HashMap<_, _> = url::form_urlencoded::parse(&body).into_owned().collect();
    let said = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if (said("client_id"), said("client_secret")) != CLIENT {
        return refuse(StatusCode::UNAUTHORIZED);
    }
    let owner = match said("grant_type") {
        "authorization_code" => by_code(&world, said),
        "refresh_token" => lock(&world.grants.refresh).remove(said("refresh_token")),
        _ => return refuse(StatusCode::BAD_REQUEST),
    };
    match owner.filter(|it| it.platform.eq_ignore_ascii_case(&platform)) {
        Some(owner) => grant(&world, owner),
        None => invalid_grant(),
    }
}

fn by_code<'a>(world: &OutsideWorld, said: impl Fn(&str) -> &'a str) -> Option<Owner> {
    let grant = lock(&world.grants.codes).remove(said("code"))?;
    let hash = digest::digest(&digest::SHA256, said("code_verifier").as_bytes());
    let proved = URL_SAFE_NO_PAD.encode(hash) == grant.challenge
        && said("redirect_uri") == grant.redirect_uri
        && grant.at.elapsed() < CODE_LIFE;
    proved.then_some(grant.owner)
}

fn grant(world: &OutsideWorld, owner: Owner) -> Response {
    let draw = |kind: &str| format!("{kind}-{}", Uuid::new_v4().simple());
    let (access, refresh) = (draw("access"), draw("refresh"));
    lock(&world.grants.access).insert(access.clone(), owner.clone());
    lock(&world.grants.refresh).insert(refresh.clone(), owner);
    Json(json!({
        "access_token": access, "token_type": "bearer", "expires_in": TOKEN_LIFE,
        "refresh_token": refresh, "scope": "profile",
    }))
    .into_response()
}

/// The profile of whoever the token is of.
async fn me(State(world): State<Arc<OutsideWorld>>, headers: HeaderMap) -> Response {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|it| it.to_str().ok())
        .and_then(|it| it.strip_prefix("Bearer "));
    let owner = token.and_then(|it| lock(&world.grants.access).get(it).cloned());
    let profile = owner.and_then(|it| world.network.find(&it.platform, &it.handle));
    match profile {
        Some(profile) => Json(profile).into_response(),
        None => refuse(StatusCode::UNAUTHORIZED),
    }
}
