//! The breach service: its format, its refusals, and what it keeps to itself.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, Engines};

const ACCOUNT: &str = "/hibp/api/v3/breachedaccount";

async fn ask(engines: &Engines, path: &str, key: Option<&str>, name: Option<&str>) -> Answer {
    let mut request = Request::builder().method(Method::GET).uri(path);
    if let Some(key) = key {
        request = request.header("hibp-api-key", key);
    }
    if let Some(name) = name {
        request = request.header("user-agent", name);
    }
    engines.send(request.body(Body::empty()).unwrap()).await
}

async fn asked(engines: &Engines, path: &str) -> Answer {
    ask(engines, path, Some("local-key"), Some("Vara")).await
}

async fn plant(engines: &Engines, email: &str, breach: Value) {
    let body = json!({ "email": email, "breach": breach });
    let answer = engines.post("/_web/breaches", &body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
}

#[tokio::test]
async fn a_clean_address_is_an_empty_404() {
    let engines = Engines::new();
    let answer = asked(&engines, &format!("{ACCOUNT}/ana@example.org")).await;
    assert_eq!(
        (answer.status, answer.bytes.len()),
        (StatusCode::NOT_FOUND, 0)
    );
}

#[tokio::test]
async fn an_answer_has_names_only_unless_all_is_asked_for() {
    let engines = Engines::new();
    plant(
        &engines,
        "Ana@Example.org",
        json!({ "Name": "Shop", "BreachDate": "2020-01-02" }),
    )
    .await;
    let short = asked(&engines, &format!("{ACCOUNT}/ana%40example.org"))
        .await
        .json();
    assert_eq!(short, json!([{ "Name": "Shop" }]));
    let whole = asked(
        &engines,
        &format!("{ACCOUNT}/ana@example.org?truncateResponse=false"),
    )
    .await
    .json();
    let keys: Vec<&String> = whole[0].as_object().unwrap().keys().collect();
    let want = [
        "AddedDate",
        "Attribution",
        "BreachDate",
        "DataClasses",
        "Description",
        "Domain",
        "IsFabricated",
        "IsMalware",
        "IsRetired",
        "IsSensitive",
        "IsSpamList",
        "IsStealerLog",
        "IsSubscriptionFree",
        "IsVerified",
        "LogoPath",
        "ModifiedDate",
        "Name",
        "PwnCount",
        "Title",
    ];
    assert_eq!(keys, want);
    assert_eq!(whole[0]["BreachDate"], "2020-01-02");
}

#[tokio::test]
async fn sensitive_breaches_are_not_told_and_unverified_ones_can_be_left_out() {
    let engines = Engines::new();
    plant(
        &engines,
        "ana@example.org",
        json!({ "Name": "Hidden", "IsSensitive": true }),
    )
    .await;
    let path = format!("{ACCOUNT}/ana@example.org");
    assert_eq!(asked(&engines, &path).await.status, StatusCode::NOT_FOUND);
    plant(
        &engines,
        "ana@example.org",
        json!({ "Name": "Rumour", "IsVerified": false }),
    )
    .await;
    assert_eq!(
        asked(&engines, &path).await.json(),
        json!([{ "Name": "Rumour" }])
    );
    let verified = asked(&engines, &format!("{path}?IncludeUnverified=false")).await;
    assert_eq!(verified.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_asks_must_have_a_name_and_a_key() {
    let engines = Engines::new();
    let path = format!("{ACCOUNT}/ana@example.org");
    for (key, name, status) in [
        (None, Some("Vara"), 401),
        (Some("wrong"), Some("Vara"), 401),
        (Some("k"), None, 403),
        (Some("k"), Some("Vara"), 404),
    ] {
        assert_eq!(ask(&engines, &path, key, name).await.status, status);
    }
    let bad = asked(&engines, &format!("{ACCOUNT}/nobody")).await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
    let all = ask(&engines, "/hibp/api/v3/breaches", None, Some("Vara")).await;
    assert_eq!(all.json(), json!([]), "what is public needs no key");
}

#[tokio::test]
async fn asking_by_hash_is_for_some_plans() {
    let engines = Engines::new();
    plant(&engines, "ana@example.org", json!({ "Name": "Shop" })).await;
    let status = asked(&engines, "/hibp/api/v3/subscription/status")
        .await
        .json();
    assert_eq!(status["IncludesKAnon"], false);
    // SHA-1 of ana@example.org.
    let hash = "754B8D658CDA743BF57CAE986F071AA7ADED7CD1";
    let path = format!("{ACCOUNT}/range/{}", &hash[..6]);
    assert_eq!(asked(&engines, &path).await.status, StatusCode::FORBIDDEN);
    let key = Some("kanon-1");
    let short = ask(&engines, &format!("{ACCOUNT}/range/abc"), key, Some("Vara")).await;
    assert_eq!(short.status, StatusCode::BAD_REQUEST);
    let found = ask(&engines, &path, key, Some("Vara")).await.json();
    assert_eq!(
        found,
        json!([{ "hashSuffix": &hash[6..], "websites": ["Shop"] }])
    );
    let status = ask(
        &engines,
        "/hibp/api/v3/subscription/status",
        key,
        Some("Vara"),
    )
    .await;
    assert_eq!(status.json()["IncludesKAnon"], true);
    let breach = asked(&engines, "/hibp/api/v3/breach/Shop").await.json();
    assert_eq!(breach["Name"], "Shop");
    assert_eq!(
        asked(&engines, "/hibp/api/v3/breach/None").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn too_often_says_for_how_long() {
    let engines = Engines::new();
    engines
        .post("/_fault", &json!({ "engine": "hibp", "mode": "quota" }))
        .await;
    let answer = asked(&engines, &format!("{ACCOUNT}/ana@example.org")).await;
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (StatusCode::TOO_MANY_REQUESTS, "6")
    );
    assert_eq!(answer.json()["statusCode"], 429);
}

#[tokio::test]
async fn what_cannot_be_planted_is_named() {
    let engines = Engines::new();
    for (body, word) in [
        (
            json!({ "email": "nobody", "breach": { "Name": "A" } }),
            "email",
        ),
        (json!({ "email": "a@b.c", "breach": {} }), "Name"),
        (
            json!({ "email": "a@b.c", "breach": { "Name": "A", "Nmae": "B" } }),
            "Nmae",
        ),
    ] {
        let answer = engines.post("/_web/breaches", &body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.text().contains(word), "{}", answer.text());
    }
    plant(&engines, "a@b.c", json!({ "Name": "A" })).await;
    assert_eq!(
        engines.get("/_web/breaches").await.json()[0]["email"],
        "a@b.c"
    );
    assert_eq!(
        engines.delete("/_web/breaches").await.json(),
        json!({ "cleared": 1 })
    );
}
