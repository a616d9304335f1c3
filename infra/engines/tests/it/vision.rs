//! Google Vision's wire format, field by field.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::pictures::{cropped, file, jpeg, scene};
use crate::support::{Answer, BASE, Engines};

const PATH: &str = "/vision/v1/images:annotate";

pub(crate) fn question(picture: &[u8]) -> Value {
    json!({ "requests": [{
        "image": { "content": STANDARD.encode(picture) },
        "features": [{ "type": "WEB_DETECTION", "maxResults": 50 }, { "type": "SAFE_SEARCH_DETECTION" }],
    }] })
}

pub(crate) async fn ask(engines: &Engines, question: &Value) -> Answer {
    engines
        .post(&format!("{PATH}?key=local-key"), question)
        .await
}

#[track_caller]
fn refused(answer: &Answer, status: u16, name: &str) -> Value {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    let error = &answer.json()["error"];
    assert_eq!(
        (&error["code"], &error["status"]),
        (&json!(status), &json!(name))
    );
    assert!(error["message"].is_string());
    error.clone()
}

#[tokio::test]
async fn what_is_found_is_the_contract() {
    let engines = Engines::new();
    let whole = engines
        .plant_more(&file(1), "https://a.example/1", &[("title", "Thread 42")])
        .await;
    let part = jpeg(&cropped(&scene(1, 480, 360), 60, 40, 300, 240));
    let part = engines.plant(&part, "https://b.example/2").await;
    engines.plant(&file(2), "https://c.example/3").await;

    let answer = ask(&engines, &question(&file(1))).await.json();
    let found = &answer["responses"][0]["webDetection"];
    let url = |it: &Value| json!({ "url": it["image_url"] });
    assert_eq!(
        found,
        &json!({
            "fullMatchingImages": [url(&whole)],
            "partialMatchingImages": [url(&part)],
            "pagesWithMatchingImages": [
                { "url": "https://a.example/1", "pageTitle": "<b>Thread</b> 42", "fullMatchingImages": [url(&whole)] },
                { "url": "https://b.example/2", "partialMatchingImages": [url(&part)] },
            ],
        })
    );
    let safe = &answer["responses"][0]["safeSearchAnnotation"];
    for name in ["adult", "spoof", "medical", "violence", "racy"] {
        assert!(safe[name].as_str().unwrap().ends_with("UNLIKELY"), "{name}");
    }
}

#[tokio::test]
async fn what_is_empty_is_left_out() {
    let engines = Engines::new();
    let answer = ask(&engines, &question(&file(1))).await.json();
    assert_eq!(answer["responses"][0]["webDetection"], json!({}));
    let mut only_web = question(&file(1));
    only_web["requests"][0]["features"] = json!([{ "type": "WEB_DETECTION" }]);
    let answer = ask(&engines, &only_web).await.json();
    assert_eq!(answer, json!({ "responses": [{ "webDetection": {} }] }));
    assert_eq!(ask(&engines, &json!({})).await.json(), json!({}));
}

#[tokio::test]
async fn other_pictures_of_the_person_are_similar_ones() {
    let engines = Engines::new();
    engines
        .plant_more(&file(1), "https://a.example/1", &[("person", "ana")])
        .await;
    let other = engines
        .plant_more(&file(2), "https://a.example/2", &[("person", "ana")])
        .await;
    engines
        .plant_more(&file(3), "https://a.example/3", &[("person", "eve")])
        .await;
    let answer = ask(&engines, &question(&file(1))).await.json();
    let found = &answer["responses"][0]["webDetection"];
    assert_eq!(
        found["visuallySimilarImages"],
        json!([{ "url": other["image_url"] }])
    );
    assert_eq!(found["fullMatchingImages"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn results_are_cut_to_what_was_asked_for() {
    let engines = Engines::new();
    for at in 0..5 {
        engines
            .plant(&file(1), &format!("https://site-{at}.example/"))
            .await;
    }
    let mut two = question(&file(1));
    two["requests"][0]["features"][0]["maxResults"] = json!(2);
    let found = ask(&engines, &two).await.json()["responses"][0]["webDetection"].clone();
    for list in ["fullMatchingImages", "pagesWithMatchingImages"] {
        assert_eq!(found[list].as_array().unwrap().len(), 2, "{list}");
    }
    let found = ask(&engines, &question(&file(1))).await.json();
    let pages = found["responses"][0]["webDetection"]["pagesWithMatchingImages"].clone();
    let bare = |it: &&Value| it.get("fullMatchingImages").is_none();
    assert_eq!(pages.as_array().unwrap().iter().filter(bare).count(), 1);
}

#[tokio::test]
async fn an_error_about_a_picture_comes_inside_a_success() {
    let engines = Engines::new();
    let mut none = question(b"");
    none["requests"][0]["image"] = json!({});
    let mut elsewhere = none.clone();
    elsewhere["requests"][0]["image"] =
        json!({ "source": { "imageUri": "https://example.org/a.jpg" } });
    for question in [
        question(b"not a picture"),
        question(&file(1)[..2000]),
        none,
        elsewhere,
    ] {
        let answer = ask(&engines, &question).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json()["responses"][0]["error"]["code"], 3);
    }
    let planted = engines.plant(&file(1), "https://a.example/").await;
    let mut by_address = question(b"");
    by_address["requests"][0]["image"] = json!({ "source": { "imageUri": planted["image_url"] } });
    let answer = ask(&engines, &by_address).await.json();
    assert!(answer["responses"][0]["webDetection"]["fullMatchingImages"].is_array());
}

#[tokio::test]
async fn every_call_wants_a_key_in_the_query_or_a_header() {
    let engines = Engines::new();
    let question = question(&file(1));
    refused(
        &engines.post(PATH, &question).await,
        403,
        "PERMISSION_DENIED",
    );
    let wrong = engines.post(&format!("{PATH}?key=wrong"), &question).await;
    let error = refused(&wrong, 400, "INVALID_ARGUMENT");
    assert_eq!(error["details"][0]["reason"], "API_KEY_INVALID");
    let request = Request::builder()
        .method(Method::POST)
        .uri(PATH)
        .header("x-goog-api-key", "k");
    let answer = engines
        .send(request.body(Body::from(question.to_string())).unwrap())
        .await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn a_call_that_cannot_be_is_refused() {
    let engines = Engines::new();
    let many = json!({ "requests": vec![json!({}); 17] });
    refused(&ask(&engines, &many).await, 400, "INVALID_ARGUMENT");
    let large = question(&vec![0; 8 * 1024 * 1024]);
    refused(&ask(&engines, &large).await, 400, "INVALID_ARGUMENT");
    let answer = engines
        .call(Method::POST, &format!("{PATH}?key=k"), "{")
        .await;
    refused(&answer, 400, "INVALID_ARGUMENT");
    refused(&engines.get("/vision/v1/images").await, 404, "NOT_FOUND");
    assert!(!ask(&engines, &many).await.text().contains(BASE));
}
