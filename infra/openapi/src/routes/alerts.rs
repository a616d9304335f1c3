//! `/api/v1/alerts`.

use api_alerts::{AlertActing, AlertStatusChange, Cleared};
use vara::domain::{Alert, AlertStatus};

use crate::operation::Operation;

pub(super) fn operations() -> Vec<Operation> {
    let missing = &["ALERT_NOT_FOUND"];
    vec![
        Operation::new("get", "/api/v1/alerts", "listAlerts", "Her alerts")
            .several(
                "status",
                "Only these; a comma list.",
                &AlertStatus::ALL.map(AlertStatus::as_str),
            )
            .page::<Alert>("By status, then the newest first."),
        Operation::new("get", "/api/v1/alerts/{id}", "getAlert", "One alert")
            .about("It counts as viewed from now on; the answer is the alert as it was.")
            .any_id()
            .data::<Alert>(200, "The alert.")
            .refuses(404, missing),
        Operation::new(
            "patch",
            "/api/v1/alerts/{id}/status",
            "setAlertStatus",
            "Set what became of an alert",
        )
        .any_id()
        .takes::<AlertStatusChange>()
        .data::<Alert>(200, "The alert after it.")
        .refuses(404, missing),
        Operation::new(
            "post",
            "/api/v1/alerts/{id}/action",
            "actOnAlert",
            "Act on an alert",
        )
        .any_id()
        .takes::<AlertActing>()
        .data::<Alert>(200, "The alert after it.")
        .refuses(404, missing),
        Operation::new(
            "delete",
            "/api/v1/alerts/all",
            "clearAlerts",
            "Clear all alerts",
        )
        .data::<Cleared>(200, "They are gone."),
    ]
}
