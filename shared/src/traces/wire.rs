//! OTLP's JSON: <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>.
//! Ids are hexadecimal there, and 64-bit numbers are texts.

use serde_json::{Map, Value, json};

use super::recorder::Span;

const INTERNAL: u8 = 1;
const SERVER: u8 = 2;
const CLIENT: u8 = 3;
const CONSUMER: u8 = 5;

/// What an export says.
pub(super) fn request(function: &str, spans: &[Span]) -> Value {
    let resource = [
        ("service.name", "vara"),
        ("faas.name", function),
        ("cloud.provider", "aws"),
        ("cloud.platform", "aws_lambda"),
    ];
    let resource = resource.map(|(name, value)| (name.to_owned(), value.into()));
    json!({ "resourceSpans": [{
        "resource": { "attributes": attributes(&Map::from_iter(resource)) },
        "scopeSpans": [{
            "scope": { "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") },
            "spans": spans.iter().map(one).collect::<Vec<_>>(),
        }],
    }]})
}

fn one(span: &Span) -> Value {
    let mut told = json!({
        "traceId": format!("{:032x}", span.trace),
        "spanId": format!("{:016x}", span.id),
        "name": name(span),
        "kind": kind(span),
        "startTimeUnixNano": span.start.to_string(),
        "endTimeUnixNano": span.end.to_string(),
        "attributes": attributes(&span.fields),
        // Unset or error; that nothing went wrong is for whoever watches to say.
        "status": if span.failed { json!({ "code": 2 }) } else { json!({}) },
    });
    if let Some(parent) = span.parent {
        told["parentSpanId"] = format!("{parent:016x}").into();
    }
    told
}

/// A request is named by its route, an engine by itself.
fn name(span: &Span) -> String {
    let text = |name: &str| span.fields.get(name).and_then(Value::as_str);
    match (
        text("http.request.method"),
        text("http.route"),
        text("engine"),
    ) {
        (Some(method), Some(route), _) => format!("{method} {route}"),
        (_, _, Some(engine)) => format!("{} {engine}", span.name),
        _ => span.name.to_owned(),
    }
}

fn kind(span: &Span) -> u8 {
    match span.name {
        "request" => SERVER,
        "message" => CONSUMER,
        "engine" | "fetch" => CLIENT,
        _ if span.fields.contains_key("rpc.method") => CLIENT,
        _ => INTERNAL,
    }
}

fn attributes(fields: &Map<String, Value>) -> Vec<Value> {
    let attribute = |(name, value): (&String, &Value)| {
        let value = match value {
            Value::Bool(it) => json!({ "boolValue": it }),
            Value::Number(it) if it.is_f64() => json!({ "doubleValue": it }),
            Value::Number(it) => json!({ "intValue": it.to_string() }),
            Value::String(it) => json!({ "stringValue": it }),
            other => json!({ "stringValue": other.to_string() }),
        };
        json!({ "key": name, "value": value })
    };
    fields.iter().map(attribute).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(name: &'static str, fields: Value) -> Span {
        Span {
            trace: 0xabc,
            id: 0x1f,
            parent: None,
            name,
            start: 1_763_600_000_000_000_001,
            end: 1_763_600_000_000_000_900,
            fields: fields.as_object().cloned().unwrap_or_default(),
            failed: false,
        }
    }

    #[test]
    fn as_the_specification_has_it() {
        let whole = span(
            "request",
            json!({ "http.request.method": "GET", "http.route": "/api/v1/alerts", "n": 3, "ok": true, "share": 0.5 }),
        );
        let part = Span {
            parent: Some(0x1f),
            failed: true,
            ..span("DynamoDB.Query", json!({ "rpc.method": "Query" }))
        };
        let told = request("vara-prod-api-alerts", &[whole, part]);
        let sent = &told["resourceSpans"][0];
        assert_eq!(
            sent["resource"]["attributes"][2],
            json!({ "key": "faas.name", "value": { "stringValue": "vara-prod-api-alerts" } })
        );
        assert_eq!(
            sent["scopeSpans"][0]["spans"],
            json!([
                {
                    "traceId": "00000000000000000000000000000abc", "spanId": "000000000000001f",
                    "name": "GET /api/v1/alerts", "kind": 2,
                    "startTimeUnixNano": "1763600000000000001", "endTimeUnixNano": "1763600000000000900",
                    "attributes": [
                        { "key": "http.request.method", "value": { "stringValue": "GET" } },
                        { "key": "http.route", "value": { "stringValue": "/api/v1/alerts" } },
                        { "key": "n", "value": { "intValue": "3" } },
                        { "key": "ok", "value": { "boolValue": true } },
                        { "key": "share", "value": { "doubleValue": 0.5 } },
                    ],
                    "status": {},
                },
                {
                    "traceId": "00000000000000000000000000000abc", "spanId": "000000000000001f",
                    "parentSpanId": "000000000000001f", "name": "DynamoDB.Query", "kind": 3,
                    "startTimeUnixNano": "1763600000000000001", "endTimeUnixNano": "1763600000000000900",
                    "attributes": [{ "key": "rpc.method", "value": { "stringValue": "Query" } }],
                    "status": { "code": 2 },
                },
            ])
        );
    }

    #[test]
    fn what_kinds_there_are() {
        for (name, fields, kind_of, called) in [
            ("message", json!({}), CONSUMER, "message"),
            (
                "engine",
                json!({ "engine": "tineye" }),
                CLIENT,
                "engine tineye",
            ),
            ("scan", json!({}), INTERNAL, "scan"),
            ("request", json!({}), SERVER, "request"),
        ] {
            let span = span(name, fields);
            assert_eq!(
                (kind(&span), super::name(&span).as_str()),
                (kind_of, called)
            );
        }
    }
}
