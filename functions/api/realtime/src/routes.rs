//! Routes of `/api/v1/realtime`: long poll, event stream, tickets for the WebSocket.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use vara::clock;
use vara::domain::Timestamp;
use vara::domain::feed::{FeedFrame, FeedPlace, FeedState};
use vara::domain::socket::PROTOCOL;
use vara::http::{self, Caller, Params, Result};
use vara::services::live::feed::{FeedNews, LiveFeed};
use vara::services::live::tickets::{IssuedTicket, SocketTickets};

use crate::{event_stream, query};

/// What the routes call.
#[derive(Clone, Debug)]
pub struct Realtime {
    /// The live feed.
    pub feed: LiveFeed,
    /// Tickets for its WebSocket.
    pub tickets: SocketTickets,
}

/// Guards and services.
pub type App = http::App<Realtime>;

/// How long a poll may wait, in seconds. The gateway waits for 30.
const MAX_POLL_SECONDS: u64 = 20;

/// How long an event stream may wait, and how long it does if nothing else is asked, in seconds.
const MAX_STREAM_SECONDS: u64 = 25;

/// All routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/realtime/poll", get(poll))
        .route("/api/v1/realtime/events", get(events))
        .route("/api/v1/realtime/tickets", post(issue_ticket))
}

/// Frames behind a place.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedPageView {
    data: Vec<FeedFrame>,
    meta: FeedMeta,
}

/// Where the feed stands, and whether frames were missed.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedMeta {
    #[serde(flatten)]
    state: FeedState,
    /// Frames were missed: everything is to be read again, and followed from `head`.
    gap: bool,
}

/// A ticket that opens one WebSocket.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SocketTicketView {
    /// The ticket. It is sent as the protocol `ticket.<ticket>`.
    ticket: String,
    /// Where to connect.
    url: String,
    /// Until when it opens a connection.
    expires_at: Timestamp,
    /// The protocol to ask for.
    protocol: &'static str,
}

impl From<IssuedTicket> for SocketTicketView {
    fn from(it: IssuedTicket) -> Self {
        Self {
            ticket: it.ticket,
            url: it.url,
            expires_at: it.expires_at,
            protocol: PROTOCOL,
        }
    }
}

async fn issue_ticket(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response> {
    let origin = headers.get(header::ORIGIN).and_then(|it| it.to_str().ok());
    let tickets = &app.service.tickets;
    let issued = tickets.issue(&caller, origin, clock::now()).await?;
    Ok(http::created(SocketTicketView::from(issued)))
}

async fn poll(
    State(app): State<App>,
    caller: Caller,
    params: Params,
    headers: HeaderMap,
) -> Result<Response> {
    let wait = query::wait(&params, 0, MAX_POLL_SECONDS)?;
    let news = match query::place(&params)? {
        Some(place) => {
            let (her, token) = ((caller.user, &place), authorization(&headers));
            app.service.feed.wait(her, wait, token).await?
        }
        // At once, so that she is told of all that changes while the app reads its lists.
        None => FeedNews {
            frames: Vec::new(),
            state: app.service.feed.state(caller.user).await?,
        },
    };
    let gap = news.has_gap();
    let view = FeedPageView {
        data: news.frames,
        meta: FeedMeta {
            state: news.state,
            gap,
        },
    };
    Ok(Json(view).into_response())
}

async fn events(
    State(app): State<App>,
    caller: Caller,
    params: Params,
    headers: HeaderMap,
) -> Result<Response> {
    let wait = query::wait(&params, MAX_STREAM_SECONDS, MAX_STREAM_SECONDS)?;
    let place = match query::last_event(&headers)? {
        Some(place) => place,
        None => place_of(app.service.feed.state(caller.user).await?),
    };
    let (her, token) = ((caller.user, &place), authorization(&headers));
    let news = app.service.feed.wait(her, wait, token).await?;
    Ok(event_stream::answer(&place, &news)?)
}

/// The header that lets her in.
fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()
}

/// The place behind all that is told.
fn place_of(state: FeedState) -> FeedPlace {
    FeedPlace {
        epoch: state.epoch,
        seq: state.head,
    }
}
