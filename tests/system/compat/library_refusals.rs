//! AUTH.md section 4: every way the sign-in library is refused.

use reqwest::Method;
use serde_json::{Value, json};
use vara_tests::world::PASSWORD;

use super::library::{ANON, REFRESH, SIGN_IN, earlier, library, sign_up};
use super::row::Who::{Foreign, Forged, Gone, Header, Late, New, Nobody, SignedOut};
use super::row::{Aged, Row, Who, call, post, put, row};

const SIGN_UP: &str = "/auth/v1/signup";
const RECOVER: &str = "/auth/v1/recover";
const VERIFY: &str = "/auth/v1/verify";

/// As the fields would be, in their order.
const LIST: &str = "[\"ana@example.org\", \"Correct-Horse-7\", \"AAAAAAAAAAAAAAAAAAAA\"]";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = bodies();
    rows.extend(credentials());
    rows.extend(sign_ins());
    rows.extend(refreshes());
    rows.extend(bearers());
    rows.extend(passwords());
    rows.extend(links());
    rows.extend(elsewhere());
    rows
}

fn anon(name: impl Into<String>, path: &str) -> Row {
    library(post(name, ANON, path))
}

fn bodies() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, path) in [
        ("sign_up", SIGN_UP),
        ("sign_in", SIGN_IN),
        ("refresh", REFRESH),
        ("recover", RECOVER),
        ("verify", VERIFY),
    ] {
        rows.push(
            anon(format!("broken_{name}"), path)
                .body("{not json")
                .denied(400, "bad_json"),
        );
        rows.push(
            anon(format!("blank_{name}"), path)
                .body("\n")
                .denied(400, "bad_json"),
        );
        rows.push(
            anon(format!("list_{name}"), path)
                .body(LIST)
                .denied(400, "validation_failed"),
        );
        rows.push(anon(format!("empty_{name}"), path).denied(400, "validation_failed"));
        let large = json!({ "email": "x".repeat(1_100_000) }).to_string();
        rows.push(
            anon(format!("large_{name}"), path)
                .body(large)
                .denied(413, "bad_json"),
        );
    }
    rows.push(
        library(put("broken_user", New, "/auth/v1/user"))
            .body("{not json")
            .denied(400, "bad_json"),
    );
    rows
}

fn credentials() -> Vec<Row> {
    let long = format!("{}@example.org", "x".repeat(300));
    let addresses = [
        ("no", Value::Null),
        ("empty", json!("")),
        ("bad", json!("ana")),
        ("number", json!(7)),
        ("long", json!(long)),
    ];
    let mut rows = Vec::new();
    for (name, address) in addresses {
        let body = json!({ "email": address, "password": PASSWORD });
        rows.push(
            anon(format!("sign_up_of_{name}_address"), SIGN_UP)
                .json(body.clone())
                .denied(400, "validation_failed"),
        );
        rows.push(
            anon(format!("sign_in_of_{name}_address"), SIGN_IN)
                .json(body.clone())
                .denied(400, "validation_failed"),
        );
        rows.push(
            anon(format!("recover_of_{name}_address"), RECOVER)
                .json(body)
                .denied(400, "validation_failed"),
        );
    }
    for (name, password) in [
        ("no", Value::Null),
        ("empty", json!("")),
        ("long", json!("Aa1".repeat(43))),
        ("object", json!({})),
    ] {
        let body = json!({ "email": "$fresh", "password": password });
        rows.push(
            anon(format!("sign_up_of_{name}_password"), SIGN_UP)
                .json(body.clone())
                .denied(400, "validation_failed"),
        );
        rows.push(
            anon(format!("sign_in_of_{name}_password"), SIGN_IN)
                .json(body)
                .denied(400, "validation_failed"),
        );
    }
    for (name, password, reasons) in [
        ("short", "Ab1", "[\"length\"]"),
        ("lower", "abcdefg1", "[\"characters\"]"),
        ("upper", "ABCDEFG1", "[\"characters\"]"),
        ("without_digits", "Abcdefgh", "[\"characters\"]"),
        ("short_and_lower", "abc", "[\"length\" | \"characters\"]+"),
    ] {
        let more = format!(", weak_password: {{reasons: {reasons}}}");
        let body = json!({ "email": "$fresh", "password": password });
        rows.push(
            anon(format!("sign_up_weak_{name}"), SIGN_UP)
                .json(body)
                .denied_with(422, "weak_password", &more),
        );
    }
    let taken = library(post("sign_up_of_a_taken_address", New, SIGN_UP));
    rows.push(
        taken
            .json(sign_up("$email"))
            .denied(422, "user_already_exists"),
    );
    rows
}

fn sign_ins() -> Vec<Row> {
    let words = |email: &str, password: &str| json!({ "email": email, "password": password });
    let wrong = words("$email", "Wrong-Horse-7");
    let mut rows = vec![
        library(post("sign_in_with_a_wrong_password", New, SIGN_IN))
            .json(wrong)
            .denied(400, "invalid_credentials"),
        anon("sign_in_of_nobody", SIGN_IN)
            .json(words("$fresh", PASSWORD))
            .denied(400, "invalid_credentials"),
    ];
    for grant in [
        "",
        "?grant_type=",
        "?grant_type=pkce",
        "?grant_type=id_token",
        "?grant_type=web3",
    ] {
        let row = anon(format!("grant{grant}"), &format!("/auth/v1/token{grant}"));
        rows.push(
            row.json(words("$fresh", PASSWORD))
                .denied(400, "invalid_credentials"),
        );
    }
    rows
}

fn refreshes() -> Vec<Row> {
    let with = |token: &str| json!({ "refresh_token": token });
    let refresh = |name: &str, who| library(post(name, who, REFRESH));
    let first = earlier(REFRESH, &with("$refresh"));
    let second = earlier(REFRESH, &with("$next"));
    let replayed = first.clone();
    vec![
        refresh("refresh_with_nothing", ANON)
            .json(with(""))
            .denied(400, "validation_failed"),
        refresh("refresh_too_short", ANON)
            .json(with("short"))
            .denied(400, "validation_failed"),
        refresh("refresh_with_spaces", ANON)
            .json(with("has spaces and is long"))
            .denied(400, "validation_failed"),
        refresh("refresh_of_number", ANON)
            .json(json!({ "refresh_token": 7 }))
            .denied(400, "validation_failed"),
        refresh("refresh_unknown", ANON)
            .json(with("zzzzzzzzzzzzzzzzzzzzzz"))
            .denied(400, "refresh_token_not_found"),
        refresh("refresh_reused", New)
            .after(first.clone())
            .after(second.clone())
            .aged(Aged::Tolerance)
            .json(with("$refresh"))
            .denied(400, "refresh_token_already_used"),
        // A copy was shown: the whole sign-in has ended.
        refresh("refresh_after_reuse", New)
            .after(first)
            .after(second)
            .aged(Aged::Tolerance)
            .later(replayed)
            .json(with("$next"))
            .denied(400, "session_not_found"),
        refresh("refresh_after_years", New)
            .aged(Aged::SignIn)
            .json(with("$refresh"))
            .denied(400, "session_expired"),
        refresh("refresh_after_signing_out", SignedOut)
            .json(with("$refresh"))
            .denied(400, "session_not_found"),
        // So that the library forgets the sign-in (Q7).
        refresh("refresh_after_leaving", Gone)
            .json(with("$refresh"))
            .denied(400, "refresh_token_not_found"),
    ]
}

fn bearers() -> Vec<Row> {
    let callers: [(&str, Who, u16, &'static str); 9] = [
        ("nobody", Nobody, 401, "no_authorization"),
        ("no_bearer", Header("Basic YTpi"), 401, "no_authorization"),
        ("null", Header("Bearer null"), 403, "bad_jwt"),
        ("the_key", ANON, 403, "bad_jwt"),
        ("forged", Forged, 403, "bad_jwt"),
        ("foreign", Foreign, 403, "bad_jwt"),
        ("late", Late, 403, "bad_jwt"),
        ("signed_out", SignedOut, 403, "session_not_found"),
        ("gone", Gone, 403, "user_not_found"),
    ];
    let routes = [
        (Method::GET, "/auth/v1/user"),
        (Method::PUT, "/auth/v1/user"),
        (Method::POST, "/auth/v1/logout?scope=global"),
    ];
    let mut rows = Vec::new();
    for (method, path) in routes {
        for (name, who, status, code) in callers {
            let name = format!("{name}_{method}_{path}");
            rows.push(library(row(name, who, method.clone(), path)).denied(status, code));
        }
    }
    rows.push(
        library(post(
            "sign_out_of_an_unknown_scope",
            New,
            "/auth/v1/logout?scope=all",
        ))
        .denied(400, "validation_failed"),
    );
    rows
}

fn passwords() -> Vec<Row> {
    let user = |name: &str, body: Value| library(put(name, New, "/auth/v1/user")).json(body);
    let weak = ", weak_password: {reasons: [\"length\"]}";
    vec![
        user("same_password", json!({ "password": PASSWORD })).denied(422, "same_password"),
        user("weak_password", json!({ "password": "Ab1" })).denied_with(422, "weak_password", weak),
        user("long_password", json!({ "password": "Aa1".repeat(43) }))
            .denied(400, "validation_failed"),
        user("another_address", json!({ "email": "$fresh" })).denied(400, "validation_failed"),
        // The old one is of no use any more.
        library(post("sign_in_with_the_old_password", New, SIGN_IN))
            .after(
                call(Method::PUT, "/auth/v1/user").json(&json!({ "password": "Another-Horse-8" })),
            )
            .json(json!({ "email": "$email", "password": PASSWORD }))
            .denied(400, "invalid_credentials"),
    ]
}

fn links() -> Vec<Row> {
    let with = |token: &str, kind: &str| json!({ "token_hash": token, "type": kind });
    let asked = json!({ "email": "$email" });
    vec![
        anon("link_unknown", VERIFY)
            .json(with("nonsense", "recovery"))
            .denied(403, "otp_expired"),
        anon("link_of_sign_up_unknown", VERIFY)
            .json(with("nonsense", "signup"))
            .denied(403, "otp_expired"),
        library(post("link_late", Late, VERIFY))
            .json(with("$link", "recovery"))
            .denied(403, "otp_expired"),
        library(post("link_of_another_kind", Late, VERIFY))
            .json(with("$link", "signup"))
            .denied(403, "otp_expired"),
        anon("link_of_an_unknown_kind", VERIFY)
            .json(with("nonsense", "sms"))
            .denied(400, "validation_failed"),
        anon("link_of_no_kind", VERIFY)
            .json(json!({ "token_hash": "x" }))
            .denied(400, "validation_failed"),
        anon("link_without_a_token", VERIFY)
            .json(json!({ "type": "recovery" }))
            .denied(400, "validation_failed"),
        library(post("recover_too_often", New, RECOVER))
            .after(earlier(RECOVER, &asked))
            .json(asked)
            .denied(429, "over_email_send_rate_limit"),
    ]
}

fn elsewhere() -> Vec<Row> {
    [
        (Method::POST, "/auth/v1/otp"),
        (Method::GET, "/auth/v1/admin/users"),
        (Method::GET, "/auth/v1/token"),
        (Method::DELETE, "/auth/v1/user"),
        (Method::PATCH, "/auth/v1/verify"),
    ]
    .into_iter()
    .map(|(method, path)| {
        let name = format!("unknown_{method}_{path}");
        library(row(name, ANON, method, path)).denied(404, "not_found")
    })
    .collect()
}
