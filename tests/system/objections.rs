//! A recipient objects to a request by the page that its text names, and two reviewers decide.

use reqwest::Method;
use serde_json::{Value, json};
use url::form_urlencoded;
use uuid::Uuid;
use vara::domain::Role;
use vara_tests::{Reply, World};

use crate::takedowns::{TAKEDOWNS, approval, facts, found_on};

const OBJECTIONS: &str = "/api/v1/admin/objections";

/// The address of the page that stands in a text.
fn page_in(text: &str) -> &str {
    let mut words = text.split(|it: char| it.is_whitespace() || "<>".contains(it));
    let page = words.find(|it| it.contains("/api/v1/objections?"));
    page.expect("the page is named").trim_end_matches('.')
}

/// What a browser is shown at an address.
async fn shown(request: reqwest::RequestBuilder) -> (u16, String) {
    let reply = request.send().await.unwrap();
    let kind = reply.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("text/html"), "{kind}");
    (reply.status().as_u16(), reply.text().await.unwrap())
}

pub(crate) async fn a_recipient_objects_and_two_reviewers_decide(world: &World) {
    let _whole = world.whole().await;
    let (her, alert) = found_on(world, &Uuid::new_v4().simple().to_string()).await;
    let new = json!({
        "findingId": alert["metadata"]["matchId"], "recipientId": "google-search", "law": "TERMS",
        "facts": facts(&her),
    });
    let made = her.post(TAKEDOWNS, new).await;
    let path = made.expect(201).header("location").to_owned();
    let id = made.data()["id"].as_str().unwrap().to_owned();
    let approve = approval(&her, &path).await;
    her.post(&format!("{path}/approve"), approve)
        .await
        .expect(200);

    let text = her.get(&format!("{path}/text")).await;
    let body = text.expect(200).data()["body"].as_str().unwrap().to_owned();
    let page = page_in(&body);
    let (_, reference) = page.split_once("reference=").unwrap();
    let (status, form) = shown(world.http.get(page)).await;
    assert_eq!(status, 200);
    assert!(form.contains(&format!("value=\"{reference}\"")), "{form}");
    let fields = [
        ("reference", reference),
        ("reason", "This picture shows somebody else."),
        ("contact", "legal@search.example"),
    ];
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let request = world.http.post(page).body(form);
    let kind = "application/x-www-form-urlencoded";
    let (status, thanks) = shown(request.header("content-type", kind)).await;
    assert_eq!(status, 202, "{thanks}");
    let paused = her.get(&path).await;
    assert_eq!(paused.expect(200).data()["objection"]["state"], "OPEN");

    let one = format!("{OBJECTIONS}/{id}");
    for state in ["OPEN", "UPHELD"] {
        let reviewer = world.woman().await;
        let token = world.behind().token_as(&reviewer.id, Role::Reviewer).await;
        let call = async |method, path: &str, body: Option<Value>| -> Reply {
            world.call_as(Some(&token), method, path, body).await
        };
        let waiting = call(Method::GET, &format!("{OBJECTIONS}?limit=100"), None).await;
        let waiting = waiting.expect(200).data().as_array().unwrap().clone();
        assert!(waiting.iter().any(|it| it["id"] == id.as_str()));
        let read = call(Method::GET, &one, None).await;
        let read = read.expect(200).data();
        assert_eq!(
            (&read["reason"], &read["contact"]),
            (&json!(fields[1].1), &json!(fields[2].1))
        );
        assert!(!read.to_string().contains("Ana"), "{read}");
        let verdict = json!({ "verdict": "UPHOLD" });
        let voted = call(Method::POST, &format!("{one}/decision"), Some(verdict)).await;
        assert_eq!(voted.expect(200).data()["state"], state);
    }
    let ended = her.get(&path).await;
    let ended = ended.expect(200).data();
    assert_eq!(
        (&ended["state"], &ended["objection"]["state"]),
        (&json!("WITHDRAWN"), &json!("UPHELD"))
    );
    let looks = her.get("/api/v1/events/access?kind=read").await;
    let looks = looks.expect(200).data().as_array().unwrap().clone();
    let by_staff = looks.iter().filter(|it| it["actor"]["kind"] == "STAFF");
    assert_eq!(by_staff.count(), 2, "{looks:?}");
}
