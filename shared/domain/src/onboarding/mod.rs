//! What we ask her at the start, what she answers, and how much is at stake by her own account.
//!
//! Any question may be left out, and answered again at any time. A question we do not ask and a value
//! we do not offer are never an error here: they say nothing.

mod questions;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::{AnswerId, RiskLevel, Timestamp, UserId};

pub use questions::QUESTIONS;

/// The weight of the gravest option of a question.
const MAX_WEIGHT: u32 = 4;

/// The most characters and values an answer may have; ours are far shorter.
const MAX_ANSWER_LENGTH: usize = 100;
const MAX_ANSWER_VALUES: usize = 50;

/// How a question is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub enum QuestionType {
    SingleChoice,
    MultipleChoice,
}

/// One of the answers a question offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub struct Choice {
    pub value: &'static str,
    pub label: &'static str,
    pub risk_weight: u32,
}

/// A question of the onboarding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub struct Question {
    pub id: &'static str,
    pub question: &'static str,
    pub description: &'static str,
    #[serde(rename = "type")]
    pub kind: QuestionType,
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Choice>))]
    pub options: &'static [Choice],
    pub order: u32,
    /// Always null: no question depends on another, but the contract has the field.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub conditional_on: (),
}

impl Question {
    /// The question of this id, if we ask it.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        QUESTIONS.iter().find(|it| it.id == id)
    }

    /// The most an answer can weigh by the contract's reckoning. For several choices that is more than
    /// all of them together, so leaving such a question out raises the level.
    fn max_weight(&self) -> u32 {
        match self.kind {
            QuestionType::SingleChoice => MAX_WEIGHT,
            QuestionType::MultipleChoice => {
                MAX_WEIGHT * u32::try_from(self.options.len()).unwrap_or(u32::MAX)
            }
        }
    }

    /// What these values weigh. Of several answers to a single choice the gravest counts.
    fn weight(&self, values: &[String]) -> u32 {
        let weights = self
            .options
            .iter()
            .filter(|it| values.iter().any(|value| value == it.value))
            .map(|it| it.risk_weight);
        match self.kind {
            QuestionType::SingleChoice => weights.max().unwrap_or_default(),
            QuestionType::MultipleChoice => weights.sum(),
        }
    }
}

/// An answer as it was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AnswerValue))]
#[serde(untagged)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Response {
    Text(String),
    #[cfg_attr(feature = "openapi", schema(value_type = f64))]
    Number(Number),
    List(Vec<String>),
}

impl Response {
    /// Whether it is of a size that an answer can have. What is not is refused, not cut.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let short = |it: &String| it.chars().count() <= MAX_ANSWER_LENGTH;
        match self {
            Self::Text(text) => short(text),
            // What the table can hold without loss, and then some.
            Self::Number(number) => number
                .as_f64()
                .is_some_and(|it| it == 0.0 || (1e-9..=1e9).contains(&it.abs())),
            Self::List(list) => list.len() <= MAX_ANSWER_VALUES && list.iter().all(short),
        }
    }

    /// The values it names. A number names the value that is written like it.
    fn values(&self) -> Vec<Cow<'_, str>> {
        match self {
            Self::Text(text) => vec![text.into()],
            Self::Number(number) => vec![number.to_string().into()],
            Self::List(list) => list.iter().map(Into::into).collect(),
        }
    }
}

/// One stored answer of the user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub struct Answer {
    pub id: AnswerId,
    pub user_id: UserId,
    pub question_id: String,
    pub response: Response,
    pub created_at: Timestamp,
}

/// Her answers after these were given: one for each question, in the order of the questions. What she
/// said before stands until she says something else; questions we do not ask are left out.
#[must_use]
pub fn answered(
    user: UserId,
    before: &[Answer],
    given: &[(String, Response)],
    now: Timestamp,
) -> Vec<Answer> {
    let one = |question: &Question| {
        let old = before.iter().find(|it| it.question_id == question.id);
        let new = given.iter().rev().find(|(id, _)| id == question.id);
        let response = new
            .map(|it| &it.1)
            .or_else(|| old.map(|it| &it.response))?
            .clone();
        Some(Answer {
            id: AnswerId::of(user, question.id),
            user_id: user,
            question_id: question.id.to_owned(),
            response,
            created_at: old.map_or(now, |it| it.created_at),
        })
    };
    QUESTIONS.iter().filter_map(one).collect()
}

/// What she chose, question by question, for the rules that read it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices(Vec<(&'static Question, Vec<String>)>);

impl Choices {
    /// Of these answers; of several to one question the last counts.
    pub fn of<'a>(answers: impl IntoIterator<Item = (&'a str, &'a Response)>) -> Self {
        let mut chosen: Vec<(&'static Question, Vec<String>)> = Vec::new();
        for (id, response) in answers {
            let Some(question) = Question::find(id) else {
                continue;
            };
            chosen.retain(|it| it.0.id != id);
            let values = response.values().into_iter().map(Cow::into_owned);
            chosen.push((question, values.collect()));
        }
        Self(chosen)
    }

    /// Whether she chose one of these values.
    #[must_use]
    pub fn has_any(&self, question: &str, values: &[&str]) -> bool {
        self.0
            .iter()
            .filter(|it| it.0.id == question)
            .flat_map(|it| &it.1)
            .any(|it| values.contains(&it.as_str()))
    }

    /// How much is at stake: what her answers weigh, of what they could weigh. A value we do not offer
    /// weighs nothing, and its question counts all the same.
    #[must_use]
    pub fn risk_level(&self) -> RiskLevel {
        let sum: u32 = self.0.iter().map(|it| it.0.weight(&it.1)).sum();
        let max: u32 = self.0.iter().map(|it| it.0.max_weight()).sum();
        match sum * 100 {
            _ if max == 0 => RiskLevel::Low,
            it if it >= max * 75 => RiskLevel::Critical,
            it if it >= max * 50 => RiskLevel::High,
            it if it >= max * 25 => RiskLevel::Medium,
            _ => RiskLevel::Low,
        }
    }
}

impl<'a> From<&'a [Answer]> for Choices {
    fn from(answers: &'a [Answer]) -> Self {
        Self::of(
            answers
                .iter()
                .map(|it| (it.question_id.as_str(), &it.response)),
        )
    }
}

#[cfg(test)]
mod tests;
