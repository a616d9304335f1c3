//! `/api/v1/images` and `/api/v1/matches`.

use serde_json::{Value, json};
use vara::domain::Match;
use vara::services::notices::matches::{ConfirmedMatch, MatchView};
use vara::services::pictures::image_addresses::ImageView;
use vara::services::pictures::images::TicketView;

use crate::operation::Operation;

const MISSING: &[&str] = &["IMAGE_NOT_FOUND"];

pub(super) fn operations() -> Vec<Operation> {
    let mut all = pictures();
    all.extend(findings());
    all
}

fn pictures() -> Vec<Operation> {
    let filter = json!({ "type": "string", "enum": ["all", "scanned", "not_scanned", "archived"], "default": "all" });
    vec![
        Operation::new("get", "/api/v1/images", "listImages", "Her pictures")
            .query("filter", "All that are not put away, or some of them.", filter)
            .page::<ImageView>("The newest first."),
        Operation::new("post", "/api/v1/images/upload", "uploadImage", "Send a picture")
            .about("One file of up to 10 MB (10,485,760 bytes with the form around it). JPEG, PNG or WebP by its bytes. It is searched for by itself. A body over 4,400,000 bytes is stored before it is looked at: a file that is refused then shows in `rejectedReason` of the picture, and who may not upload is answered 403 with the code that a smaller body gets with 401, 406, 409 or 429.")
            .takes_form("multipart/form-data", true, form())
            .data::<ImageView>(201, "The picture, whose intake goes on; `signedUrl` can be shown already.")
            .refuses(400, &["NO_FILE_PROVIDED", "INVALID_FILE_TYPE", "REQUEST_ERROR"])
            .refuses(403, &["AUTH_MISSING_TOKEN", "AUTH_TOKEN_EXPIRED", "AUTH_INVALID_TOKEN", "FST_INVALID_MULTIPART_CONTENT_TYPE", "IMAGE_LIMIT_REACHED", "REQUEST_ERROR"])
            .refuses(406, &["FST_INVALID_MULTIPART_CONTENT_TYPE"])
            .refuses(409, &["IMAGE_LIMIT_REACHED"])
            .refuses(413, &["FST_REQ_FILE_TOO_LARGE", "FST_FILES_LIMIT"])
            .refuses(500, &["STORAGE_ERROR"])
            .refuses(503, &["STORAGE_ERROR"]),
        Operation::new("post", "/api/v1/images/tickets", "createTicket", "A ticket to send a large picture")
            .about("POST `upload.fields` and then the file, as `file`, to `upload.url`; up to 25 MB.")
            .data::<TicketView>(201, "The ticket and the picture it is for.")
            .refuses(409, &["IMAGE_LIMIT_REACHED"]),
        Operation::new("get", "/api/v1/images/{id}", "getImage", "One picture")
            .id()
            .data::<ImageView>(200, "The picture.")
            .refuses(404, MISSING),
        Operation::new("delete", "/api/v1/images/{id}", "deleteImage", "Put a picture away")
            .about("It is purged after seven days; one that is put away already goes for good.")
            .id()
            .nothing(204, "It is put away.")
            .refuses(404, MISSING),
        Operation::new("get", "/api/v1/images/{id}/file", "getImageFile", "A picture's bytes")
            .about("`signedUrl` of a picture is such an address; its signature stands for the caller. A picture that is still being taken in is waited for, up to 12 seconds. Of `size` `gallery`, which lists have, an `<img>` (`Sec-Fetch-Dest: image`) gets the copy of at most 512 px, and everything else, such as a tab of its own, the one of at most 2048 px.")
            .open()
            .id()
            .demands("user", "Whose.", json!({ "type": "string", "format": "uuid" }))
            .demands("size", "Which copy.", json!({ "type": "string", "enum": ["display", "thumb", "gallery"] }))
            .query("session", "The sign-in it was given to; it ends with that.", json!({ "type": "string", "format": "uuid" }))
            .demands("expires", "Until when, in seconds since 1970.", json!({ "type": "integer", "format": "int64" }))
            .demands("signature", "That it was made by us.", json!({ "type": "string" }))
            .bytes("image/jpeg", "The picture.")
            .refuses(403, &["URL_EXPIRED"])
            .refuses(404, MISSING)
            .refuses(503, &["IMAGE_NOT_READY"]),
    ]
}

fn form() -> Value {
    let file = json!({ "type": "string", "format": "binary", "description": "The picture; the only part with a file name." });
    json!({ "type": "object", "required": ["file"], "properties": { "file": file } })
}

fn findings() -> Vec<Operation> {
    let judged = |it: Operation| {
        it.id()
            .refuses(400, &["MATCH_INVALID_STATUS"])
            .refuses(404, &["MATCH_NOT_FOUND"])
            .refuses(409, &["MATCH_ALREADY_REVIEWED"])
    };
    vec![
        Operation::new(
            "get",
            "/api/v1/images/{id}/matches",
            "listImageMatches",
            "Where a picture was found",
        )
        .id()
        .page::<Match>("The newest first.")
        .refuses(404, MISSING),
        Operation::new(
            "get",
            "/api/v1/matches/flagged",
            "listFlagged",
            "Findings that wait for her word",
        )
        .page::<MatchView>("The newest first."),
        judged(Operation::new(
            "post",
            "/api/v1/matches/{id}/confirm",
            "confirmMatch",
            "It is her",
        ))
        .data::<ConfirmedMatch>(200, "The finding, and the alert about it."),
        judged(Operation::new(
            "post",
            "/api/v1/matches/{id}/dismiss",
            "dismissMatch",
            "It is not her",
        ))
        .about("She hears no more of it, however often it is found again.")
        .data::<MatchView>(200, "The finding."),
    ]
}
