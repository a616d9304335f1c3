//! `/api/v1/protection-plan`.

use api_protection_plan::PlanItemStatusChange;
use vara::domain::{PlanItem, PlanView};

use crate::operation::Operation;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new("get", "/api/v1/protection-plan", "getPlan", "Her plan")
            .data::<PlanView>(200, "Her plan. Before she has answered the questions: the questions and the default advice.")
            .refuses(404, &["USER_NOT_FOUND"]),
        Operation::new(
            "post",
            "/api/v1/protection-plan/regenerate",
            "regeneratePlan",
            "Make it again",
        )
        .about("From her answers and how things stand. What she began, did or put aside stays.")
        .data::<PlanView>(200, "The plan after it.")
        .refuses(404, &["USER_NOT_FOUND"]),
        Operation::new(
            "patch",
            "/api/v1/protection-plan/items/{id}",
            "setPlanItemStatus",
            "Say what became of an item",
        )
        .any_id()
        .takes::<PlanItemStatusChange>()
        .data::<PlanItem>(200, "The item after it.")
        .refuses(404, &["ITEM_NOT_FOUND", "USER_NOT_FOUND"]),
    ]
}
