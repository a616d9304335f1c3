//! API.md section 0: unknown addresses, bodies that are none, health, calls made twice.

use reqwest::Method;
use serde_json::json;

use super::row::Who::{Header, New, Nobody, Reader};
use super::row::{Row, call, delete, get, patch, post, put, row};

/// Routes that read a JSON body, in the envelope's language.
const BODIES: [(Method, &str); 35] = [
    (Method::POST, "/api/v1/auth/confirm"),
    (Method::POST, "/api/v1/auth/address"),
    (Method::POST, "/api/v1/auth/address/confirm"),
    (Method::PATCH, "/api/v1/users/me"),
    (Method::PUT, "/api/v1/users/me/preferences"),
    (Method::PATCH, "/api/v1/users/me/preferences"),
    (Method::POST, "/api/v1/onboarding/responses"),
    (Method::PATCH, "/api/v1/alerts/$unknown/status"),
    (Method::POST, "/api/v1/alerts/$unknown/action"),
    (Method::PATCH, "/api/v1/protection-plan/items/$unknown"),
    (Method::POST, "/api/v1/scans/trigger"),
    (Method::POST, "/api/v1/accounts/connect/other"),
    (Method::POST, "/api/v1/accounts/$unknown/verify"),
    (Method::POST, "/api/v1/proxy/tokens"),
    (
        Method::POST,
        "/api/v1/events/streams/note-0e7d5c2f-7a51-4b0b-9f1c-3a865a1f6d02",
    ),
    (Method::POST, "/api/v1/takedowns"),
    (Method::POST, "/api/v1/takedowns/proposals"),
    (Method::PATCH, "/api/v1/takedowns/$unknown"),
    (Method::POST, "/api/v1/takedowns/$unknown/approve"),
    (Method::POST, "/api/v1/takedowns/$unknown/submit"),
    (Method::POST, "/api/v1/takedowns/$unknown/answer"),
    (Method::POST, "/api/v1/takedowns/$unknown/escalate"),
    (Method::POST, "/api/v1/objections"),
    (Method::POST, "/api/v1/documents"),
    (Method::POST, "/api/v1/evidence"),
    (Method::POST, "/api/v1/evidence/exports"),
    (Method::POST, "/api/v1/documents/$unknown/sign"),
    (Method::POST, "/api/v1/documents/$unknown/fields"),
    (Method::PUT, "/api/v1/documents/$unknown"),
    (Method::PATCH, "/api/v1/documents/$unknown"),
    (Method::POST, "/api/v1/auth/signup"),
    (Method::POST, "/api/v1/auth/login"),
    (Method::POST, "/api/v1/auth/refresh"),
    (Method::POST, "/api/v1/auth/forgot-password"),
    (Method::POST, "/api/v1/auth/reset-password"),
];

const UNKNOWN: [(Method, &str); 18] = [
    // Of GET the local stack makes a page of its own.
    (Method::POST, "/"),
    (Method::GET, "/api"),
    (Method::GET, "/api/v1"),
    (Method::GET, "/api/v2/alerts"),
    (Method::GET, "/api/v1/no-such"),
    (Method::GET, "/api/v1/alerts/a/b/c"),
    (Method::GET, "/api/v1/users"),
    (Method::GET, "/api/v1/users/nobody"),
    (Method::GET, "/api/v1/onboarding"),
    (Method::GET, "/api/v1/scan/health"),
    (Method::GET, "/api/v1/scan/config"),
    (Method::GET, "/api/v1/auth/login"),
    (Method::GET, "/api/v1/images/upload/x"),
    (Method::PUT, "/api/v1/alerts"),
    (Method::POST, "/api/v1/alerts"),
    (Method::DELETE, "/api/v1/scans"),
    (Method::GET, "/api/v1/matches"),
    (Method::POST, "/health"),
];

pub(super) fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (method, path) in UNKNOWN {
        let name = format!("unknown_{method}_{path}");
        rows.push(row(name, Reader, method, path).refused(404, "NOT_FOUND"));
    }
    for (method, path) in BODIES {
        let row = |case: &str| {
            row(
                format!("{case}_{method}_{path}"),
                Reader,
                method.clone(),
                path,
            )
        };
        rows.push(
            row("broken_json")
                .body("{\"type\":")
                .refused(400, "INVALID_JSON"),
        );
        rows.push(row("no_json").body("a=1&b=2").refused(400, "INVALID_JSON"));
        // An empty body is `{}`, a blank one is no JSON.
        rows.push(row("blank").body(" \n ").refused(400, "INVALID_JSON"));
        let large = json!({ "note": "x".repeat(1_100_000) }).to_string();
        rows.push(
            row("large")
                .body(large)
                .refused(413, "FST_ERR_CTP_BODY_TOO_LARGE"),
        );
        // Whatever type it is said to be.
        rows.push(
            row("broken_text")
                .with("content-type", "text/plain")
                .body("{")
                .refused(400, "INVALID_JSON"),
        );
    }
    rows.extend(empty_bodies());
    rows.extend(health());
    rows.extend(twice());
    rows
}

/// The api-client says JSON with every call, also where it sends nothing.
fn empty_bodies() -> Vec<Row> {
    vec![
        get("empty_get", Reader, "/api/v1/users/me").gives_data(200, "User"),
        delete("empty_delete", New, "/api/v1/alerts/all")
            .gives_data(200, "{deleted: 0, message: text}"),
        post("empty_post", New, "/api/v1/protection-plan/regenerate").gives_data(200, "Plan"),
        patch("empty_patch", Reader, "/api/v1/users/me").gives_data(200, "Profile"),
        put("empty_put", New, "/api/v1/users/me/preferences")
            .gives_data(200, "{channels: {email: false, webhook: null}, ...}"),
        get("get_with_a_body", Reader, "/api/v1/users/me")
            .body("{not json")
            .gives_data(200, "User"),
        get("get_without_a_type", Reader, "/api/v1/users/me")
            .raw()
            .gives_data(200, "User"),
    ]
}

fn health() -> Vec<Row> {
    let alive = "{status: \"ok\", timestamp: date}";
    vec![
        get("health", Nobody, "/health").gives(200, alive),
        get("health_of_the_api", Nobody, "/api/v1/health").gives(200, alive),
        // Whoever watches is not asked for a token, and a bad one does not matter.
        get("health_with_a_bad_token", Header("Bearer null"), "/health").gives(200, alive),
        get("ready", Nobody, "/ready").gives(
            200,
            "{status: \"ready\", checks: {table: \"ok\", bucket: \"ok\", ...}}",
        ),
        row("head", Nobody, Method::HEAD, "/health"),
    ]
}

fn twice() -> Vec<Row> {
    let path = "/api/v1/onboarding/responses";
    let answers =
        |it: &str| json!({ "responses": [{ "questionId": "photo-sharing", "response": it }] });
    let mut first = call(Method::POST, path).json(&answers("never"));
    first.headers.push(("idempotency-key", "once".into()));
    vec![
        post("repeated_key", New, path)
            .after(first.clone())
            .with("idempotency-key", "once")
            .json(answers("never"))
            .gives_data(201, "{riskLevel: Risk, ...}")
            .answers("idempotency-replayed", "true"),
        post("repeated_key_of_another_call", New, path)
            .after(first.clone())
            .with("idempotency-key", "once")
            .json(answers("often"))
            .refused(422, "IDEMPOTENCY_KEY_REUSED"),
        post("another_key", New, path)
            .after(first)
            .with("idempotency-key", "twice")
            .json(answers("never"))
            .gives_data(201, "{riskLevel: Risk, ...}")
            .answers("idempotency-replayed", ""),
        post("key_too_long", Reader, path)
            .with("idempotency-key", &"k".repeat(256))
            .json(answers("never"))
            .invalid(),
        get("marked", Reader, "/api/v1/users/me").answers("etag", "\"*"),
        get("marked_otherwise", Reader, "/api/v1/users/me")
            .with("if-none-match", "\"other\"")
            .gives_data(200, "User"),
        get("unchanged", Reader, "/api/v1/users/me")
            .with("if-none-match", "*")
            .empty(304),
    ]
}
