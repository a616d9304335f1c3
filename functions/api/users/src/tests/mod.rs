//! Her account, over a real `DynamoDB` API in memory and a small bucket.

mod bucket;
mod leaving;
mod past_erasures;
mod preferences;
mod resting;

use std::ops::Deref;

use aws_sdk_dynamodb::Client;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use vara::auth::{Gate, OneTime};
use vara::domain::{Account, Link, LinkKind, Role, Session, SignInMethod, UserId};
use vara::http::Cors;
use vara::objects::Objects;
use vara::services::people::users::AccountRest;
use vara::services::record::event_log::EventLog;
use vara::store::Store;
use vara::testing::{self, Cloud, TestApi};

use crate::{App, UserServices};
use bucket::Bucket;

const SITE: &str = "https://app.example";

/// The API with a bucket, for the site's pages.
struct Harness {
    api: TestApi,
    table: Client,
    bucket: Bucket,
    objects: Objects,
    log: EventLog,
}

impl Deref for Harness {
    type Target = TestApi;

    fn deref(&self) -> &TestApi {
        &self.api
    }
}

impl Harness {
    async fn build() -> Self {
        Self::with_rest(|_| None).await
    }

    /// Where deleted accounts rest so.
    async fn with_rest(rest: impl FnOnce(&Store) -> Option<AccountRest>) -> Self {
        let (store, table) = testing::table().await;
        let bucket = Bucket::default();
        let gate = Gate::new(&testing::settings(&[]), store.clone());
        let objects = bucket.serve().await;
        let keys = format!("{}/kms", vara_engines::start().await.unwrap());
        let log = EventLog::new(store.clone(), Cloud::vault_at(&keys));
        let services = (&store, log.clone());
        let service = UserServices::new(services, objects.clone(), &gate, None);
        let app = App {
            gate: gate.clone(),
            service: service.resting(rest(&store)),
        };
        let cors = Cors::new(&[SITE.into()], true);
        Self {
            api: TestApi::of(crate::routes(), app, gate, store, cors),
            table,
            bucket,
            objects,
            log,
        }
    }

    /// A woman with `devices` sign-ins; her id, and the access token of the last.
    async fn woman(&self, email: &str, devices: usize) -> (UserId, String) {
        let now = vara::clock::now();
        let account = Account::new(UserId::random(), email, now);
        let created = self.store.create_account(&account, "hash", None).await;
        assert!(created.unwrap());
        let link = Link {
            kind: LinkKind::SignUp,
            user_id: account.id(),
            hash: OneTime::draw().unwrap().hash,
            expires_at: now.plus_seconds(60),
        };
        let added = self.store.add_link(&account, &link, None, now).await;
        assert!(added.unwrap());
        let mut access = String::new();
        for _ in 0..devices {
            let session = Session::new(account.id(), SignInMethod::Password, now);
            assert!(self.store.sign_in(&account, &session).await.unwrap());
            access = self
                .gate
                .access()
                .issue(&account, Role::User, &session, now)
                .unwrap()
                .0;
        }
        (account.id(), access)
    }

    /// Signs this woman up; an access token of hers.
    async fn woman_of(&self, account: &Account) -> String {
        let now = vara::clock::now();
        let session = Session::new(account.id(), SignInMethod::Password, now);
        let made = self.store.create_account(account, "hash", Some(&session));
        assert!(made.await.unwrap());
        let access = self.gate.access();
        access.issue(account, Role::User, &session, now).unwrap().0
    }

    async fn send(&self, method: Method, token: &str, body: &str) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri("/api/v1/users/me")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ORIGIN, SITE)
            .body(Body::from(body.to_owned()))
            .unwrap();
        let reply = self.reply(request).await;
        assert_eq!(reply.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], SITE);
        let status = reply.status();
        let bytes = reply.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap())
    }
}

#[tokio::test]
async fn her_account() {
    let harness = Harness::build().await;
    let (user, token) = harness.woman("ana@example.net", 1).await;
    let (status, body) = harness.send(Method::GET, &token, "").await;
    assert_eq!(status, StatusCode::OK);
    let created = &body["data"]["createdAt"];
    assert!(created.as_str().unwrap().ends_with('Z'));
    let want = json!({ "data": {
        "id": user, "email": "ana@example.net", "emailVerified": true, "createdAt": created,
        "profile": {
            "id": user, "userId": user, "displayName": null, "riskLevel": "LOW", "onboardingCompleted": false, "createdAt": created,
        },
    }});
    assert_eq!(body, want);
}

#[tokio::test]
async fn her_name() {
    let harness = Harness::build().await;
    let (user, token) = harness.woman("ana@example.net", 1).await;
    let steps = [
        (r#"{"displayName":" Ana O'Neil "}"#, json!("Ana O'Neil")),
        ("{}", json!("Ana O'Neil")),
        ("", json!("Ana O'Neil")),
        (r#"{"displayName":null}"#, json!(null)),
        (r#"{"displayName":"Ana"}"#, json!("Ana")),
        (r#"{"displayName":""}"#, json!(null)),
    ];
    for (body, name) in steps {
        let (status, reply) = harness.send(Method::PATCH, &token, body).await;
        assert_eq!(
            (
                status,
                &reply["data"]["displayName"],
                &reply["data"]["userId"]
            ),
            (StatusCode::OK, &name, &json!(user)),
            "{body}"
        );
    }
    for bad in [
        r#"{"displayName":"A"}"#,
        r#"{"displayName":"<b>"}"#,
        r#"{"displayName":7}"#,
    ] {
        let (status, reply) = harness.send(Method::PATCH, &token, bad).await;
        assert_eq!(
            (status, &reply["error"]["code"]),
            (StatusCode::BAD_REQUEST, &json!("VALIDATION_ERROR")),
            "{bad}"
        );
        assert_eq!(
            reply["error"]["details"][0]["path"],
            json!(["displayName"]),
            "{bad}"
        );
    }
    let (status, reply) = harness.send(Method::PATCH, "null", "{}").await;
    assert_eq!(
        (status, &reply["error"]["code"]),
        (StatusCode::UNAUTHORIZED, &json!("AUTH_INVALID_TOKEN"))
    );
}
