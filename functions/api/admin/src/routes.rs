//! Routes of `/api/v1/admin`: dead letters, switches and how requests to remove stand, for the role admin; objections to
//! requests, for reviewers.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post, put};
use vara::clock;
use vara::domain::{Error, TakedownId};
use vara::http::{self, Admin, Body, Params, Result, Reviewer, data, page};
use vara::services::takedowns::{ObjectionDecision, TakedownCounts, Takedowns};
use vara::services::upkeep::dead_letters::DeadLetters;
use vara::services::upkeep::switches::{SwitchChange, Switches};

pub(crate) type App = http::App<AdminServices>;

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct AdminServices {
    pub(crate) dead_letters: DeadLetters,
    pub(crate) switches: Switches,
    pub(crate) takedowns: Takedowns,
    pub(crate) takedown_counts: TakedownCounts,
}

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/admin/dead-letters", get(dead_letters))
        .route("/api/v1/admin/dead-letters/{queue}/redrive", post(redrive))
        .route("/api/v1/admin/switches", get(list_switches))
        .route("/api/v1/admin/switches/{name}", put(set_switch))
        .route("/api/v1/admin/takedowns", get(takedowns))
        .route("/api/v1/admin/objections", get(objections))
        .route("/api/v1/admin/objections/{id}", get(objection))
        .route("/api/v1/admin/objections/{id}/decision", post(decide))
}

async fn dead_letters(State(app): State<App>, _: Admin) -> Result<Response> {
    Ok(data(app.service.dead_letters.list().await?))
}

async fn redrive(State(app): State<App>, _: Admin, Path(queue): Path<String>) -> Result<Response> {
    Ok(data(app.service.dead_letters.send_back(&queue).await?))
}

async fn list_switches(State(app): State<App>, _: Admin) -> Result<Response> {
    Ok(data(app.service.switches.list().await?))
}

async fn set_switch(
    State(app): State<App>,
    Admin(caller): Admin,
    Path(name): Path<String>,
    Body(change): Body<SwitchChange>,
) -> Result<Response> {
    let set = app.service.switches.set(&name, change, caller.user);
    Ok(data(set.await?))
}

async fn takedowns(State(app): State<App>, _: Admin) -> Result<Response> {
    let overview = app.service.takedown_counts.overview(clock::now());
    Ok(data(overview.await?))
}

async fn objections(State(app): State<App>, _: Reviewer, params: Params) -> Result<Response> {
    let listing = app
        .service
        .takedowns
        .objections(params.page()?, clock::now());
    let listing = listing.await?;
    Ok(page(listing.items, listing.pagination))
}

async fn objection(
    State(app): State<App>,
    Reviewer(reviewer): Reviewer,
    Path(id): Path<String>,
) -> Result<Response> {
    let takedowns = &app.service.takedowns;
    let found = takedowns.objection(&reviewer, request(&id)?, clock::now());
    Ok(data(found.await?))
}

async fn decide(
    State(app): State<App>,
    Reviewer(reviewer): Reviewer,
    Path(id): Path<String>,
    Body(decision): Body<ObjectionDecision>,
) -> Result<Response> {
    let takedowns = &app.service.takedowns;
    let voted = takedowns.decide_objection(&reviewer, request(&id)?, decision, clock::now());
    Ok(data(voted.await?))
}

/// The id of a request; what is none has no objection.
fn request(text: &str) -> Result<TakedownId> {
    let id = TakedownId::parse(text);
    Ok(id.ok_or_else(|| Error::not_found("OBJECTION_NOT_FOUND", "There is no such objection."))?)
}
