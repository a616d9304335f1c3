//! Erasing again whoever a restored table has brought back. Here and not among the other routes of admins:
//! only this function may remove an account.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use vara::http::{Admin, Body, Result, data};
use vara::services::people::past_erasures::ReapplyFrom;

use crate::app::App;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/api/v1/admin/erasures/reapply", post(reapply))
}

async fn reapply(
    State(app): State<App>,
    Admin(_): Admin,
    Body(from): Body<ReapplyFrom>,
) -> Result<Response> {
    Ok(data(app.service.past_erasures.reapply(from).await?))
}
