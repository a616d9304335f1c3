//! `/api/v1/protection-plan`.

use api_protection_plan::PlanItemStatusChange;
use vara::domain::{PlanItem, PlanView};

use crate::operation::Operation;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new("get", "/api/v1/protection-plan", "getPlan", "Get the protection plan")
            .data::<PlanView>(200, "The plan. Before the questions are answered, it is the default advice and an item that asks for the answers.")
            .refuses(404, &["USER_NOT_FOUND"]),
        Operation::new(
            "post",
            "/api/v1/protection-plan/regenerate",
            "regeneratePlan",
            "Regenerate the protection plan",
        )
        .about("From the answers and the present state of the account. Items that were started, completed or skipped stay.")
        .data::<PlanView>(200, "The plan after the change.")
        .refuses(404, &["USER_NOT_FOUND"]),
        Operation::new(
            "patch",
            "/api/v1/protection-plan/items/{id}",
            "setPlanItemStatus",
            "Set the status of a plan item",
        )
        .any_id()
        .takes::<PlanItemStatusChange>()
        .data::<PlanItem>(200, "The item after the change.")
        .refuses(404, &["ITEM_NOT_FOUND", "USER_NOT_FOUND"]),
    ]
}
