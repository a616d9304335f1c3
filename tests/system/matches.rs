//! `/api/v1/matches`: findings we are not sure of, and her word on them.

use serde_json::{Value, json};
use vara_tests::{Reply, Woman, World};

const FLAGGED: &str = "/api/v1/matches/flagged";

async fn say(her: &Woman<'_>, found: &Value, word: &str) -> Reply {
    let path = format!("/api/v1/matches/{}/{word}", found["id"].as_str().unwrap());
    her.post(&path, json!({})).await
}

/// Asked once, answered once, and no scan asks or tells again.
pub(crate) async fn her_word_is_remembered(world: &World) {
    let _whole = world.whole().await;
    let mine = world.plant_doubtful(2).await;
    let her = world.woman().await;
    let image = her.upload(mine).await;
    for alert in her.alerts(2).await {
        assert_eq!(alert["severity"], "LOW", "{alert}");
    }
    let flagged = her.get(FLAGGED).await;
    assert_eq!(flagged.expect(200).total(), 2);
    let waiting = flagged.data().as_array().unwrap().clone();
    assert!(waiting[0]["detectedAt"].as_str() >= waiting[1]["detectedAt"].as_str());
    let picture = &waiting[0]["protectedImage"];
    assert_eq!(
        (&picture["id"], &picture["status"], &picture["faceDetected"]),
        (&image["id"], &json!("ACTIVE"), &json!(false))
    );
    assert!(picture["storageUrl"].is_string() && picture["uploadedAt"].is_string());
    assert!(
        !["EXACT", "EDITED"].contains(&waiting[0]["evidence"]["relation"].as_str().unwrap()),
        "{}",
        waiting[0]
    );
    assert_eq!(
        her.get(&format!("{FLAGGED}?limit=1&page=2")).await.data()[0],
        waiting[1]
    );

    let yes = say(&her, &waiting[0], "confirm").await;
    let yes = yes.expect(200).data();
    assert_eq!(
        (&yes["match"]["status"], &yes["match"]["reviewStatus"]),
        (&json!("REVIEWED"), &json!("CONFIRMED"))
    );
    assert_eq!(yes["match"]["reviewedBy"], her.id);
    assert_eq!(yes["alert"]["metadata"]["matchId"], waiting[0]["id"]);
    let no = say(&her, &waiting[1], "dismiss").await;
    assert_eq!(
        (&no.expect(200).data()["status"], &no.data()["reviewStatus"]),
        (&json!("DISMISSED"), &json!("DISMISSED"))
    );
    for found in &waiting {
        for word in ["confirm", "dismiss"] {
            say(&her, found, word)
                .await
                .refused(409, "MATCH_ALREADY_REVIEWED");
        }
    }

    her.delete("/api/v1/alerts/all").await.expect(200);
    let again = her.scan().await;
    // What she confirmed is still there; what she dismissed is none of her business.
    let result = &again["result"];
    assert_eq!(
        (&result["matchesFound"], &result["newMatches"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(
        her.get("/api/v1/alerts").await.total(),
        0,
        "she is not told again"
    );
    assert_eq!(her.get(FLAGGED).await.total(), 0);
    let path = format!("/api/v1/images/{}/matches", image["id"].as_str().unwrap());
    let found = her.get(&path).await;
    for it in found.expect(200).data().as_array().unwrap() {
        let known = waiting.iter().position(|found| found["id"] == it["id"]);
        assert_eq!(
            it["reviewStatus"],
            ["CONFIRMED", "DISMISSED"][known.unwrap()]
        );
        assert!(
            it["lastSeenAt"].as_str() > it["firstSeenAt"].as_str(),
            "seen again"
        );
    }
}
