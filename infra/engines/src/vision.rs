//! Google Cloud Vision under `/vision/`: `POST v1/images:annotate`, of it web detection and safe search.
//!
//! Zeros and empty lists are left out of answers, and an error about one picture comes inside a success.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::answer::content_type;
use crate::fetch::fetch;
use crate::gate::{Failures, gate};
use crate::people::{self, Found};
use crate::world::{Engine, OutsideWorld, PlantedPage};

/// The key that is refused, for tests of a wrong key.
const WRONG_KEY: &str = "wrong";
/// The most a question may hold, and the most pictures in it.
const QUESTION_LIMIT: usize = 10 * 1024 * 1024;
const PICTURES: usize = 16;
/// How many of each sort come when nobody says.
const RESULTS: usize = 10;

const FAILURES: Failures = Failures {
    engine: Engine::Vision,
    refuse,
    garbage,
    spent: || refuse(StatusCode::TOO_MANY_REQUESTS),
    counts: |_| true,
};

pub(crate) fn routes(world: &Arc<OutsideWorld>) -> Router<Arc<OutsideWorld>> {
    Router::new()
        .route("/v1/images:annotate", post(annotate))
        .route_layer(middleware::from_fn_with_state(
            (Arc::clone(world), FAILURES),
            gate,
        ))
        .fallback(async || refuse(StatusCode::NOT_FOUND))
}

/// A success that is not the format.
fn garbage() -> Response {
    (content_type("application/json"), "{\"responses\": [{<html>").into_response()
}

/// An error of the whole call.
fn refuse(status: StatusCode) -> Response {
    error(status, "The call could not be made.", &[])
}

fn error(status: StatusCode, message: &str, details: &[Value]) -> Response {
    let name = match status.as_u16() {
        400 | 413 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    };
    let mut error = json!({ "code": status.as_u16(), "message": message, "status": name });
    if !details.is_empty() {
        error["details"] = json!(details);
    }
    (status, Json(json!({ "error": error }))).into_response()
}

#[derive(Deserialize)]
struct VisionQuestion {
    #[serde(default)]
    requests: Vec<OfPicture>,
}

#[derive(Deserialize)]
struct OfPicture {
    #[serde(default)]
    image: VisionImage,
    #[serde(default)]
    features: Vec<Feature>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct VisionImage {
    content: Option<String>,
    source: Option<Source>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Source {
    image_uri: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feature {
    #[serde(rename = "type")]
    kind: String,
    max_results: Option<usize>,
}

async fn annotate(
    State(world): State<Arc<OutsideWorld>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    if let Some(refusal) = without_key(&headers, query.as_deref().unwrap_or_default()) {
        return refusal;
    }
    if body.len() > QUESTION_LIMIT {
        let words = "Request payload size exceeds the limit: 10485760 bytes.";
        return error(StatusCode::BAD_REQUEST, words, &[]);
    }
    let question = match serde_json::from_slice::<VisionQuestion>(&body) {
        Ok(question) => question,
        Err(e) => {
            let words = format!("Invalid JSON payload received. {e}");
            return error(StatusCode::BAD_REQUEST, &words, &[]);
        }
    };
    if question.requests.len() > PICTURES {
        let words = "Too many images per request.";
        return error(StatusCode::BAD_REQUEST, words, &[]);
    }
    let mut responses = Vec::new();
    for of_picture in &question.requests {
        responses.push(annotated(&world, of_picture).await);
    }
    let mut answer = Map::new();
    put(&mut answer, "responses", responses);
    Json(answer).into_response()
}

/// What a call without a good key gets. The key may be in the query or in a header.
fn without_key(headers: &HeaderMap, query: &str) -> Option<Response> {
    let in_header = headers
        .get("x-goog-api-key")
        .and_then(|it| it.to_str().ok());
    let in_query = url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "key")
        .map(|(_, key)| key.into_owned());
    match in_header.map(str::to_owned).or(in_query).as_deref() {
        None | Some("") => {
            let words = "Method doesn't allow unregistered callers.";
            Some(error(StatusCode::FORBIDDEN, words, &[]))
        }
        Some(WRONG_KEY) => {
            let detail = json!({
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
            });
            let words = "API key not valid. Please pass a valid API key.";
            Some(error(StatusCode::BAD_REQUEST, words, &[detail]))
        }
        Some(_) => None,
    }
}

/// The answer about one picture, an error about it included.
async fn annotated(world: &Arc<OutsideWorld>, asked: &OfPicture) -> Value {
    let bad = |code: u8, message: &str| json!({ "error": { "code": code, "message": message } });
    let Some(bytes) = bytes(world, &asked.image).await else {
        return bad(3, "No image present, or it could not be fetched.");
    };
    let Ok(found) = people::search(world, bytes).await else {
        return bad(3, "Bad image data.");
    };
    let mut answer = Map::new();
    for feature in &asked.features {
        match feature.kind.as_str() {
            "WEB_DETECTION" => {
                let most = feature.max_results.unwrap_or(RESULTS);
                let web = web_detection(world, &found, most);
                answer.insert("webDetection".to_owned(), Value::Object(web));
            }
            "SAFE_SEARCH_DETECTION" => {
                answer.insert("safeSearchAnnotation".to_owned(), safe_search());
            }
            // Faces, labels and so on are not looked for here.
            _ => {}
        }
    }
    Value::Object(answer)
}

/// Content wins over an address.
async fn bytes(world: &OutsideWorld, picture: &VisionImage) -> Option<Bytes> {
    match (&picture.content, &picture.source) {
        (Some(content), _) => STANDARD.decode(content).ok().map(Bytes::from),
        (None, Some(source)) => fetch(world, source.image_uri.as_deref()?).await,
        (None, None) => None,
    }
}

fn web_detection(world: &OutsideWorld, found: &Found, most: usize) -> Map<String, Value> {
    let image = |page: &PlantedPage| json!({ "url": page.image_url(&world.base_url) });
    let of = |whole: bool| {
        let some = found.copies.iter().filter(move |it| it.is_whole() == whole);
        some.map(|it| image(&it.page)).take(most).collect()
    };
    let pages = found
        .copies
        .iter()
        .take(most)
        .enumerate()
        .map(|(at, copy)| {
            let mut page = Map::new();
            page.insert("url".to_owned(), json!(copy.page.address.text));
            if let Some(title) = &copy.page.title {
                page.insert("pageTitle".to_owned(), json!(marked(title)));
            }
            // Of every fourth page the service does not say which picture it means.
            if at % 4 != 3 {
                let name = match copy.is_whole() {
                    true => "fullMatchingImages",
                    false => "partialMatchingImages",
                };
                page.insert(name.to_owned(), json!([image(&copy.page)]));
            }
            Value::Object(page)
        });
    let similar = found.others.iter().map(|it| image(it)).take(most);
    let mut web = Map::new();
    put(&mut web, "fullMatchingImages", of(true));
    put(&mut web, "partialMatchingImages", of(false));
    put(&mut web, "pagesWithMatchingImages", pages.collect());
    put(&mut web, "visuallySimilarImages", similar.collect());
    web
}

/// An empty list is left out.
fn put(into: &mut Map<String, Value>, name: &str, list: Vec<Value>) {
    if !list.is_empty() {
        into.insert(name.to_owned(), Value::Array(list));
    }
}

/// A title as the service gives it: what it found most telling stands out.
fn marked(title: &str) -> String {
    match title.split_once(' ') {
        Some((first, rest)) => format!("<b>{first}</b> {rest}"),
        None => format!("<b>{title}</b>"),
    }
}

/// What pictures show is not judged here.
fn safe_search() -> Value {
    json!({
        "adult": "VERY_UNLIKELY", "spoof": "VERY_UNLIKELY", "medical": "VERY_UNLIKELY",
        "violence": "VERY_UNLIKELY", "racy": "UNLIKELY",
    })
}
