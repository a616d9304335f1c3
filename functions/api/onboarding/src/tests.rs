//! The quiz as the screen sends it, again and again, and what it may not be.

use axum::http::Method;
use serde_json::{Value, json};
use vara::domain::{Plan, PlanItemStatus};
use vara::http::App;
use vara::services::people::onboarding::Onboarding;
use vara::services::people::plan::ProtectionPlans;
use vara::store::{PlanWrite, RowState};
use vara::testing::TestApi;

use crate::routes::routes;

const RESPONSES: &str = "/api/v1/onboarding/responses";
const RESULTS: &str = "/api/v1/onboarding/results";

async fn api() -> TestApi {
    TestApi::build(routes(), |gate, store| App {
        gate,
        service: Onboarding::new(store),
    })
    .await
}

fn answers(answers: &[(&str, Value)]) -> String {
    let responses: Vec<Value> = answers
        .iter()
        .map(|(id, response)| json!({ "questionId": id, "response": response }))
        .collect();
    json!({ "responses": responses }).to_string()
}

async fn submit(api: &TestApi, token: &str, given: &[(&str, Value)]) -> Value {
    let reply = api
        .send(Method::POST, RESPONSES, token, &answers(given))
        .await;
    TestApi::data(reply, 201)
}

async fn results(api: &TestApi, token: &str) -> Value {
    TestApi::data(api.send(Method::GET, RESULTS, token, "").await, 200)
}

#[tokio::test]
async fn the_questions() {
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    let questions = api
        .send(Method::GET, "/api/v1/onboarding/questions", &token, "")
        .await;
    let questions = TestApi::data(questions, 200);
    assert_eq!(questions.as_array().unwrap().len(), 8);
    let keys: Vec<_> = questions[2].as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "conditionalOn",
            "description",
            "id",
            "options",
            "order",
            "question",
            "type"
        ]
    );
    assert_eq!(
        (&questions[2]["type"], &questions[2]["order"]),
        (&json!("MULTIPLE_CHOICE"), &json!(3))
    );
}

#[tokio::test]
async fn the_quiz_leads_to_a_level_and_a_plan() {
    let api = api().await;
    let (user, token) = api.woman("ana@example.net").await;
    assert_eq!(
        results(&api, &token).await,
        json!({ "completed": false, "responses": [] })
    );
    let outcome = submit(
        &api,
        &token,
        &[
            ("online-presence", json!("active")),
            ("threat-concerns", json!(["stalking", "doxxing"])),
            ("platform-count", json!(1)),
            ("shoe-size", json!(43)),
        ],
    )
    .await;
    // 3 + 5 + 1 of 32.
    assert_eq!(outcome["riskLevel"], "MEDIUM");
    let items = outcome["protectionPlan"]["items"].as_array().unwrap();
    assert!((5..=7).contains(&items.len()));
    let labels: Vec<&str> = items
        .iter()
        .map(|it| it["category"].as_str().unwrap())
        .collect();
    for (at, item) in items.iter().enumerate() {
        assert_eq!(item["priority"], at + 1);
        assert_eq!(
            (&item["status"], &item["dueDate"]),
            (&json!("PENDING"), &Value::Null)
        );
        let code = item["category"]
            .as_str()
            .unwrap()
            .to_uppercase()
            .replace(' ', "_");
        assert_eq!(item["categoryCode"], code);
        assert_eq!(item["planId"], outcome["protectionPlan"]["id"]);
    }
    let mut distinct = labels.clone();
    let mut seen = std::collections::HashSet::new();
    distinct.retain(|it| seen.insert(*it));
    assert_eq!(outcome["focusAreas"], json!(distinct));

    let told = results(&api, &token).await;
    assert_eq!(
        (&told["completed"], &told["riskLevel"]),
        (&json!(true), &json!("MEDIUM"))
    );
    assert_eq!(
        told["responses"].as_array().unwrap().len(),
        3,
        "what we do not ask is not kept"
    );
    let first = &told["responses"][0];
    let keys: Vec<_> = first.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["createdAt", "id", "questionId", "response", "userId"]
    );
    assert_eq!(
        (&first["userId"], &first["questionId"], &first["response"]),
        (&json!(user), &json!("online-presence"), &json!("active"))
    );
    assert_eq!(
        told["responses"][1]["response"],
        json!(["stalking", "doxxing"])
    );
    assert_eq!(told["responses"][2]["response"], json!(1));
    let account = api.store.account(user).await.unwrap().unwrap();
    assert!(account.profile.onboarding_completed);
}

#[tokio::test]
async fn it_can_be_sent_again_and_keeps_what_she_did() {
    let api = api().await;
    let (user, token) = api.woman("ana@example.net").await;
    // The dashboard asks for the plan before the quiz is sent.
    let first = ProtectionPlans::new(api.store.clone())
        .get(user, vara::clock::now())
        .await
        .unwrap();
    assert_eq!(first.items[0].category, "Getting Started");
    let active = [("online-presence", json!("active"))];
    let outcome = submit(&api, &token, &active).await;
    let items = outcome["protectionPlan"]["items"].as_array().unwrap();
    assert!(items.iter().all(|it| it["category"] != "Getting Started"));
    let id = items[1]["id"].as_str().unwrap();
    ProtectionPlans::new(api.store.clone())
        .set_status(user, id, PlanItemStatus::Completed, vara::clock::now())
        .await
        .unwrap();

    let again = submit(&api, &token, &active).await;
    let ids = |it: &Value| -> Vec<Value> {
        let items = it["protectionPlan"]["items"].as_array().unwrap();
        items.iter().map(|it| it["id"].clone()).collect()
    };
    assert_eq!(
        ids(&again),
        ids(&outcome),
        "the same answers, the same plan"
    );
    assert_eq!(again["protectionPlan"]["items"][1]["status"], "COMPLETED");
    // One question changed; the others stand.
    let other = submit(&api, &token, &[("photo-sharing", json!("never"))]).await;
    assert_eq!(other["riskLevel"], "HIGH", "4 of 8");
    let told = results(&api, &token).await;
    assert_eq!(told["responses"].as_array().unwrap().len(), 2);
    // Nothing at all is an answer, too.
    assert_eq!(submit(&api, &token, &[]).await["riskLevel"], "HIGH");
}

#[tokio::test]
async fn two_tabs_at_once_both_count() {
    let api = api().await;
    let (user, token) = api.woman("ana@example.net").await;
    let one = [("online-presence", json!("active"))];
    let other = [("photo-sharing", json!("sometimes"))];
    let third = [("safety-priority", json!("privacy"))];
    let now = vara::clock::now();
    futures_util::join!(
        submit(&api, &token, &one),
        submit(&api, &token, &other),
        submit(&api, &token, &third),
        async {
            ProtectionPlans::new(api.store.clone())
                .regenerate(user, now)
                .await
                .unwrap()
        },
    );
    let told = results(&api, &token).await;
    assert_eq!(told["responses"].as_array().unwrap().len(), 3);
    // 7 of 12, and the plan is the one that follows from all three.
    assert_eq!(told["riskLevel"], "HIGH");
    let plan = api.store.plan(user).await.unwrap().readable().unwrap().plan;
    let again = submit(&api, &token, &[]).await;
    let wanted: Vec<String> = again["protectionPlan"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["id"].as_str().unwrap().to_owned())
        .collect();
    let have: Vec<String> = plan
        .view()
        .items
        .iter()
        .map(|it| it.id.to_string())
        .collect();
    assert!(
        wanted.iter().all(|it| have.contains(it)),
        "{wanted:?} {have:?}"
    );
}

#[tokio::test]
async fn refusals_say_where() {
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    for (body, path) in [
        (json!({}), json!([])),
        (json!([]), json!([])),
        (json!({ "responses": {} }), json!(["responses"])),
        (
            json!({ "responses": [{ "questionId": "a" }] }),
            json!(["responses", 0]),
        ),
        (
            json!({ "responses": [{ "questionId": 1, "response": "x" }] }),
            json!(["responses", 0, "questionId"]),
        ),
        (
            json!({ "responses": [{ "questionId": "", "response": "x" }] }),
            json!(["responses", 0, "questionId"]),
        ),
        (
            json!({ "responses": [{ "questionId": "a", "response": 1 }, { "questionId": "a", "response": null }] }),
            json!(["responses", 1, "response"]),
        ),
        (
            json!({ "responses": [{ "questionId": "a", "response": { "x": 1 } }] }),
            json!(["responses", 0, "response"]),
        ),
        (
            json!({ "responses": [{ "questionId": "a", "response": [1] }] }),
            json!(["responses", 0, "response"]),
        ),
        (
            json!({ "responses": [{ "questionId": "a", "response": "x".repeat(101) }] }),
            json!(["responses", 0, "response"]),
        ),
        (
            json!({ "responses": [{ "questionId": "a", "response": 1e300 }] }),
            json!(["responses", 0, "response"]),
        ),
        (
            json!({ "responses": vec![json!({ "questionId": "a", "response": 1 }); 101] }),
            json!(["responses"]),
        ),
    ] {
        let reply = api
            .send(Method::POST, RESPONSES, &token, &body.to_string())
            .await;
        TestApi::refused(&reply, 400, "VALIDATION_ERROR");
        assert_eq!(reply.1["error"]["details"][0]["path"], path, "{body}");
    }
    assert_eq!(results(&api, &token).await["completed"], false);
}

#[tokio::test]
async fn nobody_is_nobody_and_others_see_nothing() {
    let api = api().await;
    let (_, ana) = api.woman("ana@example.net").await;
    let (_, eve) = api.woman("eve@example.net").await;
    submit(&api, &ana, &[("photo-sharing", json!("never"))]).await;
    assert_eq!(results(&api, &eve).await["responses"], json!([]));
    for (method, uri) in [
        (Method::GET, "/api/v1/onboarding/questions"),
        (Method::POST, RESPONSES),
        (Method::GET, RESULTS),
    ] {
        let reply = api.send(method, uri, "null", "").await;
        TestApi::refused(&reply, 401, "AUTH_INVALID_TOKEN");
    }
    let reply = api
        .send(Method::GET, "/api/v1/onboarding/nothing", &ana, "")
        .await;
    TestApi::refused(&reply, 404, "NOT_FOUND");
}

#[tokio::test]
async fn who_has_left_gets_no_rows() {
    let api = api().await;
    let (user, token) = api.woman("ana@example.net").await;
    submit(&api, &token, &[("photo-sharing", json!("never"))]).await;
    let account = api.store.account(user).await.unwrap().unwrap();
    let now = vara::clock::now();
    assert!(
        api.store
            .begin_erasure(&account, "a", &[], now)
            .await
            .unwrap()
    );
    assert!(
        api.store.erase_all_rows(user, usize::MAX).await.unwrap().0 >= 2,
        "her answers and her plan"
    );
    assert!(api.store.answers(user).await.unwrap().readable().is_none());
    assert!(api.store.plan(user).await.unwrap().readable().is_none());
    let plan = Plan::first(user, now);
    assert_eq!(
        api.store.keep_plan(&RowState::Absent, &plan).await.unwrap(),
        PlanWrite::Gone
    );
    let err = Onboarding::new(api.store.clone())
        .submit(user, &[], now)
        .await
        .unwrap_err();
    assert_eq!(err.code, "USER_NOT_FOUND");
    assert_eq!(
        api.store.erase_all_rows(user, usize::MAX).await.unwrap().0,
        0,
        "nothing was written"
    );
}
