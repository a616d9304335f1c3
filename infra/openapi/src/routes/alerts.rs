//! `/api/v1/alerts`.

use api_alerts::{AlertActing, AlertStatusChange, BroughtBack, Cleared};
use vara::domain::{Alert, AlertStatus};
use vara::services::notices::alerts::AlertView;

use crate::operation::Operation;

pub(super) fn operations() -> Vec<Operation> {
    let missing = &["ALERT_NOT_FOUND"];
    vec![
        Operation::new("get", "/api/v1/alerts", "listAlerts", "List alerts")
            .several(
                "status",
                "Only alerts of these statuses, separated by commas.",
                &AlertStatus::ALL.map(AlertStatus::as_str),
            )
            .page::<AlertView>("A page of alerts, by status, then newest first."),
        Operation::new("get", "/api/v1/alerts/{id}", "getAlert", "Get an alert")
            .about("Marks a new alert as viewed. The answer is the alert before that.")
            .any_id()
            .data::<AlertView>(200, "The alert.")
            .refuses(404, missing),
        Operation::new(
            "patch",
            "/api/v1/alerts/{id}/status",
            "setAlertStatus",
            "Set the status of an alert",
        )
        .any_id()
        .takes::<AlertStatusChange>()
        .data::<Alert>(200, "The alert after the change.")
        .refuses(404, missing),
        Operation::new(
            "post",
            "/api/v1/alerts/{id}/action",
            "actOnAlert",
            "Record an action on an alert",
        )
        .any_id()
        .takes::<AlertActing>()
        .data::<Alert>(200, "The alert after the change.")
        .refuses(404, missing),
        Operation::new(
            "delete",
            "/api/v1/alerts/all",
            "clearAlerts",
            "Delete all alerts",
        )
        .about("They can be brought back for 30 days.")
        .data::<Cleared>(200, "How many alerts were deleted."),
        Operation::new(
            "post",
            "/api/v1/alerts/all/restore",
            "restoreAlerts",
            "Bring deleted alerts back",
        )
        .about("Those that were deleted within 30 days, with the status that they had.")
        .data::<BroughtBack>(200, "How many alerts were brought back."),
    ]
}
