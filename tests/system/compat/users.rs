//! API.md section 3, users: herself, her name, her preferences; and what is refused.

use reqwest::Method;
use serde_json::json;

use super::row::Who::{New, Nobody, Reader};
use super::row::{Row, call, delete, get, patch, put};

const ME: &str = "/api/v1/users/me";
const PREFERENCES: &str = "/api/v1/users/me/preferences";
const SEEN: &str = "{channels: {email: bool, webhook: url | null}, digest: {every: text, at: text}, \
    quietHours: {from: text, until: text} | null, utcOffsetMinutes: int, types: object, \
    pausedUntil: date | null, engines: object, faceRecognition: bool, updatedAt: date | null, \
    faceRecognitionSince: date | null}";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = vec![
        get("me", Reader, ME).gives_data(200, "User"),
        // Made known with her first call, and already confirmed (Q29, Q30).
        get("me_at_first", New, ME).gives_data(
            200,
            "{id: \"$id\", email: \"$email\", emailVerified: true, \
              profile: {userId: \"$id\", riskLevel: \"LOW\", onboardingCompleted: false, displayName: null, ...}, ...}",
        ),
        patch("name", New, ME).json(json!({ "displayName": "Ana" })).gives_data(200, "Profile"),
        patch("name_of_nothing_new", Reader, ME).gives_data(200, "{displayName: null, ...}"),
        patch("name_of_spaces_clears", New, ME)
            .after(call(Method::PATCH, ME).json(&json!({ "displayName": "Ana" })))
            .json(json!({ "displayName": "  " }))
            .gives_data(200, "{displayName: null, ...}"),
        patch("empty_name_clears", New, ME)
            .after(call(Method::PATCH, ME).json(&json!({ "displayName": "Ana" })))
            .json(json!({ "displayName": "" }))
            .gives_data(200, "{displayName: null, ...}"),
        // Whoever left is not made known again (Q7).
        get("me_after_leaving", New, ME)
            .after(call(Method::DELETE, ME))
            .refused_with(401, "AUTH_INVALID_TOKEN", "{expired: false, requiresReauth: true}"),
        delete("leaving_twice", New, ME)
            .after(call(Method::DELETE, ME))
            .refused_with(401, "AUTH_INVALID_TOKEN", "{expired: false, requiresReauth: true}"),
    ];
    let long = "a".repeat(51);
    for (name, value) in [
        ("too_short", json!("A")),
        ("too_long", json!(long)),
        ("with_digits", json!("Ana 2")),
        ("with_markup", json!("<b>Ana</b>")),
        ("of_number", json!(12)),
        ("of_list", json!(["Ana"])),
    ] {
        rows.push(
            patch(format!("name_{name}"), Reader, ME)
                .json(json!({ "displayName": value }))
                .invalid(),
        );
    }
    rows.extend(preferences());
    rows
}

fn preferences() -> Vec<Row> {
    let mut rows = vec![
        get("preferences", New, PREFERENCES).gives_data(200, SEEN),
        patch("preferences_change", New, PREFERENCES)
            .json(json!({ "channels": { "email": true } }))
            .gives_data(
                200,
                "{channels: {email: true, webhook: null}, updatedAt: date, ...}",
            ),
        put("preferences_replace", New, PREFERENCES)
            .after(call(Method::PATCH, PREFERENCES).json(&json!({ "channels": { "email": true } })))
            .json(json!({ "utcOffsetMinutes": 60 }))
            .gives_data(
                200,
                "{channels: {email: false, webhook: null}, utcOffsetMinutes: 60, ...}",
            ),
        get("deliveries", New, "/api/v1/users/me/notifications").gives_data(200, "[]"),
        get("stop_unknown", Nobody, "/api/v1/users/stop/nonsense").gives(404, "bytes"),
    ];
    for (name, body) in [
        ("offset_of_text", json!({ "utcOffsetMinutes": "x" })),
        ("offset_of_no_place", json!({ "utcOffsetMinutes": 2000 })),
        ("unknown_field", json!({ "colour": "red" })),
        (
            "webhook_within",
            json!({ "channels": { "webhook": "https://127.0.0.1/hook" } }),
        ),
        (
            "webhook_plain",
            json!({ "channels": { "webhook": "http://hooks.example/x" } }),
        ),
        ("unknown_type", json!({ "types": { "WEATHER": true } })),
        (
            "bad_time",
            json!({ "quietHours": { "from": "25:00", "until": "07:00" } }),
        ),
    ] {
        rows.push(
            patch(format!("preferences_{name}"), Reader, PREFERENCES)
                .json(body.clone())
                .invalid(),
        );
        rows.push(
            put(format!("preferences_put_{name}"), Reader, PREFERENCES)
                .json(body)
                .invalid(),
        );
    }
    rows
}
