//! `/api/v1/accounts`: telling us of accounts, proving them, letting us read them.

use std::collections::HashMap;

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;
use vara_tests::{Woman, World};

const LIST: &str = "/api/v1/accounts";

async fn connect(her: &Woman<'_>, platform: &str, body: Value) -> Value {
    let reply = her.post(&format!("{LIST}/connect/{platform}"), body).await;
    reply.expect(201).data().clone()
}

fn path(account: &Value, more: &str) -> String {
    format!("{LIST}/{}{more}", account["id"].as_str().unwrap())
}

/// A name nobody else in this run has.
fn name() -> String {
    format!("ana{}", &Uuid::new_v4().simple().to_string()[..12])
}

pub(crate) async fn an_address_is_proved_by_mail(world: &World) {
    let her = world.woman().await;
    let address = format!("{}@example.org", name());
    let account = connect(&her, "other", json!({ "email": address })).await;
    assert_eq!(
        (&account["platform"], &account["verifiedAt"]),
        (&json!("OTHER"), &Value::Null)
    );
    assert_eq!(account["verification"]["method"], "EMAIL_CODE");
    let mail = world.mail(&address).await.remove(0);
    let text = mail["text"].as_str().unwrap();
    let code = text.lines().find(|it| it.len() == 8).unwrap();
    let verify = path(&account, "/verify");
    her.post(&verify, json!({ "code": "AAAAAAAA" }))
        .await
        .refused(400, "ACCOUNT_CODE_INVALID");
    let proved = her.post(&verify, json!({ "code": code })).await;
    assert!(proved.expect(200).data()["verifiedAt"].is_string());
    her.post(&path(&account, "/sync"), json!({}))
        .await
        .refused(400, "ACCOUNT_SYNC_NOT_SUPPORTED");
    her.post(
        &format!("{LIST}/connect/other"),
        json!({ "email": "nobody" }),
    )
    .await
    .refused(400, "VALIDATION_ERROR");
}

pub(crate) async fn a_handle_is_proved_by_its_profile(world: &World) {
    let _whole = world.whole().await;
    let (her, handle) = (world.woman().await, name());
    let account = connect(&her, "INSTAGRAM", json!({ "handle": handle })).await;
    let code = account["verification"]["code"].as_str().unwrap();
    let verify = path(&account, "/verify");
    her.post(&verify, json!({}))
        .await
        .refused(409, "ACCOUNT_PROFILE_NOT_FOUND");
    world
        .profile(json!({ "platform": "INSTAGRAM", "handle": handle, "bio": code, "followers": 3 }))
        .await;
    her.post(&verify, json!({})).await.expect(200);
    let synced = her.post(&path(&account, "/sync"), json!({})).await;
    assert_eq!(synced.expect(200).data()["followers"], 3);
    assert!(synced.data()["lastSynced"].is_string());
    let list = her.get(LIST).await;
    assert_eq!(
        (list.expect(200).total(), &list.data()[0]),
        (1, synced.data())
    );
    let removed = her.delete(&path(&account, "")).await;
    assert_eq!(removed.expect(200).data(), &json!({ "deleted": true }));
    her.delete(&path(&account, ""))
        .await
        .refused(404, "ACCOUNT_NOT_FOUND");
}

/// As her browser goes: to the network, back to the API, on to the web app.
pub(crate) async fn an_account_is_connected_at_its_network(world: &World) {
    let _whole = world.whole().await;
    let (her, handle) = (world.woman().await, name());
    world
        .profile(json!({ "platform": "TIKTOK", "handle": handle, "name": "Ana", "followers": 7 }))
        .await;
    let begun = her.post(&format!("{LIST}/connect/tiktok"), json!({})).await;
    let page = begun.expect(200).data()["authorizationUrl"]
        .as_str()
        .unwrap();
    let agreed = world
        .http
        .get(format!("{page}&login_hint={handle}"))
        .send()
        .await
        .unwrap();
    let back = agreed.headers()["location"].to_str().unwrap();
    let back = back.strip_prefix(&world.gateway).unwrap();
    let landed = world.call(Method::GET, back, None).await;
    let landing = Url::parse(landed.expect(303).header("location")).unwrap();
    assert_eq!(landing.path(), "/settings");
    let said: HashMap<String, String> = landing.query_pairs().into_owned().collect();
    let body = json!({ "code": said["code"], "state": said["state"] });

    // Somebody who got hold of the address cannot use it.
    let stranger = world.woman().await;
    let stolen = stranger
        .post(&format!("{LIST}/connect/tiktok"), body.clone())
        .await;
    stolen.refused(400, "ACCOUNT_STATE_INVALID");
    let account = connect(&her, "tiktok", body).await;
    assert_eq!(
        (&account["platformUserId"], &account["kind"]),
        (&json!(handle), &json!("OAUTH"))
    );
    assert!(!account.to_string().contains("oken"), "{account}");
    let synced = her.post(&path(&account, "/sync"), json!({})).await;
    assert_eq!(synced.expect(200).data()["displayName"], "Ana");
    her.post(&format!("{LIST}/connect/linkedin"), json!({}))
        .await
        .refused(400, "PLATFORM_NOT_SUPPORTED");
}
