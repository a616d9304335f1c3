//! TinEye's REST API: `search/`, `remaining_searches/`, `image_count/` under `/tineye/rest/`.
//!
//! The trailing slashes matter, as they do there.

mod ask;
mod domain;
mod matches;
mod wire;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Path, RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

use self::ask::Ask;
use self::wire::{Stats, Trouble, refuse};
use crate::answer::content_type;
use crate::gate::{Failures, gate};
use crate::world::{Engine, OutsideWorld};
use crate::{look, web};

/// The key that is refused, for tests of a wrong key.
const WRONG_KEY: &str = "wrong";
/// What the real index held when this was written.
const IMAGES_INDEXED: u64 = 82_500_000_000;

const FAILURES: Failures = Failures {
    engine: Engine::Tineye,
    refuse,
    garbage,
    spent: || refuse(StatusCode::PAYMENT_REQUIRED),
    counts: |path| path.ends_with("/search/"),
};

pub(crate) fn routes(world: &Arc<OutsideWorld>) -> Router<Arc<OutsideWorld>> {
    let methods = Router::new()
        .route("/search/", get(search_by_url).post(search_by_bytes))
        .route("/remaining_searches/", get(remaining_searches))
        .route("/image_count/", get(image_count))
        .route_layer(middleware::from_fn(with_key))
        .route_layer(middleware::from_fn_with_state(
            (Arc::clone(world), FAILURES),
            gate,
        ));
    Router::new()
        .nest("/rest", methods)
        .route("/result/{id}", get(result))
        .fallback(unknown)
}

/// A success that is not the format.
fn garbage() -> Response {
    (content_type("application/json"), "{\"stats\": <html>").into_response()
}

/// Lets in who names a key in the header; everything else is the removed way.
async fn with_key(
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    request: Request,
    next: Next,
) -> Response {
    let old_ways = ["api_key", "api_sig", "x-api-key"];
    let query = query.unwrap_or_default();
    let old = url::form_urlencoded::parse(query.as_bytes())
        .any(|(name, _)| old_ways.contains(&name.to_ascii_lowercase().as_str()));
    let key = headers
        .get("x-api-key")
        .and_then(|it| it.to_str().ok())
        .unwrap_or_default();
    if old {
        return Trouble::removed_authentication().into_response();
    }
    if key.is_empty() || key == WRONG_KEY {
        return Trouble::of(StatusCode::UNAUTHORIZED).into_response();
    }
    next.run(request).await
}

async fn search_by_url(
    State(world): State<Arc<OutsideWorld>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let begun = Instant::now();
    let mut ask = Ask::default();
    ask.read_query(query.as_deref().unwrap_or_default())?;
    let url = ask.image_url.take().ok_or_else(Trouble::no_picture)?;
    let bytes = fetch(&world, &url).ok_or_else(Trouble::unreachable)?;
    search(world, &ask, bytes, begun).await
}

async fn search_by_bytes(
    State(world): State<Arc<OutsideWorld>>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Trouble> {
    let begun = Instant::now();
    let mut ask = Ask::default();
    ask.read_query(query.as_deref().unwrap_or_default())?;
    let form = Multipart::from_request(request, &()).await;
    ask.read_form(form.map_err(|_| Trouble::no_picture())?)
        .await?;
    let url = ask.image_url.take();
    let bytes = match (ask.image_upload.take(), url) {
        (Some(bytes), _) => bytes,
        (None, Some(url)) => fetch(&world, &url).ok_or_else(Trouble::unreachable)?,
        (None, None) => return Err(Trouble::no_picture()),
    };
    search(world, &ask, bytes, begun).await
}

/// A picture of the tiny web; this stand-in reaches no other.
fn fetch(world: &OutsideWorld, url: &str) -> Option<Bytes> {
    let name = url.strip_prefix(&world.base_url)?.strip_prefix("/web/")?;
    let page = world.web.find(name).filter(|page| name != page.id)?;
    Some(page.bytes.clone())
}

async fn search(
    world: Arc<OutsideWorld>,
    ask: &Ask,
    picture: Bytes,
    begun: Instant,
) -> Result<Response, Trouble> {
    let query = look::see(picture).await;
    let query = query.map_err(|e| Trouble::unreadable(&e))?;
    if query.look.is_none() {
        return Err(Trouble::no_signature());
    }
    if !world.bundle.spend(Engine::Tineye, 1) {
        return Err(Trouble::of(StatusCode::PAYMENT_REQUIRED));
    }
    // Comparing takes milliseconds a picture: too long for the threads that answer.
    let work = tokio::task::spawn_blocking(move || matches::find(&world, &query));
    let found = work
        .await
        .map_err(|_| Trouble::of(StatusCode::INTERNAL_SERVER_ERROR))?;
    let stats = Stats::of_search(begun, found.len(), matches::backlinks(&found));
    let page = matches::page(found, ask);
    Ok(wire::answer(stats, json!({"matches": page})))
}

async fn remaining_searches(State(world): State<Arc<OutsideWorld>>) -> Response {
    let begun = Instant::now();
    let day = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    let bought = OffsetDateTime::now_utc() - Duration::days(30);
    // A bundle is valid for two years.
    let ends = bought + Duration::days(2 * 365);
    let remaining = world.bundle.remaining(Engine::Tineye);
    let results = json!({
        "bundles": [{
            "remaining_searches": remaining,
            "start_date": bought.format(day).unwrap_or_default(),
            "expire_date": ends.format(day).unwrap_or_default(),
        }],
        "total_remaining_searches": remaining,
    });
    wire::answer(Stats::since(begun), results)
}

async fn image_count() -> Response {
    wire::answer(Stats::since(Instant::now()), json!(IMAGES_INDEXED))
}

/// The picture of a match; the real service shows a smaller copy.
async fn result(State(world): State<Arc<OutsideWorld>>, Path(id): Path<String>) -> Response {
    match world.web.find(&id) {
        Some(page) => web::picture(&page),
        None => web::refuse(StatusCode::NOT_FOUND),
    }
}

async fn unknown() -> Trouble {
    Trouble::of(StatusCode::NOT_FOUND)
}
