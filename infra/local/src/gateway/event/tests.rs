//! Payload format 2.0, field by field.

use bytes::Bytes;
use http::{HeaderMap, Request};
use serde_json::{Value, json};

use super::{BadAnswer, EventContext, event, response};
use crate::{gateway::routes::Routes, template};

fn made(request: http::request::Builder, body: &'static [u8]) -> Value {
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let routes = Routes::new(&[template::Route {
        key: "ANY /api/{proxy+}".to_owned(),
        function_arn: String::new(),
        timeout: std::time::Duration::from_secs(30),
    }]);
    let path = super::decode(parts.uri.path(), false);
    let route = routes.find(parts.method.as_str(), &path).unwrap();
    let context = EventContext {
        request_id: "id",
        peer: "10.0.0.7:5".parse().unwrap(),
        port: 4000,
    };
    event(&parts, &Bytes::from_static(body), &route, &context)
}

#[test]
fn a_request_becomes_an_event() {
    let request = Request::post("/api/a%20b/c?x=1&x=2&y=%26+z&empty")
        .header("Host", "localhost:4000")
        .header("User-Agent", "test")
        .header("X-Two", "a")
        .header("X-Two", "b")
        .header("Cookie", "a=1; b=2")
        .header("Content-Type", "application/json; charset=utf-8");
    let event = made(request, b"{}");
    assert_eq!(event["version"], "2.0");
    assert_eq!(event["routeKey"], "ANY /api/{proxy+}");
    assert_eq!(event["rawPath"], "/api/a b/c");
    assert_eq!(event["rawQueryString"], "x=1&x=2&y=%26+z&empty");
    assert_eq!(
        event["queryStringParameters"],
        json!({"x": "1,2", "y": "& z", "empty": ""})
    );
    assert_eq!(event["pathParameters"], json!({"proxy": "a b/c"}));
    assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
    assert_eq!(event["headers"]["x-two"], "a,b");
    assert_eq!(event["headers"]["x-forwarded-for"], "10.0.0.7");
    assert_eq!(event["headers"].get("cookie"), None);
    assert_eq!(event["body"], "{}");
    assert_eq!(event["isBase64Encoded"], false);
    let context = &event["requestContext"];
    assert_eq!(context["http"]["method"], "POST");
    assert_eq!(context["http"]["path"], "/api/a b/c");
    assert_eq!(context["http"]["protocol"], "HTTP/1.1");
    assert_eq!(context["http"]["sourceIp"], "10.0.0.7");
    assert_eq!(context["http"]["userAgent"], "test");
    assert_eq!(context["domainName"], "localhost");
    assert_eq!(context["stage"], "$default");
    assert_eq!(context["requestId"], "id");
    assert!(context["timeEpoch"].as_u64().unwrap() > 1_600_000_000_000);
    let time = context["time"].as_str().unwrap();
    assert_eq!((time.len(), &time[20..]), (26, " +0000"), "{time}");
}

#[test]
fn what_is_not_there_is_left_out() {
    let event = made(Request::get("/api/x"), b"");
    for absent in ["body", "cookies", "queryStringParameters"] {
        assert_eq!(event.get(absent), None, "{absent}");
    }
}

#[test]
fn only_text_goes_as_text() {
    for (kind, body, encoded) in [
        ("application/json", &b"{}"[..], false),
        ("text/html", b"x", false),
        ("application/x-www-form-urlencoded", b"a=b", false),
        ("application/xml", b"<a/>", false),
        ("application/json", b"\xff", true),
        ("image/png", b"x", true),
        ("multipart/form-data; boundary=x", b"x", true),
        ("", b"x", true),
    ] {
        let event = made(Request::post("/api/x").header("content-type", kind), body);
        assert_eq!(event["isBase64Encoded"], encoded, "{kind}");
    }
}

#[test]
fn broken_percent_encoding_stays() {
    assert_eq!(super::decode("a%2", false), "a%2");
    assert_eq!(super::decode("%zz%41+", false), "%zzA+");
    assert_eq!(super::decode("%C3%A4+", true), "ä ");
}

fn answered(answer: &Value) -> (u16, HeaderMap, Bytes) {
    let (parts, body) = response(&Bytes::from(answer.to_string()))
        .unwrap()
        .into_parts();
    (parts.status.as_u16(), parts.headers, body)
}

#[test]
fn an_answer_becomes_a_response() {
    let (status, headers, body) = answered(&json!({
        "statusCode": 201,
        "headers": {"Content-Type": "image/png", "X-A": "b", "content-length": "99"},
        "cookies": ["a=1; Path=/", "b=2"],
        "body": "AAE=",
        "isBase64Encoded": true,
    }));
    assert_eq!(status, 201);
    assert_eq!(headers["x-a"], "b");
    assert_eq!(headers["content-type"], "image/png");
    assert_eq!(headers.get("content-length"), None);
    assert_eq!(headers.get_all("set-cookie").iter().count(), 2);
    assert_eq!(&body[..], b"\x00\x01");
}

#[test]
fn an_answer_without_a_status_is_a_body() {
    let (status, headers, body) = answered(&json!({"a": 1}));
    assert_eq!(status, 200);
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(&body[..], b"{\"a\":1}");
}

#[test]
fn bad_answers_are_refused() {
    for bad in [
        json!({"statusCode": 99_999}),
        json!({"statusCode": 200, "body": {"a": 1}}),
        json!({"statusCode": 200, "body": "%", "isBase64Encoded": true}),
        json!({"statusCode": 200, "headers": {"a": "b\nc"}}),
    ] {
        assert!(response(&Bytes::from(bad.to_string())).is_err(), "{bad}");
    }
    assert_eq!(
        response(&Bytes::from_static(b"x")).unwrap_err(),
        BadAnswer("the answer is not JSON")
    );
}
