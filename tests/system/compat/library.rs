//! AUTH.md sections 2 and 3: the calls of the sign-in library, with its headers, and what it needs.

use reqwest::Method;
use serde_json::{Value, json};
use vara_tests::world::PASSWORD;

use super::row::Who::{Header, Late, New, Nobody};
use super::row::{Aged, Call, Row, Who, call, get, post, put, row};

/// Nobody is signed in: the library sends the key it was given, which is no token.
pub(super) const ANON: Who = Header("Bearer placeholder-key");

/// The page that calls, as it is written in an address.
const SITE: &str = "http%3A%2F%2Flocalhost%3A3000";

pub(super) const REFRESH: &str = "/auth/v1/token?grant_type=refresh_token";
pub(super) const SIGN_IN: &str = "/auth/v1/token?grant_type=password";

/// A row as the library sends it.
pub(super) fn library(row: Row) -> Row {
    row.with("apikey", "placeholder-key")
        .with("x-client-info", "supabase-js-web/2.90.0")
        .with("x-supabase-api-version", "2024-01-01")
        .with("content-type", "application/json;charset=UTF-8")
}

/// A row as its older version sends it, which knows no version of the interface.
fn older(row: Row) -> Row {
    library(row)
        .with("x-client-info", "supabase-js-web/2.39.8")
        .with("x-supabase-api-version", "")
}

/// An earlier call of hers.
pub(super) fn earlier(path: &str, body: &Value) -> Call {
    call(Method::POST, path).json(body)
}

pub(super) fn sign_up(email: &str) -> Value {
    json!({
        "email": email, "password": PASSWORD, "data": {}, "gotrue_meta_security": {},
        "code_challenge": null, "code_challenge_method": null,
    })
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = signing_in();
    rows.extend(refreshing());
    rows.extend(signed_in());
    rows.extend(links());
    rows.extend(about());
    rows
}

fn signing_in() -> Vec<Row> {
    let path = format!("/auth/v1/signup?redirect_to={SITE}%2Fdashboard");
    let words = json!({ "email": "$email", "password": PASSWORD, "gotrue_meta_security": {} });
    let up = |name: &str| post(name, ANON, path.clone()).json(sign_up("$fresh"));
    let enter = |name: &str| post(name, New, SIGN_IN).json(words.clone());
    vec![
        library(up("sign_up")).gives(200, "Session"),
        older(up("sign_up_of_the_older_version")).gives(200, "Session"),
        library(post("sign_up_without_a_page", ANON, "/auth/v1/signup").json(sign_up("$fresh")))
            .gives(200, "Session"),
        library(post(
            "sign_up_with_a_long_password",
            ANON,
            "/auth/v1/signup",
        ))
        .json(json!({ "email": "$fresh", "password": "Aa1".repeat(42) }))
        .gives(200, "Session"),
        library(post("sign_up_lowers_the_address", ANON, "/auth/v1/signup"))
            .json(sign_up("UPPER-$fresh"))
            .gives(200, "{user: {email: text, ...}, ...}"),
        post("sign_up_without_headers", Nobody, "/auth/v1/signup")
            .with("content-type", "")
            .json(sign_up("$fresh"))
            .gives(200, "Session"),
        library(enter("sign_in")).gives(200, "Session"),
        older(enter("sign_in_of_the_older_version")).gives(200, "Session"),
        library(enter("sign_in_as_herself"))
            .gives(200, "{user: {id: \"$id\", email: \"$email\", ...}, ...}"),
    ]
}

fn refreshing() -> Vec<Row> {
    let with = |token: &str| json!({ "refresh_token": token });
    let refresh = |name: &str, token: &str| library(post(name, New, REFRESH).json(with(token)));
    let first = earlier(REFRESH, &with("$refresh"));
    let second = earlier(REFRESH, &with("$next"));
    vec![
        refresh("refresh", "$refresh").gives(200, "Session"),
        older(post("refresh_of_the_older_version", New, REFRESH).json(with("$refresh")))
            .gives(200, "Session"),
        refresh("refresh_again_gives_the_same_child", "$refresh")
            .after(first.clone())
            .gives(
                200,
                "{refresh_token: \"$next\", user: {id: \"$id\", ...}, ...}",
            ),
        // Later it is a copy, though its child is the newest.
        refresh("refresh_again_much_later", "$refresh")
            .after(first.clone())
            .aged(Aged::Tolerance)
            .denied(400, "refresh_token_already_used"),
        refresh("refresh_with_the_child", "$next")
            .after(first.clone())
            .gives(200, "Session"),
        refresh("refresh_with_a_grandparent_at_once", "$refresh")
            .after(first)
            .after(second)
            .gives(200, "Session"),
    ]
}

fn signed_in() -> Vec<Row> {
    let password = json!({ "password": "Another-Horse-8", "code_challenge": null, "code_challenge_method": null });
    let out = |name: &str, query: &str| {
        library(post(name, New, format!("/auth/v1/logout{query}"))).empty(204)
    };
    vec![
        library(get("user", New, "/auth/v1/user")).gives(200, "LibraryUser"),
        library(get("user_is_herself", New, "/auth/v1/user"))
            .gives(200, "{id: \"$id\", email: \"$email\", ...}"),
        library(put("new_password", New, "/auth/v1/user"))
            .json(password)
            .gives(200, "LibraryUser"),
        library(put("nothing_new", New, "/auth/v1/user")).gives(200, "LibraryUser"),
        out("sign_out", "?scope=global"),
        out("sign_out_here", "?scope=local"),
        out("sign_out_elsewhere", "?scope=others"),
        out("sign_out_without_a_scope", ""),
    ]
}

fn links() -> Vec<Row> {
    let path = format!("/auth/v1/recover?redirect_to={SITE}%2Freset-password");
    let asked = |email: &str| json!({ "email": email, "code_challenge": null, "code_challenge_method": null, "gotrue_meta_security": {} });
    let open = |name: &str, who, query: &str| {
        let path = format!("/auth/v1/verify?{query}&redirect_to={SITE}%2Freset-password");
        get(format!("page_of_{name}"), who, path)
            .raw()
            .with("origin", "")
            .gives(200, "bytes")
            .answers("content-type", "text/html; charset=utf-8")
            .answers(
                "content-security-policy",
                "default-src 'none'; form-action 'self' http://localhost:3000; *",
            )
            .answers("access-control-allow-origin", "")
            .answers("access-control-allow-credentials", "")
    };
    let press = |name: &str, who, fields: &str| {
        post(name, who, "/auth/v1/verify")
            .with("content-type", "application/x-www-form-urlencoded")
            .with("origin", "")
            .body(format!("{fields}&redirect_to={SITE}%2Freset-password"))
            .empty(303)
            .answers("access-control-allow-origin", "")
            .answers("access-control-allow-credentials", "")
    };
    // In the query for the page, behind the `#` for the library.
    let failed = "http://localhost:3000/reset-password?error=access_denied&error_code=otp_expired&error_description=*";
    vec![
        library(post("recover", New, path.clone()))
            .json(asked("$email"))
            .gives(200, "{}"),
        // Nobody learns who has an account.
        library(post("recover_of_nobody", ANON, path.clone()))
            .json(asked("$fresh"))
            .gives(200, "{}"),
        open("link_unknown", Nobody, "token=nonsense&type=recovery"),
        open("link_of_nothing", Nobody, "type=recovery"),
        open("link_late", Late, "token=$link&type=recovery"),
        press("link_unknown", Nobody, "token=nonsense&type=recovery").answers("location", failed),
        press("link_of_nothing", Nobody, "type=recovery").answers("location", failed),
        press(
            "link_of_sign_up_unknown",
            Nobody,
            "token=nonsense&type=signup",
        )
        .answers("location", failed),
        press("link_late", Late, "token=$link&type=recovery").answers("location", failed),
        post("link_leads_to_our_pages_only", Nobody, "/auth/v1/verify")
            .with("content-type", "application/x-www-form-urlencoded")
            .with("origin", "null")
            .body("token=x&type=recovery&redirect_to=https://evil.example/")
            .empty(303)
            .answers("access-control-allow-origin", "")
            .answers("access-control-allow-credentials", "")
            .answers("location", "http://localhost:3000/?error=*"),
        // A page of somebody else's does not use it up: she is asked.
        post("link_pressed_from_elsewhere", Nobody, "/auth/v1/verify")
            .with("content-type", "application/x-www-form-urlencoded")
            .with("sec-fetch-site", "cross-site")
            .with("origin", "null")
            .body("token=x&type=recovery")
            .gives(200, "bytes")
            .answers("access-control-allow-origin", "")
            .answers("access-control-allow-credentials", ""),
        // A mail scanner looks whether there is anything.
        row(
            "link_looked_at",
            Nobody,
            Method::HEAD,
            "/auth/v1/verify?token=nonsense&type=recovery",
        )
        .raw()
        .empty(200),
    ]
}

fn about() -> Vec<Row> {
    vec![
        get("settings", Nobody, "/auth/v1/settings")
            .gives(200, "{external: {email: true, ...}, disable_signup: false, mailer_autoconfirm: true, ...}"),
        get("health", Nobody, "/auth/v1/health").gives(200, "{name: text, version: text, description: text}"),
        get("keys", Nobody, "/auth/v1/.well-known/jwks.json")
            .gives(200, "{keys: [{alg: \"ES256\", kty: \"EC\", crv: \"P-256\", key_ops: [\"verify\"]+, kid: text, x: text, y: text, use: \"sig\"}]+}")
            .answers("cache-control", "public, max-age=600"),
    ]
}
