//! Routes of `/api/v1/documents`: make, list, read, save, change, versions, differences, copy, trash. Those of
//! templates are in `templates`, those of files in `files`.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use vara::clock;
use vara::domain::Error;
use vara::domain::document::DiffUnit;
use vara::http::{
    Body, Caller, Params, Recent, Result, created, data, deleted, expected_revision, page,
    with_etag,
};
use vara::services::documents::{DocumentPatch, DocumentSigning, DocumentWithBody, NewDocument};

use crate::app::{App, whole};
use crate::{files, query, templates};

/// All routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/documents", get(list).post(create))
        .route("/api/v1/documents/templates", get(templates::list))
        .route("/api/v1/documents/templates/{id}", get(templates::read))
        .route("/api/v1/documents/archives", post(files::archive))
        .route("/api/v1/documents/export", get(files::export_all))
        .route("/api/v1/documents/{id}/fields", post(templates::fill))
        .route("/api/v1/documents/{id}/check", post(templates::check))
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
        .route("/api/v1/documents/{id}/export", get(files::export))
        .route("/api/v1/documents/downloads/{id}", get(files::read))
        .route(
            "/api/v1/documents/downloads/{id}/address",
            post(files::address),
        )
        .route("/api/v1/documents/files/{token}", get(files::fetch))
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
        .documents
        .list(caller.user, statuses, kinds, of, clock::now())
        .await?;
    Ok(page(listing.items, listing.pagination))
}

async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(new): Body<NewDocument>,
) -> Result<Response> {
    made(
        app.service
            .documents
            .create(&caller, new, clock::now())
            .await?,
    )
}

async fn read(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response> {
    let id = query::document(&id)?;
    Ok(whole(
        app.service
            .documents
            .get(caller.user, id, clock::now())
            .await?,
    ))
}

async fn save(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(text): Body<SaveRequest>,
) -> Result<Response> {
    let (id, revision) = (query::document(&id)?, expected_revision(&headers)?);
    let saved = app
        .service
        .documents
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
    let (id, revision) = (query::document(&id)?, expected_revision(&headers)?);
    let changed = app
        .service
        .documents
        .patch(&caller, id, revision, patch, clock::now());
    Ok(whole(changed.await?))
}

async fn trash(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response> {
    app.service
        .documents
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
        app.service
            .documents
            .take_back(&caller, id, clock::now())
            .await?,
    ))
}

async fn erase(
    State(app): State<App>,
    Recent(caller): Recent,
    Path(id): Path<String>,
) -> Result<Response> {
    let id = query::document(&id)?;
    app.service
        .documents
        .erase(&caller, id, clock::now())
        .await?;
    Ok(deleted())
}

async fn sign(
    State(app): State<App>,
    Recent(caller): Recent,
    Path(id): Path<String>,
    Body(signing): Body<DocumentSigning>,
) -> Result<Response> {
    let id = query::document(&id)?;
    let signed = app
        .service
        .documents
        .sign(&caller, id, signing, clock::now());
    Ok(whole(signed.await?))
}

async fn copy(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response> {
    made(
        app.service
            .documents
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
    Ok(data(app.service.documents.versions(caller.user, id).await?))
}

async fn version(
    State(app): State<App>,
    caller: Caller,
    Path((id, number)): Path<(String, String)>,
) -> Result<Response> {
    let (id, number) = (query::document(&id)?, query::version(&number));
    Ok(data(
        app.service
            .documents
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
        .documents
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
        app.service
            .documents
            .diff(of, between, unit, clock::now())
            .await?,
    ))
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
