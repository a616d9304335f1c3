//! TinEye's wire format, field by field.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::pictures::{cropped, file, jpeg, scene};
use crate::support::{Answer, BASE, Engines, Part, body, form};

#[track_caller]
fn refused(answer: &Answer, status: u16) -> Value {
    let envelope = answer.json();
    assert_eq!(answer.status.as_u16(), status, "{envelope}");
    assert_eq!(envelope["code"], status);
    assert_eq!(envelope["results"], json!([]));
    let messages = envelope["messages"].as_array().unwrap();
    assert!(
        messages.len() == 2 && messages.iter().all(Value::is_string),
        "{envelope}"
    );
    assert!(
        envelope["stats"]["timestamp"].is_string() && envelope["stats"]["query_time"].is_string()
    );
    envelope["messages"].clone()
}

/// Plants a picture with everything a page can say.
async fn plant_dated(engines: &Engines, seed: u64, page: &str, day: &str) -> Value {
    let picture = file(seed);
    let parts: [Part; 3] = [
        ("image", Some("a.jpg"), &picture),
        ("page_url", None, page.as_bytes()),
        ("crawl_date", None, day.as_bytes()),
    ];
    engines.form("/_web", &parts).await.json()
}

#[tokio::test]
async fn the_envelope_of_a_search_is_the_contract() {
    let engines = Engines::new();
    // As planted, whatever a parser would make of it.
    let page = "https://forum.example.net";
    let planted = plant_dated(&engines, 1, page, "2025-11-03").await;
    let answer = engines.search(&file(1)).await;
    assert_eq!(answer.status, StatusCode::OK);
    let envelope = answer.json();
    assert_eq!(envelope["code"], 200);
    assert_eq!(envelope["messages"], json!([]));

    let stats = &envelope["stats"];
    let seconds = stats["timestamp"].as_str().unwrap();
    assert!(
        seconds.parse::<f64>().unwrap() > 1.7e9 && seconds.split('.').nth(1).unwrap().len() == 2
    );
    assert!(stats["query_time"].as_str().unwrap().parse::<f64>().is_ok());
    for (name, count) in [
        ("total_backlinks", 1),
        ("total_results", 1),
        ("total_filtered_results", 1),
    ] {
        assert_eq!(stats[name], count, "{name}");
    }
    assert_eq!(
        (&stats["total_collection"], &stats["total_stock"]),
        (&json!(0), &json!(0))
    );

    let found = &envelope["results"]["matches"][0];
    let id = planted["id"].as_str().unwrap();
    assert_eq!(found["domain"], "forum.example.net");
    assert_eq!(found["top_level_domain"], "example.net");
    assert!(found["score"].as_f64().unwrap() >= 95.0);
    assert_eq!(
        (&found["width"], &found["height"]),
        (&json!(480), &json!(360))
    );
    assert_eq!(
        (&found["size"], &found["filesize"]),
        (&json!(480 * 360), &json!(file(1).len()))
    );
    assert_eq!(
        (&found["format"], &found["tags"]),
        (&json!("JPEG"), &json!([]))
    );
    assert_eq!(found["contributor"], false);
    let hash = found["query_hash"].as_str().unwrap();
    let overlay = found["overlay"].as_str().unwrap();
    assert!(
        overlay.starts_with(&format!(
            "overlay/{hash}/{id}?m11=1.0000&m12=0.0&m13=0.0000&"
        )),
        "{overlay}"
    );
    assert_eq!(
        found["backlinks"],
        json!([{"url": planted["image_url"], "backlink": page, "crawl_date": "2025-11-03"}])
    );
    let shown = engines
        .get(
            found["image_url"]
                .as_str()
                .unwrap()
                .strip_prefix(BASE)
                .unwrap(),
        )
        .await;
    assert_eq!((shown.status, shown.bytes), (StatusCode::OK, file(1)));
}

#[tokio::test]
async fn a_search_that_finds_nothing_is_a_success() {
    let engines = Engines::new();
    let envelope = engines.search(&file(1)).await.json();
    assert_eq!(
        (&envelope["code"], &envelope["results"]),
        (&json!(200), &json!({"matches": []}))
    );
    assert_eq!(envelope["stats"]["total_results"], 0);
}

#[tokio::test]
async fn some_facts_are_sometimes_absent() {
    let engines = Engines::new();
    for at in 0..4 {
        engines
            .plant(&file(1), &format!("https://site-{at}.example/"))
            .await;
    }
    let matches = engines.matches(&file(1)).await;
    assert_eq!(matches.len(), 4);
    assert_eq!(
        matches
            .iter()
            .filter(|it| it.get("width").is_none())
            .count(),
        1
    );
    assert_eq!(matches.iter().filter(|it| it["score"].is_u64()).count(), 1);
    let days = |day: Value| {
        matches
            .iter()
            .filter(|it| it["backlinks"][0]["crawl_date"] == day)
            .count()
    };
    assert_eq!((days(json!("")), days(Value::Null)), (2, 2));
}

#[tokio::test]
async fn one_picture_on_two_pages_of_a_site_is_one_match() {
    let engines = Engines::new();
    for page in [
        "https://a.example/1",
        "https://a.example/2",
        "https://b.example/1",
    ] {
        engines.plant(&file(1), page).await;
    }
    let envelope = engines.search(&file(1)).await.json();
    assert_eq!(envelope["stats"]["total_results"], 2);
    assert_eq!(envelope["stats"]["total_backlinks"], 3);
    let backlinks = envelope["results"]["matches"][0]["backlinks"]
        .as_array()
        .unwrap();
    let pages: Vec<&Value> = backlinks.iter().map(|it| &it["backlink"]).collect();
    assert_eq!(pages, ["https://a.example/1", "https://a.example/2"]);
}

#[tokio::test]
async fn pages_of_matches_follow_each_other() {
    let engines = Engines::new();
    for at in 0..5 {
        let page = format!("https://site-{at}.example/");
        plant_dated(&engines, 1, &page, &format!("2025-11-0{}", 5 - at)).await;
    }
    let domains = |query: &'static str| {
        let engines = engines.clone();
        async move {
            let envelope = engines.search_with(query, &file(1)).await.json();
            assert_eq!(envelope["stats"]["total_results"], 5);
            let matches = envelope["results"]["matches"].as_array().unwrap().clone();
            let names = matches
                .iter()
                .map(|it| it["domain"].as_str().unwrap()[5..6].to_owned());
            names.collect::<String>()
        }
    };
    assert_eq!(domains("?sort=crawl_date&order=asc").await, "43210");
    assert_eq!(domains("?sort=crawl_date&order=desc").await, "01234");
    assert_eq!(domains("?sort=crawl_date&limit=2").await, "01");
    assert_eq!(domains("?sort=crawl_date&limit=2&offset=2").await, "23");
    assert_eq!(domains("?sort=crawl_date&limit=2&offset=4").await, "4");
    assert_eq!(domains("?limit=2&offset=5").await, "");
}

#[tokio::test]
async fn matches_can_be_ordered_by_score_and_size() {
    let engines = Engines::new();
    let part = cropped(&scene(1, 800, 600), 80, 60, 640, 480);
    engines.plant(&jpeg(&part), "https://large.example/").await;
    engines.plant(&file(1), "https://same.example/").await;
    engines
        .plant(&jpeg(&scene(1, 160, 120)), "https://small.example/")
        .await;
    let first = |query: &'static str| {
        let engines = engines.clone();
        async move {
            let envelope = engines.search_with(query, &file(1)).await.json();
            envelope["results"]["matches"][0]["domain"]
                .as_str()
                .unwrap()
                .to_owned()
        }
    };
    assert_eq!(first("?order=desc").await, "same.example");
    assert_eq!(first("?order=asc").await, "large.example");
    assert_eq!(first("?sort=size").await, "large.example");
    assert_eq!(first("?sort=size&order=asc").await, "small.example");
}

#[tokio::test]
async fn parameters_may_be_fields_of_the_form() {
    let engines = Engines::new();
    for at in 0..3 {
        engines
            .plant(&file(1), &format!("https://site-{at}.example/"))
            .await;
    }
    let picture = file(1);
    let parts: [Part; 3] = [
        ("limit", None, b"1"),
        ("image_upload", Some("q.jpg"), &picture),
        ("offset", None, b"1"),
    ];
    let envelope = engines
        .form("/tineye/rest/search/?limit=3", &parts)
        .await
        .json();
    assert_eq!(envelope["results"]["matches"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_search_by_url_reaches_the_tiny_web_and_no_other() {
    let engines = Engines::new();
    let planted = engines.plant(&file(1), "https://a.example/").await;
    let search = |url: String| {
        let engines = engines.clone();
        async move {
            engines
                .get(&format!("/tineye/rest/search/?image_url={url}"))
                .await
        }
    };
    let answer = search(planted["image_url"].as_str().unwrap().to_owned()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.json()["stats"]["total_results"], 1);

    let elsewhere = [
        "https%3A%2F%2Fexample.org%2Fa.jpg",
        "nonsense",
        "http://127.0.0.1:4010/web/none.jpg",
    ];
    for url in elsewhere {
        refused(&search(url.to_owned()).await, 400);
    }
    refused(&engines.get("/tineye/rest/search/").await, 400);
}

#[tokio::test]
async fn a_picture_that_cannot_be_searched_is_refused_and_costs_nothing() {
    let engines = Engines::new();
    let flat = vara_imaging::Picture::from_rgb(200, 200, vec![90; 200 * 200 * 3]).unwrap();
    let tiny = scene(1, 3, 3);
    for picture in [jpeg(&flat), jpeg(&tiny)] {
        let messages = refused(&engines.search(&picture).await, 400);
        assert_eq!(messages[0], "NO_SIGNATURE_ERROR");
    }
    refused(&engines.search(b"not a picture").await, 400);
    let half = &file(1)[..2000];
    refused(&engines.search(half).await, 400);
    refused(
        &engines
            .form("/tineye/rest/search/", &[("limit", None, b"1")])
            .await,
        400,
    );
    refused(&engines.post("/tineye/rest/search/", &json!({})).await, 400);
    assert_eq!(engines.get("/_bundle").await.json()["remaining"], 5000);
}

#[tokio::test]
async fn a_parameter_that_cannot_be_is_refused() {
    let engines = Engines::new();
    for query in [
        "?limit=many",
        "?limit=-1",
        "?offset=-1",
        "?sort=beauty",
        "?order=up",
    ] {
        let messages = refused(&engines.search_with(query, &file(1)).await, 400);
        assert!(
            messages[1].as_str().unwrap().starts_with("Invalid value"),
            "{query}"
        );
    }
}

#[tokio::test]
async fn every_method_wants_a_key_in_the_header() {
    let engines = Engines::new();
    for method in ["search/", "remaining_searches/", "image_count/"] {
        for key in [None, Some(""), Some("wrong")] {
            let mut request = Request::builder().uri(format!("/tineye/rest/{method}"));
            if let Some(key) = key {
                request = request.header("x-api-key", key);
            }
            let answer = engines.send(request.body(Body::empty()).unwrap()).await;
            refused(&answer, 401);
        }
        for old in [
            "api_key=k",
            "api_key=k&date=1&nonce=n&api_sig=s",
            "x-api-key=k",
        ] {
            let answer = engines.get(&format!("/tineye/rest/{method}?{old}")).await;
            let messages = refused(&answer, 401);
            assert!(
                messages[1].as_str().unwrap().contains("X-API-KEY"),
                "{messages}"
            );
        }
    }
}

#[tokio::test]
async fn a_search_without_a_key_does_not_search() {
    let engines = Engines::new();
    let picture = file(1);
    let parts: [Part; 1] = [("image_upload", Some("q.jpg"), &picture)];
    let request = form("/tineye/rest/search/").body(body(&parts)).unwrap();
    refused(&engines.send(request).await, 401);
    assert_eq!(engines.get("/_bundle").await.json()["remaining"], 5000);
    assert_eq!(
        engines.get("/_calls").await.json()["tineye"],
        json!({"answered": 0, "refused": 1})
    );
}

#[tokio::test]
async fn searches_are_paid_from_the_bundle_until_it_is_empty() {
    let engines = Engines::new();
    engines.post("/_bundle", &json!({"remaining": 2})).await;
    for left in [1, 0] {
        assert_eq!(engines.search(&file(1)).await.status, StatusCode::OK);
        let envelope = engines.get("/tineye/rest/remaining_searches/").await.json();
        assert_eq!(envelope["results"]["total_remaining_searches"], left);
        assert_eq!(
            envelope["results"]["bundles"][0]["remaining_searches"],
            left
        );
    }
    refused(&engines.search(&file(1)).await, 402);
    // The other two methods are free.
    assert_eq!(
        engines.get("/tineye/rest/image_count/").await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn remaining_searches_and_image_count_have_their_shapes() {
    let engines = Engines::new();
    let envelope = engines.get("/tineye/rest/remaining_searches/").await.json();
    assert_eq!(
        (&envelope["code"], &envelope["messages"]),
        (&json!(200), &json!([]))
    );
    assert_eq!(envelope["results"]["total_remaining_searches"], 5000);
    let bundle = &envelope["results"]["bundles"][0];
    for day in ["start_date", "expire_date"] {
        let day = bundle[day].as_str().unwrap();
        assert!(
            day.len() == "2026-01-02 03:04:05 UTC".len() && day.ends_with(" UTC"),
            "{day}"
        );
    }
    let envelope = engines.get("/tineye/rest/image_count/").await.json();
    assert!(envelope["results"].as_u64().unwrap() > 1_000_000_000);
}

#[tokio::test]
async fn the_trailing_slash_matters() {
    let engines = Engines::new();
    for method in ["search", "remaining_searches", "image_count", "nothing/"] {
        refused(&engines.get(&format!("/tineye/rest/{method}")).await, 404);
    }
    let answer = engines
        .call(Method::DELETE, "/tineye/rest/search/", "")
        .await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_picture_over_the_limit_is_too_large() {
    let engines = Engines::new();
    let picture = vec![0; vara_engines::PICTURE_LIMIT + 128 * 1024];
    refused(&engines.search(&picture).await, 413);
}
