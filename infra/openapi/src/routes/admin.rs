//! `/api/v1/admin`.

use serde_json::json;
use vara::domain::Switch;
use vara::services::upkeep::dead_letters::{DeadQueue, SentBack};
use vara::services::upkeep::switches::{SwitchChange, SwitchView};

use crate::operation::Operation;

pub(super) fn operations() -> Vec<Operation> {
    let queue = json!({ "type": "string", "minLength": 1, "examples": ["image-scan"] });
    let name = json!({ "type": "string", "enum": Switch::ALL.map(Switch::name) });
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
        admins(Operation::new(
            "get",
            "/api/v1/admin/switches",
            "listSwitches",
            "List the switches",
        ))
        .about("For admins. Engines and features that can be turned off without a deployment.")
        .data_list::<SwitchView>("All switches, as they are set now."),
        admins(Operation::new(
            "put",
            "/api/v1/admin/switches/{name}",
            "setSwitch",
            "Set a switch",
        ))
        .about("For admins. Acts everywhere within half a minute; logged with who set it and why.")
        .part("name", "Which.", name)
        .takes::<SwitchChange>()
        .data::<SwitchView>(200, "The switch, as it is set now.")
        .refuses(404, &["SWITCH_NOT_FOUND"]),
    ]
}
