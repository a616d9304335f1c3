//! The control routes: what tests and other tools plant, break, read and clear with.
//!
//! A contract: other tools use them. Any origin may call them, and every answer is JSON.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::multipart::MultipartRejection;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Multipart, Query, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::answer::EngineRefusal;
use crate::world::{
    Bundle, Engine, Fault, FaultWish, OutsideWorld, PageView, PortraitView, SentMail, UploadView,
};
use crate::{people, web};

#[derive(Serialize)]
struct ClearedWorld {
    cleared: u64,
}

pub(crate) fn routes() -> Router<Arc<OutsideWorld>> {
    Router::new()
        .route("/_web", get(list_web).post(plant).delete(clear_web))
        .route(
            "/_web/breaches",
            get(list_breaches).post(plant_breach).delete(clear_breaches),
        )
        .route("/_web/breaches/asked", get(list_asked))
        .route(
            "/_web/profiles",
            get(list_profiles)
                .post(plant_profile)
                .delete(clear_profiles),
        )
        .route(
            "/_web/persons",
            get(list_persons).post(plant_person).delete(clear_persons),
        )
        .route(
            "/_fault",
            get(list_faults).post(set_fault).delete(clear_faults),
        )
        .route("/_mail", get(list_mail).delete(clear_mail))
        .route("/_mail/feedback", get(list_feedback))
        .route("/_calls", get(list_calls).delete(clear_calls))
        .route(
            "/_bundle",
            get(show_bundle).post(set_bundle).delete(reset_bundle),
        )
        .route("/_uploads", get(list_uploads).delete(clear_uploads))
        .route("/_gateway", get(show_gateway).post(set_gateway))
        .layer(middleware::from_fn(any_origin))
}

/// What lives here, for whoever opens the address.
pub(crate) async fn overview() -> Json<Value> {
    Json(json!({
        "name": "vara-engines",
        "engines": {
            "tineye": "/tineye/rest/", "ses": "/ses/", "web": "/web/", "hibp": "/hibp/api/v3/",
            "social": "/social/", "oauth": "/oauth/", "vision": "/vision/", "serpapi": "/serpapi/",
            "facecheck": "/facecheck/",
        },
        "control": ["/_web", "/_web/breaches", "/_web/profiles", "/_fault", "/_mail", "/_calls", "/_bundle",
            "/_web/persons", "/_uploads", "/_gateway", "/_traces"],
    }))
}

async fn any_origin(request: Request, next: Next) -> Response {
    let preflight = request.method() == Method::OPTIONS;
    let mut answer = match preflight {
        true => StatusCode::NO_CONTENT.into_response(),
        false => next.run(request).await,
    };
    let mut allow = |name: HeaderName, value: &'static str| {
        answer
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    };
    allow(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    if preflight {
        allow(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            "GET, POST, DELETE, OPTIONS",
        );
        allow(header::ACCESS_CONTROL_ALLOW_HEADERS, "*");
    }
    answer
}

async fn list_web(State(world): State<Arc<OutsideWorld>>) -> Json<Vec<PageView>> {
    Json(
        world
            .web
            .all()
            .iter()
            .map(|page| page.view(&world.base_url))
            .collect(),
    )
}

async fn plant(
    State(world): State<Arc<OutsideWorld>>,
    form: Result<Multipart, MultipartRejection>,
) -> Result<(StatusCode, Json<PageView>), EngineRefusal> {
    let form =
        form.map_err(|e| EngineRefusal::bad(format!("expected multipart/form-data: {e}")))?;
    let page = web::plant(&world, form).await?;
    tracing::info!(id = page.id, "a page was planted");
    Ok((StatusCode::CREATED, Json(page.view(&world.base_url))))
}

async fn clear_web(State(world): State<Arc<OutsideWorld>>) -> Json<ClearedWorld> {
    cleared(world.web.clear())
}

async fn list_breaches(State(world): State<Arc<OutsideWorld>>) -> impl IntoResponse {
    Json(world.breaches.all())
}

async fn plant_breach(
    State(world): State<Arc<OutsideWorld>>,
    body: Bytes,
) -> Result<impl IntoResponse, EngineRefusal> {
    let planted = world.breaches.plant(parse(&body)?)?;
    Ok((StatusCode::CREATED, Json(planted)))
}

async fn clear_breaches(State(world): State<Arc<OutsideWorld>>) -> Json<ClearedWorld> {
    cleared(world.breaches.clear())
}

/// What the breach service was asked for, by path.
async fn list_asked(State(world): State<Arc<OutsideWorld>>) -> Json<Vec<String>> {
    Json(world.breaches.asked())
}

async fn list_profiles(State(world): State<Arc<OutsideWorld>>) -> impl IntoResponse {
    Json(world.network.all())
}

async fn plant_profile(
    State(world): State<Arc<OutsideWorld>>,
    body: Bytes,
) -> Result<impl IntoResponse, EngineRefusal> {
    let planted = world.network.plant(parse(&body)?)?;
    Ok((StatusCode::CREATED, Json(planted)))
}

async fn clear_profiles(State(world): State<Arc<OutsideWorld>>) -> Json<ClearedWorld> {
    cleared(world.network.clear())
}

async fn list_faults(State(world): State<Arc<OutsideWorld>>) -> Json<Vec<Fault>> {
    Json(world.faults.all())
}

async fn set_fault(
    State(world): State<Arc<OutsideWorld>>,
    body: Bytes,
) -> Result<Json<Fault>, EngineRefusal> {
    let fault = parse::<FaultWish>(&body)?
        .fault()
        .map_err(EngineRefusal::bad)?;
    tracing::info!(engine = ?fault.engine, mode = ?fault.mode, "a fault was set");
    world.faults.set(fault.clone());
    Ok(Json(fault))
}

async fn clear_faults(State(world): State<Arc<OutsideWorld>>) -> Json<ClearedWorld> {
    cleared(world.faults.clear())
}

#[derive(Deserialize)]
struct MailFilter {
    to: Option<String>,
}

async fn list_mail(
    State(world): State<Arc<OutsideWorld>>,
    filter: Result<Query<MailFilter>, QueryRejection>,
) -> Result<Json<Vec<SentMail>>, EngineRefusal> {
    let Query(filter) = filter.map_err(|e| EngineRefusal::bad(e.body_text()))?;
    Ok(Json(world.mail.all(filter.to.as_deref())))
}

async fn list_feedback(State(world): State<Arc<OutsideWorld>>) -> Json<Vec<Value>> {
    Json(world.mail.feedback())
}

async fn clear_mail(State(world): State<Arc<OutsideWorld>>) -> Json<ClearedWorld> {
    cleared(world.mail.clear())
}

async fn list_calls(State(world): State<Arc<OutsideWorld>>) -> impl IntoResponse {
    Json(world.calls.all())
}

async fn clear_calls(State(world): State<Arc<OutsideWorld>>) -> Json<ClearedWorld> {
    Json(ClearedWorld {
        cleared: world.calls.clear(),
    })
}

/// What is left of an engine; of TinEye if none is named.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BundleView {
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<Engine>,
    remaining: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BundleOf {
    engine: Option<Engine>,
}

fn paid(engine: Option<Engine>) -> Result<Engine, EngineRefusal> {
    let paid = Some(engine.unwrap_or(Engine::Tineye)).filter(|it| Bundle::is_paid(*it));
    paid.ok_or_else(|| EngineRefusal::bad("engine must be tineye, serpapi or facecheck"))
}

async fn show_bundle(
    State(world): State<Arc<OutsideWorld>>,
    of: Result<Query<BundleOf>, QueryRejection>,
) -> Result<Json<BundleView>, EngineRefusal> {
    let Query(BundleOf { engine }) = of.map_err(|e| EngineRefusal::bad(e.body_text()))?;
    let remaining = world.bundle.remaining(paid(engine)?);
    Ok(Json(BundleView { engine, remaining }))
}

async fn set_bundle(
    State(world): State<Arc<OutsideWorld>>,
    body: Bytes,
) -> Result<Json<BundleView>, EngineRefusal> {
    let wish: BundleView = parse(&body)?;
    world.bundle.set(paid(wish.engine)?, wish.remaining);
    Ok(Json(wish))
}

async fn reset_bundle(State(world): State<Arc<OutsideWorld>>) -> Json<BundleView> {
    world.bundle.reset();
    Json(BundleView {
        engine: None,
        remaining: world.bundle.remaining(Engine::Tineye),
    })
}

async fn list_persons(State(world): State<Arc<OutsideWorld>>) -> Json<Vec<PortraitView>> {
    Json(world.portraits.all())
}

async fn plant_person(
    State(world): State<Arc<OutsideWorld>>,
    form: Result<Multipart, MultipartRejection>,
) -> Result<(StatusCode, Json<PortraitView>), EngineRefusal> {
    let form =
        form.map_err(|e| EngineRefusal::bad(format!("expected multipart/form-data: {e}")))?;
    Ok((
        StatusCode::CREATED,
        Json(people::plant(&world, form).await?),
    ))
}

async fn clear_persons(State(world): State<Arc<OutsideWorld>>) -> Json<ClearedWorld> {
    cleared(world.portraits.clear())
}

/// What lies at the face search and was not removed.
async fn list_uploads(State(world): State<Arc<OutsideWorld>>) -> Json<Vec<UploadView>> {
    Json(world.facecheck.all())
}

async fn clear_uploads(State(world): State<Arc<OutsideWorld>>) -> Json<ClearedWorld> {
    cleared(world.facecheck.clear())
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GatewayView {
    url: String,
}

async fn show_gateway(State(world): State<Arc<OutsideWorld>>) -> Json<GatewayView> {
    Json(GatewayView {
        url: world.gateway.url(),
    })
}

async fn set_gateway(
    State(world): State<Arc<OutsideWorld>>,
    body: Bytes,
) -> Result<Json<GatewayView>, EngineRefusal> {
    world.gateway.set(&parse::<GatewayView>(&body)?.url)?;
    Ok(show_gateway(State(world)).await)
}

/// Reads JSON whatever the content type claims, so that a bare `curl -d` works.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, EngineRefusal> {
    serde_json::from_slice(body)
        .map_err(|e| EngineRefusal::bad(format!("not the JSON expected: {e}")))
}

fn cleared(count: usize) -> Json<ClearedWorld> {
    Json(ClearedWorld {
        cleared: count as u64,
    })
}
