//! `/api/v1/scans`.

use api_scans::{ScanList, ScanTrigger};
use serde_json::{Value, json};
use vara::domain::{Scan, ScanStatus, ScanType};

use crate::answers::ScansHealth;
use crate::operation::{Operation, in_page};

pub(super) fn operations() -> Vec<Operation> {
    let missing = &["SCAN_NOT_FOUND"];
    let kinds = ScanType::ALL.map(ScanType::as_str);
    let shape = json!({ "type": "string", "enum": ["array", "object"] });
    vec![
        Operation::new("get", "/api/v1/scans", "listScans", "Her scans")
            .about("By status alone: under way, only scans she started; completed, all of them; completed and failed, those she started and then ours. `result.matchesFound` counts the open findings after the scan, new and known, without those she dismissed; `result.newMatches` counts the new ones. `data` is the list or holds it under `scans`: `shape` says which, and without it the rest of the query does, as the screens expect.")
            .several("status", "Only these; a comma list.", &ScanStatus::ALL.map(ScanStatus::as_str))
            .query("type", "Only these.", json!({ "type": "string", "enum": kinds }))
            .query("shape", "The form of `data`.", shape)
            .page_of::<ScanList>("The newest first; ended ones by their end.", list),
        Operation::new("post", "/api/v1/scans/trigger", "triggerScan", "Want a scan")
            .takes::<ScanTrigger>()
            .data::<Scan>(202, "It will be done.")
            .refuses(404, &["IMAGE_NOT_FOUND", "ACCOUNT_NOT_FOUND"])
            .refuses(409, &["SCAN_ALREADY_RUNNING"]),
        Operation::new("get", "/api/v1/scans/health", "scansHealth", "How workers and queues stand")
            .about("Open to all. What may still be asked of each engine is told to administrators only.")
            .open()
            .data::<ScansHealth>(200, "Numbers about nobody."),
        Operation::new("get", "/api/v1/scans/{id}", "getScan", "One scan").id().data::<Scan>(200, "The scan.").refuses(404, missing),
        Operation::new("get", "/api/v1/scans/{id}/status", "getScanStatus", "The same")
            .id()
            .data::<Scan>(200, "The scan.")
            .refuses(404, missing),
        Operation::new("post", "/api/v1/scans/{id}/cancel", "cancelScan", "Stop a scan")
            .about("It and its parts; one that was stopped already is answered as it is.")
            .id()
            .data::<Scan>(200, "The scan, stopped.")
            .refuses(404, missing)
            .refuses(409, &["SCAN_OVER"]),
        Operation::new("post", "/api/v1/scans/{id}/retry", "retryScan", "Have a scan begin again")
            .about("One that failed, was stopped, or left something undone; what is done stays done.")
            .id()
            .data::<Scan>(202, "It begins again.")
            .refuses(404, missing)
            .refuses(409, &["SCAN_ALREADY_RUNNING", "SCAN_NOT_RETRYABLE"]),
    ]
}

fn list(object: Value) -> Value {
    let array = json!({ "type": "array", "items": { "$ref": "#/components/schemas/Scan" } });
    in_page(json!({ "oneOf": [array, object] }))
}
