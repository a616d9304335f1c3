//! The whole document.

use serde_json::{Map, Value, json};
use vara::domain::Pagination;
use vara::http::Issue;

use crate::parts::{Parts, headers};
use crate::routes::groups;
use crate::schemas::shape;

const ABOUT: &str = "\
The API of Vara, which watches over her pictures, addresses and names and tells her calmly.

Every answer is `{\"data\": …}`, of lists with `meta.pagination`; every refusal is `{\"error\": {\"code\", \"message\"}}`. \
`code` is for programs and stays; `message` is a sentence for her. What an object can have is always named; what it has not is null. \
More fields may come. Moments are UTC with milliseconds; an empty body counts as `{}`.

Only the routes below `/auth/v1` speak otherwise: those are the sign-in library's.";

const TOKEN: &str = "An access token of a sign-in, good for an hour. A refusal says `AUTH_MISSING_TOKEN`, `AUTH_TOKEN_EXPIRED` or `AUTH_INVALID_TOKEN`.";

/// The document.
#[must_use]
pub fn document() -> Value {
    let mut parts = Parts::default();
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
    let same = json!({ "description": "It is what `If-None-Match` names.", "headers": headers(&["ETag"]) });
    refusals.insert("304".to_owned(), same);
    refusals
}

fn parameters() -> Value {
    json!({
        "IfNoneMatch": {
            "name": "If-None-Match", "in": "header",
            "description": "The `ETag` of an answer that is there already; if nothing has changed it is not sent again.",
            "schema": { "type": "string" },
        },
        "IdempotencyKey": {
            "name": "Idempotency-Key", "in": "header",
            "description": "Chosen by the caller for one thing to be done. Sent again with the same key within a day, it is not done again, and answered as it was the first time.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]{1,255}$" },
        },
    })
}

fn named_headers() -> Value {
    let number = |about: &str| json!({ "description": about, "schema": { "type": "integer", "minimum": 0 } });
    let text = |about: &str| json!({ "description": about, "schema": { "type": "string" } });
    json!({
        "X-RateLimit-Limit": number("How many calls a minute may have. Absent where nobody could count."),
        "X-RateLimit-Remaining": number("How many of them are left."),
        "X-RateLimit-Reset": number("Seconds until the next minute begins."),
        "X-Correlation-Id": text("The name under which the call is found in the logs."),
        "Retry-After": number("Seconds to wait."),
        "ETag": text("The mark of this content, for `If-None-Match`."),
        "Idempotency-Replayed": text("`true` if this was answered before."),
        "Location": { "description": "Where to.", "schema": { "type": "string", "format": "uri" } },
        "X-Supabase-Api-Version": text("The version of the sign-in library's interface."),
        "X-Sb-Error-Code": text("The code of the refusal."),
    })
}
