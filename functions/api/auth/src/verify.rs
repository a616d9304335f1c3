//! `/auth/v1/verify`: where mailed links lead.
//!
//! Opening a link uses nothing up, since programs open links by themselves: it shows a page whose button posts
//! a form to the same address, and only that uses the link. The sign-in library posts JSON instead.

use axum::Json as Answer;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_SECURITY_POLICY, LOCATION, ORIGIN};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;
use url::{Url, form_urlencoded};
use vara::auth::{Caller, Denied, Gate};
use vara::clock;
use vara::domain::{LinkKind, Role};
use vara::http::gotrue::{GotrueRefusal, Json, Result, fragment, session, user};
use vara::http::{ClientAddress, Params, is_form};
use vara::mail::LinkPage;
use vara::services::people::auth::{AuthRefusal, AuthService, Client};

use crate::app::App;

const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The parts of a mailed link; `token` or `token_hash`.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuthVerify {
    token: Option<String>,
    token_hash: Option<String>,
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(required, value_type = LinkKind))]
    kind: Option<String>,
    #[cfg_attr(feature = "openapi", schema(ignore))]
    redirect_to: Option<String>,
}

impl AuthVerify {
    fn of(params: &Params) -> Self {
        let get = |name| params.get(name).map(str::to_owned);
        Self {
            token: get("token"),
            token_hash: get("token_hash"),
            kind: get("type"),
            redirect_to: get("redirect_to"),
        }
    }

    /// The fields of a form; what it leaves out is taken from the address.
    fn of_form(body: &[u8], params: &Params) -> Self {
        let mut asked = Self::of(params);
        for (name, value) in form_urlencoded::parse(body) {
            let field = match name.as_ref() {
                "token" => &mut asked.token,
                "token_hash" => &mut asked.token_hash,
                "type" => &mut asked.kind,
                "redirect_to" => &mut asked.redirect_to,
                _ => continue,
            };
            *field = Some(value.into_owned());
        }
        asked
    }

    fn token(&self) -> Option<&str> {
        self.token_hash.as_deref().or(self.token.as_deref())
    }

    /// What a browser is told of an unknown kind is what it is told of an unknown confirmation.
    fn kind(&self) -> LinkKind {
        let named = self.kind.as_deref().and_then(LinkKind::named);
        named.unwrap_or(LinkKind::SignUp)
    }
}

/// Opened by her browser, or by a program that looks at links: a page that asks first.
pub(crate) async fn open(
    State(App { service, .. }): State<App>,
    from: ClientAddress,
    params: Params,
) -> Result<Response> {
    page(&service, &AuthVerify::of(&params), &from.0).await
}

async fn page(service: &AuthService, asked: &AuthVerify, from: &str) -> Result<Response> {
    let (token, kind) = (asked.token().unwrap_or_default(), asked.kind());
    let facts = service.look_at(token, kind, from).await?;
    let target = service.redirects.choose(asked.redirect_to.as_deref());
    let page = LinkPage {
        kind,
        account: facts.as_ref().map(|it| it.account.as_str()),
        voids_password: facts.as_ref().is_some_and(|it| it.voids_password),
        fields: [
            ("token", token),
            ("type", kind.as_str()),
            ("redirect_to", target.as_str()),
        ],
    };
    // Browsers hold the redirect that answers a form against `form-action` too.
    let policy = format!(
        "default-src 'none'; form-action 'self' {}; base-uri 'none'; frame-ancestors 'none'",
        target.origin().ascii_serialization()
    );
    let headers = [
        (CONTENT_SECURITY_POLICY, policy),
        (ROBOTS, "noindex".into()),
    ];
    Ok((headers, Html(page.html())).into_response())
}

/// Used: by the button of that page, or by the sign-in library.
pub(crate) async fn used(
    State(app): State<App>,
    client: Client,
    params: Params,
    headers: HeaderMap,
    request: Request,
) -> Result<Response> {
    if !is_form(&headers) {
        let Json(asked) = Json::from_request(request, &app).await?;
        return exchange(&app, &asked, &client, &headers).await;
    }
    let body = Bytes::from_request(request, &app).await;
    let body = body.map_err(|_| AuthRefusal::Invalid("The request could not be read."))?;
    let asked = AuthVerify::of_form(&body, &params);
    // A page of somebody else's must not press the button: she is asked first.
    if !is_our_page(&headers, &app.service.public_url) {
        return page(&app.service, &asked, client.network()).await;
    }
    lead_on(&app.service, &asked, &client).await
}

/// Whether a form comes from the page of a link, as far as the browser says. Older browsers name the page's
/// origin only, and not even that, as our page sends no referrer.
fn is_our_page(headers: &HeaderMap, public_url: &str) -> bool {
    let said = |name| headers.get(name).map(|it| it.to_str().unwrap_or_default());
    match (said(FETCH_SITE), said(ORIGIN)) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => origin == "null" || origin == public_url,
        (None, None) => true,
    }
}

/// Uses a link and leads her browser to the app: signed in, to the sign-in page, or told why not.
async fn lead_on(service: &AuthService, asked: &AuthVerify, client: &Client) -> Result<Response> {
    let mut target = service.redirects.choose(asked.redirect_to.as_deref());
    let token = asked.token().unwrap_or_default();
    let used = match asked.kind() {
        LinkKind::Recovery => service
            .follow(token, client)
            .await
            .map(|granted| target.set_fragment(Some(&fragment(&granted, "recovery")))),
        LinkKind::SignUp => service
            .confirm(token, client.network(), None)
            .await
            .map(|it| {
                target.set_path("/login");
                target.set_query(None);
                tell(&mut target, &[("message", confirmed(it.voids_password))]);
            }),
    };
    match used {
        Ok(()) => {}
        Err(refusal) if refusal.is_trouble() => return Err(refusal.into()),
        Err(refusal) => tell(
            &mut target,
            &[
                ("error", "access_denied"),
                ("error_code", "otp_expired"),
                ("error_description", &refusal.to_string()),
            ],
        ),
    }
    Ok((StatusCode::SEE_OTHER, [(LOCATION, target.to_string())]).into_response())
}

/// The library reads what is behind the `#`, the app's own pages what is behind the `?`.
fn tell(target: &mut Url, said: &[(&str, &str)]) {
    target.query_pairs_mut().extend_pairs(said);
    let mut told = form_urlencoded::Serializer::new(String::new());
    let told = told.extend_pairs(said).append_pair("sb", "").finish();
    target.set_fragment(Some(&told));
}

fn confirmed(voids_password: bool) -> &'static str {
    if voids_password {
        "Your address is confirmed. Please choose a new password with \"Forgot password\"."
    } else {
        "Your address is confirmed. You can sign in now."
    }
}

/// Called by the library with what a page was given.
async fn exchange(
    app: &App,
    asked: &AuthVerify,
    client: &Client,
    headers: &HeaderMap,
) -> Result<Response> {
    let kind = asked.kind.as_deref().and_then(LinkKind::named);
    let kind = kind.ok_or(AuthRefusal::Invalid("This kind of link is not known."))?;
    let token = asked
        .token()
        .ok_or(AuthRefusal::Invalid("There is no token in this request."))?;
    let granted = match kind {
        LinkKind::Recovery => app.service.follow(token, client).await?,
        LinkKind::SignUp => {
            let caller = caller(&app.gate, headers).await?;
            let it = app
                .service
                .confirm(token, client.network(), caller.as_ref())
                .await?;
            match it.granted {
                Some(granted) => granted,
                None => return Ok(Answer(user(&it.account, Role::User)).into_response()),
            }
        }
    };
    Ok(Answer(session(&granted)).into_response())
}

/// Who is signed in where the library is; without a sign-in it sends its own key.
async fn caller(gate: &Gate, headers: &HeaderMap) -> Result<Option<Caller>> {
    let header = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
    match gate.identify(header, clock::now()).await {
        Ok(caller) => Ok(Some(caller)),
        Err(Denied::Trouble(err)) => Err(GotrueRefusal::from(err)),
        Err(_) => Ok(None),
    }
}
