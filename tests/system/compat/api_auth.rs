//! AUTH.md section 5: the API's own sign-in routes.

use reqwest::Method;
use serde_json::{Value, json};
use vara_tests::world::PASSWORD;

use super::library::earlier;
use super::row::Who::{Gone, Header, Late, New, Nobody, SignedOut};
use super::row::{Aged, Row, call, post};

fn path(name: &str) -> String {
    format!("/api/v1/auth/{name}")
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = sign_up();
    rows.extend(login());
    rows.extend(logout());
    rows.extend(refresh());
    rows.extend(forgot());
    rows.extend(reset());
    rows.extend(reset_with_session());
    rows
}

fn sign_up() -> Vec<Row> {
    let body = |email: &str, one: &str, two: &str| json!({ "email": email, "password": one, "confirmPassword": two });
    let up = |name: &str, who, body: Value| {
        post(format!("sign_up{name}"), who, path("signup")).json(body)
    };
    let at = |name: &str| format!("[{{code: text, message: text, path: [\"{name}\"]+}}]+");
    let mut rows = vec![
        up("", Nobody, body("$fresh", PASSWORD, PASSWORD))
            .gives_data(201, "{id: uuid, email: text, profile: Profile}"),
        up(
            "_of_a_taken_address",
            New,
            body("$email", PASSWORD, PASSWORD),
        )
        .refused(400, "AUTH_SIGNUP_FAILED"),
        up(
            "_with_two_passwords",
            Nobody,
            body("$fresh", PASSWORD, "Other-Horse-7"),
        )
        .refused_with(400, "VALIDATION_ERROR", &at("confirmPassword")),
        up(
            "_of_a_bad_address",
            Nobody,
            body("nobody", PASSWORD, PASSWORD),
        )
        .refused_with(400, "VALIDATION_ERROR", &at("email")),
        up("_of_nothing", Nobody, json!({})).invalid(),
    ];
    for weak in ["Ab1", "abcdefg1", "ABCDEFG1", "Abcdefgh", &"Aa1".repeat(43)] {
        let name = format!("_with_a_weak_password_{}_{}", weak.len(), &weak[..2]);
        rows.push(up(&name, Nobody, body("$fresh", weak, weak)).refused_with(
            400,
            "VALIDATION_ERROR",
            &at("password"),
        ));
    }
    rows
}

fn login() -> Vec<Row> {
    let words = |email: &str, password: &str| json!({ "email": email, "password": password });
    let login =
        |name: &str, who, body: Value| post(format!("login{name}"), who, path("login")).json(body);
    let user = "{id: \"$id\", email: \"$email\", emailVerified: true, profile: Profile}";
    let shape = format!("{{user: {user}, accessToken: text, refreshToken: text, expiresAt: int}}");
    vec![
        login("", New, words("$email", PASSWORD)).gives_data(200, &shape),
        login(
            "_with_a_wrong_password",
            New,
            words("$email", "Wrong-Horse-7"),
        )
        .refused(401, "AUTH_LOGIN_FAILED"),
        login("_of_nobody", Nobody, words("$fresh", PASSWORD)).refused(401, "AUTH_LOGIN_FAILED"),
        // One character is enough to be tried.
        login("_with_a_short_password", New, words("$email", "x"))
            .refused(401, "AUTH_LOGIN_FAILED"),
        login("_with_no_password", Nobody, words("$fresh", "")).invalid(),
        login("_of_a_bad_address", Nobody, words("nobody", PASSWORD)).invalid(),
        login("_of_nothing", Nobody, json!({})).invalid(),
    ]
}

fn logout() -> Vec<Row> {
    let out = |name: &str, who| post(format!("logout{name}"), who, path("logout")).empty(204);
    vec![
        out("", New),
        out("_of_nobody", Nobody),
        out("_with_null", Header("Bearer null")),
        out("_again", SignedOut),
        out("_after_leaving", Gone),
        out("_too_late", Late),
        post(
            "logout_ends_the_token",
            New,
            path("reset-password-with-session"),
        )
        .after(call(Method::POST, path("logout")))
        .refused_with(
            401,
            "AUTH_INVALID_TOKEN",
            "{expired: false, requiresReauth: true}",
        ),
    ]
}

fn refresh() -> Vec<Row> {
    let with = |token: &str| json!({ "refreshToken": token });
    let refresh = |name: &str, who| post(format!("refresh{name}"), who, path("refresh"));
    let failed = "{requiresReauth: true, reason: \"refresh_failed\"}";
    let expired = "{requiresReauth: true, reason: \"token_expired\"}";
    let first = earlier(&path("refresh"), &with("$refresh"));
    let second = earlier(&path("refresh"), &with("$next"));
    vec![
        refresh("", New)
            .json(with("$refresh"))
            .gives_data(200, "Tokens"),
        refresh("_again", New)
            .after(first.clone())
            .json(with("$refresh"))
            .gives_data(200, "{refreshToken: \"$next\", ...}"),
        refresh("_with_nothing", Nobody).refused(400, "AUTH_MISSING_REFRESH_TOKEN"),
        refresh("_with_an_empty_token", Nobody)
            .json(with(""))
            .refused(400, "AUTH_MISSING_REFRESH_TOKEN"),
        refresh("_unknown", Nobody)
            .json(with("zzzzzzzzzzzzzzzzzzzzzz"))
            .refused_with(401, "AUTH_REFRESH_FAILED", failed),
        refresh("_malformed", Nobody)
            .json(with("short"))
            .refused_with(401, "AUTH_REFRESH_FAILED", failed),
        refresh("_reused", New)
            .after(first)
            .after(second)
            .aged(Aged::Tolerance)
            .json(with("$refresh"))
            .refused_with(401, "AUTH_REFRESH_FAILED", failed),
        refresh("_after_years", New)
            .aged(Aged::SignIn)
            .json(with("$refresh"))
            .refused_with(401, "AUTH_TOKEN_EXPIRED", expired),
        refresh("_after_signing_out", SignedOut)
            .json(with("$refresh"))
            .refused_with(401, "AUTH_REFRESH_FAILED", failed),
        refresh("_after_leaving", Gone)
            .json(with("$refresh"))
            .refused_with(401, "AUTH_REFRESH_FAILED", failed),
    ]
}

fn forgot() -> Vec<Row> {
    let forgot = |name: &str, who, email: &str| {
        post(format!("forgot{name}"), who, path("forgot-password")).json(json!({ "email": email }))
    };
    let again = earlier(&path("forgot-password"), &json!({ "email": "$email" }));
    vec![
        forgot("", New, "$email").gives_data(200, "{message: text}"),
        forgot("_of_nobody", Nobody, "$fresh").gives_data(200, "{message: text}"),
        forgot("_again", New, "$email")
            .after(again)
            .gives_data(200, "{message: text}"),
        forgot("_of_a_bad_address", Nobody, "nobody").invalid(),
        post("forgot_of_nothing", Nobody, path("forgot-password")).invalid(),
    ]
}

fn reset() -> Vec<Row> {
    let body = |token: &str, one: &str, two: &str| json!({ "token": token, "password": one, "confirmPassword": two });
    let reset = |name: &str, who, body: Value| {
        post(format!("reset{name}"), who, path("reset-password")).json(body)
    };
    let good = "Another-Horse-8";
    vec![
        reset("_unknown", Nobody, body("nonsense", good, good)).refused_with(
            400,
            "AUTH_RESET_TOKEN_INVALID",
            "{expired: false}",
        ),
        reset("_late", Late, body("$link", good, good)).refused_with(
            400,
            "AUTH_RESET_TOKEN_EXPIRED",
            "{expired: true}",
        ),
        reset("_without_a_token", Nobody, body("", good, good)).invalid(),
        reset(
            "_with_a_weak_password",
            Nobody,
            body("nonsense", "weak", "weak"),
        )
        .invalid(),
        reset(
            "_with_two_passwords",
            Nobody,
            body("nonsense", good, PASSWORD),
        )
        .invalid(),
        reset("_of_nothing", Nobody, json!({})).invalid(),
    ]
}

fn reset_with_session() -> Vec<Row> {
    let reset = |name: &str, password: Value| {
        let row = post(
            format!("reset_with_session{name}"),
            New,
            path("reset-password-with-session"),
        );
        row.json(json!({ "password": password }))
    };
    vec![
        reset("", json!("Another-Horse-8")).gives_data(200, "{message: text}"),
        reset("_weak", json!("weak")).refused(400, "AUTH_INVALID_REQUEST"),
        reset("_same", json!(PASSWORD)).refused(400, "AUTH_INVALID_REQUEST"),
        reset("_empty", json!("")).refused(400, "AUTH_INVALID_REQUEST"),
        post(
            "reset_with_session_of_nothing",
            New,
            path("reset-password-with-session"),
        )
        .refused(400, "AUTH_INVALID_REQUEST"),
    ]
}
