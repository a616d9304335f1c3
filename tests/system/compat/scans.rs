//! API.md section 3, scans: every type, every way of asking, and what is refused.

use reqwest::Method;
use serde_json::json;

use super::row::Who::{New, Nobody, Reader, Told};
use super::row::{Row, call, get, post};

const TRIGGER: &str = "/api/v1/scans/trigger";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = lists();
    rows.extend(triggers());
    rows.extend(refusals());
    for (name, path) in [
        ("one", "/api/v1/scans/$scan"),
        ("one_status", "/api/v1/scans/$scan/status"),
    ] {
        rows.push(get(name, Told, path).gives_data(200, "Scan"));
    }
    for (name, tail) in [("one", ""), ("one_status", "/status")] {
        let path = |id: &str| format!("/api/v1/scans/{id}{tail}");
        rows.push(
            get(format!("{name}_unknown"), Reader, path("$unknown")).refused(404, "SCAN_NOT_FOUND"),
        );
        rows.push(get(format!("{name}_bad_id"), Reader, path("no-id")).invalid());
    }
    let worker = "{name: text, running: bool, paused: bool}";
    let stat = "{name: text, waiting: int, active: int, completed: int, failed: int, delayed: int, paused: bool}";
    let health = format!(
        "{{status: \"ok\", timestamp: date, workers: {{count: int, enabled: true, status: [{worker}]+}}, \
          queues: {{enabled: true, stats: [{stat}]+}}, engines: [object]}}"
    );
    rows.push(get("health", Nobody, "/api/v1/scans/health").gives_data(200, &health));
    rows
}

/// The query decides which of two shapes is answered (Q1).
fn lists() -> Vec<Row> {
    let object = "{data: {scans: [Scan], pagination: Page}, meta: Meta}";
    let array = "{data: [Scan], meta: Meta}";
    let queries = [
        ("", array),
        ("page=1&limit=20", array),
        ("type=IMAGE_SCAN", array),
        ("status=RUNNING&limit=10", object),
        ("status=PENDING", object),
        ("status=FAILED&limit=1", object),
        ("status=RUNNING,PENDING&type=BREACH_CHECK&limit=1", object),
        ("status=COMPLETED", array),
        ("status=COMPLETED&limit=5", array),
        ("status=COMPLETED&page=1", object),
        ("status=RUNNING&limit=100", array),
        ("status=COMPLETED&limit=100&shape=object", object),
        ("status=RUNNING&limit=10&shape=array", array),
    ];
    let mut rows: Vec<Row> = queries
        .into_iter()
        .map(|(query, shape)| {
            get(
                format!("list?{query}"),
                Told,
                format!("/api/v1/scans?{query}"),
            )
            .gives(200, shape)
        })
        .collect();
    for bad in [
        "status=DONE",
        "status=RUNNING,DONE",
        "type=ALL",
        "shape=round",
    ] {
        rows.push(
            get(
                format!("list?{bad}"),
                Reader,
                format!("/api/v1/scans?{bad}"),
            )
            .invalid(),
        );
    }
    rows
}

fn triggers() -> Vec<Row> {
    let kinds = [
        "IMAGE_SCAN",
        "PROFILE_SCAN",
        "BREACH_CHECK",
        "BEHAVIORAL_ANALYSIS",
        "FULL_SCAN",
    ];
    let mut rows = Vec::new();
    for kind in kinds {
        let body = json!({ "type": kind });
        rows.push(
            post(format!("trigger_{kind}"), New, TRIGGER)
                .json(body.clone())
                .gives_data(202, "Scan"),
        );
        rows.push(
            post(format!("trigger_{kind}_twice"), New, TRIGGER)
                .after(call(Method::POST, TRIGGER).json(&body))
                .json(body)
                .refused(409, "SCAN_ALREADY_RUNNING"),
        );
    }
    // Another type is another scan.
    rows.push(
        post("trigger_of_two_types", New, TRIGGER)
            .after(call(Method::POST, TRIGGER).json(&json!({ "type": "BREACH_CHECK" })))
            .json(json!({ "type": "IMAGE_SCAN" }))
            .gives_data(202, "{type: \"IMAGE_SCAN\", ...}"),
    );
    rows
}

fn refusals() -> Vec<Row> {
    let trigger = |name: &str| post(format!("trigger_{name}"), Reader, TRIGGER);
    let mut rows = vec![
        trigger("of_nothing").invalid(),
        trigger("of_an_unknown_picture")
            .json(json!({ "type": "IMAGE_SCAN", "targetId": "$unknown" }))
            .refused(404, "IMAGE_NOT_FOUND"),
        trigger("of_an_unknown_account")
            .json(json!({ "type": "PROFILE_SCAN", "targetId": "$unknown" }))
            .refused(404, "ACCOUNT_NOT_FOUND"),
    ];
    for (name, body) in [
        ("of_no_type", json!({})),
        (
            "of_another_type",
            json!({ "type": "PERSON_DISCOVERY", "protectedImageId": "$unknown" }),
        ),
        (
            "of_a_bad_target",
            json!({ "type": "IMAGE_SCAN", "targetId": "x" }),
        ),
        ("of_a_list", json!([])),
    ] {
        rows.push(trigger(name).json(body).invalid());
    }
    // Who looks at everything has no target.
    rows.push(
        trigger("of_everything_at_a_target")
            .json(json!({ "type": "FULL_SCAN", "targetId": "$unknown" }))
            .refused_with(400, "VALIDATION_ERROR", "[Issue]+"),
    );
    rows
}
