//! The whole document.

use serde_json::{Map, Value, json};
use vara::domain::Pagination;
use vara::http::Issue;

use crate::parts::{SharedParts, headers};
use crate::routes::groups;
use crate::schemas::shape;

const ABOUT: &str = "\
The API of Vara, which searches the web for copies of a user's images and for breaches and impersonations of her accounts, and alerts her.

A success is `{\"data\": …}`, for lists with `meta.pagination`; an error is `{\"error\": {\"code\", \"message\"}}`. \
`code` is for programs and does not change; `message` is a sentence for the user. Every field of an object is present; a field without a value is null. \
New fields may be added. Times are UTC with milliseconds; an empty body counts as `{}`.

The routes below `/auth/v1` differ: they have the form of the sign-in library.";

const TOKEN: &str = "An access token of a session, valid for an hour. Without a valid one the error code is `AUTH_MISSING_TOKEN`, `AUTH_TOKEN_EXPIRED` or `AUTH_INVALID_TOKEN`.";

/// The document.
#[must_use]
pub fn document() -> Value {
    let mut parts = SharedParts::default();
    for shape in [shape::<Pagination>(), shape::<Issue>()] {
        parts.schemas.answer(shape);
    }
    let (mut tags, mut paths) = (Vec::new(), Map::new());
    for group in groups() {
        tags.push(json!({ "name": group.name, "description": group.about }));
        for operation in group.operations {
            let (path, method) = (operation.path, operation.method);
            let published = operation.publish(group.name, &mut parts);
            let here = paths.entry(path).or_insert_with(|| json!({}));
            here[method] = published;
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Vara",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": tags,
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": TOKEN },
            },
            "parameters": parameters(),
            "headers": named_headers(),
            "responses": responses(parts.refusals),
            "schemas": parts.schemas.publish(),
        },
    })
}

/// Refusals, and the answer to whoever has it already.
fn responses(mut refusals: Map<String, Value>) -> Map<String, Value> {
    let same = json!({ "description": "Not modified: `If-None-Match` names the current `ETag`.", "headers": headers(&["ETag"]) });
    refusals.insert("304".to_owned(), same);
    refusals
}

fn parameters() -> Value {
    json!({
        "IfNoneMatch": {
            "name": "If-None-Match", "in": "header",
            "description": "The `ETag` of an earlier answer. If nothing has changed, the answer is 304 without a body.",
            "schema": { "type": "string" },
        },
        "IdempotencyKey": {
            "name": "Idempotency-Key", "in": "header",
            "description": "A key the caller chooses for one request. A request repeated with the same key within a day is not carried out again and gets the first answer.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]{1,255}$" },
        },
    })
}

fn named_headers() -> Value {
    let number = |about: &str| json!({ "description": about, "schema": { "type": "integer", "minimum": 0 } });
    let text = |about: &str| json!({ "description": about, "schema": { "type": "string" } });
    json!({
        "X-RateLimit-Limit": number("Calls allowed in a minute. Absent if they could not be counted."),
        "X-RateLimit-Remaining": number("Calls left in this minute."),
        "X-RateLimit-Reset": number("Seconds until the next minute begins."),
        "X-Correlation-Id": text("The id under which the logs have this call."),
        "Retry-After": number("Seconds to wait."),
        "ETag": text("The version of this content, for `If-None-Match`."),
        "Idempotency-Replayed": text("`true` if this is the answer to an earlier request with the same `Idempotency-Key`."),
        "Location": { "description": "The address of the redirect.", "schema": { "type": "string", "format": "uri" } },
        "X-Supabase-Api-Version": text("The version of the sign-in library's interface."),
        "X-Sb-Error-Code": text("The error code."),
    })
}
