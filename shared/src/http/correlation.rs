//! Correlation id of a request: `x-correlation-id` or the gateway's request id.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;
use uuid::Uuid;

use crate::correlation::Correlation;

/// The header by which a caller sends a correlation id, and is told it.
const CORRELATION: HeaderName = HeaderName::from_static("x-correlation-id");

/// Sets out.
pub(super) fn of(parts: &Parts) -> Correlation {
    let asked = parts.headers.get(CORRELATION);
    let asked = asked.and_then(|it| it.to_str().ok());
    let gateways = match parts.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(it)) => it.request_id.as_deref(),
        _ => None,
    };
    let names = [asked, gateways].into_iter().flatten();
    let name = names.into_iter().find(|it| Correlation::is_sane(it));
    let lambda = parts.lambda_context_ref();
    Correlation {
        id: name.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned),
        trace: lambda.and_then(|it| it.xray_trace_id.clone()),
    }
}

/// Tells the caller the correlation id.
pub(super) fn mark(name: &str, reply: &mut HeaderMap) {
    if let Ok(name) = HeaderValue::from_str(name) {
        reply.insert(CORRELATION, name);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named(header: Option<&str>, request_id: Option<&str>) -> String {
        let headers = header.map_or_else(|| json!({}), |it| json!({ "x-correlation-id": it }));
        let http = json!({ "method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7", "userAgent": "" });
        let event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "", "headers": headers,
            "requestContext": { "requestId": request_id, "http": http, "timeEpoch": 0 }, "isBase64Encoded": false,
        });
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        of(&request.into_parts().0).id
    }

    #[test]
    fn a_sane_name_is_taken_over_and_another_is_not() {
        assert_eq!(named(Some("mine-1"), Some("Q5a")), "mine-1");
        assert_eq!(named(Some("not mine"), Some("Q5a")), "Q5a");
        assert_eq!(named(None, Some("Q5a")), "Q5a");
        assert!(Uuid::parse_str(&named(None, None)).is_ok());
    }
}
