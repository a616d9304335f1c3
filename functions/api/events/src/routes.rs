//! Routes of `/api/v1/events`: streams, append, read, wait, access log, verification, types, export.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use vara::clock;
use vara::domain::Error;
use vara::domain::event::{AccessSubject, ActorKind, CATALOGUE, Event};
use vara::http::{self, Caller, JsonBody, Params, Recent, Result, created, data, deleted};
use vara::services::record::access_log::{AccessFilter, AccessLog, AccessView};
use vara::services::record::event_log::{EventLog, PagePlace};
use vara::services::record::notes::Notes;

use crate::append::{self, AppendRequest};
use crate::{cloud_events, query};

/// Guards and services.
pub type App = http::App<EventServices>;

/// The most events on a page, and how many without a limit.
const MAX_LIMIT: u64 = 200;
const DEFAULT_LIMIT: u64 = 20;

/// How long a call may wait for new events, in seconds. The gateway waits for 30.
const MAX_WAIT_SECONDS: u64 = 20;

/// The largest number of an event.
const MAX_NUMBER: u64 = 999_999_999_999;

/// What the handlers share.
#[derive(Clone, Debug)]
pub struct EventServices {
    log: EventLog,
    notes: Notes,
    access: AccessLog,
}

impl EventServices {
    /// The services over this log.
    #[must_use]
    pub fn new(log: EventLog) -> Self {
        Self {
            notes: Notes::new(log.clone()),
            access: AccessLog::new(log.clone()),
            log,
        }
    }
}

/// All routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/events/streams", get(streams))
        .route(
            "/api/v1/events/streams/{stream}",
            post(append_events).get(read).delete(delete),
        )
        .route("/api/v1/events/streams/{stream}/{number}", get(one))
        .route("/api/v1/events/access", get(access))
        .route("/api/v1/events/verify", get(verify))
        .route("/api/v1/events/types", get(types))
        .route("/api/v1/events/export", get(export))
}

/// A page of a stream.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventPageView {
    data: Vec<Event>,
    meta: PagePlace,
}

/// A page of the access log.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessPageView {
    data: Vec<AccessView>,
    meta: AccessPlace,
}

/// Where a page stands in the access log.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessPlace {
    /// The number from which the next page is read; none at the end.
    #[cfg_attr(feature = "openapi", schema(required))]
    next: Option<u64>,
}

async fn streams(State(app): State<App>, caller: Caller) -> Result<Response> {
    Ok(data(app.service.log.streams(caller.user).await?))
}

async fn append_events(
    State(app): State<App>,
    caller: Caller,
    Path(stream): Path<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Response {
    let appended = async {
        let stream = query::stream(&stream)?;
        let request = AppendRequest::read(body)?;
        let expected = request.expected(&headers)?;
        let notes = &app.service.notes;
        let appended = notes.append(&caller, &stream, expected, request.events, clock::now());
        let appended = appended.await?;
        let place = format!("/api/v1/events/streams/{stream}/{}", appended.first);
        let place = HeaderValue::try_from(place)
            .map_err(|err| Error::bug("writing the place of an event", err))?;
        let mut reply = created(appended);
        reply.headers_mut().insert(header::LOCATION, place);
        Ok(reply)
    };
    appended
        .await
        .unwrap_or_else(|err| append::refusal(&headers, err))
}

async fn read(
    State(app): State<App>,
    caller: Caller,
    Path(stream): Path<String>,
    params: Params,
    headers: HeaderMap,
) -> Result<Response> {
    let (user, stream) = (caller.user, query::stream(&stream)?);
    let direction = query::direction(&params)?;
    let limit = query::number(&params, "limit", 1..=MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let mut from = query::number(&params, "from", 0..=MAX_NUMBER)?;
    let log = &app.service.log;
    if let Some(seconds) = query::number(&params, "wait", 0..=MAX_WAIT_SECONDS)? {
        let number = match from {
            Some(number) => number,
            None => log.next_number(user, &stream).await?,
        };
        from = Some(number);
        let most = Duration::from_secs(seconds);
        if !log.wait_for((user, &stream), number, most).await? {
            return Ok(StatusCode::NOT_MODIFIED.into_response());
        }
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let page = log
        .read((user, &stream), from, direction, limit, clock::now())
        .await?;
    if cloud_events::are_asked_for(&headers) {
        return cloud_events::batch(user, page.events);
    }
    let view = EventPageView {
        data: page.events,
        meta: page.place,
    };
    Ok(Json(view).into_response())
}

async fn one(
    State(app): State<App>,
    caller: Caller,
    Path((stream, number)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response> {
    let (user, stream) = (caller.user, query::stream(&stream)?);
    // What is no number is the number of no event.
    let number = number.parse().unwrap_or(u64::MAX);
    let event = app
        .service
        .log
        .event((user, &stream), number, clock::now())
        .await?;
    if cloud_events::are_asked_for(&headers) {
        return cloud_events::one(user, event);
    }
    Ok(data(event))
}

async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(stream): Path<String>,
) -> Result<Response> {
    let stream = query::stream(&stream)?;
    app.service
        .notes
        .delete(caller.user, &stream, clock::now())
        .await?;
    Ok(deleted())
}

async fn access(
    State(app): State<App>,
    Recent(caller): Recent,
    params: Params,
) -> Result<Response> {
    let filter = AccessFilter {
        kind: params.get("kind").map(str::to_owned),
        actor: params.one::<ActorKind>("actor")?,
        from: query::moment(&params, "from")?,
        to: query::moment(&params, "to")?,
    };
    let before = query::number(&params, "before", 0..=MAX_NUMBER)?;
    let limit = query::number(&params, "limit", 1..=MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (log, now) = (&app.service.access, clock::now());
    log.record_own_read(&caller, AccessSubject::AccessLog, now)
        .await?;
    let page = log.list(caller.user, &filter, before, limit, now).await?;
    let view = AccessPageView {
        data: page.entries,
        meta: AccessPlace { next: page.next },
    };
    Ok(Json(view).into_response())
}

async fn verify(State(app): State<App>, caller: Caller) -> Result<Response> {
    Ok(data(app.service.log.verify(caller.user).await?))
}

async fn types(_: State<App>, _: Caller) -> Result<Response> {
    Ok(data(CATALOGUE.as_slice()))
}

async fn export(
    State(app): State<App>,
    Recent(caller): Recent,
    params: Params,
) -> Result<Response> {
    let now = clock::now();
    let log = &app.service.access;
    log.record_own_read(&caller, AccessSubject::Export, now)
        .await?;
    let page = app
        .service
        .log
        .export(caller.user, params.get("after"), now)
        .await?;
    let kind = HeaderValue::from_static("application/x-ndjson");
    Ok(([(header::CONTENT_TYPE, kind)], page.lines).into_response())
}
