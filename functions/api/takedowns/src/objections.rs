//! Routes of `/api/v1/objections`: object to a request without a sign-in, by a page with a form or in JSON.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use url::form_urlencoded;
use vara::clock;
use vara::domain::Error;
use vara::http::{Body, ClientAddress, Params, Result, accepted, html_error, html_page, is_form};
use vara::mail::{OBJECTION_TAKEN_PAGE, ObjectionPage};
use vara::services::takedowns::NewObjection;

use crate::app::App;

/// The page with the form. The reference can stand in the address, as it does in the text of a request.
pub(crate) async fn page(params: Params) -> Response {
    let page = ObjectionPage {
        reference: params.get("reference").unwrap_or_default(),
        ..ObjectionPage::default()
    };
    html_page(StatusCode::OK, page.html())
}

pub(crate) async fn object(
    State(app): State<App>,
    ClientAddress(network): ClientAddress,
    headers: HeaderMap,
    request: Request,
) -> Result<Response> {
    if !is_form(&headers) {
        let Body(objection) = Body::from_request(request, &app).await?;
        let taken = app.service.object(objection, &network, clock::now());
        return Ok(accepted(taken.await?));
    }
    let body = Bytes::from_request(request, &app).await;
    let Ok(body) = body else {
        let err = Error::invalid("REQUEST_ERROR", "This is longer than we take.");
        return Ok(refused(&of_form(&[]), err));
    };
    let objection = of_form(&body);
    let taken = app
        .service
        .object(objection.clone(), &network, clock::now());
    Ok(match taken.await {
        Ok(_) => html_page(StatusCode::ACCEPTED, OBJECTION_TAKEN_PAGE),
        Err(err) => refused(&objection, err),
    })
}

/// The form again, with what was written and why it was not taken.
fn refused(objection: &NewObjection, err: Error) -> Response {
    let page = ObjectionPage {
        reference: &objection.reference,
        reason: &objection.reason,
        contact: &objection.contact,
        fault: Some(&err.message),
    };
    let html = page.html();
    html_error(err, html)
}

/// The fields of the form; what is missing is empty. Browsers send a new line as two characters.
fn of_form(body: &[u8]) -> NewObjection {
    let field = |wanted: &str| {
        let mut fields = form_urlencoded::parse(body);
        let value = fields.find_map(|(name, value)| (name == wanted).then_some(value));
        value.unwrap_or_default().replace("\r\n", "\n")
    };
    NewObjection {
        reference: field("reference"),
        reason: field("reason"),
        contact: field("contact"),
    }
}
