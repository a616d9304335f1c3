//! `/auth/v1/verify`: where mailed links lead.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use vara::domain::LinkKind;
use vara::http::Params;
use vara::http::gotrue::{Json, Result, fragment, session};
use vara::services::auth::{self, Desk, Refusal};

/// Opened by her browser: leads on to the app, signed in or told why not.
pub(crate) async fn follow(State(desk): State<Desk>, params: Params) -> Result<Response> {
    let mut page = desk.redirects.choose(params.get("redirect_to"));
    let token = params
        .get("token")
        .or_else(|| params.get("token_hash"))
        .unwrap_or_default();
    let (kind, name) = match kind(params.get("type")) {
        Some(LinkKind::Recovery) => (LinkKind::Recovery, "recovery"),
        _ => (LinkKind::SignUp, "signup"),
    };
    match auth::follow(&desk, token, kind).await {
        Ok(granted) => page.set_fragment(Some(&fragment(&granted, name))),
        Err(refusal) if refusal.is_trouble() => return Err(refusal.into()),
        Err(refusal) => {
            // The library reads what is behind the `#`, the app's own page what is behind the `?`.
            let said = [
                ("error", "access_denied"),
                ("error_code", "otp_expired"),
                ("error_description", &refusal.to_string()),
            ];
            page.query_pairs_mut().extend_pairs(said);
            let mut told = url::form_urlencoded::Serializer::new(String::new());
            page.set_fragment(Some(
                &told.extend_pairs(said).append_pair("sb", "").finish(),
            ));
        }
    }
    Ok((StatusCode::SEE_OTHER, [(LOCATION, page.to_string())]).into_response())
}

#[derive(Deserialize)]
pub(crate) struct Verify {
    token: Option<String>,
    token_hash: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// Called by the library with what a page was given.
pub(crate) async fn exchange(
    State(desk): State<Desk>,
    Json(asked): Json<Verify>,
) -> Result<Response> {
    let kind =
        kind(asked.kind.as_deref()).ok_or(Refusal::Invalid("This kind of link is not known."))?;
    let token = asked
        .token_hash
        .or(asked.token)
        .ok_or(Refusal::Invalid("There is no token in this request."))?;
    let granted = auth::follow(&desk, &token, kind).await?;
    Ok(Answer(session(&granted)).into_response())
}

fn kind(text: Option<&str>) -> Option<LinkKind> {
    match text? {
        "recovery" => Some(LinkKind::Recovery),
        "signup" | "email" => Some(LinkKind::SignUp),
        _ => None,
    }
}
