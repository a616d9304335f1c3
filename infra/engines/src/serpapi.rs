//! SerpApi under `/serpapi/`: `search.json` for Google Lens, Google's older search by picture and Bing's,
//! and `account.json`.
//!
//! It fetches the picture it is asked for, as the real one does. That nothing was found is a success
//! with an error in it.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::macros::format_description;
use uuid::Uuid;

use crate::answer::content_type;
use crate::fetch::fetch;
use crate::gate::{Failures, gate};
use crate::people::{self, Found};
use crate::world::{Engine, OutsideWorld, PlantedPage};

/// The key that is refused, for tests of a wrong key.
const WRONG_KEY: &str = "wrong";
const SPENT: &str = "Your account has run out of searches.";
const TOO_FAST: &str =
    "The number of requests sent using this API key exceeds the hourly throughput limit.";
/// How long who asks too often is asked to wait, in seconds.
const WAIT: &str = "60";

const FAILURES: Failures = Failures {
    engine: Engine::Serpapi,
    refuse,
    garbage,
    spent,
    counts: |path| path.contains("/search"),
};

pub(crate) fn routes(world: &Arc<OutsideWorld>) -> Router<Arc<OutsideWorld>> {
    Router::new()
        .route("/search", get(search))
        .route("/search.json", get(search))
        .route("/account", get(account))
        .route("/account.json", get(account))
        .route_layer(middleware::from_fn_with_state(
            (Arc::clone(world), FAILURES),
            gate,
        ))
        .fallback(async || refuse(StatusCode::NOT_FOUND))
}

/// A success that is not the format.
fn garbage() -> Response {
    (
        content_type("application/json"),
        "{\"search_metadata\": <html>",
    )
        .into_response()
}

/// All searches are used up: the same status as asking too fast, and other words.
fn spent() -> Response {
    error(StatusCode::TOO_MANY_REQUESTS, SPENT)
}

/// An error of the service.
fn refuse(status: StatusCode) -> Response {
    let words = match status.as_u16() {
        401 => "Invalid API key. Your API key should be here: https://serpapi.com/manage-api-key",
        403 => "The account associated with this API key doesn't have permission.",
        404 => "The requested resource doesn't exist.",
        429 => TOO_FAST,
        _ => "Something went wrong on our side.",
    };
    let mut answer = error(status, words);
    if status == StatusCode::TOO_MANY_REQUESTS {
        let wait = header::HeaderValue::from_static(WAIT);
        answer.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    answer
}

fn error(status: StatusCode, words: &str) -> Response {
    (status, Json(json!({ "error": words }))).into_response()
}

#[derive(Deserialize)]
struct SerpApiAsked {
    api_key: Option<String>,
    engine: Option<String>,
    url: Option<String>,
    image_url: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl SerpApiAsked {
    fn has_key(&self) -> bool {
        let key = self.api_key.as_deref().unwrap_or_default();
        !key.is_empty() && key != WRONG_KEY
    }
}

/// What the picture's address is called, by engine.
fn parameter(engine: &str) -> Option<&'static str> {
    match engine {
        "google_lens" => Some("url"),
        "google_reverse_image" | "bing_reverse_image" => Some("image_url"),
        _ => None,
    }
}

async fn search(
    State(world): State<Arc<OutsideWorld>>,
    Query(asked): Query<SerpApiAsked>,
) -> Response {
    let bad = |words: String| error(StatusCode::BAD_REQUEST, &words);
    if !asked.has_key() {
        return refuse(StatusCode::UNAUTHORIZED);
    }
    let engine = asked.engine.clone().unwrap_or_default();
    let Some(name) = parameter(&engine) else {
        return bad(format!("Unsupported `{engine}` search engine."));
    };
    let address = match name {
        "url" => &asked.url,
        _ => &asked.image_url,
    };
    let Some(address) = address.as_deref().filter(|it| !it.is_empty()) else {
        return bad(format!("Missing query `{name}` parameter."));
    };
    if !world.bundle.spend(Engine::Serpapi, 1) {
        return spent();
    }
    let found = match fetch(&world, address).await {
        // What it cannot fetch or read, it finds nowhere.
        Some(picture) => people::search(&world, picture).await.unwrap_or_default(),
        None => Found::default(),
    };
    let kind = asked.kind.as_deref().unwrap_or("all");
    let mut answer = match engine.as_str() {
        "google_lens" => lens(&world, &found, kind),
        "google_reverse_image" => reverse_image(&world, &found),
        _ => bing(&world, &found),
    };
    if answer.is_empty() {
        let who = if engine.starts_with("bing") {
            "Bing"
        } else {
            "Google"
        };
        let words = format!("{who} hasn't returned any results for this query.");
        answer.insert("error".to_owned(), json!(words));
    }
    answer.insert("search_metadata".to_owned(), about());
    answer.insert(
        "search_parameters".to_owned(),
        json!({ "engine": engine, name: address, "type": asked.kind }),
    );
    Json(answer).into_response()
}

fn about() -> Value {
    let day = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    let now = OffsetDateTime::now_utc().format(day).unwrap_or_default();
    let id = Uuid::new_v4().simple().to_string();
    json!({
        "id": id, "status": "Success", "json_endpoint": format!("https://serpapi.com/searches/{id}.json"),
        "created_at": now, "processed_at": now, "total_time_taken": 0.1,
    })
}

/// The account, which echoes the key.
async fn account(
    State(world): State<Arc<OutsideWorld>>,
    Query(asked): Query<SerpApiAsked>,
) -> Response {
    if !asked.has_key() {
        return refuse(StatusCode::UNAUTHORIZED);
    }
    let left = world.bundle.remaining(Engine::Serpapi);
    Json(json!({
        "account_id": "0123456789abcdef", "api_key": asked.api_key, "account_email": "operator@example.org",
        "plan_id": "local", "plan_name": "Local Plan", "plan_monthly_price": 0.0, "searches_per_month": 5000,
        "plan_searches_left": left, "extra_credits": 0, "total_searches_left": left,
        "this_month_usage": 0, "this_hour_searches": 0, "last_hour_searches": 0,
        "account_rate_limit_per_hour": 1000,
    }))
    .into_response()
}

/// What everything that was found is called in any of the lists.
fn item(world: &OutsideWorld, at: usize, page: &PlantedPage) -> Map<String, Value> {
    let site = page.address.url.host_str().unwrap_or_default();
    let item = json!({
        "position": at + 1,
        "title": page.title.as_deref().unwrap_or(site),
        "link": page.address.text,
        "source": site,
        "thumbnail": page.image_url(&world.base_url),
    });
    item.as_object().cloned().unwrap_or_default()
}

fn list<'a>(
    world: &OutsideWorld,
    pages: impl Iterator<Item = &'a PlantedPage>,
    more: impl Fn(&PlantedPage, &mut Map<String, Value>),
) -> Vec<Value> {
    let each = |(at, page): (usize, &'a PlantedPage)| {
        let mut item = item(world, at, page);
        more(page, &mut item);
        Value::Object(item)
    };
    pages.enumerate().map(each).collect()
}

fn copies(found: &Found) -> impl Iterator<Item = &PlantedPage> {
    found.copies.iter().map(|it| &*it.page)
}

fn others(found: &Found) -> impl Iterator<Item = &PlantedPage> {
    found.others.iter().map(|it| &**it)
}

fn put(into: &mut Map<String, Value>, name: &str, list: Vec<Value>) {
    if !list.is_empty() {
        into.insert(name.to_owned(), Value::Array(list));
    }
}

fn lens(world: &OutsideWorld, found: &Found, kind: &str) -> Map<String, Value> {
    let mut answer = Map::new();
    if matches!(kind, "all" | "exact_matches") {
        let exact = list(world, copies(found), |page, item| {
            item.insert("actual_image_width".to_owned(), json!(page.width));
            item.insert("actual_image_height".to_owned(), json!(page.height));
            // Not every match has a date, and it is in words.
            if page.number.is_multiple_of(2) {
                item.insert("date".to_owned(), json!("2 years ago"));
            }
        });
        put(&mut answer, "exact_matches", exact);
    }
    if matches!(kind, "all" | "visual_matches") {
        let all = copies(found).chain(others(found));
        let visual = list(world, all, |page, item| {
            // Of every fourth match only the small copy is known.
            if page.number % 4 != 3 {
                let image = page.image_url(&world.base_url);
                item.insert("image".to_owned(), json!(image));
                item.insert("image_width".to_owned(), json!(page.width));
                item.insert("image_height".to_owned(), json!(page.height));
            }
        });
        put(&mut answer, "visual_matches", visual);
    }
    answer
}

fn reverse_image(world: &OutsideWorld, found: &Found) -> Map<String, Value> {
    let mut answer = Map::new();
    let results = list(world, copies(found), |page, item| {
        item.insert("displayed_link".to_owned(), json!(page.address.text));
        item.insert(
            "image_resolution".to_owned(),
            json!(format!("{} × {}", page.width, page.height)),
        );
        if let Some(day) = &page.crawl_date {
            item.insert("date".to_owned(), json!(day));
        }
    });
    put(&mut answer, "image_results", results);
    let inline = list(world, others(found), |page, item| {
        // The link leads back to Google; the page is the source.
        item.insert(
            "link".to_owned(),
            json!("https://www.google.com/search?tbm=isch"),
        );
        item.insert("source".to_owned(), json!(page.address.text));
        item.insert(
            "original".to_owned(),
            json!(page.image_url(&world.base_url)),
        );
    });
    put(&mut answer, "inline_images", inline);
    answer
}

fn bing(world: &OutsideWorld, found: &Found) -> Map<String, Value> {
    let mut answer = Map::new();
    let all = copies(found).chain(others(found));
    let related = list(world, all, |page, item| {
        let image = page.image_url(&world.base_url);
        let viewer = "https://www.bing.com/images/search?view=detailV2";
        item.insert("link".to_owned(), json!(viewer));
        item.insert("source".to_owned(), json!(page.address.text));
        item.insert("domain".to_owned(), json!(page.address.url.host_str()));
        item.insert("original".to_owned(), json!(image));
        item.insert("cdn_original".to_owned(), json!(image));
        item.insert("width".to_owned(), json!(page.width));
        item.insert("height".to_owned(), json!(page.height));
        item.insert(
            "file_size".to_owned(),
            json!(format!("{} B", page.bytes.len())),
        );
    });
    put(&mut answer, "related_content", related);
    answer
}
