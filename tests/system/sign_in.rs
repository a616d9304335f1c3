//! What sign-ins are: what their tokens say, and that ending them holds at once.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};
use vara_tests::world::{PASSWORD, eventually};
use vara_tests::{Shapes, Woman, World};

use crate::tenancy::things::fresh_address;

/// A token is that of one sign-in, for an hour, and no part of it is for us to guess (AUTH.md section 3).
pub(crate) async fn tokens_say_whose_they_are(world: &World) {
    let her = world.woman().await;
    let part = |token: &str, at: usize| -> Value {
        let text = token.split('.').nth(at).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
    };
    let keys = world.call(Method::GET, "/auth/v1/.well-known/jwks.json", None);
    let key = &keys.await.json["keys"][0];
    let head = part(&her.token, 0);
    assert_eq!((&head["alg"], &head["kid"]), (&json!("ES256"), &key["kid"]));
    let said = part(&her.token, 1);
    let shape = "{iss: url, sub: uuid, aud: \"authenticated\", exp: int, iat: int, email: text, phone: \"\", \
        app_metadata: {provider: \"email\", providers: [\"email\"]+}, user_metadata: {}, role: \"authenticated\", \
        aal: \"aal1\", amr: [{method: \"password\", timestamp: int}]+, session_id: uuid, is_anonymous: false}";
    Shapes::default().check(shape, &said).unwrap();
    assert_eq!(
        (&said["sub"], &said["email"]),
        (&json!(her.id), &json!(her.email))
    );
    let seconds = |name: &str| said[name].as_i64().unwrap();
    assert_eq!(seconds("exp") - seconds("iat"), 3600);
    let elsewhere = her.sign_in().await;
    assert_ne!(part(&elsewhere.token, 1)["session_id"], said["session_id"]);
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
    her.post("/auth/v1/logout?scope=others", json!({}))
        .await
        .expect(204);
    third
        .get("/api/v1/users/me")
        .await
        .refused(401, "AUTH_INVALID_TOKEN");
    her.get("/api/v1/users/me").await.expect(200);
    let fourth = her.sign_in().await;
    fourth
        .post("/auth/v1/logout?scope=global", json!({}))
        .await
        .expect(204);
    for ended in [her, fourth] {
        ended
            .get("/api/v1/users/me")
            .await
            .refused(401, "AUTH_INVALID_TOKEN");
    }
}

/// The code that was mailed to an address.
async fn mailed_code(world: &World, email: &str) -> String {
    eventually("a code is mailed", || async {
        let mails = world.mail(email).await;
        let text = mails.last()?["text"].as_str()?.to_owned();
        let is_code = |it: &&str| it.len() == 6 && it.bytes().all(|it| it.is_ascii_digit());
        text.lines().find(is_code).map(str::to_owned)
    })
    .await
}

async fn sign_in_at(world: &World, email: &str) -> u16 {
    let body = json!({ "email": email, "password": PASSWORD });
    let path = "/auth/v1/token?grant_type=password";
    world.call(Method::POST, path, Some(body)).await.status
}

/// Her address is changed by a code, and whoever reads the earlier one puts it back.
pub(crate) async fn a_changed_address_is_put_back_by_its_link(world: &World) {
    let her: Woman<'_> = world.woman().await;
    let new = fresh_address();
    let asked = json!({ "email": new });
    let asked = her.post("/api/v1/auth/address", asked).await;
    assert!(asked.expect(202).data()["expiresAt"].is_string());
    let code = json!({ "code": mailed_code(world, &new).await });
    let changed = her.post("/api/v1/auth/address/confirm", code).await;
    assert_eq!(changed.expect(200).data()["email"], json!(new));
    let me = her.get("/api/v1/users/me").await;
    assert_eq!(me.expect(200).data()["email"], json!(new));
    assert_eq!(sign_in_at(world, &new).await, 200);
    assert_eq!(sign_in_at(world, &her.email).await, 400);

    let link = world.mailed(&her.email, "/auth/address/undo/").await;
    let path = &link[link.find("/api/").unwrap()..];
    let page = world.call(Method::GET, path, None).await;
    assert_eq!(page.status, 200);
    let undone = world.call(Method::POST, path, None).await;
    assert_eq!(undone.status, 200);
    her.get("/api/v1/users/me")
        .await
        .refused(401, "AUTH_INVALID_TOKEN");
    assert_eq!(sign_in_at(world, &new).await, 400);
    let again = world.call(Method::POST, path, None).await;
    assert_eq!(again.status, 404);
}
