//! Both surfaces, called as a browser calls them: real routes, a real `DynamoDB` API in memory, and the
//! mail stand-in.

#![allow(clippy::unwrap_used)]

mod api;
mod errors;
mod gotrue;
mod links;
mod refresh;

use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::config::{BehaviorVersion, Credentials, Region};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use vara::auth::Gate;
use vara::http::Cors;
use vara::mail::Mailer;
use vara::runtime::Env;
use vara::services::auth::Desk;
use vara::store::Store;

use crate::App;

const SITE: &str = "https://app.example";
const PASSWORD: &str = "Correct1horse";

/// The function, with what is behind it.
struct House {
    routes: Router,
    desk: Desk,
    mailbox: Router,
}

/// An answer.
#[derive(Debug)]
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Reply {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |it| it.to_str().unwrap())
    }

    fn text(&self, name: &str) -> String {
        self.body[name].as_str().unwrap_or_default().to_owned()
    }

    /// Holds what every refusal of the sign-in library's surface must have.
    #[track_caller]
    fn is_refused(&self, status: u16, code: &str) {
        assert_eq!(
            (self.status.as_u16(), self.body["code"].as_str()),
            (status, Some(code)),
            "{self:?}"
        );
        assert_eq!(self.body["error_code"], code);
        assert_eq!(self.body["msg"], self.body["message"]);
        assert!(self.text("msg").len() > 10, "{self:?}");
        assert_eq!(self.header("x-sb-error-code"), code);
        assert_eq!(self.header("x-supabase-api-version"), "2024-01-01");
        assert_eq!(self.header("access-control-allow-origin"), SITE);
        let exposed = self.header("access-control-expose-headers");
        assert!(exposed.split(", ").any(|it| it == "X-Supabase-Api-Version"));
    }

    /// Holds what every refusal of the API must have.
    #[track_caller]
    fn is_error(&self, status: u16, code: &str) {
        let error = &self.body["error"];
        assert_eq!(
            (self.status.as_u16(), error["code"].as_str()),
            (status, Some(code)),
            "{self:?}"
        );
        assert!(error["message"].as_str().unwrap().len() > 10);
        assert_eq!(self.header("access-control-allow-origin"), SITE);
    }
}

impl House {
    async fn build() -> Self {
        Self::over(vara::testing::store().await).await
    }

    async fn over(store: Store) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let mailbox = vara_engines::router(base.clone());
        let server = mailbox.clone();
        tokio::spawn(async move { axum::serve(listener, server).await });

        let settings = [
            ("SECRET", "a-secret-of-more-than-thirty-two-characters"),
            ("PUBLIC_URL", "https://vara.example"),
            ("WEB_ORIGINS", SITE),
            ("STAGE", "prod"),
        ];
        let env = Env::of(settings.map(|(name, value)| (name.into(), value.into())));
        let gate = Gate::new(&env, store.clone());
        let desk = Desk::read(&env, store, &gate, mailer(&format!("{base}/ses"))).unwrap();
        env.check().unwrap();
        let app = App {
            gate,
            desk: desk.clone(),
        };
        let routes = vara::http::finish(crate::routes(), app, Cors::new(&[SITE.into()], true));
        Self {
            routes,
            desk,
            mailbox,
        }
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        bearer: Option<&str>,
        body: Option<&str>,
    ) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::ORIGIN, SITE);
        if let Some(token) = bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        request = request.header(header::CONTENT_TYPE, "application/json;charset=UTF-8");
        answer(
            &self.routes,
            request
                .body(Body::from(body.unwrap_or_default().to_owned()))
                .unwrap(),
        )
        .await
    }

    async fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, Some("anon-key"), Some(&body.to_string()))
            .await
    }

    /// Signs up; the session.
    async fn ana(&self) -> Value {
        let reply = self
            .post(
                "/auth/v1/signup",
                json!({ "email": "Ana@Example.net", "password": PASSWORD, "data": {} }),
            )
            .await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        reply.body
    }

    async fn sign_in(&self, password: &str) -> Reply {
        let body =
            json!({ "email": "ana@example.net", "password": password, "gotrue_meta_security": {} });
        self.post("/auth/v1/token?grant_type=password", body).await
    }

    async fn refresh(&self, token: &str) -> Reply {
        self.post(
            "/auth/v1/token?grant_type=refresh_token",
            json!({ "refresh_token": token }),
        )
        .await
    }

    async fn me(&self, token: &str) -> Reply {
        self.send("GET", "/auth/v1/user", Some(token), None).await
    }

    async fn mails(&self) -> Vec<Value> {
        let request = Request::get("/_mail").body(Body::empty()).unwrap();
        answer(&self.mailbox, request)
            .await
            .body
            .as_array()
            .unwrap()
            .clone()
    }

    /// The address in the newest mail that holds `part`.
    async fn mailed(&self, part: &str) -> String {
        let mails = self.mails().await;
        let mut links = mails
            .iter()
            .flat_map(|it| it["links"].as_array().unwrap().clone());
        let link = links.rfind(|it| it.as_str().unwrap().contains(part));
        link.unwrap()
            .as_str()
            .unwrap()
            .strip_prefix("https://vara.example")
            .unwrap()
            .to_owned()
    }

    async fn break_mail(&self) {
        let fault = json!({ "engine": "ses", "mode": "error", "status": 500, "times": 50 });
        let request = Request::post("/_fault")
            .header("content-type", "application/json")
            .body(Body::from(fault.to_string()));
        assert!(
            answer(&self.mailbox, request.unwrap())
                .await
                .status
                .is_success()
        );
    }
}

fn mailer(endpoint: &str) -> Mailer {
    let config = aws_sdk_sesv2::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(Credentials::for_tests())
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint)
        .build();
    Mailer::new(
        aws_sdk_sesv2::Client::from_conf(config),
        "hello@example.net",
    )
}

async fn answer(routes: &Router, request: Request<Body>) -> Reply {
    let reply = routes.clone().oneshot(request).await.unwrap();
    let (parts, body) = reply.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let body = if bytes.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&bytes).unwrap()
    };
    Reply {
        status: parts.status,
        headers: parts.headers,
        body,
    }
}

fn token(session: &Value, name: &str) -> String {
    session[name].as_str().unwrap().to_owned()
}
