//! API.md section 3, onboarding: questions, results, and what is refused.

use reqwest::Method;
use serde_json::json;

use super::row::Who::{New, Reader};
use super::row::{Row, call, get, post};

const RESPONSES: &str = "/api/v1/onboarding/responses";

pub(super) fn rows() -> Vec<Row> {
    let answers = json!({ "responses": [{ "questionId": "photo-sharing", "response": "never" }] });
    let answer = "{id: uuid, userId: uuid, questionId: \"photo-sharing\", response: \"never\", createdAt: date}";
    let mut rows = vec![
        get("questions", Reader, "/api/v1/onboarding/questions").gives_data(200, "[Question]+"),
        get("results_before", New, "/api/v1/onboarding/results")
            .gives_data(200, "{completed: false, responses: []}"),
        get("results_after", New, "/api/v1/onboarding/results")
            .after(call(Method::POST, RESPONSES).json(&answers))
            .gives_data(
                200,
                &format!("{{completed: true, riskLevel: Risk, responses: [{answer}]+}}"),
            ),
        get("the_profile_follows", New, "/api/v1/users/me")
            .after(call(Method::POST, RESPONSES).json(&answers))
            .gives_data(
                200,
                "{profile: {onboardingCompleted: true, riskLevel: Risk, ...}, ...}",
            ),
        // Ids we do not know are ignored (Q13).
        post("an_unknown_question", New, RESPONSES)
            .json(json!({ "responses": [{ "questionId": "shoe-size", "response": 43 }] }))
            .gives_data(201, "{riskLevel: \"LOW\", ...}"),
        post("nothing", Reader, RESPONSES).invalid(),
    ];
    let of = |response| json!({ "responses": [{ "questionId": "a", "response": response }] });
    for (name, body) in [
        ("no_responses", json!({})),
        ("list", json!([])),
        ("responses_of_text", json!({ "responses": "x" })),
        ("empty_response", json!({ "responses": [{}] })),
        (
            "no_question",
            json!({ "responses": [{ "questionId": "", "response": "x" }] }),
        ),
        (
            "question_of_number",
            json!({ "responses": [{ "questionId": 1, "response": "x" }] }),
        ),
        ("response_of_null", of(json!(null))),
        ("response_of_object", of(json!({ "x": 1 }))),
        ("response_of_numbers", of(json!([1]))),
        ("response_of_bool", of(json!(true))),
    ] {
        rows.push(post(name, Reader, RESPONSES).json(body).invalid());
    }
    rows
}
