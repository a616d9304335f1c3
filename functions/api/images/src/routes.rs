//! The routes.

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef, Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use vara::Result;
use vara::auth::Gate;
use vara::clock;
use vara::domain::{ImageId, UserId};
use vara::http::{Caller, Issue, Params, created, data, id, page};
use vara::services::images::{Images, Size};
use vara::services::scans;

use crate::multipart::File;

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) gate: Gate,
    pub(crate) images: Images,
}

impl FromRef<App> for Gate {
    fn from_ref(app: &App) -> Self {
        app.gate.clone()
    }
}

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/images", get(list))
        // The file has its own limit, which answers with the way that takes more.
        .route(
            "/api/v1/images/upload",
            post(upload).layer(DefaultBodyLimit::disable()),
        )
        .route("/api/v1/images/tickets", post(ticket))
        .route("/api/v1/images/{id}", get(one).delete(remove))
        .route("/api/v1/images/{id}/matches", get(matches))
        .route("/api/v1/images/{id}/file", get(file))
}

async fn list(State(app): State<App>, caller: Caller, params: Params) -> Result<Response> {
    let filter = params.one("filter")?.unwrap_or_default();
    let found = app
        .images
        .list(caller.user, filter, params.page()?, clock::now())
        .await?;
    Ok(page(found.items, found.pagination))
}

async fn upload(State(app): State<App>, caller: Caller, File(file): File) -> Result<Response> {
    Ok(created(
        app.images.upload(caller.user, file, clock::now()).await?,
    ))
}

async fn ticket(State(app): State<App>, caller: Caller) -> Result<Response> {
    Ok(created(app.images.ticket(caller.user, clock::now()).await?))
}

async fn one(State(app): State<App>, caller: Caller, Path(text): Path<String>) -> Result<Response> {
    let image = id(&text, ImageId::parse)?;
    Ok(data(
        app.images.get(caller.user, image, clock::now()).await?,
    ))
}

async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(text): Path<String>,
) -> Result<StatusCode> {
    let image = id(&text, ImageId::parse)?;
    app.images.delete(caller.user, image, clock::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn matches(
    State(app): State<App>,
    caller: Caller,
    Path(text): Path<String>,
    params: Params,
) -> Result<Response> {
    let image = id(&text, ImageId::parse)?;
    let found = scans::matches(&app.images.store, caller.user, image, params.page()?).await?;
    Ok(page(found.items, found.pagination))
}

/// A picture's bytes, for an `<img>`: the signature stands for the caller.
async fn file(
    State(app): State<App>,
    Path(text): Path<String>,
    params: Params,
) -> Result<Response> {
    let image = id(&text, ImageId::parse)?;
    let missing = |name: &str| Issue::refuse(&[Issue::at(name, "This address is not complete.")]);
    let user = params
        .get("user")
        .and_then(UserId::parse)
        .ok_or_else(|| missing("user"))?;
    let size: Size = params.one("size")?.ok_or_else(|| missing("size"))?;
    let expires = params
        .get("expires")
        .and_then(|it| it.parse().ok())
        .ok_or_else(|| missing("expires"))?;
    let mac = params
        .get("signature")
        .ok_or_else(|| missing("signature"))?;
    let bytes = app
        .images
        .file(user, image, size, expires, mac, clock::now())
        .await?;
    let headers = [
        (header::CONTENT_TYPE, "image/jpeg"),
        (header::CONTENT_DISPOSITION, "inline"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin",
        ),
    ];
    Ok((headers, bytes).into_response())
}
