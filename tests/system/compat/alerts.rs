//! API.md section 3, alerts, matches and the plan: what the web app does not call, and what is refused.

use reqwest::Method;
use serde_json::{Value, json};

use super::row::Who::{Busy, Doubtful, New, Reader, Told};
use super::row::{Row, call, get, patch, post};

const ALERT: &str = "/api/v1/alerts/$alert";
const UNKNOWN: &str = "/api/v1/alerts/$unknown";
const PLAN: &str = "/api/v1/protection-plan";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = lists();
    rows.extend(statuses());
    rows.extend(actions());
    rows.extend(matches());
    rows.extend(plan());
    rows
}

fn lists() -> Vec<Row> {
    let mut rows = vec![
        get(
            "list_of_statuses",
            Told,
            "/api/v1/alerts?status=NEW,DISMISSED",
        )
        .gives_page("Alert", 20, 1),
        get("list_of_empty_status", Told, "/api/v1/alerts?status=").gives_page("Alert", 20, 1),
        get("unknown", Reader, UNKNOWN).refused(404, "ALERT_NOT_FOUND"),
        // Any text is an id here.
        get("no_id", Reader, "/api/v1/alerts/no-id").refused(404, "ALERT_NOT_FOUND"),
    ];
    for bad in ["SEEN", "new", "NEW,,", "NEW,SEEN"] {
        rows.push(
            get(
                format!("list_of_status_{bad}"),
                Reader,
                format!("/api/v1/alerts?status={bad}"),
            )
            .invalid(),
        );
    }
    rows
}

fn statuses() -> Vec<Row> {
    let path = format!("{ALERT}/status");
    let to = |status: &str| call(Method::PATCH, path.clone()).json(&json!({ "status": status }));
    let mut rows = vec![
        patch("status_unknown", Reader, format!("{UNKNOWN}/status"))
            .json(json!({ "status": "VIEWED" }))
            .refused(404, "ALERT_NOT_FOUND"),
        // A late VIEWED undoes nothing (Q5).
        patch("status_viewed_after_actioned", Busy, path.clone())
            .after(to("ACTIONED"))
            .json(json!({ "status": "VIEWED" }))
            .gives_data(200, "{status: \"ACTIONED\", ...}"),
        patch("status_new_after_viewed", Busy, path.clone())
            .after(to("VIEWED"))
            .json(json!({ "status": "NEW" }))
            .gives_data(200, "{status: \"NEW\", viewedAt: date, ...}"),
    ];
    for (name, body) in [
        ("none", json!({})),
        ("another", json!({ "status": "SEEN" })),
        ("number", json!({ "status": 1 })),
        ("null", json!({ "status": null })),
        ("list", json!([])),
        ("list_of_a_status", json!(["VIEWED"])),
    ] {
        rows.push(
            patch(
                format!("status_of_{name}"),
                Reader,
                format!("{UNKNOWN}/status"),
            )
            .json(body)
            .invalid(),
        );
    }
    rows.push(patch("status_of_nothing", Reader, format!("{UNKNOWN}/status")).invalid());
    rows
}

fn actions() -> Vec<Row> {
    let path = format!("{ALERT}/action");
    let mut rows = Vec::new();
    for (action, status) in [
        ("DISMISS", "DISMISSED"),
        ("REPORT", "ACTIONED"),
        ("ESCALATE", "ACTIONED"),
        ("MARK_SAFE", "DISMISSED"),
    ] {
        let metadata = format!(
            "{{action: \"{action}\", actionNotes: \"told them\", actionTakenAt: date, ...}}"
        );
        let shape =
            format!("{{status: \"{status}\", actionedAt: date, metadata: {metadata}, ...}}");
        let row = post(format!("action_{action}"), Busy, path.clone());
        rows.push(
            row.json(json!({ "action": action, "notes": "told them" }))
                .gives_data(200, &shape),
        );
    }
    let long = "x".repeat(1001);
    for (name, body) in [
        ("none", json!({})),
        ("another", json!({ "action": "FORGET" })),
        ("long_notes", json!({ "action": "REPORT", "notes": long })),
        ("notes_of_number", json!({ "action": "REPORT", "notes": 1 })),
    ] {
        rows.push(
            post(
                format!("action_of_{name}"),
                Reader,
                format!("{UNKNOWN}/action"),
            )
            .json(body)
            .invalid(),
        );
    }
    rows.push(
        post("action_unknown", Reader, format!("{UNKNOWN}/action"))
            .json(json!({ "action": "DISMISS" }))
            .refused(404, "ALERT_NOT_FOUND"),
    );
    rows
}

fn matches() -> Vec<Row> {
    let mut rows = vec![
        get("flagged", Doubtful, "/api/v1/matches/flagged")
            .gives(200, "{data: [FlaggedMatch]+, meta: Meta}"),
        get("flagged_of_nobody", Reader, "/api/v1/matches/flagged").gives_page("Match", 20, 0),
        post("confirm", Doubtful, "/api/v1/matches/$match/confirm")
            .gives_data(200, "{match: ReviewedMatch, alert: Alert | null}"),
        post("dismiss", Doubtful, "/api/v1/matches/$match/dismiss")
            .gives_data(200, "ReviewedMatch"),
    ];
    for word in ["confirm", "dismiss"] {
        let path = |id: &str| format!("/api/v1/matches/{id}/{word}");
        rows.extend([
            post(format!("{word}_again"), Doubtful, path("$match"))
                .after(call(Method::POST, path("$match")))
                .refused(409, "MATCH_ALREADY_REVIEWED"),
            post(format!("{word}_not_flagged"), Told, path("$match"))
                .refused(400, "MATCH_INVALID_STATUS"),
            post(format!("{word}_unknown"), Reader, path("$unknown"))
                .refused(404, "MATCH_NOT_FOUND"),
            post(format!("{word}_bad_id"), Reader, path("no-id")).invalid(),
        ]);
    }
    rows
}

fn plan() -> Vec<Row> {
    let item = format!("{PLAN}/items/$item");
    let seen = call(Method::GET, PLAN);
    let done = json!({ "status": "COMPLETED" });
    let mut rows = Vec::new();
    for id in ["no-id", "$unknown"] {
        let name = format!("item_{}", id.trim_start_matches('$'));
        let row = patch(name, New, format!("{PLAN}/items/{id}")).after(seen.clone());
        rows.push(row.json(done.clone()).refused(404, "ITEM_NOT_FOUND"));
    }
    for (name, body) in [
        ("none", json!({})),
        ("another", json!({ "status": "DONE" })),
        ("list", json!([])),
    ] {
        rows.push(
            patch(format!("item_status_of_{name}"), New, item.clone())
                .after(seen.clone())
                .json(body)
                .invalid(),
        );
    }
    let kept: Value = json!({ "status": "IN_PROGRESS" });
    rows.extend([
        post(
            "regenerate_without_a_plan",
            New,
            format!("{PLAN}/regenerate"),
        )
        .gives_data(200, "Plan"),
        // What she did stays (Q14b).
        get("regenerate_keeps", New, PLAN)
            .after(seen)
            .after(call(Method::PATCH, item).json(&kept))
            .after(call(Method::POST, format!("{PLAN}/regenerate")))
            .gives_data(
                200,
                "{items: [{status: \"IN_PROGRESS\" | \"PENDING\", ...}]+, ...}",
            ),
    ]);
    rows
}
