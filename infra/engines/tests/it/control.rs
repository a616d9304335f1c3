//! The control routes.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::pictures::file;
use crate::support::{BASE, Engines, Part, picture_path};

fn refused(answer: &crate::support::Answer, word: &str) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
    assert_eq!(answer.json()["error"]["code"], "BAD_REQUEST");
    let message = answer.json()["error"]["message"].to_string();
    assert!(message.contains(word), "{message} does not name {word}");
}

#[tokio::test]
async fn a_planted_page_is_answered_and_listed() {
    let engines = Engines::new();
    let picture = file(1);
    let parts: [Part; 4] = [
        ("page_url", None, b"https://forum.example.net/t/42"),
        ("title", None, "Thread \u{201c}42\u{201d}".as_bytes()),
        ("crawl_date", None, b"2025-11-03"),
        ("image", Some("a.jpg"), &picture),
    ];
    let answer = engines.form("/_web", &parts).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let planted = answer.json();
    let id = planted["id"].as_str().unwrap();
    assert_eq!(planted["image_url"], format!("{BASE}/web/{id}.jpg"));
    assert_eq!(planted["page_url"], "https://forum.example.net/t/42");

    let listed = engines.get("/_web").await.json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["id"], id);
    assert_eq!(listed[0]["title"], "Thread \u{201c}42\u{201d}");
    assert_eq!(listed[0]["crawl_date"], "2025-11-03");
    assert_eq!(
        (&listed[0]["width"], &listed[0]["height"]),
        (&json!(480), &json!(360))
    );
}

#[tokio::test]
async fn clearing_the_web_leaves_nothing() {
    let engines = Engines::new();
    let planted = engines.plant(&file(1), "https://a.example/").await;
    assert_eq!(engines.delete("/_web").await.json(), json!({"cleared": 1}));
    assert_eq!(engines.get("/_web").await.json(), json!([]));
    let path = picture_path(&planted);
    assert_eq!(engines.get(path).await.status, StatusCode::NOT_FOUND);
    assert!(engines.matches(&file(1)).await.is_empty());
}

#[tokio::test]
async fn a_page_that_cannot_be_planted_is_refused_by_name() {
    let engines = Engines::new();
    let picture = file(1);
    let image: Part = ("image", Some("a.jpg"), &picture);
    let page: Part = ("page_url", None, b"https://a.example/");
    let cases: [(&[Part], &str); 7] = [
        (&[page], "image"),
        (&[image], "page_url"),
        (&[("image", Some("a.jpg"), b"not a picture"), page], "image"),
        (&[image, ("page_url", None, b"/relative")], "page_url"),
        (
            &[image, ("page_url", None, b"ftp://a.example/")],
            "page_url",
        ),
        (
            &[image, page, ("crawl_date", None, b"yesterday")],
            "crawl_date",
        ),
        (&[image, page, ("pageurl", None, b"x")], "pageurl"),
    ];
    for (parts, word) in cases {
        refused(&engines.form("/_web", parts).await, word);
    }
    refused(&engines.post("/_web", &json!({})).await, "multipart");
    assert_eq!(engines.get("/_web").await.json(), json!([]));
}

#[tokio::test]
async fn a_picture_over_the_limit_is_refused_as_too_large() {
    let engines = Engines::new();
    let picture = vec![0; vara_engines::PICTURE_LIMIT + 128 * 1024];
    let parts: [Part; 2] = [
        ("image", Some("a.jpg"), &picture),
        ("page_url", None, b"https://a.example/"),
    ];
    let answer = engines.form("/_web", &parts).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.json()["error"]["code"], "TOO_LARGE");
}

#[tokio::test]
async fn faults_are_set_listed_and_cleared() {
    let engines = Engines::new();
    let wish = json!({"engine":"tineye","mode":"error","status":429,"delay_ms":5,"times":3});
    let answer = engines.post("/_fault", &wish).await;
    assert_eq!(
        (answer.status, answer.json()),
        (StatusCode::OK, wish.clone())
    );
    assert_eq!(engines.get("/_fault").await.json(), json!([wish]));

    engines
        .post("/_fault", &json!({"engine":"web","mode":"garbage"}))
        .await;
    engines
        .post("/_fault", &json!({"engine":"tineye","mode":"off"}))
        .await;
    let listed = engines.get("/_fault").await.json();
    assert_eq!(
        listed,
        json!([{"engine":"web","mode":"garbage","status":503,"delay_ms":0,"times":null}])
    );
    assert_eq!(
        engines.delete("/_fault").await.json(),
        json!({"cleared": 1})
    );
    assert_eq!(engines.get("/_fault").await.json(), json!([]));
}

#[tokio::test]
async fn a_fault_that_cannot_be_is_refused_by_name() {
    let engines = Engines::new();
    let bad = |wish: Value| {
        let engines = engines.clone();
        async move { engines.post("/_fault", &wish).await }
    };
    refused(&bad(json!({"engine":"bing","mode":"error"})).await, "bing");
    refused(&bad(json!({"engine":"tineye","mode":"sulk"})).await, "sulk");
    refused(&bad(json!({"engine":"tineye"})).await, "mode");
    refused(
        &bad(json!({"engine":"tineye","mode":"error","status":204})).await,
        "status",
    );
    refused(
        &bad(json!({"engine":"tineye","mode":"error","times":0})).await,
        "times",
    );
    refused(&engines.call(Method::POST, "/_fault", "{").await, "JSON");
    assert_eq!(engines.get("/_fault").await.json(), json!([]));
}

#[tokio::test]
async fn calls_are_counted_per_engine() {
    let engines = Engines::new();
    let none = json!({"answered": 0, "refused": 0});
    let nothing = json!({
        "tineye": none, "web": none, "ses": none, "hibp": none, "social": none, "oauth": none,
        "vision": none, "serpapi": none, "facecheck": none, "tsa": none,
    });
    assert_eq!(engines.get("/_calls").await.json(), nothing);

    engines.search(&file(1)).await;
    engines.search(b"not a picture").await;
    engines.get("/tineye/rest/remaining_searches/").await;
    engines.get("/web/none.jpg").await;
    let calls = engines.get("/_calls").await.json();
    assert_eq!(calls["tineye"], json!({"answered": 1, "refused": 1}));
    assert_eq!(calls["web"], json!({"answered": 0, "refused": 1}));

    assert_eq!(
        engines.delete("/_calls").await.json(),
        json!({"cleared": 3})
    );
    assert_eq!(engines.get("/_calls").await.json(), nothing);
}

#[tokio::test]
async fn the_bundle_can_be_set_and_reset() {
    let engines = Engines::new();
    assert_eq!(
        engines.get("/_bundle").await.json(),
        json!({"remaining": 5000})
    );
    let answer = engines.post("/_bundle", &json!({"remaining": 2})).await;
    assert_eq!(answer.json(), json!({"remaining": 2}));
    assert_eq!(
        engines.get("/_bundle").await.json(),
        json!({"remaining": 2})
    );
    assert_eq!(
        engines.delete("/_bundle").await.json(),
        json!({"remaining": 5000})
    );
    refused(
        &engines.post("/_bundle", &json!({"remaining": -1})).await,
        "-1",
    );
    refused(&engines.post("/_bundle", &json!({"left": 1})).await, "left");
}

#[tokio::test]
async fn every_paid_engine_has_a_bundle_of_its_own() {
    let engines = Engines::new();
    let wish = json!({"engine": "serpapi", "remaining": 2});
    assert_eq!(engines.post("/_bundle", &wish).await.json(), wish);
    assert_eq!(engines.get("/_bundle?engine=serpapi").await.json(), wish);
    for other in [
        "/_bundle",
        "/_bundle?engine=facecheck",
        "/_bundle?engine=tineye",
    ] {
        assert_eq!(
            engines.get(other).await.json()["remaining"],
            5000,
            "{other}"
        );
    }
    engines.delete("/_bundle").await;
    let reset = engines.get("/_bundle?engine=serpapi").await.json();
    assert_eq!(reset["remaining"], 5000);
    refused(&engines.get("/_bundle?engine=web").await, "engine");
    refused(&engines.get("/_bundle?engine=bing").await, "engine");
    let unpaid = json!({"engine": "vision", "remaining": 2});
    refused(&engines.post("/_bundle", &unpaid).await, "engine");
}

#[tokio::test]
async fn a_page_may_say_who_it_shows() {
    let engines = Engines::new();
    let planted = engines
        .plant_more(&file(1), "https://a.example/", &[("person", " ana ")])
        .await;
    assert_eq!(planted["person"], "ana");
    assert_eq!(engines.get("/_web").await.json()[0]["person"], "ana");
    let none = engines.plant(&file(1), "https://b.example/").await;
    assert!(none.get("person").is_none());
    for parts in [
        &[
            ("image", Some("a.jpg"), b"x".as_slice()),
            ("person", None, b" "),
        ][..],
        &[("image", Some("a.jpg"), b"x")],
        &[("person", None, b"ana")],
        &[("name", None, b"ana")],
        &[
            ("image", Some("a.jpg"), b"not a picture"),
            ("person", None, b"ana"),
        ],
    ] {
        let answer = engines.form("/_web/persons", parts).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn any_origin_may_use_the_control_routes() {
    let engines = Engines::new();
    for uri in [
        "/_web",
        "/_web/breaches",
        "/_web/profiles",
        "/_fault",
        "/_mail",
        "/_calls",
        "/_bundle",
        "/_web/persons",
        "/_uploads",
        "/_gateway",
    ] {
        let answer = engines.get(uri).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{uri}");
        assert_eq!(answer.header("content-type"), "application/json", "{uri}");

        let preflight = Request::builder().method(Method::OPTIONS).uri(uri);
        let preflight = preflight.header("origin", "http://localhost:3000");
        let answer = engines.send(preflight.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{uri}");
        assert!(
            answer
                .header("access-control-allow-methods")
                .contains("DELETE"),
            "{uri}"
        );
    }
    let refusal = engines.call(Method::POST, "/_fault", "{").await;
    assert_eq!(refusal.header("access-control-allow-origin"), "*");
}

#[tokio::test]
async fn the_front_page_says_what_lives_here() {
    let engines = Engines::new();
    let overview = engines.get("/").await.json();
    assert_eq!(overview["engines"]["tineye"], "/tineye/rest/");
    for route in overview["control"].as_array().unwrap() {
        assert_eq!(
            engines.get(route.as_str().unwrap()).await.status,
            StatusCode::OK
        );
    }
}

#[tokio::test]
async fn two_instances_know_nothing_of_each_other() {
    let (one, other) = (Engines::new(), Engines::new());
    one.plant(&file(1), "https://a.example/").await;
    one.post("/_fault", &json!({"engine":"tineye","mode":"error"}))
        .await;
    assert_eq!(other.get("/_web").await.json(), json!([]));
    assert!(other.matches(&file(1)).await.is_empty());
}
