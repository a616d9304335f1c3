//! Decisions over a real table API in memory.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use vara::auth::Gate;
use vara::clock;
use vara::domain::{ImageFilter, ImageId, ImageState, Page, Role, UserId};
use vara::http::{EDGE, Edge, VIEWER};
use vara::services::pictures::image_addresses::ImageAddresses;
use vara::services::pictures::images::ImageAnnouncer;
use vara::services::record::event_log::EventLog;
use vara::services::upkeep::rate_limits::{RateLimiter, Rates};
use vara::store::Store;
use vara::testing::{self, Cloud};

use crate::authorizer::UploadAuthorizer;

const ARN: &str = "arn:aws:execute-api:eu-central-1:1:api/uploads/POST/api/v1/images/upload";
const FORM: &str = "multipart/form-data; boundary=x";

/// The authorizer over a table in memory.
struct Harness {
    authorizer: UploadAuthorizer,
    store: Store,
}

impl Harness {
    async fn with(store: Store, all: u32) -> Self {
        let env = testing::settings(&[("EDGE_SECRET", "s3cret")]);
        let gate = Gate::new(&env, store.clone());
        let rates = Rates {
            all,
            auth: 9,
            user: 100,
        };
        let addresses = ImageAddresses {
            keys: gate.keys().clone(),
            public_url: env.text("PUBLIC_URL"),
        };
        let keys = format!("{}/kms", vara_engines::start().await.unwrap());
        let log = EventLog::new(store.clone(), Cloud::vault_at(&keys));
        let authorizer = UploadAuthorizer {
            announcer: ImageAnnouncer::new(store.clone(), log, addresses.public_url.clone()),
            addresses,
            gate,
            limits: RateLimiter::new(rates, store.clone()),
            edge: Edge::read(&env),
        };
        Self { authorizer, store }
    }

    async fn build() -> Self {
        Self::with(testing::store().await, 1000).await
    }

    async fn woman(&self) -> (UserId, String) {
        let gate = &self.authorizer.gate;
        let her = testing::signed_in(&self.store, gate, "ana@example.net", Role::User).await;
        (her.user, format!("Bearer {}", her.token))
    }

    async fn ask(&self, headers: Value) -> Result<Value, String> {
        let request = json!({
            "type": "REQUEST", "methodArn": ARN, "headers": headers, "httpMethod": "POST",
            "requestContext": { "requestId": "r", "identity": { "sourceIp": "192.0.2.7" } },
        });
        let request = serde_json::from_value(request).unwrap();
        let decision = self.authorizer.decide(&request, clock::now()).await;
        decision.map_err(|err| err.to_string())
    }

    async fn listed(&self, user: UserId) -> Vec<ImageId> {
        let page = Page {
            number: 1,
            limit: 50,
        };
        let found = self
            .store
            .images(user, ImageFilter::All, page)
            .await
            .unwrap();
        found.items.iter().map(|it| it.image.id).collect()
    }
}

fn effect(decision: &Value) -> (&Value, &Value) {
    let statement = &decision["policyDocument"]["Statement"][0];
    assert_eq!(statement["Action"], "execute-api:Invoke");
    (&statement["Effect"], &statement["Resource"])
}

fn denied(decision: &Value, code: &str) {
    assert_eq!(
        effect(decision),
        (&json!("Deny"), &json!(ARN)),
        "{decision}"
    );
    assert_eq!(decision["context"]["code"], code);
    // Both are put into a template that escapes nothing.
    for said in ["code", "message"] {
        let text = decision["context"][said].as_str().unwrap();
        assert!(
            text.len() > 5 && !text.contains(['"', '\\', '\n']),
            "{text}"
        );
    }
    let message = decision["context"]["message"].as_str().unwrap();
    assert!(!message.contains("/api/"), "{message} names a route");
}

#[tokio::test]
async fn her_picture_is_announced_and_its_whole_answer_given() {
    let harness = Harness::build().await;
    let (user, token) = harness.woman().await;
    let headers = json!({ "Authorization": token, "Content-Type": FORM });
    let decision = harness.ask(headers).await.unwrap();
    assert_eq!(effect(&decision), (&json!("Allow"), &json!(ARN)));
    let context = &decision["context"];
    assert_eq!(context["user"], json!(user));
    let answer = STANDARD
        .decode(context["answer"].as_str().unwrap())
        .unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let image = &answer["data"];
    assert_eq!(
        (&image["id"], &image["userId"], &image["state"]),
        (&context["image"], &context["user"], &json!("PENDING"))
    );
    assert!(image["signedUrl"].is_string(), "{image}");
    let id = ImageId::parse(image["id"].as_str().unwrap()).unwrap();
    assert_eq!(
        harness.listed(user).await,
        [id],
        "listed at once, as a small one is"
    );
    let row = harness.store.image(user, id).await.unwrap().unwrap();
    assert_eq!(row.image.state, ImageState::Pending);
    // API Gateway takes text, numbers and truth values only.
    for (name, value) in context.as_object().unwrap() {
        assert!(value.is_string(), "{name} is {value}");
    }
}

#[tokio::test]
async fn who_may_not_is_told_why() {
    let harness = Harness::build().await;
    let (user, token) = harness.woman().await;
    let ask = async |headers: Value| harness.ask(headers).await.unwrap();
    denied(
        &ask(json!({ "content-type": FORM })).await,
        "AUTH_MISSING_TOKEN",
    );
    denied(&ask(Value::Null).await, "AUTH_MISSING_TOKEN");
    let forged = json!({ "authorization": "Bearer x", "content-type": FORM });
    denied(&ask(forged).await, "AUTH_INVALID_TOKEN");
    for kind in ["application/json", "multipart/form-data", ""] {
        let headers = json!({ "authorization": token, "content-type": kind });
        denied(&ask(headers).await, "FST_INVALID_MULTIPART_CONTENT_TYPE");
    }
    assert_eq!(harness.listed(user).await, []);
}

#[tokio::test]
async fn the_fifty_first_is_denied() {
    let harness = Harness::build().await;
    let (user, token) = harness.woman().await;
    let headers = json!({ "authorization": token, "content-type": FORM });
    for _ in 0..50 {
        let decision = harness.ask(headers.clone()).await.unwrap();
        assert_eq!(effect(&decision).0, "Allow");
    }
    denied(&harness.ask(headers).await.unwrap(), "IMAGE_LIMIT_REACHED");
    assert_eq!(harness.listed(user).await.len(), 50);
}

#[tokio::test]
async fn calls_are_counted_by_who_called_the_distribution() {
    testing::in_one_window().await;
    let harness = Harness::with(testing::store().await, 1).await;
    let from = async |secret: &str, viewer: &str| {
        let headers = json!({ EDGE: secret, VIEWER: viewer });
        let decision = harness.ask(headers).await.unwrap();
        decision["context"]["code"].clone()
    };
    assert_eq!(from("s3cret", "198.51.100.1").await, "AUTH_MISSING_TOKEN");
    assert_eq!(from("s3cret", "198.51.100.2").await, "AUTH_MISSING_TOKEN");
    assert_eq!(from("s3cret", "198.51.100.1").await, "REQUEST_ERROR");
    // Whoever comes past the distribution is who the gateway saw.
    assert_eq!(from("guess", "198.51.100.3").await, "AUTH_MISSING_TOKEN");
    assert_eq!(from("guess", "198.51.100.4").await, "REQUEST_ERROR");
}

#[tokio::test]
async fn a_table_that_does_not_answer_is_no_refusal() {
    let known = Harness::build().await;
    let (_, token) = known.woman().await;
    let harness = Harness::with(testing::silent_store(), 1000).await;
    let headers = json!({ "authorization": token, "content-type": FORM });
    assert!(harness.ask(headers).await.is_err());
}
