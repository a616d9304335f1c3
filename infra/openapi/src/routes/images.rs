//! `/api/v1/images` and `/api/v1/matches`.

use serde_json::{Value, json};
use vara::services::notices::matches::{ConfirmedMatch, MatchView};
use vara::services::pictures::image_addresses::ImageView;
use vara::services::pictures::images::{ImageMatch, TicketView};

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
        Operation::new("get", "/api/v1/images", "listImages", "List images")
            .query("filter", "`all` that are not archived, or those of one state.", filter)
            .page::<ImageView>("A page of images, newest first."),
        Operation::new("post", "/api/v1/images/upload", "uploadImage", "Upload an image")
            .about("One file of up to 10 MB (10,485,760 bytes with the form around it). JPEG, PNG or WebP by its bytes. The first scan starts by itself. A body over 4,400,000 bytes is stored before it is read: a file that is refused then has a `rejectedReason`, and a caller who may not upload is answered 403 with the code that a smaller body gets with 401, 406, 409 or 429.")
            .takes_form("multipart/form-data", true, form())
            .data::<ImageView>(201, "The image. Its intake goes on in the background; `signedUrl` can be shown at once.")
            .refuses(400, &["NO_FILE_PROVIDED", "INVALID_FILE_TYPE", "REQUEST_ERROR"])
            .refuses(403, &["AUTH_MISSING_TOKEN", "AUTH_TOKEN_EXPIRED", "AUTH_INVALID_TOKEN", "FST_INVALID_MULTIPART_CONTENT_TYPE", "IMAGE_LIMIT_REACHED", "REQUEST_ERROR"])
            .refuses(406, &["FST_INVALID_MULTIPART_CONTENT_TYPE"])
            .refuses(409, &["IMAGE_LIMIT_REACHED"])
            .refuses(413, &["FST_REQ_FILE_TOO_LARGE", "FST_FILES_LIMIT"])
            .refuses(500, &["STORAGE_ERROR"])
            .refuses(503, &["STORAGE_ERROR"]),
        Operation::new("post", "/api/v1/images/tickets", "createTicket", "Create an upload ticket for a large image")
            .about("POST `upload.fields` and then the file, as `file`, to `upload.url`; up to 25 MB.")
            .data::<TicketView>(201, "The ticket, and the image it is for.")
            .refuses(409, &["IMAGE_LIMIT_REACHED"]),
        Operation::new("get", "/api/v1/images/{id}", "getImage", "Get an image")
            .id()
            .data::<ImageView>(200, "The image.")
            .refuses(404, MISSING),
        Operation::new("delete", "/api/v1/images/{id}", "deleteImage", "Archive or delete an image")
            .about("An active image is archived and purged after seven days. An archived image is deleted at once.")
            .id()
            .nothing(204, "The image is archived or deleted.")
            .refuses(404, MISSING),
        Operation::new("get", "/api/v1/images/{id}/file", "getImageFile", "Download an image")
            .about("`signedUrl` of an image is such an address; its signature replaces the token. The call waits up to 12 seconds for an image whose intake is not finished. With the `size` `gallery`, which lists use, an `<img>` (`Sec-Fetch-Dest: image`) gets the copy of at most 512 px, and everything else, such as a tab, the copy of at most 2048 px.")
            .open()
            .id()
            .demands("user", "The id of the owner.", json!({ "type": "string", "format": "uuid" }))
            .demands("size", "The copy.", json!({ "type": "string", "enum": ["display", "thumb", "gallery"] }))
            .query("session", "The session the address was given to; the address ends with it.", json!({ "type": "string", "format": "uuid" }))
            .demands("expires", "When the address expires, in seconds since 1970.", json!({ "type": "integer", "format": "int64" }))
            .demands("signature", "The signature of the address.", json!({ "type": "string" }))
            .bytes("image/jpeg", "The image.")
            .refuses(403, &["URL_EXPIRED"])
            .refuses(404, MISSING)
            .refuses(503, &["IMAGE_NOT_READY"]),
    ]
}

fn form() -> Value {
    let file = json!({ "type": "string", "format": "binary", "description": "The image; the only part with a file name." });
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
            "List matches of an image",
        )
        .id()
        .page::<ImageMatch>("A page of matches, newest first.")
        .refuses(404, MISSING),
        Operation::new(
            "get",
            "/api/v1/matches/flagged",
            "listFlagged",
            "List matches flagged for review",
        )
        .page::<MatchView>("A page of flagged matches, newest first."),
        judged(Operation::new(
            "post",
            "/api/v1/matches/{id}/confirm",
            "confirmMatch",
            "Confirm a match",
        ))
        .data::<ConfirmedMatch>(200, "The match, and the alert about it."),
        judged(Operation::new(
            "post",
            "/api/v1/matches/{id}/dismiss",
            "dismissMatch",
            "Dismiss a match",
        ))
        .about("No alert follows, however often the picture is found again at this address.")
        .data::<MatchView>(200, "The match."),
    ]
}
