//! `/api/v1/admin`.

use serde_json::json;
use vara::services::dead_letters::{DeadQueue, SentBack};

use crate::operation::Operation;

pub(super) fn operations() -> Vec<Operation> {
    let queue = json!({ "type": "string", "minLength": 1, "examples": ["image-scan"] });
    let admins = |it: Operation| it.refuses(403, &["FORBIDDEN"]);
    vec![
        admins(Operation::new(
            "get",
            "/api/v1/admin/dead-letters",
            "listDeadLetters",
            "What the queues have given up on",
        ))
        .about("For admins. Names things by their ids and holds nothing of anybody's.")
        .data_list::<DeadQueue>("All queues; nothing is taken away."),
        admins(Operation::new(
            "post",
            "/api/v1/admin/dead-letters/{queue}/redrive",
            "redriveDeadLetters",
            "Send it back",
        ))
        .about("For admins. As if it had never been tried; can be repeated until nothing is left.")
        .part("queue", "Which.", queue)
        .data::<SentBack>(200, "How much was sent back.")
        .refuses(404, &["QUEUE_NOT_FOUND"]),
    ]
}
