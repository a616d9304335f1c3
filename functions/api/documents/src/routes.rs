//! Routes of `/api/v1/documents`: make, list, read, save, change, versions, differences, copy, trash, export.

use axum::Router;
use axum::body::Body as ReplyBody;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use vara::clock;
use vara::domain::Error;
use vara::domain::document::DiffUnit;
use vara::http::{self, Body, Caller, Params, Recent, Result, created, data, deleted, page};
use vara::services::documents::{
    DocumentPatch, DocumentSigning, DocumentWithBody, Documents, ExportFormat, NewDocument,
};

use crate::precondition::{expected, with_etag};
use crate::query;

/// Guards and services.
pub type App = http::App<Documents>;

/// All routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/documents", get(list).post(create))
        .route(
            "/api/v1/documents/{id}",
            get(read).put(save).patch(change).delete(trash),
        )
        .route("/api/v1/documents/{id}/take-back", post(take_back))
        .route("/api/v1/documents/{id}/erase", post(erase))
        .route("/api/v1/documents/{id}/sign", post(sign))
        .route("/api/v1/documents/{id}/copy", post(copy))
        .route("/api/v1/documents/{id}/versions", get(versions))
        .route("/api/v1/documents/{id}/versions/{number}", get(version))
        .route(
            "/api/v1/documents/{id}/versions/{number}/restore",
            post(restore),
        )
        .route("/api/v1/documents/{id}/diff", get(diff))
        .route("/api/v1/documents/{id}/export", get(export))
}

/// A whole new text.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SaveRequest {
    /// The text, in Markdown.
    body: String,
}

async fn list(State(app): State<App>, caller: Caller, params: Params) -> Result<Response> {
    let (statuses, kinds) = (params.list("status")?, params.list("kind")?);
    let of = params.page()?;
    let listing = app
        .service
        .list(caller.user, statuses, kinds, of, clock::now())
        .await?;
    Ok(page(listing.items, listing.pagination))
}

async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(new): Body<NewDocument>,
) -> Result<Response> {
    made(app.service.create(&caller, new, clock::now()).await?)
}

async fn read(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response> {
    let id = query::document(&id)?;
    Ok(whole(app.service.get(caller.user, id, clock::now()).await?))
}

async fn save(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(text): Body<SaveRequest>,
) -> Result<Response> {
    let (id, revision) = (query::document(&id)?, expected(&headers)?);
    let saved = app
        .service
        .save(&caller, id, revision, &text.body, clock::now());
    Ok(whole(saved.await?))
}

async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(patch): Body<DocumentPatch>,
) -> Result<Response> {
    let (id, revision) = (query::document(&id)?, expected(&headers)?);
    let changed = app
        .service
        .patch(&caller, id, revision, patch, clock::now());
    Ok(whole(changed.await?))
}

async fn trash(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response> {
    app.service
        .trash(&caller, query::document(&id)?, clock::now())
        .await?;
    Ok(deleted())
}

async fn take_back(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response> {
    let id = query::document(&id)?;
    Ok(whole(
        app.service.take_back(&caller, id, clock::now()).await?,
    ))
}

async fn erase(
    State(app): State<App>,
    Recent(caller): Recent,
    Path(id): Path<String>,
) -> Result<Response> {
    let id = query::document(&id)?;
    app.service.erase(&caller, id, clock::now()).await?;
    Ok(deleted())
}

async fn sign(
    State(app): State<App>,
    Recent(caller): Recent,
    Path(id): Path<String>,
    Body(signing): Body<DocumentSigning>,
) -> Result<Response> {
    let id = query::document(&id)?;
    let signed = app.service.sign(&caller, id, signing, clock::now());
    Ok(whole(signed.await?))
}

async fn copy(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response> {
    made(
        app.service
            .copy(&caller, query::document(&id)?, clock::now())
            .await?,
    )
}

async fn versions(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response> {
    let id = query::document(&id)?;
    Ok(data(app.service.versions(caller.user, id).await?))
}

async fn version(
    State(app): State<App>,
    caller: Caller,
    Path((id, number)): Path<(String, String)>,
) -> Result<Response> {
    let (id, number) = (query::document(&id)?, query::version(&number));
    Ok(data(
        app.service
            .version(caller.user, id, number, clock::now())
            .await?,
    ))
}

async fn restore(
    State(app): State<App>,
    caller: Caller,
    Path((id, number)): Path<(String, String)>,
) -> Result<Response> {
    let (id, number) = (query::document(&id)?, query::version(&number));
    let restored = app
        .service
        .restore_version(&caller, id, number, clock::now());
    Ok(whole(restored.await?))
}

async fn diff(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    params: Params,
) -> Result<Response> {
    let id = query::document(&id)?;
    let between = (
        query::version_of(&params, "from")?,
        query::version_of(&params, "to")?,
    );
    let unit = query::word::<DiffUnit>(&params, "by", "word or line")?.unwrap_or_default();
    let of = (caller.user, id);
    Ok(data(
        app.service.diff(of, between, unit, clock::now()).await?,
    ))
}

async fn export(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    params: Params,
) -> Result<Response> {
    let id = query::document(&id)?;
    let format = query::word(&params, "format", "md or txt")?.unwrap_or(ExportFormat::Markdown);
    let file = app
        .service
        .export(caller.user, id, format, clock::now())
        .await?;
    let name = HeaderValue::try_from(format!("attachment; filename=\"{}\"", file.name))
        .map_err(|err| Error::bug("naming an exported document", err))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(file.kind)),
        (header::CONTENT_DISPOSITION, name),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, ReplyBody::from(file.bytes)).into_response())
}

/// 200 with a document, marked with its revision.
fn whole(it: DocumentWithBody) -> Response {
    let revision = it.document.revision;
    with_etag(data(it), revision)
}

/// 201 with a new document, and where it is.
fn made(it: DocumentWithBody) -> Result<Response> {
    let place = format!("/api/v1/documents/{}", it.document.id);
    let place = HeaderValue::try_from(place)
        .map_err(|err| Error::bug("writing the place of a document", err))?;
    let revision = it.document.revision;
    let mut reply = with_etag(created(it), revision);
    reply.headers_mut().insert(header::LOCATION, place);
    Ok(reply)
}
