//! Routes of `/api/v1/onboarding`: questions, answers, results of the quiz.

use axum::Router;
use axum::extract::State;
use axum::response::Response as Reply;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;
use vara::clock;
use vara::domain::Response;
use vara::http::{self, Body, Caller, Issue, Result, created, data};
use vara::services::people::onboarding::{self, Onboarding};

/// The most answers one request brings; there are eight questions.
const MOST: usize = 100;

pub(crate) type App = http::App<Onboarding>;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/onboarding/questions", get(questions))
        .route("/api/v1/onboarding/responses", post(submit))
        .route("/api/v1/onboarding/results", get(results))
}

async fn questions(_: Caller) -> Reply {
    data(onboarding::questions())
}

#[derive(Deserialize)]
struct SubmitBody {
    responses: Vec<GivenAnswer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GivenAnswer {
    question_id: String,
    response: Response,
}

async fn submit(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body<SubmitBody>,
) -> Result<Reply> {
    let given = checked(body.responses)?;
    let outcome = app
        .service
        .submit(caller.user, &given, clock::now())
        .await?;
    Ok(created(outcome))
}

/// Refuses what names no question and what no answer can be, saying where.
fn checked(responses: Vec<GivenAnswer>) -> Result<Vec<(String, Response)>> {
    if responses.len() > MOST {
        let issue = Issue::at("responses", format!("At most {MOST} answers at a time."));
        return Err(Issue::refuse(&[issue]).into());
    }
    let mut issues = Vec::new();
    for (at, it) in responses.iter().enumerate() {
        let mut refuse = |field: &str, message: &str| {
            issues.push(Issue {
                code: "custom",
                message: message.to_owned(),
                path: vec![json!("responses"), json!(at), json!(field)],
            });
        };
        if it.question_id.is_empty() {
            refuse("questionId", "This names no question.");
        }
        if !it.response.is_sound() {
            refuse(
                "response",
                "This is longer or larger than an answer can be.",
            );
        }
    }
    if issues.is_empty() {
        let given = responses
            .into_iter()
            .map(|it| (it.question_id, it.response));
        Ok(given.collect())
    } else {
        Err(Issue::refuse(&issues).into())
    }
}

async fn results(State(app): State<App>, caller: Caller) -> Result<Reply> {
    Ok(data(app.service.results(caller.user).await?))
}
