//! What is refused below `/auth/v1/`: every row of the contract's table that can happen.

use serde_json::json;

use super::{Harness, PASSWORD, token};

#[tokio::test]
async fn signing_up() {
    let harness = Harness::build().await;
    let path = "/auth/v1/signup";
    harness
        .send("POST", path, None, Some("{not json"))
        .await
        .is_refused(400, "bad_json");
    harness
        .send("POST", path, None, None)
        .await
        .is_refused(400, "validation_failed");
    let long = format!("{}@example.net", "x".repeat(300));
    for email in [json!(null), json!(""), json!("ana"), json!(7), json!(long)] {
        let body = json!({ "email": email, "password": PASSWORD });
        harness
            .post(path, body)
            .await
            .is_refused(400, "validation_failed");
    }
    for password in [json!(null), json!(""), json!("Aa1".repeat(43)), json!({})] {
        let body = json!({ "email": "ana@example.net", "password": password });
        harness
            .post(path, body)
            .await
            .is_refused(400, "validation_failed");
    }
    for (password, reasons) in [
        ("Ab1", json!(["length"])),
        ("abcdefgh", json!(["characters"])),
        ("abc", json!(["length", "characters"])),
    ] {
        let reply = harness
            .post(
                path,
                json!({ "email": "ana@example.net", "password": password }),
            )
            .await;
        reply.is_refused(422, "weak_password");
        assert_eq!(reply.body["weak_password"]["reasons"], reasons);
    }
    harness.ana().await;
    harness
        .post(
            path,
            json!({ "email": "ANA@example.net", "password": PASSWORD }),
        )
        .await
        .is_refused(422, "user_already_exists");
}

#[tokio::test]
async fn signing_in() {
    let harness = Harness::build().await;
    harness.ana().await;
    let wrong = harness.sign_in("Wrong1horse").await;
    wrong.is_refused(400, "invalid_credentials");
    let unknown = harness
        .post(
            "/auth/v1/token?grant_type=password",
            json!({ "email": "eve@example.net", "password": PASSWORD }),
        )
        .await;
    unknown.is_refused(400, "invalid_credentials");
    assert_eq!(wrong.body, unknown.body);
    for path in [
        "/auth/v1/token",
        "/auth/v1/token?grant_type=pkce",
        "/auth/v1/token?grant_type=id_token",
    ] {
        harness
            .post(path, json!({}))
            .await
            .is_refused(400, "invalid_credentials");
    }
    harness
        .post("/auth/v1/token?grant_type=password", json!({}))
        .await
        .is_refused(400, "validation_failed");
    harness
        .send(
            "POST",
            "/auth/v1/token?grant_type=password",
            None,
            Some("[1,2"),
        )
        .await
        .is_refused(400, "bad_json");
}

#[tokio::test]
async fn a_password_behind_a_second_grant_does_not_sign_in() {
    let harness = Harness::build().await;
    let session = harness.ana().await;
    let refresh = token(&session, "refresh_token");
    let body =
        json!({ "email": "ana@example.net", "password": PASSWORD, "refresh_token": refresh });
    for query in [
        "grant_type=refresh_token&grant_type=password",
        "grant_type=password&grant_type=refresh_token",
        "grant_type=password&grant_type=password",
        "grant_type=refresh_token&grant%5Ftype=password",
    ] {
        harness
            .post(&format!("/auth/v1/token?{query}"), body.clone())
            .await
            .is_refused(400, "validation_failed");
    }
    for query in [
        "Grant_Type=password",
        "GRANT_TYPE=refresh_token",
        "grant_type=Password",
    ] {
        harness
            .post(&format!("/auth/v1/token?{query}"), body.clone())
            .await
            .is_refused(400, "invalid_credentials");
    }
    for path in [
        "/auth/v1/recover?redirect_to=a&redirect_to=b",
        "/auth/v1/signup?redirect_to=a&redirect_to=b",
        "/auth/v1/logout?scope=local&scope=global",
    ] {
        harness
            .post(path, body.clone())
            .await
            .is_refused(400, "validation_failed");
    }
    assert!(
        harness.mails().await.len() == 1,
        "only the one of the sign-up"
    );
}

#[tokio::test]
async fn guessing_passwords() {
    let harness = Harness::build().await;
    harness.ana().await;
    // Right ones do not count.
    for _ in 0..3 {
        assert!(harness.sign_in(PASSWORD).await.status.is_success());
    }
    let mut refused = 0;
    for _ in 0..45 {
        let reply = harness.sign_in("Wrong1horse").await;
        match reply.status.as_u16() {
            400 => reply.is_refused(400, "invalid_credentials"),
            _ => {
                reply.is_refused(429, "over_request_rate_limit");
                refused += 1;
                if refused == 2 {
                    break;
                }
            }
        }
    }
    assert_eq!(refused, 2);
    let body = json!({ "email": "eve@example.net", "password": PASSWORD });
    harness
        .post("/auth/v1/token?grant_type=password", body)
        .await
        .is_refused(400, "invalid_credentials");
}

#[tokio::test]
async fn refreshing() {
    let harness = Harness::build().await;
    harness
        .refresh("")
        .await
        .is_refused(400, "validation_failed");
    harness
        .refresh("short")
        .await
        .is_refused(400, "validation_failed");
    harness
        .refresh("has spaces and is long")
        .await
        .is_refused(400, "validation_failed");
    harness
        .refresh("abcdefghijklmnop")
        .await
        .is_refused(400, "refresh_token_not_found");
    harness
        .refresh(&"A".repeat(91))
        .await
        .is_refused(400, "refresh_token_not_found");
}

#[tokio::test]
async fn bearers() {
    let harness = Harness::build().await;
    let session = harness.ana().await;
    for (method, path) in [
        ("GET", "/auth/v1/user"),
        ("PUT", "/auth/v1/user"),
        ("POST", "/auth/v1/logout"),
    ] {
        harness
            .send(method, path, None, None)
            .await
            .is_refused(401, "no_authorization");
        for bad in ["null", "anon-key", "a.b.c", ""] {
            harness
                .send(method, path, Some(bad), None)
                .await
                .is_refused(403, "bad_jwt");
        }
    }
    let late = harness.expired_token(&session).await;
    harness.me(&late).await.is_refused(403, "bad_jwt");

    let good = token(&session, "access_token");
    let weak = harness
        .send(
            "PUT",
            "/auth/v1/user",
            Some(&good),
            Some(r#"{"password":"weak"}"#),
        )
        .await;
    weak.is_refused(422, "weak_password");
    let same = harness
        .send(
            "PUT",
            "/auth/v1/user",
            Some(&good),
            Some(&json!({ "password": PASSWORD }).to_string()),
        )
        .await;
    same.is_refused(422, "same_password");
    let other = harness
        .send(
            "PUT",
            "/auth/v1/user",
            Some(&good),
            Some(r#"{"email":"eve@example.net"}"#),
        )
        .await;
    other.is_refused(400, "validation_failed");
    harness
        .send("POST", "/auth/v1/logout?scope=all", Some(&good), None)
        .await
        .is_refused(400, "validation_failed");
}

#[tokio::test]
async fn too_much() {
    let harness = Harness::build().await;
    let body = format!("{{\"email\":\"{}\"}}", "x".repeat(1024 * 1024));
    harness
        .send("POST", "/auth/v1/signup", None, Some(&body))
        .await
        .is_refused(413, "bad_json");
}

#[tokio::test]
async fn what_is_not_there() {
    let harness = Harness::build().await;
    for (method, path) in [
        ("GET", "/auth/v1"),
        ("GET", "/auth/v1/"),
        ("POST", "/auth/v1/otp"),
        ("GET", "/auth/v1/admin/users"),
        ("GET", "/auth/v1/token"),
        ("DELETE", "/auth/v1/user"),
        ("PATCH", "/auth/v1/verify"),
    ] {
        harness
            .send(method, path, None, None)
            .await
            .is_refused(404, "not_found");
    }
    harness
        .send("POST", "/api/v1/auth/nothing", None, None)
        .await
        .is_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn our_own_trouble_is_503_everywhere() {
    let trouble = Harness::over(vara::testing::silent_store()).await;
    let fine = Harness::build().await;
    let session = fine.ana().await;
    let (access, refresh) = (
        token(&session, "access_token"),
        token(&session, "refresh_token"),
    );
    let credentials = json!({ "email": "ana@example.net", "password": PASSWORD });
    trouble
        .post("/auth/v1/signup", credentials.clone())
        .await
        .is_refused(503, "unexpected_failure");
    trouble
        .sign_in(PASSWORD)
        .await
        .is_refused(503, "unexpected_failure");
    trouble
        .refresh(&refresh)
        .await
        .is_refused(503, "unexpected_failure");
    trouble
        .me(&access)
        .await
        .is_refused(503, "unexpected_failure");
    trouble
        .send("POST", "/auth/v1/logout", Some(&access), None)
        .await
        .is_refused(503, "unexpected_failure");
    trouble
        .post("/auth/v1/recover", json!({ "email": "ana@example.net" }))
        .await
        .is_refused(503, "unexpected_failure");
    trouble
        .send("GET", "/auth/v1/verify?token=x&type=recovery", None, None)
        .await
        .is_refused(503, "unexpected_failure");
    for kind in ["recovery", "signup"] {
        let path = "/auth/v1/verify";
        let body = json!({ "token_hash": "x", "type": kind }).to_string();
        trouble
            .send("POST", path, Some(&access), Some(&body))
            .await
            .is_refused(503, "unexpected_failure");
    }

    trouble
        .post("/api/v1/auth/login", credentials)
        .await
        .is_error(503, "SERVICE_UNAVAILABLE");
    trouble
        .post("/api/v1/auth/refresh", json!({ "refreshToken": refresh }))
        .await
        .is_error(503, "SERVICE_UNAVAILABLE");
    trouble
        .send("POST", "/api/v1/auth/logout", Some(&access), None)
        .await
        .is_error(503, "SERVICE_UNAVAILABLE");
    trouble
        .post(
            "/api/v1/auth/forgot-password",
            json!({ "email": "a@b.example" }),
        )
        .await
        .is_error(503, "SERVICE_UNAVAILABLE");
}
