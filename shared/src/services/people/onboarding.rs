//! Onboarding quiz: questions, submitted answers, results.

use serde::Serialize;

use crate::domain::{
    Answer, Choices, Error, Plan, PlanView, QUESTIONS, Question, Response, Result, RiskLevel,
    Timestamp, UserId, onboarding,
};
use crate::services::people::plan::{gone, plan_of};
use crate::store::{PlanWrite, RowState, Store, retry_on_conflict};

/// The result of the answers.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub struct OnboardingOutcome {
    pub risk_level: RiskLevel,
    pub protection_plan: PlanView,
    pub focus_areas: Vec<&'static str>,
}

/// The answers so far.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Results))]
#[serde(rename_all = "camelCase")]
pub struct QuizResults {
    /// Whether answers were ever submitted.
    pub completed: bool,
    /// The risk level that follows from them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_level: Option<RiskLevel>,
    /// The answers.
    pub responses: Vec<Answer>,
}

/// What we ask.
#[must_use]
pub fn questions() -> &'static [Question] {
    &QUESTIONS
}

/// Takes the answers to the quiz and makes a plan of them.
#[derive(Clone, Debug)]
pub struct Onboarding {
    store: Store,
}

impl Onboarding {
    /// The service over this table.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Takes answers, as often as she likes: what she says now replaces what she said before, question by
    /// question, and her plan follows (QUIRKS Q13).
    pub async fn submit(
        &self,
        user: UserId,
        given: &[(String, Response)],
        now: Timestamp,
    ) -> Result<OnboardingOutcome> {
        retry_on_conflict("taking answers", || async {
            let plan = self.store.plan(user).await?;
            let before = self.store.answers(user).await?;
            let known = match &before {
                RowState::Readable(row) => row.answers.as_slice(),
                RowState::Absent | RowState::Unreadable(_) => &[],
            };
            let answers = onboarding::answered(user, known, given, now);
            let choices = Choices::from(answers.as_slice());
            let risk = choices.risk_level();
            let after = plan_of(&plan, user, now).answered(&choices, now);
            match self
                .store
                .keep_answers((&before, &plan), (&answers, &after), risk, now)
                .await?
            {
                PlanWrite::Done => return Ok(Some(outcome(risk, &after))),
                PlanWrite::Stale => {}
                PlanWrite::Gone => return Err(gone()),
            }
            Ok::<_, Error>(None)
        })
        .await
    }

    /// What she told us so far.
    pub async fn results(&self, user: UserId) -> Result<QuizResults> {
        let profile = self.store.account(user).await?.ok_or_else(gone)?.profile;
        let answers = self.store.answers(user).await?.readable();
        Ok(QuizResults {
            completed: profile.onboarding_completed,
            risk_level: profile.onboarding_completed.then_some(profile.risk_level),
            responses: answers.map(|it| it.answers).unwrap_or_default(),
        })
    }
}

fn outcome(risk_level: RiskLevel, plan: &Plan) -> OnboardingOutcome {
    OnboardingOutcome {
        risk_level,
        protection_plan: plan.view(),
        focus_areas: plan.focus_areas(),
    }
}
