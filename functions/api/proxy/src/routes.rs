//! Routes of `/api/v1/proxy`: the pictures that search engines fetch.

use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Deserializer, Serialize, de};
use vara::clock;
use vara::domain::{ImageId, Timestamp};
use vara::http::{self, ApiError, Body, Caller, Result, created};
use vara::services::pictures::proxy::Proxy;

/// Addresses below this one are for everybody.
pub const PICTURES: &str = "/api/v1/proxy/images/";

/// Guards and service.
pub type App = http::App<Proxy>;

/// All routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/proxy/health", get(health))
        .route("/api/v1/proxy/tokens", post(token))
        .route(
            "/api/v1/proxy/images/{token}",
            get(picture).options(async || StatusCode::NO_CONTENT),
        )
}

/// The state of the proxy.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProxyHealth {
    #[cfg_attr(feature = "openapi", schema(pattern = "^ok$"))]
    status: &'static str,
    /// The number of valid addresses.
    active_tokens: u64,
    timestamp: Timestamp,
}

/// For whoever watches over the service; open to all, and about nobody.
async fn health(State(app): State<App>) -> Result<Json<ProxyHealth>> {
    let now = clock::now();
    Ok(Json(ProxyHealth {
        status: "ok",
        active_tokens: app.service.active(now).await?,
        timestamp: now,
    }))
}

/// A public address to create.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProxyRequest {
    #[serde(deserialize_with = "image_id")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Uuid))]
    image_id: ImageId,
    /// How many seconds the address is valid, 120 to 300; 180 if absent.
    ttl_seconds: Option<i64>,
}

fn image_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ImageId, D::Error> {
    let text = String::deserialize(deserializer)?;
    ImageId::parse(&text).ok_or_else(|| de::Error::custom("This is not an id."))
}

async fn token(
    State(app): State<App>,
    caller: Caller,
    Body(wanted): Body<ProxyRequest>,
) -> Result<Response> {
    let link = app
        .service
        .link(
            caller.user,
            wanted.image_id,
            wanted.ttl_seconds,
            clock::now(),
        )
        .await?;
    Ok(created(link))
}

/// Why the image is not shown.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlainError {
    error: String,
}

/// A picture's bytes; the token stands for the caller. Its refusals are not in the envelope: the
/// contract has a plain sentence here.
async fn picture(State(app): State<App>, Path(token): Path<String>) -> Response {
    let refuse = |status: StatusCode, text: &str| {
        let error = text.to_owned();
        (status, Json(PlainError { error })).into_response()
    };
    let mut reply = match app.service.picture(&token, clock::now()).await {
        Ok(Some(bytes)) => ([(header::CONTENT_TYPE, "image/jpeg")], bytes).into_response(),
        Ok(None) => refuse(
            StatusCode::NOT_FOUND,
            "There is no picture at this address.",
        ),
        Err(err) => {
            // Logged with its cause; what is answered has another shape.
            let status = ApiError(err).into_response().status();
            refuse(status, "The picture cannot be shown right now.")
        }
    };
    let kept_nowhere = [
        (header::CACHE_CONTROL, "no-store, no-cache, must-revalidate"),
        (header::PRAGMA, "no-cache"),
        (header::EXPIRES, "0"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin",
        ),
    ];
    for (name, value) in kept_nowhere {
        reply
            .headers_mut()
            .insert(name, header::HeaderValue::from_static(value));
    }
    reply
}
