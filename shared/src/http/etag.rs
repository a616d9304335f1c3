//! `ETag` of answers, and `If-None-Match`.
//!
//! Answers stay `no-store`: what is hers shall not lie in the cache of a device others use. The mark is
//! for clients that keep an answer themselves while they ask again and again. A handler whose thing has a
//! revision marks the answer itself, so that the mark can be sent back as `If-Match`.

use aws_lc_rs::digest;
use axum::body::{Body, to_bytes};
use axum::http::response::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::ApiError;
use crate::domain::Error;

/// Marks the answer to a read, and leaves its body out if the caller has it.
pub(super) async fn tag(method: &Method, request: &HeaderMap, reply: Response) -> Response {
    if method != Method::GET || reply.status() != StatusCode::OK || !is_json(reply.headers()) {
        return reply;
    }
    if let Some(own) = reply.headers().get(header::ETAG) {
        return match own.to_str().is_ok_and(|it| has(request, it)) {
            true => without_body(reply.into_parts().0),
            false => reply,
        };
    }
    let (mut parts, body) = reply.into_parts();
    // It was made whole in memory; there is no larger one.
    let body = match to_bytes(body, usize::MAX).await {
        Ok(body) => body,
        Err(err) => return ApiError(Error::bug("reading an answer", err)).into_response(),
    };
    let hash = digest::digest(&digest::SHA256, &body);
    let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]));
    let Ok(value) = HeaderValue::from_str(&tag) else {
        return Response::from_parts(parts, Body::from(body));
    };
    parts.headers.insert(header::ETAG, value);
    if !has(request, &tag) {
        return Response::from_parts(parts, Body::from(body));
    }
    without_body(parts)
}

fn without_body(mut parts: Parts) -> Response {
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::empty())
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.and_then(|it| it.to_str().ok())
        .is_some_and(|it| it.starts_with("application/json"))
}

/// Whether the caller names this mark among those she has (RFC 9110, 13.1.2: compared weakly).
fn has(request: &HeaderMap, tag: &str) -> bool {
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|it| it.to_str().ok())
        .flat_map(|it| it.split(','))
        .map(str::trim)
        .any(|it| it == "*" || it.strip_prefix("W/").unwrap_or(it) == tag)
}

#[cfg(test)]
mod tests {
    use axum::Json;
    use serde_json::json;

    use super::*;

    async fn answer(method: Method, had: &str, reply: Response) -> (u16, String, usize) {
        let mut request = HeaderMap::new();
        request.insert(header::IF_NONE_MATCH, had.parse().unwrap());
        let reply = tag(&method, &request, reply).await;
        let mark = reply.headers().get(header::ETAG);
        let mark = mark.map_or("", |it| it.to_str().unwrap()).to_owned();
        let status = reply.status().as_u16();
        let body = to_bytes(reply.into_body(), 1000).await.unwrap();
        (status, mark, body.len())
    }

    fn json_reply(it: u32) -> Response {
        Json(json!({ "data": it })).into_response()
    }

    #[tokio::test]
    async fn the_same_is_not_sent_again_and_another_is() {
        let (status, mark, length) = answer(Method::GET, "\"x\"", json_reply(1)).await;
        assert_eq!((status, length), (200, 10));
        assert!(mark.starts_with('"') && mark.len() == 24, "{mark}");
        for had in [
            mark.clone(),
            format!("W/{mark}"),
            format!("\"x\", {mark}"),
            "*".into(),
        ] {
            let again = answer(Method::GET, &had, json_reply(1)).await;
            assert_eq!(again, (304, mark.clone(), 0), "{had}");
        }
        let (status, other, _) = answer(Method::GET, &mark, json_reply(2)).await;
        assert_eq!(status, 200);
        assert_ne!(other, mark);
    }

    #[tokio::test]
    async fn only_successful_reads_of_json_are_marked() {
        let refused = (StatusCode::NOT_FOUND, Json(json!({}))).into_response();
        assert_eq!(answer(Method::GET, "*", refused).await.0, 404);
        assert_eq!(answer(Method::POST, "*", json_reply(1)).await.0, 200);
        let bytes = answer(Method::GET, "*", "bytes".into_response()).await;
        assert_eq!(bytes, (200, String::new(), 5));
    }
}
