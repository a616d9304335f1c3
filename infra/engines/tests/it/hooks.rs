//! Somebody's webhook.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::json;

use crate::support::Engines;

#[tokio::test]
async fn a_call_is_kept_as_it_came() {
    let engines = Engines::new();
    let request = Request::post("/hooks/ana")
        .header("webhook-id", "msg_1")
        .header("webhook-signature", "v1,x")
        .header("authorization", "not kept")
        .body(Body::from("{\"type\":\"t\"}"))
        .unwrap();
    assert_eq!(engines.send(request).await.status, StatusCode::NO_CONTENT);
    let kept = engines.get("/_hooks").await.json();
    let wanted = json!([{
        "name": "ana",
        "headers": { "webhook-id": "msg_1", "webhook-signature": "v1,x" },
        "body": { "type": "t" },
        "raw": "{\"type\":\"t\"}",
    }]);
    assert_eq!(kept, wanted);
    let cleared = engines.call(Method::DELETE, "/_hooks", "").await;
    assert_eq!(cleared.json(), json!({ "cleared": 1 }));
    assert_eq!(engines.get("/_hooks").await.json(), json!([]));
}
