//! `/api/v1/proxy`.

use api_proxy::{PlainError, ProxyHealth, ProxyRequest};
use serde_json::{Value, json};
use vara::services::pictures::proxy::ProxyLink;

use crate::operation::Operation;
use crate::parts::envelope;

const PICTURE: &str = "/api/v1/proxy/images/{token}";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            "get",
            "/api/v1/proxy/health",
            "proxyHealth",
            "Get the state of the proxy",
        )
        .open()
        .plain::<ProxyHealth>(
            200,
            "The number of active addresses, without personal data.",
        ),
        Operation::new(
            "post",
            "/api/v1/proxy/tokens",
            "createProxyToken",
            "Create a public address of an image",
        )
        .about("Valid for two to five minutes. Anybody who has the address can fetch the image.")
        .takes::<ProxyRequest>()
        .data::<ProxyLink>(201, "The address.")
        .refuses(404, &["IMAGE_NOT_FOUND"]),
        Operation::new(
            "get",
            PICTURE,
            "getProxiedImage",
            "Download the image at a public address",
        )
        .open()
        .part("token", "The token of the address.", token())
        .bytes("image/jpeg", "The image.")
        .plain_of::<PlainError>(
            404,
            "There is no image at this address, or it has expired. Not in the envelope.",
            or_no_address,
        )
        .plain::<PlainError>(500, "An error of the server. Not in the envelope.")
        .plain::<PlainError>(503, "Temporarily unavailable. Not in the envelope."),
        Operation::new(
            "options",
            PICTURE,
            "askAboutProxiedImage",
            "Answer a CORS preflight for a public address",
        )
        .open()
        .part("token", "The token of the address.", token())
        .nothing(204, "Any origin may read the image."),
    ]
}

fn token() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

/// What cannot be a token is no address at all, which is answered as everywhere.
fn or_no_address(plain: Value) -> Value {
    json!({ "oneOf": [plain, envelope(&["NOT_FOUND"])] })
}
