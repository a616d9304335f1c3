//! `/api/v1/protection-plan`.

use serde_json::{Value, json};
use vara_tests::World;
use vara_tests::pictures::{mine, mine_and_found};

use crate::onboarding::send;

const PLAN: &str = "/api/v1/protection-plan";

/// What the screens print (Q14).
const LABELS: [&str; 5] = [
    "Image Protection",
    "Account Security",
    "Privacy Settings",
    "Emergency Planning",
    "Monitoring Setup",
];

#[track_caller]
fn has(it: &Value, fields: &str) {
    for field in fields.split_whitespace() {
        assert!(it.get(field).is_some(), "no {field} in {it:#}");
    }
}

fn items(plan: &Value) -> &Vec<Value> {
    plan["items"].as_array().unwrap()
}

pub(crate) async fn before_and_after_the_quiz(world: &World) {
    let her = world.woman().await;
    // Two queries of the dashboard at once: one plan.
    let (one, other) = tokio::join!(her.get(PLAN), her.get(PLAN));
    assert_eq!(one.expect(200).data(), other.expect(200).data());
    has(one.data(), "id userId generatedAt lastUpdated items");
    let first = &items(one.data())[0];
    has(
        first,
        "id planId category categoryCode title description priority status dueDate createdAt",
    );
    assert_eq!(items(one.data()).len(), 6);
    assert_eq!(
        (&first["category"], &first["priority"], &first["status"]),
        (&json!("Getting Started"), &json!(1), &json!("PENDING"))
    );

    let outcome = send(&her, &[("online-presence", json!("active"))]).await;
    let plan = her.get(PLAN).await;
    assert_eq!(plan.data(), &outcome.expect(201).data()["protectionPlan"]);
    let mut areas = Vec::new();
    for (at, item) in items(plan.data()).iter().enumerate() {
        assert_eq!(item["priority"], at + 1);
        let label = item["category"].as_str().unwrap();
        assert!(LABELS.contains(&label), "{item}");
        if !areas.contains(&label) {
            areas.push(label);
        }
    }
    assert_eq!(outcome.data()["focusAreas"], json!(areas));
}

/// What she did stays, how things stand is seen, nothing is doubled (Q14b).
pub(crate) async fn made_again(world: &World) {
    let _whole = world.whole().await;
    let her = world.woman().await;
    send(&her, &[("online-presence", json!("active"))])
        .await
        .expect(201);
    let plan = her.get(PLAN).await;
    let statuses = ["COMPLETED", "IN_PROGRESS", "SKIPPED"];
    for (item, status) in items(plan.data()).iter().zip(statuses) {
        let path = format!("{PLAN}/items/{}", item["id"].as_str().unwrap());
        let reply = her.patch(&path, json!({ "status": status })).await;
        assert_eq!(reply.expect(200).data()["status"], status);
    }
    // No body, but the header of a JSON one, as the screen sends it.
    let again = her
        .call(reqwest::Method::POST, &format!("{PLAN}/regenerate"), None)
        .await;
    let again = again.expect(200).data().clone();
    for (item, status) in items(plan.data()).iter().zip(statuses) {
        let kept: Vec<_> = items(&again)
            .iter()
            .filter(|it| it["id"] == item["id"])
            .collect();
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0]["status"], status);
    }
    assert!(again["lastUpdated"].as_str() > plan.data()["lastUpdated"].as_str());
    assert_eq!(
        items(&again)[0]["category"],
        "Image Protection",
        "she has no pictures"
    );
    let count = |plan: &Value| items(plan).len();
    assert_eq!(count(&again), count(plan.data()) + 1);

    let (picture, found) = mine_and_found();
    world.plant(found).await;
    her.upload(picture).await;
    her.upload(mine()).await;
    her.alerts(1).await;
    let after = her.post(&format!("{PLAN}/regenerate"), json!({})).await;
    let texts: Vec<_> = items(after.expect(200).data())
        .iter()
        .map(|it| it["description"].as_str().unwrap())
        .collect();
    assert!(
        texts.iter().any(|it| it.starts_with("1 alert ")),
        "{texts:?}"
    );
    assert_eq!(
        count(after.data()),
        count(plan.data()) + 1,
        "the picture is there, an alert is open"
    );
}
