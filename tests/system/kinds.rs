//! Scans of every type: each comes to its end, and tells her what it found, once.

use serde_json::{Value, json};
use uuid::Uuid;
use vara_tests::pictures::mine_and_found;
use vara_tests::{Woman, World};

async fn scan(her: &Woman<'_>, kind: &str) -> Value {
    let body = json!({ "type": kind });
    let reply = her.post("/api/v1/scans/trigger", body).await;
    her.ended(reply.expect(202).data()["id"].as_str().unwrap())
        .await
}

pub(crate) async fn breaches_are_told_once(world: &World) {
    let _whole = world.whole().await;
    let her = world.woman().await;
    // Nobody is told what became of an address that she may not read.
    world.breach(&her.email, "OtherShop").await;
    let unproved = scan(&her, "BREACH_CHECK").await;
    assert_eq!(
        (&unproved["status"], &unproved["result"]["breachesFound"]),
        (&json!("COMPLETED"), &json!(0))
    );
    assert_eq!(unproved["result"]["addresses"][0]["notChecked"], true);
    let her = world.woman().await;
    her.confirm().await;
    let clean = scan(&her, "BREACH_CHECK").await;
    assert_eq!(
        (&clean["status"], &clean["result"]["breachesFound"]),
        (&json!("COMPLETED"), &json!(0))
    );
    world.breach(&her.email, "ExampleShop").await;
    for new in [1, 0] {
        let it = scan(&her, "BREACH_CHECK").await;
        assert_eq!(
            (&it["type"], &it["status"]),
            (&json!("BREACH_CHECK"), &json!("COMPLETED"))
        );
        assert_eq!(
            (&it["result"]["matchesFound"], &it["result"]["newMatches"]),
            (&json!(1), &json!(new))
        );
        assert!(!it.to_string().contains(&her.email), "{it}");
    }
    let alert = her.alerts(1).await.remove(0);
    assert_eq!(
        (&alert["type"], &alert["severity"]),
        (&json!("DATA_BREACH"), &json!("HIGH"))
    );
    let facts = &alert["metadata"];
    assert_eq!(
        (&facts["breachName"], &facts["source"]),
        (&json!("ExampleShop"), &json!("haveibeenpwned"))
    );
    assert_eq!(facts["breaches"][0]["dataClasses"], facts["dataTypes"]);
    assert!(!alert.to_string().contains(&her.email), "{alert}");
    // The Scan button is about her pictures: nothing is shown there.
    let shown = her
        .get("/api/v1/scans?status=COMPLETED,FAILED&limit=1")
        .await;
    assert_eq!(shown.expect(200).data()["scans"], json!([]));
}

pub(crate) async fn all_of_it_at_once(world: &World) {
    let _whole = world.whole().await;
    let her = world.woman().await;
    her.confirm().await;
    let (mine, found) = mine_and_found();
    her.upload(mine).await;
    // Its own first scan comes to its end before anything is planted.
    vara_tests::world::eventually("the first scan is over", async || {
        let list = her
            .get("/api/v1/scans?type=IMAGE_SCAN&status=COMPLETED&limit=1")
            .await;
        (list.total() == 1).then_some(())
    })
    .await;
    world.plant(found.clone()).await;
    world.breach(&her.email, "ExampleShop").await;
    let handle = format!("ana.{}", &Uuid::new_v4().simple().to_string()[..12]);
    let account = her
        .post(
            "/api/v1/accounts/connect/tiktok",
            json!({ "handle": handle }),
        )
        .await;
    let account = account.expect(201).data().clone();
    let profile = |handle: &str, bio: &Value| json!({ "platform": "TIKTOK", "handle": handle, "name": "Ana K", "bio": bio, "followers": 5 });
    world
        .profile(profile(&handle, &account["verification"]["code"]))
        .await;
    let verify = format!(
        "/api/v1/accounts/{}/verify",
        account["id"].as_str().unwrap()
    );
    her.post(&verify, json!({})).await.expect(200);
    world
        .profile(profile(&format!("{handle}.official"), &json!("")))
        .await;

    let it = scan(&her, "FULL_SCAN").await;
    assert_eq!(
        (&it["status"], &it["progress"]),
        (&json!("COMPLETED"), &json!(100)),
        "{it}"
    );
    let result = &it["result"];
    assert_eq!(
        (&result["matchesFound"], &result["partial"]),
        (&json!(3), &json!(false)),
        "{result}"
    );
    assert_eq!(
        (&result["imagesScanned"], &result["breachesFound"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(result["children"].as_array().unwrap().len(), 4);
    let alerts = her.alerts(3).await;
    let profile = alerts
        .iter()
        .find(|it| it["type"] == "PROFILE_IMPERSONATION");
    let facts = &profile.unwrap()["metadata"];
    assert!(
        facts.get("similarity").is_none(),
        "a name alone is no match: {facts}"
    );
    let mut kinds: Vec<_> = alerts
        .iter()
        .map(|it| it["type"].as_str().unwrap().to_owned())
        .collect();
    kinds.sort();
    assert_eq!(
        kinds,
        ["DATA_BREACH", "IMAGE_MISUSE", "PROFILE_IMPERSONATION"]
    );
    // It is what the Scan button follows.
    let shown = her
        .get("/api/v1/scans?status=COMPLETED,FAILED&limit=1")
        .await;
    assert_eq!(shown.expect(200).data()["scans"][0]["id"], it["id"]);
}

/// Nobody has to press anything: an impersonator is found by the schedule, and told of.
pub(crate) async fn profiles_by_the_schedule(world: &World) {
    let _whole = world.whole().await;
    let her = world.woman().await;
    let handle = format!("ana.{}", &Uuid::new_v4().simple().to_string()[..12]);
    let body = json!({ "handle": handle });
    let account = her.post("/api/v1/accounts/connect/tiktok", body).await;
    let account = account.expect(201).data().clone();
    let profile = |handle: &str, bio: &Value| json!({ "platform": "TIKTOK", "handle": handle, "name": "Ana K", "bio": bio, "followers": 5 });
    let code = &account["verification"]["code"];
    world.profile(profile(&handle, code)).await;
    let id = account["id"].as_str().unwrap();
    let verify = format!("/api/v1/accounts/{id}/verify");
    her.post(&verify, json!({})).await.expect(200);
    let other = format!("{handle}.official");
    world.profile(profile(&other, &json!(""))).await;

    world.behind().profiles_are_due(&her.id).await;
    let stack = world.stack();
    stack.invoke("schedule-due", json!({})).await.unwrap();
    let alerts = her.alerts(1).await;
    assert_eq!(alerts[0]["type"], "PROFILE_IMPERSONATION");
    // The alert comes before the end of the scan.
    let list = "/api/v1/scans?type=PROFILE_SCAN&status=COMPLETED";
    let ended = async || (her.get(list).await.total() == 1).then_some(());
    vara_tests::world::eventually("the scan is over", ended).await;
}

pub(crate) async fn changes_around_her_profile(world: &World) {
    let _whole = world.whole().await;
    let her = world.woman().await;
    let nothing = scan(&her, "PROFILE_SCAN").await;
    assert_eq!(nothing["status"], "COMPLETED");
    assert_eq!(
        nothing["result"]["engines"][0]["state"],
        "nothing-to-look-for"
    );
    let handle = format!("ana{}", &Uuid::new_v4().simple().to_string()[..12]);
    let account = her
        .post(
            "/api/v1/accounts/connect/instagram",
            json!({ "handle": handle }),
        )
        .await;
    let account = account.expect(201).data().clone();
    let seen = async |followers: u32| {
        let bio = &account["verification"]["code"];
        world.profile(json!({ "platform": "INSTAGRAM", "handle": handle, "bio": bio, "followers": followers })).await;
    };
    seen(100).await;
    let verify = format!(
        "/api/v1/accounts/{}/verify",
        account["id"].as_str().unwrap()
    );
    her.post(&verify, json!({})).await.expect(200);
    assert_eq!(
        scan(&her, "BEHAVIORAL_ANALYSIS").await["result"]["matchesFound"],
        0
    );
    seen(170).await;
    let target = json!({ "type": "BEHAVIORAL_ANALYSIS", "targetId": account["id"] });
    let wanted = her.post("/api/v1/scans/trigger", target).await;
    assert_eq!(
        wanted.expect(202).data()["result"]["targetId"],
        account["id"]
    );
    let it = her.ended(wanted.data()["id"].as_str().unwrap()).await;
    assert_eq!(
        (&it["status"], &it["result"]["matchesFound"]),
        (&json!("COMPLETED"), &json!(1))
    );
    assert_eq!(her.alerts(1).await[0]["type"], "BEHAVIORAL_CHANGE");
    let other = json!({ "type": "PROFILE_SCAN", "targetId": Uuid::new_v4() });
    her.post("/api/v1/scans/trigger", other)
        .await
        .refused(404, "ACCOUNT_NOT_FOUND");
}

/// The breach service is down for a moment: she never hears of it.
pub(crate) async fn trouble_is_waited_for(world: &World) {
    let _broken = world.broken().await;
    let her = world.woman().await;
    her.confirm().await;
    world.breach(&her.email, "ExampleShop").await;
    world
        .fault(json!({ "engine": "hibp", "mode": "quota", "times": 1 }))
        .await;
    let it = scan(&her, "BREACH_CHECK").await;
    world.repair().await;
    assert_eq!(
        (&it["status"], &it["retryCount"]),
        (&json!("COMPLETED"), &json!(1)),
        "{it}"
    );
    her.alerts(1).await;
}
