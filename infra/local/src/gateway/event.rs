//! HTTP to event and back, in payload format 2.0 of HTTP APIs.

use std::{collections::BTreeMap, net::SocketAddr};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode,
    header::{
        CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, SET_COOKIE, TRANSFER_ENCODING,
        USER_AGENT,
    },
    request::Parts,
};
use serde_json::{Map, Value, json};
use time::{OffsetDateTime, macros::format_description};

use super::routes::RouteMatch;
use crate::{lambda::runtime_api::trace_id, template::names};

/// What identifies a request to the function and in the answer.
pub(crate) struct EventContext<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) peer: SocketAddr,
    pub(crate) port: u16,
}

/// Builds the event of a request.
pub(crate) fn event(
    parts: &Parts,
    body: &Bytes,
    route: &RouteMatch<'_>,
    context: &EventContext<'_>,
) -> Value {
    let path = decode(parts.uri.path(), false);
    let query = parts.uri.query().unwrap_or_default();
    let address = context.peer.ip().to_string();
    let mut headers = headers(&parts.headers);
    let forwarded = match headers.get("x-forwarded-for") {
        Some(before) => format!("{before}, {address}"),
        None => address.clone(),
    };
    headers.insert("x-forwarded-for".to_owned(), forwarded);
    headers.insert("x-forwarded-port".to_owned(), context.port.to_string());
    headers.insert("x-forwarded-proto".to_owned(), "http".to_owned());
    headers.insert("x-amzn-trace-id".to_owned(), trace_id());
    if !body.is_empty() {
        headers.insert("content-length".to_owned(), body.len().to_string());
    }
    let mut event = json!({
        "version": "2.0",
        "routeKey": route.key,
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": request_context(parts, &path, route, context),
        "isBase64Encoded": false,
    });
    if !query.is_empty() {
        event["queryStringParameters"] = json!(query_parameters(query));
    }
    if !route.parameters.is_empty() {
        event["pathParameters"] = json!(route.parameters);
    }
    let cookies = cookies(&parts.headers);
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    put_body(&mut event, body, &text(parts, CONTENT_TYPE));
    event
}

fn request_context(
    parts: &Parts,
    path: &str,
    route: &RouteMatch<'_>,
    context: &EventContext<'_>,
) -> Value {
    let now = OffsetDateTime::now_utc();
    let host = text(parts, HOST);
    json!({
        "accountId": names::ACCOUNT,
        "apiId": "local",
        "domainName": host.split(':').next().unwrap_or_default(),
        "domainPrefix": host.split(['.', ':']).next().unwrap_or_default(),
        "http": {
            "method": parts.method.as_str(),
            "path": path,
            "protocol": format!("{:?}", parts.version),
            "sourceIp": context.peer.ip().to_string(),
            "userAgent": text(parts, USER_AGENT),
        },
        "requestId": context.request_id,
        "routeKey": route.key,
        "stage": "$default",
        "time": clock(now),
        "timeEpoch": u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or(0),
    })
}

pub(super) fn text(parts: &Parts, name: HeaderName) -> String {
    parts.headers.get(name).map(header_text).unwrap_or_default()
}

/// Text goes as text, everything else in base64.
fn put_body(event: &mut Value, body: &Bytes, content_type: &str) {
    if body.is_empty() {
        return;
    }
    let text = std::str::from_utf8(body)
        .ok()
        .filter(|_| is_text(content_type));
    match text {
        Some(text) => event["body"] = json!(text),
        None => {
            event["body"] = json!(STANDARD.encode(body));
            event["isBase64Encoded"] = json!(true);
        }
    }
}

fn is_text(content_type: &str) -> bool {
    let kind = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    kind.starts_with("text/")
        || matches!(
            kind.as_str(),
            "application/json"
                | "application/javascript"
                | "application/xml"
                | "application/x-www-form-urlencoded"
        )
}

/// Names are lower case already; several values of one name are joined.
pub(super) fn headers(map: &HeaderMap) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::<String, String>::new();
    let kept = map
        .iter()
        .filter(|(name, _)| ![COOKIE, CONNECTION, TRANSFER_ENCODING].contains(name));
    for (name, value) in kept {
        let value = header_text(value);
        headers
            .entry(name.as_str().to_owned())
            .and_modify(|before| {
                before.push(',');
                before.push_str(&value);
            })
            .or_insert(value);
    }
    headers
}

fn header_text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

fn cookies(map: &HeaderMap) -> Vec<String> {
    map.get_all(COOKIE)
        .iter()
        .map(header_text)
        .flat_map(|value| {
            value
                .split(';')
                .map(|cookie| cookie.trim().to_owned())
                .filter(|cookie| !cookie.is_empty())
                .collect::<Vec<_>>()
        })
        .collect()
}

pub(super) fn query_parameters(query: &str) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::<String, String>::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name, true), decode(value, true));
        parameters
            .entry(name)
            .and_modify(|before| {
                before.push(',');
                before.push_str(&value);
            })
            .or_insert(value);
    }
    parameters
}

/// Undoes percent encoding; in queries a plus is a space.
pub(crate) fn decode(text: &str, form: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        match (byte, after) {
            (b'%', [high, low, beyond @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = beyond;
                }
                _ => bytes.push(b'%'),
            },
            (b'+', _) if form => bytes.push(b' '),
            (other, _) => bytes.push(*other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// `12/Mar/2020:19:03:58 +0000`, the time of access logs.
fn clock(now: OffsetDateTime) -> String {
    now.format(format_description!(
        "[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000"
    ))
    .unwrap_or_default()
}

/// Why a function's answer cannot be passed on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadAnswer(pub(crate) &'static str);

/// Builds the response from a function's answer.
pub(crate) fn response(answer: &Bytes) -> Result<Response<Bytes>, BadAnswer> {
    let answer: Value =
        serde_json::from_slice(answer).map_err(|_| BadAnswer("the answer is not JSON"))?;
    let Some(map) = answer
        .as_object()
        .filter(|map| map.contains_key("statusCode"))
    else {
        // Format 2.0 takes any JSON as the body of a good answer.
        return built(
            StatusCode::OK,
            &[json_type()],
            Bytes::from(answer.to_string()),
        );
    };
    let status = map["statusCode"]
        .as_u64()
        .or_else(|| map["statusCode"].as_str()?.parse().ok())
        .and_then(|status| u16::try_from(status).ok())
        .and_then(|status| StatusCode::from_u16(status).ok())
        .ok_or(BadAnswer("the status is not one"))?;
    built(status, &answer_headers(map)?, answer_body(map)?)
}

fn json_type() -> (HeaderName, HeaderValue) {
    (CONTENT_TYPE, HeaderValue::from_static("application/json"))
}

fn answer_headers(map: &Map<String, Value>) -> Result<Vec<(HeaderName, HeaderValue)>, BadAnswer> {
    let mut headers = Vec::new();
    let bad = || BadAnswer("a header cannot be sent");
    for (name, value) in map
        .get("headers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let name: HeaderName = name.parse().map_err(|_| bad())?;
        // The connection is the gateway's.
        if [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(&name) {
            continue;
        }
        headers.push((name, HeaderValue::from_str(&text).map_err(|_| bad())?));
    }
    for cookie in map
        .get("cookies")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let text = cookie.as_str().ok_or_else(bad)?;
        headers.push((SET_COOKIE, HeaderValue::from_str(text).map_err(|_| bad())?));
    }
    if map.contains_key("body") && headers.iter().all(|(name, _)| name != CONTENT_TYPE) {
        // What HTTP APIs say of a body nobody described.
        headers.push((
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain;charset=UTF-8"),
        ));
    }
    Ok(headers)
}

fn answer_body(map: &Map<String, Value>) -> Result<Bytes, BadAnswer> {
    match map.get("body") {
        None | Some(Value::Null) => Ok(Bytes::new()),
        Some(Value::String(text)) if map.get("isBase64Encoded") == Some(&Value::Bool(true)) => {
            STANDARD
                .decode(text)
                .map(Bytes::from)
                .map_err(|_| BadAnswer("the body is not base64"))
        }
        Some(Value::String(text)) => Ok(Bytes::from(text.clone())),
        Some(_) => Err(BadAnswer("the body is not text")),
    }
}

fn built(
    status: StatusCode,
    headers: &[(HeaderName, HeaderValue)],
    body: Bytes,
) -> Result<Response<Bytes>, BadAnswer> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    for (name, value) in headers {
        response.headers_mut().append(name, value.clone());
    }
    Ok(response)
}

#[cfg(test)]
mod tests;
