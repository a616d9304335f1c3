//! `/api/v1/admin`.

use serde_json::json;
use vara::domain::Switch;
use vara::services::people::past_erasures::{ReappliedErasures, ReapplyFrom};
use vara::services::takedowns::{
    ObjectionDecision, ObjectionInQueue, ObjectionOutcome, ObjectionView, TakedownOverview,
};
use vara::services::upkeep::dead_letters::{DeadQueue, SentBack};
use vara::services::upkeep::switches::{SwitchChange, SwitchView};

use crate::operation::Operation;

pub(super) fn operations() -> Vec<Operation> {
    let queue = json!({ "type": "string", "minLength": 1, "examples": ["image-scan"] });
    let name = json!({ "type": "string", "enum": Switch::ALL.map(Switch::name) });
    let admins = |it: Operation| it.refuses(403, &["FORBIDDEN"]);
    let mut all = vec![
        admins(Operation::new(
            "get",
            "/api/v1/admin/dead-letters",
            "listDeadLetters",
            "List dead letters",
        ))
        .about("For admins. Messages are described by ids; no personal data is shown.")
        .data_list::<DeadQueue>("The dead letters of all queues. Reading removes none."),
        admins(Operation::new(
            "post",
            "/api/v1/admin/dead-letters/{queue}/redrive",
            "redriveDeadLetters",
            "Redrive dead letters of a queue",
        ))
        .about("For admins. The messages start again with all their attempts. Repeat the call until none is left.")
        .part("queue", "The name of the queue.", queue)
        .data::<SentBack>(200, "How many messages were sent back.")
        .refuses(404, &["QUEUE_NOT_FOUND"]),
        admins(Operation::new(
            "post",
            "/api/v1/admin/erasures/reapply",
            "reapplyErasures",
            "Erase again who left",
        ))
        .about("For admins, after the table was restored from a backup. Repeat the call with `after` until `next` is null.")
        .takes::<ReapplyFrom>()
        .data::<ReappliedErasures>(200, "What became of this page of those who had left."),
        admins(Operation::new(
            "get",
            "/api/v1/admin/switches",
            "listSwitches",
            "List switches",
        ))
        .about("For admins. Engines and features that can be turned off without a deployment.")
        .data_list::<SwitchView>("All switches with their state."),
        admins(Operation::new(
            "put",
            "/api/v1/admin/switches/{name}",
            "setSwitch",
            "Set a switch",
        ))
        .about("For admins. Takes effect everywhere within 30 seconds; who set it and why is logged.")
        .part("name", "The name of the switch.", name)
        .takes::<SwitchChange>()
        .data::<SwitchView>(200, "The switch after the change.")
        .refuses(404, &["SWITCH_NOT_FOUND"]),
        admins(Operation::new(
            "get",
            "/api/v1/admin/takedowns",
            "getTakedownOverview",
            "Get counts of requests to remove",
        ))
        .about(
            "For admins. Counts by state and host, the oldest, and hosts to which mails fail. No personal data is shown. \
             Counted anew every quarter of a minute; at most 3400 requests are read, then `isComplete` is false. Messages \
             that were given up are in `/api/v1/admin/dead-letters`, under `takedown`, `takedown-urgent` and `takedown-mail`.",
        )
        .data::<TakedownOverview>(200, "How requests to remove stand."),
    ];
    all.extend(objections().map(admins));
    all
}

fn objections() -> [Operation; 3] {
    let missing = |it: Operation| {
        it.any_id()
            .refuses(404, &["OBJECTION_NOT_FOUND", "ACCOUNT_NOT_FOUND"])
    };
    [
        Operation::new(
            "get",
            "/api/v1/admin/objections",
            "listObjections",
            "List objections to requests",
        )
        .about("For reviewers: those that wait for a decision, the oldest first. It says nothing of anybody.")
        .page::<ObjectionInQueue>("A page of the queue. The total is at most 1000."),
        missing(Operation::new(
            "get",
            "/api/v1/admin/objections/{id}",
            "getObjection",
            "Get an objection with its request",
        ))
        .about(
            "For reviewers. That it was looked at is in the woman's access log before it is answered; without that there is \
             no answer. Her name and address are not shown.",
        )
        .data::<ObjectionView>(200, "The objection."),
        missing(Operation::new(
            "post",
            "/api/v1/admin/objections/{id}/decision",
            "decideObjection",
            "Vote on an objection",
        ))
        .about(
            "For reviewers. Two who agree decide; where they differ it stays open for a third. Upheld, the request is ended \
             and counted: three close sending for the account. Dismissed, it goes on.",
        )
        .takes::<ObjectionDecision>()
        .data::<ObjectionOutcome>(200, "Where the objection stands.")
        .refuses(400, &["VALIDATION_ERROR", "INVALID_JSON"])
        .refuses(409, &["OBJECTION_DECIDED"])
        .refuses(413, &["FST_ERR_CTP_BODY_TOO_LARGE"]),
    ]
}
