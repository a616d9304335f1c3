//! Routes of `/api/v1/takedowns`: proposals, make, list, read, change, text, mails, approve, submit, answer, recheck,
//! withdraw, escalate, recipients. Those of `/api/v1/objections` are in `objections`.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum::routing::{get, post};
use vara::clock;
use vara::domain::{Error, TakedownId};
use vara::http::{
    Body, Caller, Params, Recent, Result, created, data, expected_revision, page, with_etag,
};
use vara::services::takedowns::{
    Escalation, NewTakedown, ProposalRequest, RecipientAnswer, Submission, TakedownApproval,
    TakedownPatch, TakedownWithTimeline,
};

use crate::app::App;
use crate::objections;

/// All routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/takedowns", get(list).post(create))
        .route("/api/v1/takedowns/proposals", post(propose))
        .route("/api/v1/takedowns/catalogue", get(recipients))
        .route("/api/v1/takedowns/{id}", get(read).patch(change))
        .route("/api/v1/takedowns/{id}/text", get(text))
        .route("/api/v1/takedowns/{id}/mails", get(mails))
        .route("/api/v1/takedowns/{id}/mails/{mail}", get(mail))
        .route("/api/v1/takedowns/{id}/approve", post(approve))
        .route("/api/v1/takedowns/{id}/submit", post(submit))
        .route("/api/v1/takedowns/{id}/answer", post(answer))
        .route("/api/v1/takedowns/{id}/recheck", post(recheck))
        .route("/api/v1/takedowns/{id}/withdraw", post(withdraw))
        .route("/api/v1/takedowns/{id}/escalate", post(escalate))
        .route(
            "/api/v1/objections",
            get(objections::page).post(objections::object),
        )
}

async fn propose(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<ProposalRequest>,
) -> Result<Response> {
    let proposals = app.service.propose(caller.user, request, clock::now());
    Ok(data(proposals.await?))
}

async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(new): Body<NewTakedown>,
) -> Result<Response> {
    let made = app.service.create(&caller, new, clock::now()).await?;
    let place = format!("/api/v1/takedowns/{}", made.takedown.id);
    let place = HeaderValue::try_from(place)
        .map_err(|err| Error::bug("writing the place of a request", err))?;
    let revision = made.takedown.revision;
    let mut reply = with_etag(created(made), revision);
    reply.headers_mut().insert(header::LOCATION, place);
    Ok(reply)
}

async fn list(State(app): State<App>, caller: Caller, params: Params) -> Result<Response> {
    let (states, of) = (params.list("state")?, params.page()?);
    let listing = app
        .service
        .list(caller.user, states, of, clock::now())
        .await?;
    Ok(page(listing.items, listing.pagination))
}

async fn recipients(State(app): State<App>, _: Caller) -> Result<Response> {
    Ok(data(app.service.recipients()?))
}

async fn read(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response> {
    let id = takedown(&id)?;
    Ok(whole(app.service.get(caller.user, id, clock::now()).await?))
}

async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(patch): Body<TakedownPatch>,
) -> Result<Response> {
    let (id, revision) = (takedown(&id)?, expected_revision(&headers)?);
    let changed = app
        .service
        .patch(&caller, id, revision, patch, clock::now());
    Ok(whole(changed.await?))
}

async fn text(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response> {
    let id = takedown(&id)?;
    Ok(data(app.service.text(caller.user, id, clock::now()).await?))
}

async fn mails(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response> {
    let id = takedown(&id)?;
    Ok(data(app.service.mails(caller.user, id).await?))
}

async fn mail(
    State(app): State<App>,
    caller: Caller,
    Path((id, mail)): Path<(String, String)>,
) -> Result<Response> {
    let of = (takedown(&id)?, &*mail);
    let found = app.service.mail(caller.user, of, clock::now());
    Ok(data(found.await?))
}

async fn approve(
    State(app): State<App>,
    Recent(caller): Recent,
    Path(id): Path<String>,
    Body(approval): Body<TakedownApproval>,
) -> Result<Response> {
    let approved = app
        .service
        .approve(&caller, takedown(&id)?, approval, clock::now());
    Ok(whole(approved.await?))
}

async fn submit(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Body(submission): Body<Submission>,
) -> Result<Response> {
    let submitted = app
        .service
        .submit(&caller, takedown(&id)?, submission, clock::now());
    Ok(whole(submitted.await?))
}

async fn answer(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Body(answer): Body<RecipientAnswer>,
) -> Result<Response> {
    let answered = app
        .service
        .answer(&caller, takedown(&id)?, answer, clock::now());
    Ok(whole(answered.await?))
}

async fn recheck(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response> {
    let looked = app.service.recheck(&caller, takedown(&id)?, clock::now());
    Ok(whole(looked.await?))
}

async fn withdraw(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response> {
    let withdrawn = app.service.withdraw(&caller, takedown(&id)?, clock::now());
    Ok(whole(withdrawn.await?))
}

async fn escalate(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Body(step): Body<Escalation>,
) -> Result<Response> {
    let escalated = app
        .service
        .escalate(&caller, takedown(&id)?, step, clock::now());
    Ok(whole(escalated.await?))
}

/// The id of a request; what is none is the id of no request.
fn takedown(text: &str) -> Result<TakedownId> {
    let id = TakedownId::parse(text);
    Ok(id.ok_or_else(|| Error::not_found("TAKEDOWN_NOT_FOUND", "This request does not exist."))?)
}

/// 200 with a request, marked with its revision.
fn whole(it: TakedownWithTimeline) -> Response {
    let revision = it.takedown.revision;
    with_etag(data(it), revision)
}
