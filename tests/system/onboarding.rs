//! `/api/v1/onboarding`.

use serde_json::{Value, json};
use vara_tests::{Reply, Woman, World};

/// Sends the quiz, as the screen does it.
pub(crate) async fn send(her: &Woman<'_>, answers: &[(&str, Value)]) -> Reply {
    let responses: Vec<Value> = answers
        .iter()
        .map(|(question, response)| json!({ "questionId": question, "response": response }))
        .collect();
    let body = json!({ "responses": responses });
    her.post("/api/v1/onboarding/responses", body).await
}

pub(crate) async fn questions_and_results(world: &World) {
    let her = world.woman().await;
    let questions = her.get("/api/v1/onboarding/questions").await;
    let questions = questions.expect(200).data().as_array().unwrap();
    let ids: Vec<_> = questions
        .iter()
        .map(|it| it["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        ids,
        [
            "online-presence",
            "harassment-experience",
            "threat-concerns",
            "photo-sharing",
            "relationship-concerns",
            "platform-count",
            "unauthorized-use",
            "safety-priority"
        ]
    );
    for (at, question) in questions.iter().enumerate() {
        assert_eq!(question["order"], at + 1);
        assert_eq!(question["conditionalOn"], Value::Null);
        assert!(question["question"].is_string() && question["description"].is_string());
        for option in question["options"].as_array().unwrap() {
            assert!(option["value"].is_string() && option["label"].is_string());
            assert!((1..=4).contains(&option["riskWeight"].as_u64().unwrap()));
        }
    }

    let before = her.get("/api/v1/onboarding/results").await;
    assert_eq!(
        before.expect(200).data(),
        &json!({ "completed": false, "responses": [] })
    );
    // Everything at its gravest: 43 of 52.
    let gravest: Vec<(&str, Value)> = questions
        .iter()
        .map(|it| {
            let options = it["options"].as_array().unwrap();
            let values: Vec<&Value> = options.iter().map(|it| &it["value"]).collect();
            let response = if it["type"] == "MULTIPLE_CHOICE" {
                json!(values)
            } else {
                values[values.len() - 1].clone()
            };
            (it["id"].as_str().unwrap(), response)
        })
        .collect();
    let outcome = send(&her, &gravest).await;
    assert_eq!(outcome.expect(201).data()["riskLevel"], "CRITICAL");
    let items = outcome.data()["protectionPlan"]["items"]
        .as_array()
        .unwrap();
    assert!((7..=8).contains(&items.len()));
    let results = her.get("/api/v1/onboarding/results").await;
    assert_eq!(results.data()["riskLevel"], "CRITICAL");
    assert_eq!(results.data()["responses"].as_array().unwrap().len(), 8);
    let me = her.get("/api/v1/users/me").await;
    assert_eq!(
        (
            &me.data()["profile"]["riskLevel"],
            &me.data()["profile"]["onboardingCompleted"]
        ),
        (&json!("CRITICAL"), &json!(true))
    );
}

/// Sent again, in part, and from two tabs at once (Q13).
pub(crate) async fn quiz_sent_again(world: &World) {
    let her = world.woman().await;
    // The dashboard asks for the plan first; the original could not take answers after that.
    her.get("/api/v1/protection-plan").await.expect(200);
    let answers = [
        ("online-presence", json!("active")),
        ("shoe-size", json!(43)),
    ];
    let first = send(&her, &answers).await;
    assert_eq!(first.expect(201).data()["riskLevel"], "CRITICAL", "3 of 4");
    let again = send(&her, &answers).await;
    let plan = |it: &Reply| -> Vec<Value> {
        let items = it.data()["protectionPlan"]["items"].as_array().unwrap();
        items.iter().map(|it| it["title"].clone()).collect()
    };
    assert_eq!(again.expect(201).data()["riskLevel"], "CRITICAL");
    assert_eq!(plan(&again), plan(&first));

    let photos = [("photo-sharing", json!("never"))];
    let (one, other) = tokio::join!(send(&her, &[]), send(&her, &photos));
    one.expect(201);
    other.expect(201);
    let results = her.get("/api/v1/onboarding/results").await;
    assert_eq!(results.data()["responses"].as_array().unwrap().len(), 2);
    assert_eq!(results.data()["riskLevel"], "HIGH", "4 of 8");
}
