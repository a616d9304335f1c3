//! `/api/v1/takedowns`.

use serde_json::json;
use vara::domain::takedown::{Recipient, TakedownState};
use vara::services::takedowns::{
    Escalation, FindingProposals, NewObjection, NewTakedown, ObjectionReceived, ProposalRequest,
    RecipientAnswer, Submission, Takedown, TakedownApproval, TakedownMail, TakedownMailText,
    TakedownPatch, TakedownText, TakedownWithTimeline,
};

use crate::operation::Operation;

const ALL: &str = "/api/v1/takedowns";
const ONE: &str = "/api/v1/takedowns/{id}";

pub(super) fn operations() -> Vec<Operation> {
    let mut all = vec![
        propose(),
        recipients(),
        list(),
        create(),
        read(),
        change(),
        text(),
        mails(),
        mail(),
    ];
    all.extend([
        approve(),
        submit(),
        answer(),
        recheck(),
        withdraw(),
        escalate(),
        objection_page(),
        object(),
    ]);
    all
}

fn propose() -> Operation {
    let it = Operation::new(
        "post",
        "/api/v1/takedowns/proposals",
        "proposeTakedowns",
        "Propose requests to remove",
    );
    has_body(it)
        .about(
            "For each finding the recipients that can remove it, by which law, how fast, and who will see what of hers. \
             One way is preselected: the fastest that fits. A copyright notice never is.",
        )
        .takes::<ProposalRequest>()
        .data_list::<FindingProposals>("The ways, by finding.")
        .refuses(404, &["MATCH_NOT_FOUND"])
}

fn recipients() -> Operation {
    Operation::new(
        "get",
        "/api/v1/takedowns/catalogue",
        "listTakedownRecipients",
        "List recipients of requests",
    )
    .about(
        "Platforms, search engines, hosts, hash banks and regulators, with their ways. Where `checkedBy` is null nobody \
         has opened the addresses yet: she checks an address before anything goes there.",
    )
    .data_list::<Recipient>("All recipients.")
}

fn list() -> Operation {
    let states = TakedownState::ALL.iter().map(|it| it.as_str());
    Operation::new("get", ALL, "listTakedowns", "List requests to remove")
        .about("Without their texts and timelines, the last changed first.")
        .several(
            "state",
            "Only in these states.",
            &states.collect::<Vec<_>>(),
        )
        .page::<Takedown>("A page of requests.")
}

fn create() -> Operation {
    let it = Operation::new("post", ALL, "createTakedown", "Create a request to remove");
    has_body(it)
        .about(
            "One finding, one recipient. Only what is provably hers can be asked for: a finding of her own picture that \
             she confirmed or our comparison did. A request that is open already is answered as it is. Nothing is sent \
             before she has approved the exact text.",
        )
        .takes::<NewTakedown>()
        .data::<TakedownWithTimeline>(201, "The request.")
        .refuses(403, &["NOT_YOURS_TO_ASK", "SENDING_CLOSED"])
        .refuses(404, &["MATCH_NOT_FOUND", "TAKEDOWN_NOT_FOUND"])
        .refuses(409, &["UNDER_18", "TOO_MANY_TAKEDOWNS", "OBJECTION_UPHELD"])
        .refuses(429, &["TOO_MANY_TAKEDOWNS"])
}

fn read() -> Operation {
    one(Operation::new(
        "get",
        ONE,
        "getTakedown",
        "Get a request to remove",
    ))
    .about("With what happened to it. The `ETag` is the revision; it is sent back as `If-Match`.")
    .data::<TakedownWithTimeline>(200, "The request.")
}

fn change() -> Operation {
    changes(Operation::new("patch", ONE, "changeTakedown", "Change a request to remove"))
        .about(
            "Facts, law or way, while it was not sent. The approval it had does not hold any more. `If-Match` must name \
             the `ETag` of the request.",
        )
        .header("If-Match", "The `ETag` of the request.")
        .takes::<TakedownPatch>()
        .data::<TakedownWithTimeline>(200, "The request after the change.")
        .refuses(403, &["NOT_YOURS_TO_ASK"])
        .refuses(404, &["MATCH_NOT_FOUND"])
        .refuses(409, &["UNDER_18"])
        .refuses(412, &["VERSION_CONFLICT"])
        .refuses(428, &["PRECONDITION_REQUIRED"])
}

fn text() -> Operation {
    let path = "/api/v1/takedowns/{id}/text";
    one(Operation::new(
        "get",
        path,
        "getTakedownText",
        "Get the exact text of a request",
    ))
    .about("What is sent, byte for byte, with the statements that she ticks one by one.")
    .data::<TakedownText>(200, "The text she approved, or the one to be approved.")
    .refuses(400, &["VALIDATION_ERROR"])
}

fn mails() -> Operation {
    let path = "/api/v1/takedowns/{id}/mails";
    one(Operation::new(
        "get",
        path,
        "listTakedownMails",
        "List mails about a request",
    ))
    .about(
        "What came to the request's own address, the first first, each with a sentence and without its text. Only a mail \
         that is provably of the recipient changes a request; others are there as unverified.",
    )
    .data_list::<TakedownMail>("The mails.")
}

fn mail() -> Operation {
    let path = "/api/v1/takedowns/{id}/mails/{mail}";
    one(Operation::new(
        "get",
        path,
        "getTakedownMail",
        "Get the text of a mail about a request",
    ))
    .part(
        "mail",
        "The mail's `id`.",
        json!({ "type": "string", "minLength": 1 }),
    )
    .about("Plain text, as somebody else wrote it. Attachments and pictures are not kept, and links are not safe.")
    .data::<TakedownMailText>(200, "The mail.")
    .refuses(404, &["MAIL_NOT_FOUND"])
}

fn approve() -> Operation {
    let path = "/api/v1/takedowns/{id}/approve";
    changes(Operation::new("post", path, "approveTakedown", "Approve the text of a request"))
        .about(
            "By the hash of the text that was read, her typed name and the statements she ticked. A mail is queued then, \
             or kept back until `sendAfter`; a form is handed over to her with the answers in its order.",
        )
        .recent()
        .takes::<TakedownApproval>()
        .data::<TakedownWithTimeline>(200, "The approved request.")
        .refuses(400, &["MISSING_FIELDS"])
        .refuses(403, &["PUBLIC_INTEREST", "SENDING_CLOSED"])
        .refuses(
            409,
            &["TEXT_CHANGED", "CHECK_ADDRESS_FIRST", "OBJECTION_OPEN"],
        )
}

fn submit() -> Operation {
    let path = "/api/v1/takedowns/{id}/submit";
    changes(Operation::new(
        "post",
        path,
        "submitTakedown",
        "Note that a request was sent by her",
    ))
    .about("For what is handed over to her. The recipient's time begins by her word.")
    .takes::<Submission>()
    .data::<TakedownWithTimeline>(200, "The request.")
}

fn answer() -> Operation {
    let path = "/api/v1/takedowns/{id}/answer";
    changes(Operation::new("post", path, "answerTakedown", "Note what the recipient answered"))
        .about("That something was removed is looked at, and counts when two looks six hours apart find it gone.")
        .takes::<RecipientAnswer>()
        .data::<TakedownWithTimeline>(200, "The request.")
}

fn recheck() -> Operation {
    let path = "/api/v1/takedowns/{id}/recheck";
    one(Operation::new(
        "post",
        path,
        "recheckTakedown",
        "Look again whether it is still there",
    ))
    .about("A look follows within moments; `lastLook` says what it saw. Once an hour for each request.")
    .data::<TakedownWithTimeline>(200, "The request.")
    .refuses(409, &["WRONG_STATE"])
    .refuses(429, &["TOO_MANY_WRITES", "LOOKED_LATELY"])
}

fn withdraw() -> Operation {
    let path = "/api/v1/takedowns/{id}/withdraw";
    one(Operation::new(
        "post",
        path,
        "withdrawTakedown",
        "Withdraw a request to remove",
    ))
    .about(
        "At once before it was sent; after that a text which takes it back waits for her approval.",
    )
    .data::<TakedownWithTimeline>(200, "The request.")
    .refuses(404, &["ACCOUNT_NOT_FOUND"])
    .refuses(409, &["WRONG_STATE"])
    .refuses(429, &["TOO_MANY_WRITES"])
}

fn escalate() -> Operation {
    let path = "/api/v1/takedowns/{id}/escalate";
    changes(Operation::new("post", path, "escalateTakedown", "Take a next step with a request"))
        .about("`FOLLOW_UP` drafts a text to the same recipient, `RECIPIENT` a request to another with the same facts.")
        .takes::<Escalation>()
        .data::<TakedownWithTimeline>(200, "The request that was drafted.")
        .refuses(403, &["NOT_YOURS_TO_ASK", "SENDING_CLOSED"])
        .refuses(404, &["MATCH_NOT_FOUND"])
        .refuses(409, &["UNDER_18", "TOO_MANY_TAKEDOWNS", "OBJECTION_UPHELD"])
        .refuses(429, &["TOO_MANY_TAKEDOWNS"])
}

fn objection_page() -> Operation {
    Operation::new(
        "get",
        "/api/v1/objections",
        "objectionPage",
        "Show the page on which a recipient objects",
    )
    .about("Its address stands in the text of each request. The form posts to the same address and is answered with a page.")
    .open()
    .query("reference", "The reference of a request, to be filled in.", json!({ "type": "string" }))
    .text("text/html", "A page with a form, whatever the reference.")
}

fn object() -> Operation {
    let it = Operation::new(
        "post",
        "/api/v1/objections",
        "objectToTakedown",
        "Object to a request to remove",
    );
    has_body(it.open())
        .about(
            "For whoever got a request and thinks that it is wrong: the reference is in its text. The answer is the same \
             for every reference. A request that it means is paused until two reviewers have decided. Five an hour from \
             one network.",
        )
        .takes::<NewObjection>()
        .data::<ObjectionReceived>(202, "The objection was taken.")
        .refuses(429, &["TOO_MANY_WRITES"])
}

fn one(it: Operation) -> Operation {
    it.any_id()
        .refuses(404, &["TAKEDOWN_NOT_FOUND", "ACCOUNT_NOT_FOUND"])
}

fn changes(it: Operation) -> Operation {
    has_body(one(it))
        .refuses(409, &["WRONG_STATE"])
        .refuses(429, &["TOO_MANY_WRITES"])
}

fn has_body(it: Operation) -> Operation {
    it.refuses(400, &["VALIDATION_ERROR", "INVALID_JSON"])
        .refuses(413, &["FST_ERR_CTP_BODY_TOO_LARGE"])
}
