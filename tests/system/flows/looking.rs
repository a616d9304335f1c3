//! What she is told, and what she does about it.

use reqwest::Method;
use serde_json::{Value, json};
use vara_tests::World;
use vara_tests::pictures::mine_and_found;
use vara_tests::world::eventually;

use super::browser::Browser;
use super::screens::{BADGE, PLAN, RECENT};

const LIST: &str = "/api/v1/alerts?page=1&limit=50";

/// Sign up, upload, a planted copy is found, she is told, she looks.
pub(crate) async fn upload_to_alert(world: &World) {
    let _whole = world.whole().await;
    let (mine, found) = mine_and_found();
    let page = world.plant(found).await;
    let her = world.woman().await;
    let image = her.upload(mine).await;

    let alerts = her.alerts(1).await;
    let alert = &alerts[0];
    assert_eq!(alert["type"], "IMAGE_MISUSE");
    assert_eq!(alert["severity"], "HIGH");
    assert_eq!(alert["status"], "NEW");
    assert_eq!(alert["metadata"]["sourceUrl"], page);
    assert_eq!(alert["metadata"]["imageId"], image["id"]);
    let similarity = alert["metadata"]["similarity"].as_f64().unwrap();
    assert!((0.5..=1.0).contains(&similarity), "{similarity}");
    assert!(
        alert["metadata"].get("platform").is_none(),
        "a forum is no platform: {alert}"
    );
    let host = reqwest::Url::parse(&page).unwrap();
    let place = format!(" was found on {}", host.host_str().unwrap());
    let title = alert["title"].as_str().unwrap();
    assert!(title.starts_with("Your picture of "), "{title}");
    assert!(title.ends_with(&place), "{title}");
    let text = alert["description"].as_str().unwrap();
    assert!(!text.contains('%'), "{text}");

    let path = format!("/api/v1/images/{}", image["id"].as_str().unwrap());
    let matches = her.get(&format!("{path}/matches")).await;
    assert_eq!(matches.total(), 1);
    let found = &matches.data()[0];
    assert_eq!(found["sourceUrl"], page);
    assert_eq!(found["protectedImageId"], image["id"]);
    assert_eq!(found["confidence"], "HIGH");
    assert_eq!(found["discoveryEngine"], "tineye");
    eventually("the picture's totals are told", async || {
        let image = her.get(&path).await;
        (image.data()["matchCount"] == 1).then_some(())
    })
    .await;
}

/// Two alerts can be told apart, and a copy on a site that leaks pictures ranks above one on a forum.
pub(crate) async fn alerts_told_apart(world: &World) {
    let _whole = world.whole().await;
    let (mut browser, _) = Browser::signed_up(world).await;
    let ((one, copy), (two, other)) = (mine_and_found(), mine_and_found());
    let forum = world.plant(copy).await;
    let leak = format!("https://www.erome.com/a/{}", uuid::Uuid::new_v4().simple());
    world.plant_at(other, &leak).await;
    let her = browser.woman();
    for picture in [one, two] {
        her.upload(picture).await;
    }
    her.alerts(2).await;
    let list = browser.get(LIST).await;
    let of = |page: &str| {
        let mut all = list.data().as_array().unwrap().iter();
        let alert = all.find(|it| it["metadata"]["sourceUrl"] == page);
        alert.unwrap_or_else(|| panic!("{page}: {}", list.json))
    };
    let (forum, leak) = (of(&forum), of(&leak));
    assert_eq!(
        (&forum["severity"], &leak["severity"]),
        (&json!("HIGH"), &json!("CRITICAL"))
    );
    assert_eq!(leak["metadata"]["sensitiveSite"], "LEAK");
    let titles = [forum, leak].map(|it| it["title"].as_str().unwrap());
    let pictures = titles.map(|it| it.split_once(" was found on ").unwrap().0);
    assert!(titles[1].ends_with(" was found on erome.com"), "{titles:?}");
    assert!(
        pictures.iter().all(|it| it.contains("picture of ")),
        "{titles:?}"
    );
    assert_ne!(pictures[0], pictures[1], "of which picture it is");
}

/// The list and its tabs, the panel, each button, and all of it cleared.
pub(crate) async fn alerts(world: &World) {
    let _whole = world.whole().await;
    let (mine, found) = mine_and_found();
    for _ in 0..3 {
        world.plant(found.clone()).await;
    }
    let (mut browser, _) = Browser::signed_up(world).await;
    let her = browser.woman();
    her.upload(mine).await;
    her.alerts(3).await;
    assert_eq!(browser.get(BADGE).await.total(), 3);
    let list = browser.get(LIST).await;
    let path = |at: usize| format!("/api/v1/alerts/{}", list.data()[at]["id"].as_str().unwrap());

    // The panel opens: the answer is the alert as it was, so the panel sends VIEWED itself (Q5).
    let panel = browser.get(&path(0)).await;
    assert_eq!(panel.data()["status"], "NEW");
    let similarity = panel.data()["metadata"]["similarity"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&similarity), "{similarity}");
    let viewed = browser
        .patch(
            &format!("{}/status", path(0)),
            json!({ "status": "VIEWED" }),
        )
        .await;
    assert!(viewed.data()["viewedAt"].is_string());
    assert_eq!(browser.get(BADGE).await.total(), 2);

    for (at, status) in [(1, "ACTIONED"), (2, "DISMISSED")] {
        let reply = browser
            .patch(&format!("{}/status", path(at)), json!({ "status": status }))
            .await;
        assert_eq!(reply.data()["status"], status);
    }
    for (tab, id) in [("VIEWED", 0), ("ACTIONED", 1), ("DISMISSED", 2)] {
        let tab = browser.get(&format!("{LIST}&status={tab}")).await;
        assert_eq!(
            (tab.total(), &tab.data()[0]["id"]),
            (1, &list.data()[id]["id"])
        );
    }
    assert_eq!(
        browser.get(&format!("{LIST}&status=NEW")).await.data(),
        &json!([])
    );
    let recent = browser.get(RECENT).await;
    let order = recent.data().as_array().unwrap().iter();
    let order: Vec<&Value> = order.map(|it| &it["status"]).collect();
    assert_eq!(order, ["VIEWED", "ACTIONED", "DISMISSED"]);

    let cleared = browser
        .api(Method::DELETE, "/api/v1/alerts/all", None)
        .await;
    assert_eq!(cleared.expect(200).data()["deleted"], 3);
    assert_eq!(browser.get(LIST).await.data(), &json!([]));
    assert_eq!(browser.get(BADGE).await.total(), 0);
    // A panel that was still open.
    let late = browser.api(Method::GET, &path(0), None).await;
    late.refused(404, "ALERT_NOT_FOUND");
}

/// The list, a box ticked, and the plan made again, in which the box stays ticked.
pub(crate) async fn plan(world: &World) {
    let (mut browser, _) = Browser::signed_up(world).await;
    let body = json!({ "responses": [{ "questionId": "online-presence", "response": "active" }] });
    let answered = browser
        .api(Method::POST, "/api/v1/onboarding/responses", Some(body))
        .await;
    answered.expect(201);
    let plan = browser.get(PLAN).await;
    let items = plan.data()["items"].as_array().unwrap();
    for field in [
        "id",
        "category",
        "title",
        "description",
        "priority",
        "status",
    ] {
        assert!(items.iter().all(|it| !it[field].is_null()), "{field}");
    }
    assert!(items.iter().all(|it| it.get("dueDate").is_some()));
    let path = format!("{PLAN}/items/{}", items[0]["id"].as_str().unwrap());
    for status in ["IN_PROGRESS", "COMPLETED"] {
        let ticked = browser.patch(&path, json!({ "status": status })).await;
        assert_eq!(ticked.data()["status"], status);
    }
    let again = browser
        .api(Method::POST, &format!("{PLAN}/regenerate"), None)
        .await;
    let kept = again.expect(200).data()["items"].as_array().unwrap().iter();
    let kept: Vec<&Value> = kept.filter(|it| it["id"] == items[0]["id"]).collect();
    assert_eq!((kept.len(), &kept[0]["status"]), (1, &json!("COMPLETED")));
    assert_eq!(browser.get(PLAN).await.data(), again.data());
}
