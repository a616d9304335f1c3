//! A collector of traces: takes exports in OTLP's JSON and keeps the spans, newest last.
//!
//! As strict as a collector is: an export it could not read is refused whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::world::{Kept, OutsideWorld};

pub(crate) fn routes() -> Router<Arc<OutsideWorld>> {
    Router::new()
        .route("/otlp/v1/traces", post(take))
        .route("/_traces", get(list).delete(clear))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Export {
    resource_spans: Vec<OfResource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfResource {
    resource: SpanResource,
    scope_spans: Vec<OfScope>,
}

#[derive(Deserialize)]
struct SpanResource {
    attributes: Vec<SpanAttribute>,
}

#[derive(Deserialize)]
struct OfScope {
    spans: Vec<ReceivedSpan>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReceivedSpan {
    trace_id: String,
    span_id: String,
    parent_span_id: Option<String>,
    name: String,
    kind: u8,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    attributes: Vec<SpanAttribute>,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize, Default)]
struct Status {
    #[serde(default)]
    code: u8,
}

/// A name, and a value under the name of its type.
#[derive(Deserialize)]
struct SpanAttribute {
    key: String,
    value: BTreeMap<String, Value>,
}

async fn take(
    State(world): State<Arc<OutsideWorld>>,
    export: Result<Json<Export>, JsonRejection>,
) -> Response {
    let read = export.map_err(|it| it.body_text());
    match read.and_then(|Json(export)| export.kept()) {
        Ok(spans) => {
            world.traces.put(spans);
            Json(json!({ "partialSuccess": {} })).into_response()
        }
        Err(message) => {
            // 3 is gRPC's INVALID_ARGUMENT.
            let refusal = json!({ "code": 3, "message": message });
            (StatusCode::BAD_REQUEST, Json(refusal)).into_response()
        }
    }
}

impl Export {
    fn kept(self) -> Result<Vec<Kept>, String> {
        let mut kept = Vec::new();
        for of in self.resource_spans {
            let mut resource = values(of.resource.attributes)?;
            let function = resource.remove("faas.name").unwrap_or_default();
            for span in of.scope_spans.into_iter().flat_map(|it| it.spans) {
                kept.push(span.kept(function.clone())?);
            }
        }
        Ok(kept)
    }
}

impl ReceivedSpan {
    fn kept(self, function: Value) -> Result<Kept, String> {
        let ids = [(&self.trace_id, 32), (&self.span_id, 16)];
        let parent = self.parent_span_id.as_ref().map(|it| (it, 16));
        for (id, length) in ids.into_iter().chain(parent) {
            let is_id = id.len() == length && id.bytes().all(|it| it.is_ascii_hexdigit());
            if !is_id || id.bytes().all(|it| it == b'0') {
                return Err(format!("{id} is no id"));
            }
        }
        let time = |text: &str| {
            text.parse::<u64>()
                .map_err(|_| format!("{text} is no time"))
        };
        let nanos = time(&self.end_time_unix_nano)?.checked_sub(time(&self.start_time_unix_nano)?);
        if self.name.is_empty() || self.kind > 5 {
            return Err("a span without a name, or of no kind".to_owned());
        }
        Ok(Kept {
            function,
            trace_id: self.trace_id,
            span_id: self.span_id,
            parent_span_id: self.parent_span_id,
            name: self.name,
            kind: self.kind,
            attributes: values(self.attributes)?,
            failed: self.status.code == 2,
            nanos: nanos.ok_or("a span that ends before it starts")?,
        })
    }
}

fn values(attributes: Vec<SpanAttribute>) -> Result<BTreeMap<String, Value>, String> {
    let value = |it: SpanAttribute| {
        let mut values = it.value.into_iter();
        match (values.next(), values.next()) {
            (Some((kind, value)), None) if is_of(&kind, &value) => Ok((it.key, value)),
            _ => Err(format!("the value of {} is none", it.key)),
        }
    };
    attributes.into_iter().map(value).collect()
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "stringValue" => value.is_string(),
        "boolValue" => value.is_boolean(),
        "doubleValue" => value.is_number(),
        // 64 bits do not fit into a number of JSON.
        "intValue" => value.as_str().is_some_and(|it| it.parse::<i64>().is_ok()),
        _ => false,
    }
}

#[derive(Deserialize)]
struct Wanted {
    /// The id of a trace.
    trace: Option<String>,
}

async fn list(
    State(world): State<Arc<OutsideWorld>>,
    Query(wanted): Query<Wanted>,
) -> Json<Vec<Kept>> {
    Json(world.traces.all(wanted.trace.as_deref()))
}

async fn clear(State(world): State<Arc<OutsideWorld>>) -> Json<Value> {
    let cleared = world.traces.clear();
    Json(json!({ "cleared": cleared }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(change: impl FnOnce(&mut Value)) -> Result<Vec<Kept>, String> {
        let mut span = json!({
            "traceId": "5759e988bd862e3fe1be46a994272793", "spanId": "00f067aa0ba902b7", "name": "scan", "kind": 1,
            "startTimeUnixNano": "17", "endTimeUnixNano": "42", "status": {},
            "attributes": [{ "key": "n", "value": { "intValue": "3" } }],
        });
        change(&mut span);
        let function = json!({ "key": "faas.name", "value": { "stringValue": "f" } });
        let export = json!({ "resourceSpans": [{
            "resource": { "attributes": [function] }, "scopeSpans": [{ "spans": [span] }],
        }]});
        let export: Export = serde_json::from_value(export).map_err(|it| it.to_string())?;
        export.kept()
    }

    #[test]
    fn a_span_is_kept_with_whose_it_is() {
        let kept = read(|_| ()).unwrap_or_default();
        assert_eq!(
            json!(kept),
            json!([{
                "function": "f", "traceId": "5759e988bd862e3fe1be46a994272793", "spanId": "00f067aa0ba902b7",
                "parentSpanId": null, "name": "scan", "kind": 1, "attributes": { "n": "3" }, "failed": false,
                "nanos": 25,
            }])
        );
    }

    #[test]
    fn what_is_not_the_format_is_refused() {
        for (name, value) in [
            ("traceId", json!("5759e988")),
            ("spanId", json!("0000000000000000")),
            ("parentSpanId", json!("xyz")),
            ("name", json!("")),
            ("kind", json!(6)),
            ("startTimeUnixNano", json!("43")),
            ("endTimeUnixNano", json!("soon")),
            (
                "attributes",
                json!([{ "key": "n", "value": { "intValue": 3 } }]),
            ),
            ("attributes", json!([{ "key": "n", "value": {} }])),
        ] {
            let read = read(|span| span[name] = value.clone());
            assert!(read.is_err(), "{name}: {value}");
        }
    }
}
