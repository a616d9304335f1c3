//! Routes of `/api/v1/evidence`: capture, list, read, custody, blurred picture, reveal, hash anew, freeze, release, erase,
//! packs, files by their address, keys.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;
use vara::clock;
use vara::http::{
    self, Body, Caller, Params, Recent, Result, accepted, attachment, created, data, deleted, page,
};
use vara::services::evidence::{
    EvidenceKey, EvidenceRecords, NewEvidence, NewExport, RevealRequest,
};

use crate::query;

/// Guards and services.
pub type App = http::App<EvidenceRecords>;

/// All routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/evidence", get(list).post(capture))
        .route("/api/v1/evidence/keys", get(keys))
        .route("/api/v1/evidence/exports", post(export))
        .route("/api/v1/evidence/exports/{id}", get(exported))
        .route("/api/v1/evidence/exports/{id}/parts/{part}", get(part))
        .route("/api/v1/evidence/exports/{id}/addresses", post(addresses))
        .route("/api/v1/evidence/files/{token}", get(fetch))
        .route("/api/v1/evidence/{id}", get(read).delete(erase))
        .route("/api/v1/evidence/{id}/custody", get(custody))
        .route("/api/v1/evidence/{id}/blurred", get(blurred))
        .route("/api/v1/evidence/{id}/reveal", post(reveal))
        .route("/api/v1/evidence/{id}/rehash", post(rehash))
        .route("/api/v1/evidence/{id}/freeze", post(freeze))
        .route("/api/v1/evidence/{id}/release", post(release))
}

/// Whether what is kept is still what was captured.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rehashed {
    /// Every hash is as it was.
    ok: bool,
}

/// Public keys that evidence is signed with.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EvidenceKeys {
    /// The keys (RFC 7517).
    keys: Vec<EvidenceKey>,
}

async fn list(State(app): State<App>, caller: Caller, params: Params) -> Result<Response> {
    let of = params.page()?;
    let listing = app.service.list(caller.user, of, clock::now()).await?;
    Ok(page(listing.items, listing.pagination))
}

async fn capture(
    State(app): State<App>,
    caller: Caller,
    Body(new): Body<NewEvidence>,
) -> Result<Response> {
    let record = app.service.request(&caller, new, clock::now()).await?;
    let place = format!("/api/v1/evidence/{}", record.id);
    let mut reply = accepted(record);
    if let Ok(place) = HeaderValue::try_from(place) {
        reply.headers_mut().insert(header::LOCATION, place);
    }
    Ok(reply)
}

async fn export(
    State(app): State<App>,
    Recent(caller): Recent,
    Body(new): Body<NewExport>,
) -> Result<Response> {
    Ok(accepted(
        app.service.export(&caller, new, clock::now()).await?,
    ))
}

async fn exported(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response> {
    let id = query::export(&id)?;
    Ok(data(
        app.service.exported(caller.user, id, clock::now()).await?,
    ))
}

async fn part(
    State(app): State<App>,
    Recent(caller): Recent,
    Path((id, part)): Path<(String, String)>,
) -> Result<Response> {
    let of = (query::export(&id)?, part.parse().unwrap_or_default());
    let bytes = app.service.export_part(caller.user, of, clock::now());
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, bytes.await?).into_response())
}

async fn addresses(
    State(app): State<App>,
    Recent(caller): Recent,
    Path(id): Path<String>,
) -> Result<Response> {
    let id = query::export(&id)?;
    let addresses = app.service.export_addresses(&caller, id, clock::now());
    Ok(created(addresses.await?))
}

async fn reveal(
    State(app): State<App>,
    Recent(caller): Recent,
    Path(id): Path<String>,
    Body(asked): Body<RevealRequest>,
) -> Result<Response> {
    let id = query::record(&id)?;
    let address = app.service.reveal(&caller, id, asked.role, clock::now());
    Ok(created(address.await?))
}

/// Open to whoever has the address: it is drawn at random, good for a short time, and used up by this.
async fn fetch(State(app): State<App>, Path(token): Path<String>) -> Result<Response> {
    attachment(app.service.fetch(&token, clock::now()).await?)
}

async fn keys(State(app): State<App>) -> Result<Response> {
    let keys = app.service.keys().await?;
    Ok(data(EvidenceKeys { keys }))
}

async fn read(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response> {
    let id = query::record(&id)?;
    Ok(data(app.service.get(caller.user, id, clock::now()).await?))
}

async fn custody(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response> {
    let id = query::record(&id)?;
    Ok(data(
        app.service.custody(caller.user, id, clock::now()).await?,
    ))
}

async fn blurred(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response> {
    let id = query::record(&id)?;
    let bytes = app.service.blurred(&caller, id, clock::now()).await?;
    let headers = [
        (header::CONTENT_TYPE, "image/jpeg"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, bytes).into_response())
}

async fn rehash(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response> {
    let id = query::record(&id)?;
    let ok = app.service.rehash(&caller, id, clock::now()).await?;
    Ok(data(Rehashed { ok }))
}

async fn freeze(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response> {
    let id = query::record(&id)?;
    let frozen = app.service.set_frozen(&caller, id, true, clock::now());
    Ok(data(frozen.await?))
}

async fn release(
    State(app): State<App>,
    Recent(caller): Recent,
    Path(id): Path<String>,
) -> Result<Response> {
    let id = query::record(&id)?;
    let released = app.service.set_frozen(&caller, id, false, clock::now());
    Ok(data(released.await?))
}

async fn erase(
    State(app): State<App>,
    Recent(caller): Recent,
    Path(id): Path<String>,
) -> Result<Response> {
    let id = query::record(&id)?;
    app.service.erase(&caller, id, clock::now()).await?;
    Ok(deleted())
}
