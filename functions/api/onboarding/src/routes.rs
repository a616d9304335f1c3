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

/// Guards and service.
pub type App = http::App<Onboarding>;

/// All routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/onboarding/questions", get(questions))
        .route("/api/v1/onboarding/responses", post(submit))
        .route("/api/v1/onboarding/results", get(results))
}

async fn questions(_: Caller) -> Reply {
    data(onboarding::questions())
}

/// Answers to questions.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Answers {
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    responses: Vec<GivenAnswer>,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct GivenAnswer {
    #[cfg_attr(feature = "openapi", schema(min_length = 1))]
    question_id: String,
    #[cfg_attr(feature = "openapi", schema(schema_with = answer_schema))]
    response: Response,
}

/// An answer of a size that answers have.
#[cfg(feature = "openapi")]
fn answer_schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, Type};
    let text = || {
        let text = ObjectBuilder::new().schema_type(Type::String);
        text.max_length(Some(100))
    };
    let number = ObjectBuilder::new().schema_type(Type::Number);
    let list = ArrayBuilder::new().items(text()).max_items(Some(50));
    let one = OneOfBuilder::new()
        .item(text())
        .item(number.minimum(Some(-1e9)).maximum(Some(1e9)))
        .item(list);
    Schema::OneOf(one.build()).into()
}

async fn submit(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body<Answers>,
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
