//! What every address answers: the envelope, and headers that let the web page read it.

use reqwest::Method;
use serde_json::json;
use vara_tests::{Reply, World};

pub(crate) async fn unknown_addresses(world: &World) {
    let her = world.woman().await;
    for path in [
        "/",
        "/api/v1/no-such",
        "/api/v1/alerts/a/b/c",
        "/api/v1/users/nobody",
        "/api/v2/alerts",
    ] {
        her.get(path).await.refused(404, "NOT_FOUND");
    }
    her.call(Method::PUT, "/api/v1/alerts", None)
        .await
        .refused(404, "NOT_FOUND");
    let auth = world.call(Method::GET, "/auth/v1/no-such", None).await;
    assert!(auth.expect(404).json["message"].is_string());
}

pub(crate) async fn empty_and_broken_bodies(world: &World) {
    let her = world.woman().await;
    // The screens send the JSON header with every call, also without a body.
    her.get("/api/v1/users/me").await.expect(200);
    her.delete("/api/v1/alerts/all").await.expect(200);
    her.post("/api/v1/scans/trigger", json!({}))
        .await
        .refused(400, "VALIDATION_ERROR");
    let url = format!("{}/api/v1/scans/trigger", world.gateway);
    let request = world
        .http
        .post(&url)
        .bearer_auth(&her.token)
        .header("origin", "http://localhost:3000");
    let broken = request
        .header("content-type", "application/json")
        .body("{\"type\":")
        .send()
        .await
        .unwrap();
    Reply::read(broken).await.refused(400, "INVALID_JSON");
    let large = json!({ "type": "IMAGE_SCAN", "note": "x".repeat(1_200_000) });
    her.post("/api/v1/scans/trigger", large)
        .await
        .refused(413, "FST_ERR_CTP_BODY_TOO_LARGE");
}

pub(crate) async fn any_local_page_may_call(world: &World) {
    for origin in [
        "http://localhost:3000",
        "http://localhost:61234",
        "http://127.0.0.1:5173",
    ] {
        let request = world.http.request(
            Method::OPTIONS,
            format!("{}/api/v1/users/me", world.gateway),
        );
        let request = request
            .header("origin", origin)
            .header("access-control-request-method", "PATCH");
        let headers = "apikey,authorization,content-type,x-client-info,x-supabase-api-version";
        let reply = Reply::read(
            request
                .header("access-control-request-headers", headers)
                .send()
                .await
                .unwrap(),
        )
        .await;
        reply.expect(204);
        assert_eq!(reply.header("access-control-allow-origin"), origin);
        for method in ["GET", "PUT", "PATCH", "POST", "DELETE"] {
            assert!(
                reply
                    .header("access-control-allow-methods")
                    .contains(method),
                "{method}"
            );
        }
        for header in headers.split(',') {
            assert!(
                reply
                    .header("access-control-allow-headers")
                    .contains(header),
                "{header}"
            );
        }
    }
    let request = world
        .http
        .get(format!("{}/health", world.gateway))
        .header("origin", "https://evil.example");
    let reply = Reply::read(request.send().await.unwrap()).await;
    assert_eq!(reply.header("access-control-allow-origin"), "");
}

pub(crate) async fn security_headers(world: &World) {
    for path in [
        "/health",
        "/auth/v1/settings",
        "/api/v1/users/me",
        "/no-such",
    ] {
        let reply = world.call(Method::GET, path, None).await;
        assert_eq!(reply.header("cache-control"), "no-store", "{path}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("referrer-policy"), "no-referrer", "{path}");
        assert!(
            reply
                .header("strict-transport-security")
                .starts_with("max-age=15552000"),
            "{path}"
        );
    }
}

pub(crate) async fn health(world: &World) {
    for path in ["/health", "/api/v1/health"] {
        let reply = world.call(Method::GET, path, None).await;
        assert_eq!(reply.expect(200).json["status"], "ok", "{path}");
        assert!(reply.json["timestamp"].is_string());
    }
    let ready = world.call(Method::GET, "/ready", None).await;
    assert_eq!(ready.expect(200).json["status"], "ready");
    assert_eq!(ready.json["checks"]["table"], "ok");
    assert_eq!(ready.json["checks"]["bucket"], "ok");
    let scans = world.call(Method::GET, "/api/v1/scans/health", None).await;
    let names: Vec<_> = scans.expect(200).data()["queues"]["stats"]
        .as_array()
        .unwrap()
        .clone();
    assert!(
        names.iter().any(|it| it["name"] == "image-scan"),
        "{names:?}"
    );
}
