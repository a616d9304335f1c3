//! Addresses that end, for one picture each.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use vara::clock;
use vara::domain::{Image, ImageId, ImageState, UserId};
use vara::objects::key;
use vara::services::pictures::proxy::Proxy;
use vara::testing::{Cloud, TestApi};

use crate::routes::{App, routes};

const TOKENS: &str = "/api/v1/proxy/tokens";

/// The function, with a woman who has a picture.
struct Case {
    api: TestApi,
    proxy: Proxy,
    user: UserId,
    token: String,
    image: Image,
}

impl Case {
    async fn new() -> Self {
        let cloud = Cloud::start().await;
        let mut proxy = None;
        let api = TestApi::build(routes(), |gate, store| {
            let made = Proxy {
                store,
                objects: cloud.objects(),
                keys: gate.keys().clone(),
                public_url: "https://vara.example".into(),
            };
            proxy = Some(made.clone());
            App {
                gate,
                service: made,
            }
        })
        .await;
        let (user, token) = api.woman("ana@example.net").await;
        let image = Image {
            state: ImageState::Ready,
            ..Image::expected(ImageId::next(), user, "s".into(), clock::now())
        };
        assert!(api.store.announce_image(&image, None).await.unwrap());
        let object = key::display(user, image.id);
        let bytes = b"a picture".as_slice().into();
        cloud
            .objects()
            .put(&object, "image/jpeg", bytes)
            .await
            .unwrap();
        Self {
            api,
            proxy: proxy.unwrap(),
            user,
            token,
            image,
        }
    }

    async fn want(&self, token: &str, body: Value) -> (StatusCode, Value) {
        self.api
            .send(Method::POST, TOKENS, token, &body.to_string())
            .await
    }

    async fn status(&self, token: &str) -> StatusCode {
        let uri = format!("/api/v1/proxy/images/{token}");
        self.api.send(Method::GET, &uri, "", "").await.0
    }
}

#[tokio::test]
async fn the_owner_gets_an_address_and_anybody_the_picture_behind_it() {
    let case = Case::new().await;
    let wanted = json!({ "imageId": case.image.id });
    let link = TestApi::data(case.want(&case.token, wanted.clone()).await, 201);
    let token = link["token"].as_str().unwrap();
    let url = format!("https://vara.example/api/v1/proxy/images/{token}");
    assert_eq!(link["url"], url);
    assert_eq!(case.status(token).await, StatusCode::OK);
    let bytes = case.proxy.picture(token, clock::now()).await.unwrap();
    assert_eq!(bytes.unwrap().as_ref(), b"a picture");
    let (_, stranger) = case.api.woman("eve@example.net").await;
    TestApi::refused(&case.want(&stranger, wanted).await, 404, "IMAGE_NOT_FOUND");
    TestApi::refused(
        &case.want("null", json!({})).await,
        401,
        "AUTH_INVALID_TOKEN",
    );
    for bad in [
        json!({}),
        json!({ "imageId": "x" }),
        json!({ "imageId": case.image.id, "ttlSeconds": "x" }),
    ] {
        TestApi::refused(&case.want(&case.token, bad).await, 400, "VALIDATION_ERROR");
    }
}

#[tokio::test]
async fn an_address_ends_after_two_to_five_minutes_and_with_its_picture() {
    let case = Case::new().await;
    let now = clock::now();
    for (asked, life) in [
        (None, 180),
        (Some(1), 120),
        (Some(240), 240),
        (Some(9999), 300),
    ] {
        let link = case
            .proxy
            .link(case.user, case.image.id, asked, now)
            .await
            .unwrap();
        assert_eq!(link.expires_at, now.plus_seconds(life));
        let at = async |second| {
            let found = case
                .proxy
                .picture(&link.token, now.plus_seconds(second))
                .await;
            found.unwrap().is_some()
        };
        assert!(at(life - 1).await, "{asked:?}");
        assert!(!at(life).await, "{asked:?}");
    }
    let (status, health) = case
        .api
        .send(Method::GET, "/api/v1/proxy/health", "", "")
        .await;
    assert_eq!(
        (status, &health["status"], &health["activeTokens"]),
        (StatusCode::OK, &json!("ok"), &json!(4))
    );
    assert!(health["timestamp"].is_string());
    let link = case
        .proxy
        .link(case.user, case.image.id, None, now)
        .await
        .unwrap();
    assert!(
        case.api
            .store
            .archive_image(&case.image, None, now)
            .await
            .unwrap()
    );
    assert_eq!(case.status(&link.token).await, StatusCode::NOT_FOUND);
    let gone = case.proxy.link(case.user, case.image.id, None, now).await;
    assert_eq!(gone.unwrap_err().code, "IMAGE_NOT_FOUND");
}

#[tokio::test]
async fn what_is_no_token_is_refused_in_a_plain_sentence() {
    let case = Case::new().await;
    for token in ["x", "a.b", &"0".repeat(64)] {
        let uri = format!("/api/v1/proxy/images/{token}");
        let (status, body) = case.api.send(Method::GET, &uri, "", "").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(body["error"].is_string(), "{body}");
    }
    let asked = case
        .api
        .send(Method::OPTIONS, "/api/v1/proxy/images/x", "", "")
        .await;
    assert_eq!(asked.0, StatusCode::NO_CONTENT);
    assert_eq!(
        case.api
            .send(Method::POST, "/api/v1/proxy/images/x", "", "")
            .await
            .0,
        StatusCode::NOT_FOUND
    );
}
