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
            "How the proxy stands",
        )
        .open()
        .plain::<ProxyHealth>(200, "A number about nobody."),
        Operation::new(
            "post",
            "/api/v1/proxy/tokens",
            "createProxyToken",
            "An address for one picture of hers",
        )
        .about("Good for two to five minutes; anybody can fetch the picture under it.")
        .takes::<ProxyRequest>()
        .data::<ProxyLink>(201, "The address.")
        .refuses(404, &["IMAGE_NOT_FOUND"]),
        Operation::new(
            "get",
            PICTURE,
            "getProxiedImage",
            "The picture behind an address",
        )
        .open()
        .part("token", "From the address.", token())
        .bytes("image/jpeg", "The picture.")
        .plain_of::<PlainError>(
            404,
            "There is none, or not any more. Not in the envelope.",
            or_no_address,
        )
        .plain::<PlainError>(500, "Our own mistake. Not in the envelope.")
        .plain::<PlainError>(503, "Not now. Not in the envelope."),
        Operation::new(
            "options",
            PICTURE,
            "askAboutProxiedImage",
            "What may be done there",
        )
        .open()
        .part("token", "From the address.", token())
        .nothing(204, "Any page may read it."),
    ]
}

fn token() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

/// What cannot be a token is no address at all, which is answered as everywhere.
fn or_no_address(plain: Value) -> Value {
    json!({ "oneOf": [plain, envelope(&["NOT_FOUND"])] })
}
