//! Both sign-in surfaces over one store of users and sessions.

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;
use vara_tests::world::{PASSWORD, eventually};
use vara_tests::{Reply, Woman, World};

async fn auth(world: &World, path: &str, body: Value) -> Reply {
    world
        .call(Method::POST, &format!("/auth/v1/{path}"), Some(body))
        .await
}

#[track_caller]
fn refused(reply: &Reply, status: u16, code: &str) {
    reply.expect(status);
    for field in ["code", "error_code"] {
        assert_eq!(reply.json[field], code, "{}", reply.json);
    }
    for field in ["message", "msg"] {
        assert!(reply.json[field].is_string(), "{}", reply.json);
    }
    assert_eq!(reply.header("x-supabase-api-version"), "2024-01-01");
    assert!(
        reply
            .header("access-control-expose-headers")
            .to_lowercase()
            .contains("x-supabase-api-version")
    );
}

pub(crate) async fn session_and_user(world: &World) {
    let her = world.woman().await;
    let reply = auth(
        world,
        "token?grant_type=password",
        json!({ "email": her.email.to_uppercase(), "password": PASSWORD }),
    )
    .await;
    let session = &reply.expect(200).json;
    assert_eq!(
        (&session["token_type"], &session["expires_in"]),
        (&json!("bearer"), &json!(3600))
    );
    assert!(
        session["expires_at"].is_i64() && session["refresh_token"].as_str().unwrap().len() >= 12
    );
    let user = &session["user"];
    assert_eq!(
        (&user["email"], &user["aud"], &user["role"]),
        (
            &json!(her.email),
            &json!("authenticated"),
            &json!("authenticated")
        )
    );
    assert!(user["email_confirmed_at"].is_string());
    let me = her.get("/auth/v1/user").await;
    assert_eq!(me.expect(200).json["id"], her.id);
    let api = her.get("/api/v1/users/me").await;
    assert_eq!(
        (&api.expect(200).data()["id"], &api.data()["email"]),
        (&json!(her.id), &json!(her.email))
    );
    assert_eq!(api.data()["profile"]["riskLevel"], "LOW");
    let keys = world
        .call(Method::GET, "/auth/v1/.well-known/jwks.json", None)
        .await;
    assert_eq!(keys.expect(200).json["keys"][0]["alg"], "ES256");
}

pub(crate) async fn wrong_passwords_and_tokens(world: &World) {
    let her = world.woman().await;
    let password = "token?grant_type=password";
    refused(
        &auth(
            world,
            password,
            json!({ "email": her.email, "password": "Wrong-Horse-7" }),
        )
        .await,
        400,
        "invalid_credentials",
    );
    refused(
        &auth(
            world,
            password,
            json!({ "email": "nobody@example.org", "password": PASSWORD }),
        )
        .await,
        400,
        "invalid_credentials",
    );
    refused(
        &auth(
            world,
            "signup",
            json!({ "email": her.email, "password": PASSWORD }),
        )
        .await,
        422,
        "user_already_exists",
    );
    refused(
        &auth(
            world,
            "signup",
            json!({ "email": "x@example.org", "password": "short" }),
        )
        .await,
        422,
        "weak_password",
    );
    refused(
        &auth(
            world,
            "signup",
            json!({ "email": "no address", "password": PASSWORD }),
        )
        .await,
        400,
        "validation_failed",
    );
    let unknown = json!({ "refresh_token": "zzzzzzzzzzzzzzzzzzzzzz" });
    refused(
        &auth(world, "token?grant_type=refresh_token", unknown).await,
        400,
        "refresh_token_not_found",
    );
    let mut parts: Vec<&str> = her.token.split('.').collect();
    parts[2] =
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let forged = world
        .call_as(
            Some(&parts.join(".")),
            Method::GET,
            "/api/v1/users/me",
            None,
        )
        .await;
    forged.refused(401, "AUTH_INVALID_TOKEN");
}

pub(crate) async fn refresh_rotates_and_tolerates(world: &World) {
    let her = world.woman().await;
    let refresh = async |token: &str| {
        auth(
            world,
            "token?grant_type=refresh_token",
            json!({ "refresh_token": token }),
        )
        .await
    };
    // Two tabs at once: both go on.
    let (one, two) = tokio::join!(refresh(&her.refresh), refresh(&her.refresh));
    let (one, two) = (
        one.expect(200).json["refresh_token"].clone(),
        two.expect(200).json["refresh_token"].clone(),
    );
    assert_ne!(one, json!(her.refresh));
    let third = refresh(two.as_str().unwrap()).await;
    let fresh = Woman::of(world, her.email.clone(), &third.expect(200).json);
    fresh.get("/api/v1/users/me").await.expect(200);
    assert_eq!(fresh.id, her.id);
}

pub(crate) async fn logout_ends_sessions(world: &World) {
    let her = world.woman().await;
    let (second, third) = (her.sign_in().await, her.sign_in().await);
    second
        .post("/auth/v1/logout?scope=local", json!({}))
        .await
        .expect(204);
    second
        .get("/api/v1/users/me")
        .await
        .refused(401, "AUTH_INVALID_TOKEN");
    her.get("/api/v1/users/me").await.expect(200);
    her.post("/auth/v1/logout?scope=global", json!({}))
        .await
        .expect(204);
    third
        .get("/api/v1/users/me")
        .await
        .refused(401, "AUTH_INVALID_TOKEN");
    let reply = auth(
        world,
        "token?grant_type=refresh_token",
        json!({ "refresh_token": third.refresh }),
    )
    .await;
    assert_eq!(reply.expect(400).status, 400);
}

pub(crate) async fn recovery_by_mail(world: &World) {
    let her = world.woman().await;
    let path = "recover?redirect_to=http%3A%2F%2Flocalhost%3A3000%2Freset-password";
    // Of her own: an address gets one mail a minute, known or not.
    let nobody = format!("nobody-{}@example.org", uuid::Uuid::new_v4().simple());
    let body = json!({ "email": her.email, "code_challenge": null, "gotrue_meta_security": {} });
    assert_eq!(auth(world, path, body).await.expect(200).json, json!({}));
    assert_eq!(
        auth(world, path, json!({ "email": nobody }))
            .await
            .expect(200)
            .json,
        json!({})
    );
    let link = eventually("the mail has come", async || {
        let mails = world.mail(&her.email).await;
        let links = mails
            .iter()
            .flat_map(|mail| mail["links"].as_array().unwrap().clone());
        links
            .filter_map(|it| it.as_str().map(str::to_owned))
            .find(|it| it.contains("type=recovery"))
    })
    .await;
    assert!(link.starts_with(&world.gateway), "{link}");
    let opened = Reply::read(world.http.get(&link).send().await.unwrap()).await;
    let target = Url::parse(opened.expect(303).header("location")).unwrap();
    assert!(
        target
            .as_str()
            .starts_with("http://localhost:3000/reset-password#"),
        "{target}"
    );
    let hash: std::collections::HashMap<_, _> =
        url::form_urlencoded::parse(target.fragment().unwrap().as_bytes())
            .into_owned()
            .collect();
    assert_eq!(
        (hash["type"].as_str(), hash["token_type"].as_str()),
        ("recovery", "bearer")
    );
    let token = hash["access_token"].as_str();

    let again = Reply::read(world.http.get(&link).send().await.unwrap()).await;
    assert!(
        again
            .expect(303)
            .header("location")
            .contains("error_code=otp_expired"),
        "a link works once"
    );
    let put = |password: &str| {
        world.call_as(
            Some(token),
            Method::PUT,
            "/auth/v1/user",
            Some(json!({ "password": password })),
        )
    };
    refused(&put(PASSWORD).await, 422, "same_password");
    refused(&put("weak").await, 422, "weak_password");
    put("Another-Horse-8").await.expect(200);
    her.get("/api/v1/users/me")
        .await
        .refused(401, "AUTH_INVALID_TOKEN");
    let old = json!({ "email": her.email, "password": PASSWORD });
    refused(
        &auth(world, "token?grant_type=password", old).await,
        400,
        "invalid_credentials",
    );
    auth(
        world,
        "token?grant_type=password",
        json!({ "email": her.email, "password": "Another-Horse-8" }),
    )
    .await
    .expect(200);
}

pub(crate) async fn api_surface(world: &World) {
    let email = format!("w{}@example.org", uuid::Uuid::new_v4().simple());
    let call = async |path: &str, body: Value| {
        world
            .call(Method::POST, &format!("/api/v1/auth/{path}"), Some(body))
            .await
    };
    let body = json!({ "email": email, "password": PASSWORD, "confirmPassword": "Other-Horse-7" });
    call("signup", body).await.refused(400, "VALIDATION_ERROR");
    let body = json!({ "email": email, "password": PASSWORD, "confirmPassword": PASSWORD });
    let made = call("signup", body.clone()).await;
    assert_eq!(made.expect(201).data()["email"], email);
    assert!(made.data()["profile"]["id"].is_string() && made.json.get("accessToken").is_none());
    call("signup", body)
        .await
        .refused(400, "AUTH_SIGNUP_FAILED");
    call(
        "login",
        json!({ "email": email, "password": "Wrong-Horse-7" }),
    )
    .await
    .refused(401, "AUTH_LOGIN_FAILED");
    let session = call("login", json!({ "email": email, "password": PASSWORD })).await;
    let token = session.expect(200).data()["accessToken"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(session.data()["expiresAt"].is_i64());
    world
        .call_as(Some(&token), Method::GET, "/auth/v1/user", None)
        .await
        .expect(200);
    call("refresh", json!({}))
        .await
        .refused(400, "AUTH_MISSING_REFRESH_TOKEN");
    call(
        "refresh",
        json!({ "refreshToken": "zzzzzzzzzzzzzzzzzzzzzz" }),
    )
    .await
    .refused(401, "AUTH_REFRESH_FAILED");
    let refreshed = call(
        "refresh",
        json!({ "refreshToken": session.data()["refreshToken"] }),
    )
    .await;
    assert!(refreshed.expect(200).data()["accessToken"].is_string());
    world
        .call_as(Some(&token), Method::POST, "/api/v1/auth/logout", None)
        .await
        .expect(204);
    world
        .call_as(Some(&token), Method::GET, "/api/v1/users/me", None)
        .await
        .refused(401, "AUTH_INVALID_TOKEN");
    world
        .call(Method::POST, "/api/v1/auth/logout", None)
        .await
        .expect(204);
    call("forgot-password", json!({ "email": "nobody@example.org" }))
        .await
        .expect(200);
}

pub(crate) async fn profile(world: &World) {
    let her = world.woman().await;
    let named = her
        .patch("/api/v1/users/me", json!({ "displayName": "Ana O'Neil" }))
        .await;
    assert_eq!(named.expect(200).data()["displayName"], "Ana O'Neil");
    assert_eq!(
        her.get("/api/v1/users/me").await.data()["profile"]["displayName"],
        "Ana O'Neil"
    );
    her.patch("/api/v1/users/me", json!({ "displayName": "4" }))
        .await
        .refused(400, "VALIDATION_ERROR");
    let cleared = her
        .patch("/api/v1/users/me", json!({ "displayName": null }))
        .await;
    assert_eq!(cleared.expect(200).data()["displayName"], Value::Null);
}
