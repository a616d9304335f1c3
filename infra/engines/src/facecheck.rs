//! FaceCheck under `/facecheck/api/`: `upload_pic`, `search`, `delete_pic`, `info`.
//!
//! A search is polled: it says twice how far it is before it says what it found. What was uploaded lies
//! here until it is removed, and the control route `/_uploads` tells what still does.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use vara_imaging::Limits;

use crate::answer::content_type;
use crate::gate::{Failures, gate};
use crate::people::{self, Found};
use crate::world::{Engine, OutsideWorld, PlantedPage};

/// The key that is refused, for tests of a wrong key.
const WRONG_KEY: &str = "wrong";
/// What a search costs.
const CREDITS: u64 = 3;
/// How often a search says only how far it is.
const POLLS: u32 = 2;
/// The longest side of the small copies in an answer.
const THUMB: u32 = 96;

const FAILURES: Failures = Failures {
    engine: Engine::Facecheck,
    refuse,
    garbage,
    spent: || refuse(StatusCode::PAYMENT_REQUIRED),
    counts: |path| path.ends_with("/upload_pic"),
};

pub(crate) fn routes(world: &Arc<OutsideWorld>) -> Router<Arc<OutsideWorld>> {
    let methods = Router::new()
        .route("/upload_pic", post(upload_pic))
        .route("/search", post(search))
        .route("/delete_pic", post(delete_pic))
        .route("/info", post(info))
        .route_layer(middleware::from_fn(with_key))
        .route_layer(middleware::from_fn_with_state(
            (Arc::clone(world), FAILURES),
            gate,
        ));
    Router::new()
        .nest("/api", methods)
        .fallback(async || refuse(StatusCode::NOT_FOUND))
}

/// A success that is not the format.
fn garbage() -> Response {
    (content_type("application/json"), "{\"id_search\": <html>").into_response()
}

/// An error of the service.
fn refuse(status: StatusCode) -> Response {
    let (words, code) = match status.as_u16() {
        401 => ("Invalid API token", "UNAUTHORIZED"),
        402 => ("Not enough credits", "INSUFFICIENT_CREDITS"),
        429 => ("Too many requests", "TOO_MANY_REQUESTS"),
        _ => ("The search engine is not available", "ERROR"),
    };
    (status, error(words, code)).into_response()
}

/// An error inside a success.
fn error(words: &str, code: &str) -> Json<Value> {
    reply(json!({ "error": words, "code": code }))
}

/// What every method but one answers: all fields, most of them null.
fn reply(more: Value) -> Json<Value> {
    let mut reply = json!({
        "id_search": null, "message": null, "progress": null, "error": null, "code": null,
        "input": null, "output": null,
    });
    if let (Some(reply), Some(more)) = (reply.as_object_mut(), more.as_object()) {
        reply.extend(more.clone());
    }
    Json(reply)
}

/// The bare key; a scheme before it is part of a wrong key.
async fn with_key(headers: HeaderMap, request: Request, next: Next) -> Response {
    let key = headers.get(header::AUTHORIZATION);
    let key = key.and_then(|it| it.to_str().ok()).unwrap_or_default();
    if key.is_empty() || key == WRONG_KEY || key.starts_with("Bearer ") {
        return refuse(StatusCode::UNAUTHORIZED);
    }
    next.run(request).await
}

async fn upload_pic(
    State(world): State<Arc<OutsideWorld>>,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    let Some(picture) = picture_of(form).await else {
        return error("No images were uploaded", "NO_IMAGES").into_response();
    };
    match people::search(&world, picture.clone()).await {
        Err(_) => error("The picture cannot be read", "BAD_IMAGE").into_response(),
        // A picture that is nearly one colour shows nobody.
        Ok(found) if found.is_plain => error("No face was found", "NO_FACE").into_response(),
        Ok(_) => {
            let (id, id_pic) = world.facecheck.add(picture);
            let input =
                json!([{ "base64": "", "id_pic": id_pic, "svg_anim": null, "url_source": null }]);
            reply(json!({ "id_search": id, "message": "Picture uploaded", "input": input }))
                .into_response()
        }
    }
}

async fn picture_of(form: Result<Multipart, MultipartRejection>) -> Option<Bytes> {
    let mut form = form.ok()?;
    let mut picture = None;
    while let Some(field) = form.next_field().await.ok()? {
        if field.name() == Some("images") {
            picture = field.bytes().await.ok().filter(|it| !it.is_empty());
        }
    }
    picture
}

#[derive(Deserialize)]
struct FaceCheckAsked {
    id_search: Option<String>,
    #[serde(default)]
    with_progress: Option<bool>,
    #[serde(default)]
    status_only: Option<bool>,
    #[serde(default)]
    demo: Option<bool>,
}

async fn search(State(world): State<Arc<OutsideWorld>>, body: Bytes) -> Response {
    let asked = serde_json::from_slice::<FaceCheckAsked>(&body).ok();
    let id = asked.as_ref().and_then(|it| it.id_search.clone());
    let (Some(asked), Some(id)) = (asked, id) else {
        return refuse(StatusCode::BAD_REQUEST);
    };
    let unknown = || error("The search is not known", "NOT_FOUND").into_response();
    let demo = asked.demo == Some(true);
    match world.facecheck.is_begun(&id) {
        None => return unknown(),
        Some(false) if asked.status_only == Some(true) => {
            return reply(json!({ "id_search": id, "message": "Not started" })).into_response();
        }
        Some(false) if !demo && !world.bundle.spend(Engine::Facecheck, CREDITS) => {
            return error("Not enough credits", "INSUFFICIENT_CREDITS").into_response();
        }
        Some(_) => {}
    }
    let Some((picture, before)) = world.facecheck.poll(&id) else {
        return unknown();
    };
    if asked.with_progress == Some(true) && before < POLLS {
        let progress = 20 + 40 * before;
        let more = json!({ "id_search": id, "message": "Searching", "progress": progress });
        return reply(more).into_response();
    }
    let found = people::search(&world, picture).await.unwrap_or_default();
    let items = tokio::task::spawn_blocking(move || items(&found)).await;
    let items = items.unwrap_or_default();
    let best = items.iter().filter_map(|it| it["score"].as_u64()).max();
    let output = json!({
        "items": items, "max_score": best.unwrap_or(0), "demo": demo, "images_in_bundle": 1,
        "searchedFaces": 1000, "tookSeconds": 0.1,
    });
    let more = json!({ "id_search": id, "message": "Search Completed", "progress": 100, "output": output });
    reply(more).into_response()
}

/// Copies show the same face, and so do the other pictures of the person.
fn items(found: &Found) -> Vec<Value> {
    let copies = found
        .copies
        .iter()
        .map(|it| (&it.page, 80 + (it.score() / 5.0) as usize));
    let others = found.others.iter().map(|it| (it, 92 - it.number % 5 * 5));
    let mut all: Vec<_> = copies.chain(others).collect();
    all.sort_by_key(|(_, score)| std::cmp::Reverse(*score));
    all.iter()
        .enumerate()
        .map(|(at, (page, score))| item(at, page, *score))
        .collect()
}

fn item(at: usize, page: &PlantedPage, score: usize) -> Value {
    json!({
        "guid": page.id, "score": score, "group": at, "index": at, "indexDB": page.number,
        "url": page.address.text, "base64": thumb(page).unwrap_or_default(),
    })
}

fn thumb(page: &PlantedPage) -> Option<String> {
    let picture = vara_imaging::decode(&page.bytes, &Limits::DEFAULT).ok()?;
    let small = vara_imaging::shrink(&picture, THUMB);
    let jpeg = vara_imaging::encode_jpeg(&small, 70).ok()?;
    Some(format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg)))
}

#[derive(Deserialize)]
struct Removed {
    id_search: Option<String>,
    id_pic: Option<String>,
}

async fn delete_pic(
    State(world): State<Arc<OutsideWorld>>,
    Query(asked): Query<Removed>,
) -> Json<Value> {
    let id = asked.id_search.unwrap_or_default();
    let id_pic = asked.id_pic.as_deref().filter(|it| !it.is_empty());
    match world.facecheck.remove(&id, id_pic) {
        true => reply(json!({ "id_search": id, "message": "Picture removed" })),
        false => error("The picture is not known", "NOT_FOUND"),
    }
}

async fn info(State(world): State<Arc<OutsideWorld>>) -> Json<Value> {
    let left = world.bundle.remaining(Engine::Facecheck);
    Json(json!({
        "faces": 1000, "is_online": true, "has_credits_to_search": left >= CREDITS,
        "remaining_credits": left,
    }))
}
