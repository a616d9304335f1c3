//! FaceCheck's wire format, field by field.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::pictures::{cropped, file, jpeg, scene};
use crate::support::{Answer, Engines, Part, body, form};

const KEY: &str = "local-key";

async fn send(engines: &Engines, path: &str, body: &Value, key: &str) -> Answer {
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("/facecheck/api/{path}"));
    let request = request.header("authorization", key);
    engines
        .send(request.body(Body::from(body.to_string())).unwrap())
        .await
}

async fn post(engines: &Engines, path: &str, body: &Value) -> Value {
    let answer = send(engines, path, body, KEY).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

pub(crate) async fn upload(engines: &Engines, picture: &[u8]) -> Answer {
    let parts: [Part; 2] = [("images", Some("q.jpg"), picture), ("id_search", None, b"")];
    let request = form("/facecheck/api/upload_pic").header("authorization", KEY);
    engines.send(request.body(body(&parts)).unwrap()).await
}

async fn uploaded(engines: &Engines, picture: &[u8]) -> String {
    let answer = upload(engines, picture).await.json();
    assert!(answer["error"].is_null(), "{answer}");
    assert!(answer["input"][0]["id_pic"].is_string());
    answer["id_search"].as_str().unwrap().to_owned()
}

fn question(id: &str) -> Value {
    json!({ "id_search": id, "with_progress": true, "status_only": false, "demo": false })
}

/// Polls to the end; what was found.
async fn found(engines: &Engines, picture: &[u8]) -> Vec<Value> {
    let id = uploaded(engines, picture).await;
    loop {
        let answer = post(engines, "search", &question(&id)).await;
        if let Some(items) = answer["output"]["items"].as_array() {
            return items.clone();
        }
        assert!(
            answer["progress"].is_u64() && answer["error"].is_null(),
            "{answer}"
        );
    }
}

fn pages(items: &[Value]) -> Vec<&str> {
    items.iter().map(|it| it["url"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_search_is_polled_and_its_items_are_the_contract() {
    let engines = Engines::new();
    let page = "https://a.example/1";
    engines.plant(&file(1), page).await;
    let id = uploaded(&engines, &file(1)).await;
    let mut progress = Vec::new();
    let last = loop {
        let answer = post(&engines, "search", &question(&id)).await;
        if !answer["output"].is_null() {
            break answer;
        }
        progress.push(answer["progress"].as_u64().unwrap());
    };
    assert_eq!(progress, [20, 60]);
    let item = &last["output"]["items"][0];
    assert_eq!(item["url"], page);
    assert!(
        (95..=100).contains(&item["score"].as_u64().unwrap()),
        "{item}"
    );
    assert!(item["guid"].is_string() && item["group"].is_u64());
    assert!(
        item["base64"]
            .as_str()
            .unwrap()
            .starts_with("data:image/jpeg;base64,")
    );
    assert_eq!(last["output"]["max_score"], item["score"]);
    for name in [
        "id_search",
        "message",
        "progress",
        "error",
        "code",
        "input",
        "output",
    ] {
        assert!(last.get(name).is_some(), "{name}");
    }
    // Who waits gets it at once.
    let id = uploaded(&engines, &file(1)).await;
    let waiting = json!({ "id_search": id, "with_progress": false });
    assert!(post(&engines, "search", &waiting).await["output"]["items"].is_array());
}

#[tokio::test]
async fn a_person_is_found_in_other_pictures_of_hers() {
    let engines = Engines::new();
    engines
        .plant_more(&file(1), "https://a.example/1", &[("person", "ana")])
        .await;
    engines
        .plant_more(&file(2), "https://b.example/2", &[("person", "ana")])
        .await;
    engines
        .plant_more(&file(3), "https://c.example/3", &[("person", "eve")])
        .await;
    let part = jpeg(&cropped(&scene(1, 480, 360), 60, 40, 300, 240));
    let items = found(&engines, &part).await;
    assert_eq!(
        pages(&items),
        ["https://a.example/1", "https://b.example/2"]
    );
    assert!(items.iter().all(|it| it["score"].as_u64().unwrap() >= 70));

    // A picture that is nowhere on the web shows whom its portrait shows.
    assert!(found(&engines, &file(7)).await.is_empty());
    let parts: [Part; 2] = [("image", Some("p.jpg"), &file(7)), ("person", None, b"eve")];
    let planted = engines.form("/_web/persons", &parts).await;
    assert_eq!(
        (planted.status, planted.json()),
        (StatusCode::CREATED, json!({ "person": "eve" }))
    );
    assert_eq!(
        pages(&found(&engines, &file(7)).await),
        ["https://c.example/3"]
    );
    assert_eq!(
        engines.get("/_web/persons").await.json(),
        json!([{ "person": "eve" }])
    );
    assert_eq!(
        engines.delete("/_web/persons").await.json(),
        json!({ "cleared": 1 })
    );
    assert!(found(&engines, &file(7)).await.is_empty());
}

#[tokio::test]
async fn what_was_uploaded_lies_there_until_it_is_removed() {
    let engines = Engines::new();
    let answer = upload(&engines, &file(1)).await.json();
    let id = answer["id_search"].as_str().unwrap();
    let pic = answer["input"][0]["id_pic"].as_str().unwrap();
    assert_eq!(
        engines.get("/_uploads").await.json(),
        json!([{ "id_search": id, "searched": false }])
    );
    post(&engines, "search", &question(id)).await;
    assert_eq!(engines.get("/_uploads").await.json()[0]["searched"], true);

    for wrong in [
        format!("delete_pic?id_search={id}&id_pic=other"),
        "delete_pic?id_search=x".into(),
        "delete_pic".into(),
    ] {
        assert!(
            post(&engines, &wrong, &json!({})).await["error"].is_string(),
            "{wrong}"
        );
    }
    // The names belong into the query.
    let in_body = post(&engines, "delete_pic", &json!({ "id_search": id })).await;
    assert!(in_body["error"].is_string());
    let removed = post(
        &engines,
        &format!("delete_pic?id_search={id}&id_pic={pic}"),
        &json!({}),
    )
    .await;
    assert!(removed["error"].is_null());
    assert_eq!(engines.get("/_uploads").await.json(), json!([]));
    assert!(post(&engines, "search", &question(id)).await["error"].is_string());

    let id = uploaded(&engines, &file(1)).await;
    post(&engines, &format!("delete_pic?id_search={id}"), &json!({})).await;
    uploaded(&engines, &file(1)).await;
    assert_eq!(
        engines.delete("/_uploads").await.json(),
        json!({ "cleared": 1 })
    );
}

#[tokio::test]
async fn what_shows_nobody_is_an_error_inside_a_success() {
    let engines = Engines::new();
    let flat = vara_imaging::Picture::from_rgb(200, 200, vec![90; 200 * 200 * 3]).unwrap();
    for (picture, code) in [
        (jpeg(&flat), "NO_FACE"),
        (b"not a picture".to_vec(), "BAD_IMAGE"),
        (vec![], "NO_IMAGES"),
    ] {
        let answer = upload(&engines, &picture).await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (StatusCode::OK, &json!(code))
        );
        assert!(answer.json()["id_search"].is_null());
    }
    assert_eq!(engines.get("/_uploads").await.json(), json!([]));
}

#[tokio::test]
async fn a_search_is_paid_once_and_testing_is_free() {
    let engines = Engines::new();
    let left = async || engines.get("/_bundle?engine=facecheck").await.json()["remaining"].clone();
    engines
        .post(
            "/_bundle",
            &json!({ "engine": "facecheck", "remaining": 5 }),
        )
        .await;
    let id = uploaded(&engines, &file(1)).await;
    let only = json!({ "id_search": id, "status_only": true });
    assert_eq!(
        post(&engines, "search", &only).await["message"],
        "Not started"
    );
    for _ in 0..4 {
        post(&engines, "search", &question(&id)).await;
    }
    assert_eq!(left().await, 2);
    let info = post(&engines, "info", &json!({})).await;
    assert_eq!(
        (&info["remaining_credits"], &info["has_credits_to_search"]),
        (&json!(2), &json!(false))
    );

    let id = uploaded(&engines, &file(1)).await;
    let answer = post(&engines, "search", &question(&id)).await;
    assert_eq!(answer["code"], "INSUFFICIENT_CREDITS");
    let mut testing = question(&id);
    testing["demo"] = json!(true);
    assert!(post(&engines, "search", &testing).await["error"].is_null());
    assert_eq!(left().await, 2);
    assert_eq!(
        engines.get("/_calls").await.json()["facecheck"],
        json!({ "answered": 2, "refused": 0 })
    );
}

#[tokio::test]
async fn every_method_wants_the_bare_key() {
    let engines = Engines::new();
    for path in ["search", "delete_pic", "info", "upload_pic"] {
        for key in ["", "wrong", "Bearer local-key"] {
            let answer = send(&engines, path, &json!({}), key).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path} {key}");
            assert!(answer.json()["error"].is_string());
        }
    }
    assert_eq!(
        send(&engines, "search", &json!({}), KEY).await.status,
        StatusCode::BAD_REQUEST
    );
    let get = Request::builder().uri("/facecheck/api/info");
    let get = get
        .header("authorization", KEY)
        .body(Body::empty())
        .unwrap();
    assert_eq!(
        engines.send(get).await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
    assert_eq!(
        engines.get("/facecheck/other").await.status,
        StatusCode::NOT_FOUND
    );
}
