//! SerpApi's wire format, field by field.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::form_urlencoded::byte_serialize;

use crate::pictures::file;
use crate::support::{Answer, BASE, Engines};

pub(crate) async fn ask(engines: &Engines, engine: &str, picture: &str) -> Answer {
    let name = if engine == "google_lens" {
        "url"
    } else {
        "image_url"
    };
    let picture: String = byte_serialize(picture.as_bytes()).collect();
    let query = format!("engine={engine}&{name}={picture}&api_key=local-key");
    engines.get(&format!("/serpapi/search.json?{query}")).await
}

async fn found(engines: &Engines, engine: &str, picture: &str) -> Value {
    let answer = ask(engines, engine, picture).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let answer = answer.json();
    assert_eq!(answer["search_metadata"]["status"], "Success");
    assert_eq!(answer["search_parameters"]["engine"], engine);
    assert!(answer["search_parameters"].get("api_key").is_none());
    answer
}

/// Two pages with the picture and one with another of the same person; the picture's address.
async fn planted(engines: &Engines) -> String {
    let more = [
        ("person", "ana"),
        ("title", "Thread 42"),
        ("crawl_date", "2025-11-03"),
    ];
    let one = engines
        .plant_more(&file(1), "https://a.example/1", &more)
        .await;
    engines.plant(&file(1), "https://b.example/2").await;
    engines
        .plant_more(&file(2), "https://c.example/3", &[("person", "ana")])
        .await;
    engines.plant(&file(3), "https://d.example/4").await;
    one["image_url"].as_str().unwrap().to_owned()
}

fn links<'a>(list: &'a Value, name: &str) -> Vec<&'a str> {
    let list = list.as_array().unwrap();
    list.iter().map(|it| it[name].as_str().unwrap()).collect()
}

#[tokio::test]
async fn lens_tells_exact_and_visual_matches() {
    let engines = Engines::new();
    let picture = planted(&engines).await;
    let answer = found(&engines, "google_lens", &picture).await;
    let exact = &answer["exact_matches"];
    assert_eq!(
        links(exact, "link"),
        ["https://a.example/1", "https://b.example/2"]
    );
    assert_eq!(
        exact[0],
        json!({ "position": 1, "title": "Thread 42", "link": "https://a.example/1", "source": "a.example",
            "thumbnail": picture, "actual_image_width": 480, "actual_image_height": 360, "date": "2 years ago" })
    );
    assert!(exact[1].get("date").is_none());
    let visual = &answer["visual_matches"];
    assert_eq!(
        links(visual, "link"),
        [
            "https://a.example/1",
            "https://b.example/2",
            "https://c.example/3"
        ]
    );
    assert_eq!(
        (&visual[0]["image"], &visual[0]["image_width"]),
        (&json!(picture), &json!(480))
    );

    let picture: String = byte_serialize(picture.as_bytes()).collect();
    for (kind, other) in [
        ("exact_matches", "visual_matches"),
        ("visual_matches", "exact_matches"),
    ] {
        let query = format!("engine=google_lens&type={kind}&url={picture}&api_key=k");
        let answer = engines
            .get(&format!("/serpapi/search?{query}"))
            .await
            .json();
        assert!(
            answer[kind].is_array() && answer.get(other).is_none(),
            "{kind}"
        );
    }
}

#[tokio::test]
async fn the_older_search_tells_results_and_inline_images() {
    let engines = Engines::new();
    let picture = planted(&engines).await;
    let answer = found(&engines, "google_reverse_image", &picture).await;
    let results = &answer["image_results"];
    assert_eq!(
        links(results, "link"),
        ["https://a.example/1", "https://b.example/2"]
    );
    assert_eq!(results[0]["date"], "2025-11-03");
    let inline = &answer["inline_images"];
    assert_eq!(links(inline, "source"), ["https://c.example/3"]);
    assert!(links(inline, "link")[0].starts_with("https://www.google.com/"));
}

#[tokio::test]
async fn bing_links_to_itself_and_names_the_page_as_source() {
    let engines = Engines::new();
    let picture = planted(&engines).await;
    let answer = found(&engines, "bing_reverse_image", &picture).await;
    let related = &answer["related_content"];
    assert_eq!(
        links(related, "source"),
        [
            "https://a.example/1",
            "https://b.example/2",
            "https://c.example/3"
        ]
    );
    assert!(
        links(related, "link")
            .iter()
            .all(|it| it.starts_with("https://www.bing.com/"))
    );
    assert_eq!(
        (&related[0]["original"], &related[0]["domain"]),
        (&json!(picture), &json!("a.example"))
    );
}

#[tokio::test]
async fn nothing_found_is_a_success_with_an_error_in_it() {
    let engines = Engines::new();
    let planted = engines.plant(&file(1), "https://a.example/").await;
    let gone = planted["image_url"].as_str().unwrap().to_owned();
    engines.delete("/_web").await;
    for (engine, who) in [
        ("google_lens", "Google"),
        ("google_reverse_image", "Google"),
        ("bing_reverse_image", "Bing"),
    ] {
        for picture in [
            gone.as_str(),
            "https://example.org/a.jpg",
            "nonsense",
            "http://127.0.0.1:1/a.jpg",
        ] {
            let answer = found(&engines, engine, picture).await;
            let words = format!("{who} hasn't returned any results for this query.");
            assert_eq!(answer["error"], words, "{engine} {picture}");
        }
    }
}

#[tokio::test]
async fn it_fetches_from_the_gateway_and_from_nowhere_else() {
    let engines = Engines::new();
    engines.plant(&file(1), "https://a.example/").await;
    let router = Router::new().route("/p/token", get(async || file(1)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });

    let picture = format!("{gateway}/p/token");
    assert!(found(&engines, "google_lens", &picture).await["error"].is_string());
    let set = engines.post("/_gateway", &json!({ "url": gateway })).await;
    assert_eq!(set.json(), json!({ "url": gateway }));
    let answer = found(&engines, "google_lens", &picture).await;
    assert_eq!(
        links(&answer["exact_matches"], "link"),
        ["https://a.example/"]
    );
    for bad in [
        format!("{gateway}/p/none"),
        format!("{gateway}0/p/token"),
        format!("{gateway}@e.example/p/token"),
    ] {
        assert!(
            found(&engines, "google_lens", &bad).await["error"].is_string(),
            "{bad}"
        );
    }
    let far = engines
        .post("/_gateway", &json!({ "url": "https://example.org/" }))
        .await;
    assert_eq!(far.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_call_that_cannot_be_is_refused() {
    let engines = Engines::new();
    for (query, status) in [
        ("", 401),
        ("engine=google_lens&url=x", 401),
        ("engine=google_lens&url=x&api_key=wrong", 401),
        ("url=x&api_key=k", 400),
        ("engine=duckduckgo&q=x&api_key=k", 400),
        ("engine=google_lens&image_url=x&api_key=k", 400),
        ("engine=bing_reverse_image&url=x&api_key=k", 400),
    ] {
        let answer = engines.get(&format!("/serpapi/search.json?{query}")).await;
        assert_eq!(answer.status.as_u16(), status, "{query}");
        assert!(answer.json()["error"].is_string());
    }
    assert_eq!(
        engines.get("/serpapi/searches").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        engines.get("/_bundle?engine=serpapi").await.json()["remaining"],
        5000
    );
}

#[tokio::test]
async fn searches_are_paid_until_none_is_left_and_the_account_tells() {
    let engines = Engines::new();
    let picture = format!("{BASE}/web/none.jpg");
    engines
        .post("/_bundle", &json!({ "engine": "serpapi", "remaining": 1 }))
        .await;
    assert_eq!(
        ask(&engines, "google_lens", &picture).await.status,
        StatusCode::OK
    );
    let answer = ask(&engines, "google_lens", &picture).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(
        answer.json()["error"]
            .as_str()
            .unwrap()
            .contains("run out of searches")
    );
    let account = engines
        .get("/serpapi/account.json?api_key=local-key")
        .await
        .json();
    assert_eq!(
        (&account["total_searches_left"], &account["api_key"]),
        (&json!(0), &json!("local-key"))
    );
    assert_eq!(
        engines.get("/serpapi/account.json").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        engines.get("/_bundle").await.json(),
        json!({ "remaining": 5000 })
    );
    assert_eq!(
        engines.get("/_calls").await.json()["serpapi"],
        json!({ "answered": 1, "refused": 1 })
    );
}
