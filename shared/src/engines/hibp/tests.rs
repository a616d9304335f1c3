//! The client against the stand-in, and against answers that no service should give.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;

/// The stand-ins, and where they are.
async fn engines() -> String {
    vara_engines::start().await.unwrap()
}

fn hibp(engines: &str, key: &str) -> Hibp {
    Hibp::new(key.into(), Some(&format!("{engines}/hibp/api/v3/"))).unwrap()
}

async fn post(engines: &str, path: &str, body: Value) {
    let sent = reqwest::Client::new()
        .post(format!("{engines}{path}"))
        .body(body.to_string())
        .send()
        .await;
    assert!(sent.unwrap().status().is_success());
}

async fn plant(engines: &str, email: &str, breach: Value) {
    let body = json!({ "email": email, "breach": breach });
    post(engines, "/_web/breaches", body).await;
}

async fn names(hibp: &Hibp, address: &str) -> Vec<String> {
    let found = hibp.breaches(address).await.unwrap().unwrap();
    found.into_iter().map(|it| it.name).collect()
}

#[tokio::test]
async fn an_address_is_clean_or_its_breaches_are_told_whole() {
    let engines = engines().await;
    let hibp = hibp(&engines, "local-key");
    assert_eq!(names(&hibp, "ana+x@example.org").await, [""; 0]);
    let breach = json!({
        "Name": "Shop", "Title": "The Shop", "BreachDate": "2024-02-11", "DataClasses": ["Passwords"],
    });
    plant(&engines, "ana+x@example.org", breach).await;
    plant(&engines, "eve@example.org", json!({ "Name": "Other" })).await;
    let sensitive = json!({ "Name": "Hidden", "IsSensitive": true });
    plant(&engines, "ana+x@example.org", sensitive).await;
    let found = hibp.breaches(" Ana+X@example.org ").await.unwrap().unwrap();
    assert_eq!(found.len(), 1);
    let it = &found[0];
    assert_eq!(
        (it.name.as_str(), it.title.as_str(), it.date.as_deref()),
        ("Shop", "The Shop", Some("2024-02-11"))
    );
    assert_eq!(
        (it.data_classes.as_slice(), it.verified),
        (&["Passwords".to_owned()][..], true)
    );
}

#[tokio::test]
async fn where_the_plan_allows_only_a_part_of_the_hash_is_sent() {
    let engines = engines().await;
    let hibp = hibp(&engines, "kanon-key");
    plant(&engines, "ana@example.org", json!({ "Name": "Shop" })).await;
    let sensitive = json!({ "Name": "Hidden", "IsSensitive": true });
    plant(&engines, "ana@example.org", sensitive).await;
    assert_eq!(names(&hibp, "ana@example.org").await, ["Shop"]);
    assert_eq!(names(&hibp, "bea@example.org").await, [""; 0]);
    let calls = reqwest::get(format!("{engines}/_web/breaches/asked"))
        .await
        .unwrap();
    let asked = calls.text().await.unwrap();
    assert!(
        asked.contains("range/") && !asked.contains("example"),
        "{asked}"
    );
}

#[tokio::test]
async fn what_the_service_says_decides_whether_we_come_again() {
    let engines = engines().await;
    assert_eq!(
        hibp(&engines, "wrong").breaches("ana@example.org").await,
        Err(EngineError::Refused(401))
    );
    let hibp = hibp(&engines, "local-key");
    assert_eq!(hibp.breaches("no address").await, Ok(None));
    // Busy for a moment: asked again at once. Busy for long: left to the queue.
    let once = json!({ "engine": "hibp", "mode": "error", "status": 503, "times": 1 });
    post(&engines, "/_fault", once).await;
    assert_eq!(names(&hibp, "ana@example.org").await, [""; 0]);
    post(
        &engines,
        "/_fault",
        json!({ "engine": "hibp", "mode": "quota" }),
    )
    .await;
    let busy = EngineError::Busy {
        status: 429,
        after: Some(Duration::from_secs(6)),
    };
    assert_eq!(hibp.breaches("ana@example.org").await, Err(busy));
    post(
        &engines,
        "/_fault",
        json!({ "engine": "hibp", "mode": "garbage" }),
    )
    .await;
    assert_eq!(
        hibp.breaches("ana@example.org").await,
        Err(EngineError::Garbage("not the format"))
    );
    let nobody = Hibp::new("k".into(), Some("http://127.0.0.1:9/")).unwrap();
    assert_eq!(
        nobody.breaches("ana@example.org").await,
        Err(EngineError::Silent)
    );
    assert!(!format!("{nobody:?}").contains('k'), "{nobody:?}");
}
