//! Her picture by an address that ends.

use reqwest::Method;
use serde_json::json;
use vara_tests::pictures::mine;
use vara_tests::{Reply, World};

pub(crate) async fn a_picture_by_its_address(world: &World) {
    let her = world.woman().await;
    let image = her.upload(mine()).await;
    let body = json!({ "imageId": image["id"], "ttlSeconds": 120 });
    let made = her.post("/api/v1/proxy/tokens", body).await;
    let url = made.expect(201).data()["url"].as_str().unwrap().to_owned();
    let fetch = async || {
        let request = world
            .http
            .get(&url)
            .header("origin", "https://engine.example");
        Reply::to(request).await
    };
    let picture = fetch().await;
    assert_eq!(picture.expect(200).header("content-type"), "image/jpeg");
    assert_eq!(&picture.bytes[..3], b"\xff\xd8\xff");
    assert_eq!(
        picture.header("content-length"),
        picture.bytes.len().to_string()
    );
    let kept = picture.header("cache-control");
    assert_eq!(kept, "no-store, no-cache, must-revalidate");
    assert_eq!(
        (picture.header("pragma"), picture.header("expires")),
        ("no-cache", "0")
    );
    if world.is_local() {
        assert_eq!(picture.header("access-control-allow-origin"), "*");
    }
    let health = world.call(Method::GET, "/api/v1/proxy/health", None).await;
    assert_eq!(health.expect(200).json["status"], "ok");
    assert!(health.json["activeTokens"].as_u64().unwrap() >= 1);
    let path = format!("/api/v1/images/{}", image["id"].as_str().unwrap());
    her.delete(&path).await.expect(204);
    assert!(fetch().await.expect(404).json["error"].is_string());
    let other = url.rsplit_once('/').unwrap().0;
    let wrong = world.http.get(format!("{other}/{}", "0".repeat(64)));
    let wrong = Reply::to(wrong).await;
    assert!(wrong.expect(404).json["error"].is_string());
}
