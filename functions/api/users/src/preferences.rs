//! Where, when and of what she is told outside the app; and the page that stops all messages.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};
use vara::clock;
use vara::domain::{MailAnswer, Preferences};
use vara::http::{Body, Caller, Result, data, html_page, merged, shape};
use vara::mail::{STOP_PAGE, STOPPED_PAGE, USED_LINK_PAGE, answered_page, question_page};
use vara::services::people::preferences::PreferencesView;

use crate::app::App;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route(
            "/api/v1/users/me/preferences",
            get(show).put(replace).patch(change),
        )
        .route("/api/v1/users/me/notifications", get(deliveries))
        .route("/api/v1/users/stop/{token}", get(ask).post(stop))
        .route(
            "/api/v1/users/mail/{token}/{answer}",
            get(ask_for_answer).post(answer),
        )
}

async fn show(State(app): State<App>, caller: Caller) -> Result<Response> {
    Ok(data(app.service.preferences.get(caller.user).await?))
}

/// What is not named goes back to what holds at the beginning.
async fn replace(
    State(app): State<App>,
    caller: Caller,
    Body(chosen): Body<Preferences>,
) -> Result<Response> {
    let before = app.service.preferences.get(caller.user).await?;
    set(&app, &caller, &before, chosen).await
}

/// What is not named stays (RFC 7396).
async fn change(
    State(app): State<App>,
    caller: Caller,
    Body(patch): Body<Value>,
) -> Result<Response> {
    let before = app.service.preferences.get(caller.user).await?;
    let chosen = shape(merged(json!(before.preferences), patch))?;
    set(&app, &caller, &before, chosen).await
}

async fn set(
    app: &App,
    caller: &Caller,
    before: &PreferencesView,
    chosen: Preferences,
) -> Result<Response> {
    // Whoever sits at her device for a minute must not have everything told to himself.
    let webhook = &chosen.channels.webhook;
    if webhook.is_some() && *webhook != before.preferences.channels.webhook {
        caller.must_be_recent(clock::now())?;
    }
    let set = app
        .service
        .preferences
        .set(caller, before, chosen, clock::now());
    Ok(data(set.await?))
}

async fn deliveries(State(app): State<App>, caller: Caller) -> Result<Response> {
    Ok(data(app.service.preferences.deliveries(caller.user).await?))
}

/// Opened from a mail. Opening alone changes nothing: programs look at links by themselves.
async fn ask(State(app): State<App>, Path(token): Path<String>) -> Result<Response> {
    if app
        .service
        .preferences
        .can_stop(&token, clock::now())
        .await?
    {
        return Ok(html_page(StatusCode::OK, STOP_PAGE));
    }
    Ok(html_page(StatusCode::NOT_FOUND, USED_LINK_PAGE))
}

/// By the page's button, or by the mail program for her (RFC 8058).
async fn stop(State(app): State<App>, Path(token): Path<String>) -> Result<Response> {
    if app.service.preferences.stop(&token, clock::now()).await? {
        return Ok(html_page(StatusCode::OK, STOPPED_PAGE));
    }
    Ok(html_page(StatusCode::NOT_FOUND, USED_LINK_PAGE))
}

/// Opened from the mail that asks whether she wants mail. Opening alone changes nothing.
async fn ask_for_answer(
    State(app): State<App>,
    Path((token, answer)): Path<(String, String)>,
) -> Result<Response> {
    let now = clock::now();
    match named(&answer) {
        Some(it) if app.service.questions.can_answer(&token, it, now).await? => {
            Ok(html_page(StatusCode::OK, question_page(it)))
        }
        _ => Ok(html_page(StatusCode::NOT_FOUND, USED_LINK_PAGE)),
    }
}

/// By the page's button.
async fn answer(
    State(app): State<App>,
    Path((token, answer)): Path<(String, String)>,
) -> Result<Response> {
    match named(&answer) {
        Some(it)
            if app
                .service
                .questions
                .answer(&token, it, clock::now())
                .await? =>
        {
            Ok(html_page(StatusCode::OK, answered_page(it)))
        }
        _ => Ok(html_page(StatusCode::NOT_FOUND, USED_LINK_PAGE)),
    }
}

fn named(answer: &str) -> Option<MailAnswer> {
    let found = MailAnswer::ALL.into_iter().find(|it| it.1 == answer);
    found.map(|it| it.0)
}
