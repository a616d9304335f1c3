//! Routes of /api/v1/images: list, upload, ticket, one, delete, matches, file.

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use vara::clock;
use vara::domain::{ImageId, SessionId, UserId};
use vara::http::{self, ApiError, Caller, Issue, Params, Result, created, data, id, page};
use vara::services::pictures::image_addresses::SignedAddress;
use vara::services::pictures::image_files::NOT_READY;
use vara::services::pictures::images::Images;
use vara::services::pictures::upload_form;

/// Where a browser will put what it fetches (W3C Fetch Metadata): `image` for an `<img>`, `document` for a tab.
const FETCH_DESTINATION: &str = "sec-fetch-dest";

pub(crate) type App = http::App<Images>;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/images", get(list))
        // The form has a limit of its own, of the size of the file in it.
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
        .service
        .list(&caller, filter, params.page()?, clock::now())
        .await?;
    Ok(page(found.items, found.pagination))
}

async fn upload(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response> {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|it| it.to_str().ok())
        .unwrap_or_default();
    let boundary = upload_form::boundary(content_type)?;
    let body = body.map_err(|_| upload_form::unreadable())?;
    let file = upload_form::only_file(body, boundary).await?;
    Ok(created(
        app.service.upload(&caller, file, clock::now()).await?,
    ))
}

async fn ticket(State(app): State<App>, caller: Caller) -> Result<Response> {
    Ok(created(app.service.ticket(&caller, clock::now()).await?))
}

async fn one(State(app): State<App>, caller: Caller, Path(text): Path<String>) -> Result<Response> {
    let image = id(&text, ImageId::parse)?;
    Ok(data(app.service.get(&caller, image, clock::now()).await?))
}

async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(text): Path<String>,
) -> Result<StatusCode> {
    let image = id(&text, ImageId::parse)?;
    app.service.delete(&caller, image, clock::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn matches(
    State(app): State<App>,
    caller: Caller,
    Path(text): Path<String>,
    params: Params,
) -> Result<Response> {
    let image = id(&text, ImageId::parse)?;
    let found = app
        .service
        .matches(caller.user, image, params.page()?)
        .await?;
    Ok(page(found.items, found.pagination))
}

/// A picture's bytes, for an `<img>` or a tab of their own: the signature stands for the caller.
async fn file(
    State(app): State<App>,
    Path(text): Path<String>,
    params: Params,
    headers: HeaderMap,
) -> Result<Response> {
    let address = signed_address(&text, &params)?;
    let is_embedded = headers
        .get(FETCH_DESTINATION)
        .is_some_and(|it| it == "image");
    let found = app.service.file(&address, is_embedded, clock::now()).await;
    let bytes = match found {
        Ok(bytes) => bytes,
        Err(err) if err.code == NOT_READY => {
            return Ok(([(header::RETRY_AFTER, "2")], ApiError(err)).into_response());
        }
        Err(err) => return Err(err.into()),
    };
    let headers = [
        (header::CONTENT_TYPE, "image/jpeg"),
        (header::CONTENT_DISPOSITION, "inline"),
        (header::VARY, FETCH_DESTINATION),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin",
        ),
    ];
    Ok((headers, bytes).into_response())
}

fn signed_address<'a>(id_text: &str, params: &'a Params) -> Result<SignedAddress<'a>> {
    let missing = |name: &str| Issue::refuse(&[Issue::at(name, "This address is not complete.")]);
    let text = |name: &str| params.get(name).ok_or_else(|| missing(name));
    let session = params.get("session").map(SessionId::parse);
    if session == Some(None) {
        return Err(missing("session").into());
    }
    Ok(SignedAddress {
        image: id(id_text, ImageId::parse)?,
        user: UserId::parse(text("user")?).ok_or_else(|| missing("user"))?,
        size: params.one("size")?.ok_or_else(|| missing("size"))?,
        session: session.flatten(),
        expires: text("expires")?.parse().map_err(|_| missing("expires"))?,
        signature: text("signature")?,
    })
}
