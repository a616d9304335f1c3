//! The tiny social network and its authorisation servers.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, Engines};

const BACK: &str = "https%3A%2F%2Fvara.example%2Fback";
/// The appendix of RFC 7636 has this pair.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

async fn plant(engines: &Engines, profile: Value) {
    let answer = engines.post("/_web/profiles", &profile).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
}

#[tokio::test]
async fn a_profile_is_told_as_it_was_planted_last() {
    let engines = Engines::new();
    plant(
        &engines,
        json!({ "platform": "tiktok", "handle": "@Ana.K", "name": "Ana", "followers": 1 }),
    )
    .await;
    plant(
        &engines,
        json!({ "platform": "TIKTOK", "handle": "ana.k", "name": "Ana", "followers": 2 }),
    )
    .await;
    let told = engines.get("/social/TIKTOK/profiles/ana.k").await.json();
    assert_eq!(
        (&told["followers"], &told["url"]),
        (&json!(2), &json!("https://www.tiktok.com/ana.k"))
    );
    let other = engines.get("/social/INSTAGRAM/profiles/ana.k").await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
    assert_eq!(
        engines
            .get("/_web/profiles")
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
    for bad in [
        json!({ "platform": "myspace", "handle": "ana" }),
        json!({ "platform": "tiktok", "handle": "@" }),
        json!({ "platform": "tiktok", "handle": "ana", "nmae": "x" }),
    ] {
        assert_eq!(
            engines.post("/_web/profiles", &bad).await.status,
            StatusCode::BAD_REQUEST
        );
    }
    assert_eq!(
        engines.delete("/_web/profiles").await.json(),
        json!({ "cleared": 1 })
    );
}

#[tokio::test]
async fn a_search_shows_what_is_a_little_alike_the_likest_first() {
    let engines = Engines::new();
    for (handle, name) in [
        ("zoe", "Zoe"),
        ("ana.k0vac", "X"),
        ("someone", "Ana Kovac"),
        ("ana", "Ana"),
    ] {
        plant(
            &engines,
            json!({ "platform": "TIKTOK", "handle": handle, "name": name }),
        )
        .await;
    }
    let found = engines
        .get("/social/tiktok/search?q=ana.kovac")
        .await
        .json();
    let handles: Vec<_> = found["profiles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["handle"].as_str().unwrap())
        .collect();
    assert_eq!(handles, ["ana.k0vac", "someone", "ana"]);
}

/// Where the browser is sent.
async fn agree(engines: &Engines, more: &str) -> Answer {
    let query = format!(
        "response_type=code&client_id=local-client&redirect_uri={BACK}&state=s&code_challenge={CHALLENGE}&code_challenge_method=S256{more}"
    );
    engines
        .get(&format!("/oauth/tiktok/authorize?{query}"))
        .await
}

async fn code(engines: &Engines) -> String {
    let answer = agree(engines, "").await;
    let back = answer.header("location");
    assert!(
        back.starts_with("https://vara.example/back?code=") && back.ends_with("&state=s"),
        "{back}"
    );
    let code = back
        .split("code=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    code.to_owned()
}

async fn token(engines: &Engines, said: &str) -> Answer {
    let form = format!("client_id=local-client&client_secret=local-client-secret&{said}");
    engines
        .call(Method::POST, "/oauth/tiktok/token", &form)
        .await
}

fn by_code(code: &str, verifier: &str) -> String {
    format!(
        "grant_type=authorization_code&code={code}&redirect_uri={BACK}&code_verifier={verifier}"
    )
}

async fn me(engines: &Engines, token: &str) -> Answer {
    let request = Request::builder().uri("/oauth/tiktok/me");
    let request = request.header("authorization", format!("Bearer {token}"));
    engines.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_code_is_good_once_for_who_has_the_verifier() {
    let engines = Engines::new();
    plant(&engines, json!({ "platform": "TIKTOK", "handle": "ana" })).await;
    let wrong = token(&engines, &by_code(&code(&engines).await, "guessed")).await;
    assert_eq!(
        (wrong.status, wrong.json()),
        (StatusCode::BAD_REQUEST, json!({ "error": "invalid_grant" }))
    );
    let code = code(&engines).await;
    let granted = token(&engines, &by_code(&code, VERIFIER)).await.json();
    assert_eq!(
        (&granted["token_type"], &granted["expires_in"]),
        (&json!("bearer"), &json!(3600))
    );
    assert_eq!(
        token(&engines, &by_code(&code, VERIFIER)).await.status,
        StatusCode::BAD_REQUEST
    );
    let profile = me(&engines, granted["access_token"].as_str().unwrap()).await;
    assert_eq!(profile.json()["handle"], "ana");
    assert_eq!(
        me(&engines, "made-up").await.status,
        StatusCode::UNAUTHORIZED
    );

    let refresh = format!(
        "grant_type=refresh_token&refresh_token={}",
        granted["refresh_token"].as_str().unwrap()
    );
    assert_eq!(token(&engines, &refresh).await.status, StatusCode::OK);
    assert_eq!(
        token(&engines, &refresh).await.status,
        StatusCode::BAD_REQUEST,
        "it rotates"
    );
}

#[tokio::test]
async fn she_can_say_no_and_only_our_client_is_known() {
    let engines = Engines::new();
    let nobody = agree(&engines, "").await;
    assert!(
        nobody.header("location").contains("error=access_denied"),
        "nobody is there to agree"
    );
    plant(&engines, json!({ "platform": "TIKTOK", "handle": "ana" })).await;
    let no = agree(&engines, "&deny=1").await;
    assert!(
        no.header("location")
            .contains("error=access_denied&state=s")
    );
    let plain = agree(&engines, "").await.header("location").to_owned();
    assert!(plain.contains("code="));
    let form = "client_id=local-client&client_secret=guessed&grant_type=refresh_token";
    let other = engines
        .call(Method::POST, "/oauth/tiktok/token", form)
        .await;
    assert_eq!(
        (other.status, other.json()),
        (
            StatusCode::UNAUTHORIZED,
            json!({ "error": "invalid_client" })
        )
    );
    let plain = "/oauth/tiktok/authorize?response_type=code&client_id=local-client&redirect_uri=x&code_challenge=c&code_challenge_method=plain";
    assert_eq!(engines.get(plain).await.status, StatusCode::BAD_REQUEST);
}
