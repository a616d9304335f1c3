//! Both surfaces, called as a browser calls them: real routes, a real `DynamoDB` API in memory, and the
//! mail stand-in.

mod address;
mod api;
mod confirming;
mod errors;
mod gotrue;
mod links;
mod proofs;
mod refresh;
mod sessions;
mod throttle;
mod undo;

use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::config::{BehaviorVersion, Credentials, Region};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;
use serde_json::{Value, json};
use tower::ServiceExt;
use vara::auth::Gate;
use vara::domain::{Account, Role, Timestamp, UserId};
use vara::http::Cors;
use vara::mail::Mailer;
use vara::queues::QueueDelivery;
use vara::services::people::auth::{AuthService, SignInMailer};
use vara::services::record::event_log::EventLog;
use vara::store::Store;
use vara::testing::Cloud;

use crate::App;

const SITE: &str = "https://app.example";
const PASSWORD: &str = "Correct1horse";

/// Both surfaces, with the mailbox and the queue behind them.
struct Harness {
    routes: Router,
    gate: Gate,
    service: AuthService,
    mailbox: Router,
    cloud: Cloud,
    worker: SignInMailer,
    delivered: AtomicUsize,
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

impl Harness {
    async fn build() -> Self {
        Self::over(vara::testing::store().await).await
    }

    /// Where addresses are confirmed first.
    async fn confirming() -> Self {
        Self::with(vara::testing::store().await, "true").await
    }

    async fn over(store: Store) -> Self {
        Self::with(store, "false").await
    }

    async fn with(store: Store, confirm_first: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let mailbox = vara_engines::router(base.clone());
        let server = mailbox.clone();
        tokio::spawn(async move { axum::serve(listener, server).await });

        let env = vara::testing::settings(&[
            ("WEB_ORIGINS", SITE),
            ("SESSION_MAX_DAYS", "90"),
            ("CONFIRM_FIRST", confirm_first),
            ("QUEUE_SIGN_IN_MAIL", "http://q/1/sign-in-mail"),
            ("STAGE", "prod"),
            ("RELEASE", "0000000001"),
        ]);
        let gate = Gate::new(&env, store.clone());
        let cloud = Cloud::start().await;
        let mailer = mailer(&format!("{base}/ses"));
        let log = EventLog::new(store.clone(), Cloud::vault_at(&format!("{base}/kms")));
        let queues = cloud.queues();
        let service = AuthService::read(&env, store.clone(), &gate, log, mailer.clone(), queues);
        let service = service.unwrap();
        let worker = SignInMailer::read(&env, store, mailer).unwrap();
        env.check().unwrap();
        let app = App {
            gate: gate.clone(),
            service: service.clone(),
        };
        let routes = vara::http::finish(crate::routes(), app, Cors::new(&[SITE.into()], true));
        Self {
            routes,
            gate,
            service,
            mailbox,
            cloud,
            worker,
            delivered: AtomicUsize::new(0),
        }
    }

    /// Takes the messages that were sent since, as the queue's function does; how many could not be worked on.
    async fn deliver(&self) -> usize {
        let sent = self.cloud.told("SendMessage");
        let from = self.delivered.swap(sent.len(), Ordering::SeqCst);
        let mut failed = 0;
        for (at, message) in sent.iter().enumerate().skip(from) {
            assert_eq!(message["QueueUrl"], "http://q/1/sign-in-mail");
            let delivery = QueueDelivery {
                id: format!("m{at}"),
                body: token(message, "MessageBody"),
                queue: "sign-in-mail".into(),
                receipt: "r".into(),
                attempt: 1,
                last: false,
                trace: None,
                deadline: vara::clock::now(),
            };
            failed += usize::from(self.worker.take(&delivery).await.is_err());
        }
        failed
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

    /// Posts a form as a browser does, from this network address and with these headers of its own.
    async fn submit(&self, link: &str, from: &str, headers: &[(&str, &str)]) -> Reply {
        let (path, fields) = link.split_once('?').unwrap();
        let mut request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(fields.to_owned())).unwrap();
        answer(&self.routes, called_from(request, from)).await
    }

    /// Opens the link of a mail and presses the button of its page.
    async fn press(&self, link: &str) -> Reply {
        let reply = self.submit(link, "", &[]).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{reply:?}");
        reply
    }

    async fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, Some("anon-key"), Some(&body.to_string()))
            .await
    }

    /// Signs up; the session.
    async fn ana(&self) -> Value {
        self.ana_from("").await
    }

    /// The same, from this network address.
    async fn ana_from(&self, from: &str) -> Value {
        let body = json!({ "email": "Ana@Example.net", "password": PASSWORD, "data": {} });
        let request = Request::post("/auth/v1/signup").body(Body::from(body.to_string()));
        let request = called_from(request.unwrap(), from);
        let reply = answer(&self.routes, request).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        reply.body
    }

    /// Ana's account as it is stored.
    async fn account(&self) -> Account {
        let found = self.service.store.account_of("ana@example.net").await;
        found.unwrap().unwrap()
    }

    /// A token of this session that has run out.
    async fn expired_token(&self, session: &Value) -> String {
        let store = &self.service.store;
        let user = UserId::parse(&token(&session["user"], "id")).unwrap();
        let account = store.account(user).await.unwrap().unwrap();
        let id = store.sessions(user).await.unwrap()[0];
        let stored = store.session(user, id).await.unwrap().unwrap();
        let past = Timestamp::from_epoch_seconds(1_700_000_000).unwrap();
        let access = &self.service.access;
        let issued = access.issue(&account, Role::User, &stored, past);
        issued.unwrap().0
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
        self.deliver().await;
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

/// A request as the gateway passes it on from this network address; none if that is empty.
fn called_from(request: Request<Body>, from: &str) -> Request<Body> {
    if from.is_empty() {
        return request;
    }
    let context = json!({
        "http": { "method": "POST", "path": "/", "protocol": "HTTP/1.1", "sourceIp": from, "userAgent": "" },
        "timeEpoch": 0,
    });
    let context = serde_json::from_value(context).unwrap();
    request.with_request_context(RequestContext::ApiGatewayV2(context))
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
    let is_page = parts
        .headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|it| it.to_str().unwrap().starts_with("text/html"));
    let body = if bytes.is_empty() {
        Value::Null
    } else if is_page {
        Value::String(String::from_utf8(bytes.to_vec()).unwrap())
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
