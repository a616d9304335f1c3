//! `/api/v1/onboarding`.

use api_onboarding::Answers;
use vara::domain::Question;
use vara::services::people::onboarding::{OnboardingOutcome, QuizResults};

use crate::operation::Operation;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new("get", "/api/v1/onboarding/questions", "listQuestions", "What we ask")
            .data_list::<Question>("All questions, in order."),
        Operation::new("post", "/api/v1/onboarding/responses", "answerQuestions", "Answer")
            .about("As often as she likes: what she says now replaces what she said before, question by question.")
            .takes::<Answers>()
            .data::<OnboardingOutcome>(201, "What follows from all her answers.")
            .refuses(404, &["USER_NOT_FOUND"]),
        Operation::new("get", "/api/v1/onboarding/results", "getAnswers", "What she answered")
            .data::<QuizResults>(200, "Her answers so far.")
            .refuses(404, &["USER_NOT_FOUND"]),
    ]
}
