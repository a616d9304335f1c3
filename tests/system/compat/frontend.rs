//! API.md section 1: every call the web app makes, in every variant it makes it.

use reqwest::Method;
use serde_json::{Value, json};

use super::images::form;
use super::row::Who::{Busy, New, Owner, Reader, Told};
use super::row::{Row, call, delete, get, patch, post};

const STATUSES: [&str; 4] = ["NEW", "VIEWED", "ACTIONED", "DISMISSED"];
const TRIGGER: &str = "/api/v1/scans/trigger";
const RESPONSES: &str = "/api/v1/onboarding/responses";
const ITEMS: &str = "/api/v1/protection-plan/items/$item";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = alerts();
    rows.extend(images());
    rows.extend(scan_lists());
    rows.extend(scans());
    rows.extend(plan());
    rows.extend(quiz());
    rows.extend(settings());
    rows
}

fn alerts() -> Vec<Row> {
    let list = "/api/v1/alerts?page=1&limit=50";
    let mut rows = vec![
        get("01_alerts", Told, list).gives_page("Alert", 50, 1),
        get("02_badge", Told, "/api/v1/alerts?status=NEW&limit=1").gives_page("Alert", 1, 1),
        get(
            "02_badge_of_nothing",
            Reader,
            "/api/v1/alerts?status=NEW&limit=1",
        )
        .gives_page("Alert", 1, 0),
        get("03_recent", Told, "/api/v1/alerts?limit=5&page=1").gives_page("Alert", 5, 1),
        get(
            "03_recent_of_nothing",
            Reader,
            "/api/v1/alerts?limit=5&page=1",
        )
        .gives_page("Alert", 5, 0),
        // The panel, seeing NEW, sends VIEWED itself (Q5).
        get("04_detail", Busy, "/api/v1/alerts/$alert").gives_data(
            200,
            "{id: \"$alert\", status: \"NEW\", viewedAt: null, ...}",
        ),
        get("04_detail_again", Busy, "/api/v1/alerts/$alert")
            .after(call(Method::GET, "/api/v1/alerts/$alert"))
            .gives_data(
                200,
                "{id: \"$alert\", status: \"VIEWED\", viewedAt: date, ...}",
            ),
        delete("06_clear_all", New, "/api/v1/alerts/all")
            .gives_data(200, "{deleted: 0, message: text}"),
    ];
    for status in STATUSES {
        let total = u32::from(status == "NEW");
        let path = format!("{list}&status={status}");
        rows.push(get(format!("01_alerts_{status}"), Told, path).gives_page("Alert", 50, total));
        let (viewed, actioned) = match status {
            "VIEWED" => ("date", "null"),
            "ACTIONED" => ("null", "date"),
            _ => ("null", "null"),
        };
        let shape =
            format!("{{status: \"{status}\", viewedAt: {viewed}, actionedAt: {actioned}, ...}}");
        let row = patch(
            format!("05_status_{status}"),
            Busy,
            "/api/v1/alerts/$alert/status",
        );
        rows.push(
            row.json(json!({ "status": status }))
                .gives_data(200, &shape),
        );
    }
    rows
}

fn images() -> Vec<Row> {
    let list = "/api/v1/images?page=1&limit=50";
    let mut rows = vec![
        get("07_images", Told, list)
            .raw()
            .gives_page("ShownImage", 50, 1),
        get("07_images_of_nobody", Reader, list)
            .raw()
            .gives_page("ShownImage", 50, 0),
        get("08_count", Told, "/api/v1/images?limit=1").gives_page("ShownImage", 1, 1),
        delete("10_delete", Owner, "/api/v1/images/$image")
            .raw()
            .empty(204),
    ];
    for (filter, total) in [("scanned", 1), ("not_scanned", 0), ("archived", 0)] {
        let path = format!("{list}&filter={filter}");
        let row = get(format!("07_images_{filter}"), Told, path).raw();
        rows.push(row.gives_page("ShownImage", 50, total));
    }
    for (kind, format) in [
        ("image/jpeg", image::ImageFormat::Jpeg),
        ("image/png", image::ImageFormat::Png),
        ("image/webp", image::ImageFormat::WebP),
    ] {
        let row = post(
            format!("09_upload_{}", &kind[6..]),
            New,
            "/api/v1/images/upload",
        );
        rows.push(
            form(
                row,
                &[("file", Some(("IMG_0001.JPG", kind)), picture(format))],
            )
            .gives_data(201, "ShownImage"),
        );
    }
    rows
}

fn picture(format: image::ImageFormat) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let picture = vara_tests::pictures::picture(1, 64, 48);
    picture.write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// One address in two shapes: the query decides (Q1).
fn scan_lists() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, query, limit, ended) in [
        ("11_running", "status=RUNNING,PENDING&limit=1", 1, 0),
        // Her first scan, which we began, is told of as well (Q40).
        ("12_ended", "status=COMPLETED,FAILED&limit=1", 1, 2),
        ("13_last", "page=1&limit=1&status=COMPLETED", 1, 2),
    ] {
        let path = format!("/api/v1/scans?{query}");
        for (who, total) in [(Told, ended), (Reader, 0)] {
            let page = format!("{{page: 1, limit: {limit}, total: {total}, totalPages: {total}}}");
            let scans = if total == 0 { "[]" } else { "[EndedScan]+" };
            let shape = format!(
                "{{data: {{scans: {scans}, pagination: {page}}}, meta: {{pagination: {page}}}}}"
            );
            let suffix = if who == Reader { "_of_nobody" } else { "" };
            rows.push(get(format!("{name}{suffix}"), who, &path).gives(200, &shape));
        }
    }
    let week = "/api/v1/scans?status=COMPLETED&limit=100";
    rows.push(get("14_week", Told, week).gives_page("EndedScan", 100, 2));
    rows.push(get("14_week_of_nobody", Reader, week).gives_page("Scan", 100, 0));
    rows
}

fn scans() -> Vec<Row> {
    let everything = json!({ "type": "IMAGE_SCAN" });
    let one = json!({ "type": "IMAGE_SCAN", "targetId": "$image" });
    let begun = call(Method::POST, TRIGGER).json(&everything);
    let pending = |result: &str| {
        format!("{{type: \"IMAGE_SCAN\", status: \"PENDING\", progress: 0, result: {result}, ...}}")
    };
    vec![
        post("15_trigger", New, TRIGGER)
            .json(everything.clone())
            .gives_data(202, "Scan"),
        post("15_trigger_pending", New, TRIGGER)
            .json(everything.clone())
            .gives_data(202, &pending("null")),
        post("15_trigger_one", Owner, TRIGGER)
            .json(one)
            .gives_data(202, &pending("{targetId: \"$image\"}")),
        post("15_trigger_twice", New, TRIGGER)
            .after(begun.clone())
            .json(everything)
            .refused(409, "SCAN_ALREADY_RUNNING"),
        // Seen at once, else the page never begins to poll (Q17a).
        get(
            "11_running_at_once",
            New,
            "/api/v1/scans?status=RUNNING,PENDING&limit=1",
        )
        .after(begun)
        .gives(
            200,
            "{data: {scans: [Scan]+, pagination: {total: 1, ...}}, meta: Meta}",
        ),
    ]
}

fn plan() -> Vec<Row> {
    let plan = "/api/v1/protection-plan";
    let untouched = "{status: \"PENDING\", ...}";
    let mut rows = vec![
        get("16_plan", Reader, plan).gives_data(200, "Plan"),
        get("16_plan_of_a_new_user", New, plan)
            .gives_data(200, &format!("{{items: [{untouched}]+, ...}}")),
        post("18_regenerate", New, "/api/v1/protection-plan/regenerate").gives_data(200, "Plan"),
    ];
    for status in ["PENDING", "IN_PROGRESS", "COMPLETED", "SKIPPED"] {
        let row = patch(format!("17_item_{status}"), New, ITEMS).after(call(Method::GET, plan));
        let shape = format!("{{id: \"$item\", status: \"{status}\", ...}}");
        rows.push(
            row.json(json!({ "status": status }))
                .gives_data(200, &shape),
        );
    }
    let row = patch("17_item", New, ITEMS).after(call(Method::GET, plan));
    rows.push(
        row.json(json!({ "status": "COMPLETED" }))
            .gives_data(200, "PlanItem"),
    );
    rows
}

fn quiz() -> Vec<Row> {
    let outcome = "{riskLevel: Risk, protectionPlan: Plan, focusAreas: [text]+}";
    let answer =
        |question: &str, response: Value| json!({ "questionId": question, "response": response });
    let all = json!([
        answer("online-presence", json!("active")),
        answer("threat-concerns", json!(["image-misuse", "impersonation"])),
        answer("platform-count", json!(3)),
    ]);
    let mut rows = vec![
        post("19_answers", New, RESPONSES)
            .json(json!({ "responses": all }))
            .gives_data(201, outcome),
        // The dashboard asks for the plan first; the original could not take answers after that (Q13).
        post("19_answers_after_the_plan", New, RESPONSES)
            .after(call(Method::GET, "/api/v1/protection-plan"))
            .json(json!({ "responses": all }))
            .gives_data(201, outcome),
        post("19_answers_again", New, RESPONSES)
            .after(call(Method::POST, RESPONSES).json(&json!({ "responses": all })))
            .json(json!({ "responses": all }))
            .gives_data(201, outcome),
        post("19_no_answers", New, RESPONSES)
            .json(json!({ "responses": [] }))
            .gives_data(201, "{riskLevel: \"LOW\", ...}"),
    ];
    for (name, response) in [
        ("text", json!("active")),
        ("list", json!(["active"])),
        ("number", json!(2)),
    ] {
        let body = json!({ "responses": [answer("online-presence", response)] });
        rows.push(
            post(format!("19_answer_of_{name}"), New, RESPONSES)
                .json(body)
                .gives_data(201, outcome),
        );
    }
    rows
}

fn settings() -> Vec<Row> {
    let me = "/api/v1/users/me";
    let named = |name: Value| json!({ "displayName": name });
    vec![
        patch("20_name", New, me)
            .json(named(json!("Ana O'Neil-Ray")))
            .gives_data(200, "{displayName: \"Ana O'Neil-Ray\", ...}"),
        patch("20_no_name", New, me)
            .after(call(Method::PATCH, me).json(&named(json!("Ana"))))
            .json(named(Value::Null))
            .gives_data(200, "{displayName: null, ...}"),
        delete("21_leave", New, me).gives_data(200, "{deleted: true}"),
    ]
}
