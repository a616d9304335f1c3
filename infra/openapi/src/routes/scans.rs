//! `/api/v1/scans`.

use api_scans::{ScanList, ScanTrigger};
use serde_json::{Value, json};
use vara::domain::{Scan, ScanStatus, ScanType};
use vara::services::scans::health::ScansHealth;

use crate::operation::{Operation, in_page};

pub(super) fn operations() -> Vec<Operation> {
    let missing = &["SCAN_NOT_FOUND"];
    let kinds = ScanType::ALL.map(ScanType::as_str);
    let shape = json!({ "type": "string", "enum": ["array", "object"] });
    vec![
        Operation::new("get", "/api/v1/scans", "listScans", "List scans")
            .about("With a filter by status alone: pending and running lists only scans the user started; completed lists all; completed and failed lists the user's scans, then automatic ones. `result.matchesFound` counts the open matches after the scan, new and known, without dismissed ones; `result.newMatches` counts the new ones. `data` is the list or holds it under `scans`: `shape` decides, and without it the rest of the query does, as the screens expect.")
            .several("status", "Only scans of these statuses, separated by commas.", &ScanStatus::ALL.map(ScanStatus::as_str))
            .query("type", "Only scans of this type.", json!({ "type": "string", "enum": kinds }))
            .query("shape", "The form of `data`.", shape)
            .page_of::<ScanList>("A page of scans, newest first; ended scans by their end.", list),
        Operation::new("post", "/api/v1/scans/trigger", "triggerScan", "Start a scan")
            .takes::<ScanTrigger>()
            .data::<Scan>(202, "The scan is queued.")
            .refuses(404, &["IMAGE_NOT_FOUND", "ACCOUNT_NOT_FOUND"])
            .refuses(409, &["SCAN_ALREADY_RUNNING"]),
        Operation::new("get", "/api/v1/scans/health", "scansHealth", "Get the state of workers, queues and engines")
            .about("Needs no token. The budget of each engine is shown to admins only.")
            .open()
            .data::<ScansHealth>(200, "The state, without personal data."),
        Operation::new("get", "/api/v1/scans/{id}", "getScan", "Get a scan").id().data::<Scan>(200, "The scan.").refuses(404, missing),
        Operation::new("get", "/api/v1/scans/{id}/status", "getScanStatus", "Get the status of a scan")
            .id()
            .data::<Scan>(200, "The scan.")
            .refuses(404, missing),
        Operation::new("post", "/api/v1/scans/{id}/cancel", "cancelScan", "Cancel a scan")
            .about("Cancels the scan and its parts. A scan that is already cancelled is answered as it is.")
            .id()
            .data::<Scan>(200, "The cancelled scan.")
            .refuses(404, missing)
            .refuses(409, &["SCAN_OVER"]),
        Operation::new("post", "/api/v1/scans/{id}/retry", "retryScan", "Retry a scan")
            .about("For a scan that failed, was cancelled or is partial. Finished parts are not repeated.")
            .id()
            .data::<Scan>(202, "The scan is queued again.")
            .refuses(404, missing)
            .refuses(409, &["SCAN_ALREADY_RUNNING", "SCAN_NOT_RETRYABLE"]),
    ]
}

fn list(object: Value) -> Value {
    let array = json!({ "type": "array", "items": { "$ref": "#/components/schemas/Scan" } });
    in_page(json!({ "oneOf": [array, object] }))
}
