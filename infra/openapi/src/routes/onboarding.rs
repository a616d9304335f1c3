//! `/api/v1/onboarding`.

use api_onboarding::Answers;
use vara::domain::Question;
use vara::services::people::onboarding::{OnboardingOutcome, QuizResults};

use crate::operation::Operation;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            "get",
            "/api/v1/onboarding/questions",
            "listQuestions",
            "List questions",
        )
        .data_list::<Question>("All questions, in order."),
        Operation::new(
            "post",
            "/api/v1/onboarding/responses",
            "answerQuestions",
            "Submit answers",
        )
        .about("Can be repeated; an answer replaces the earlier answer to the same question.")
        .takes::<Answers>()
        .data::<OnboardingOutcome>(201, "The result of all answers so far.")
        .refuses(404, &["USER_NOT_FOUND"]),
        Operation::new(
            "get",
            "/api/v1/onboarding/results",
            "getAnswers",
            "Get the answers",
        )
        .data::<QuizResults>(200, "The answers so far.")
        .refuses(404, &["USER_NOT_FOUND"]),
    ]
}
