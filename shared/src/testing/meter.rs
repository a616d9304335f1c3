//! Meter of write units: what the calls of a store cost, as the table's API reports it.
//!
//! A refused write reports nothing and is charged all the same, so its cost is worked out from the request:
//! the rounded size of what was to be put, one unit of anything else, twice as much in a transaction.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::domain::UserId;
use crate::store::Store;

/// The calls that write.
const WRITES: [&str; 4] = ["UpdateItem", "PutItem", "DeleteItem", "TransactWriteItems"];

/// A table whose writes are counted, but those of the test itself.
pub(crate) struct MeteredTable {
    pub(crate) store: Store,
    pub(crate) meter: WriteMeter,
    client: Client,
}

impl MeteredTable {
    /// The table at `endpoint`, which `client` reaches past the meter.
    pub(super) async fn at(endpoint: &str, client: Client) -> Self {
        let meter = WriteMeter::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = format!("http://{}", listener.local_addr().unwrap());
        let state = (meter.clone(), endpoint.to_owned(), reqwest::Client::new());
        let routes = Router::new().fallback(pass).with_state(state);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self {
            store: super::store_at(&own, "vara"),
            meter,
            client,
        }
    }

    /// As if a long time had passed: no answer of an engine to her scans is young enough to be taken again.
    pub(crate) async fn age_answers(&self, user: UserId) {
        let long_ago = "2020-01-01T00:00:00.000Z";
        let all = self.client.scan().table_name("vara").send().await.unwrap();
        for item in all.items() {
            let sk = item["sk"].as_s().unwrap();
            if sk.starts_with("FOUND#") {
                super::set_text(&self.client, user, sk, "at", long_ago).await;
            }
        }
    }
}

/// What the calls of a store have cost since it was made or last read.
#[derive(Clone, Debug, Default)]
pub(crate) struct WriteMeter(Arc<Mutex<WriteCost>>);

/// Write units, in all and by the kind of the row that a call names first.
#[derive(Clone, Debug, Default)]
pub(crate) struct WriteCost {
    pub(crate) units: f64,
    /// Of those, the units of refused writes.
    pub(crate) refused: f64,
    pub(crate) calls: u32,
    pub(crate) by_kind: BTreeMap<String, (u32, f64)>,
}

impl WriteMeter {
    /// What has been spent since the last reading.
    pub(crate) fn take(&self) -> WriteCost {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn add(&self, asked: &Value, answered: &Value) {
        let items = asked["TransactItems"].as_array();
        let first = items.map_or(asked, |it| it.first().unwrap_or(&Value::Null));
        let reported = units(&answered["ConsumedCapacity"]);
        let spent = reported.unwrap_or_else(|| match items {
            Some(items) => items.iter().map(|it| 2.0 * refused(it)).sum(),
            None => refused(asked),
        });
        let mut cost = self.0.lock().unwrap();
        cost.units += spent;
        cost.calls += 1;
        if reported.is_none() {
            cost.refused += spent;
        }
        let kind = cost.by_kind.entry(kind(first)).or_default();
        *kind = (kind.0 + 1, kind.1 + spent);
    }
}

/// Passes a call on, and asks what it costs if it writes.
async fn pass(
    State((meter, endpoint, client)): State<(WriteMeter, String, reqwest::Client)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = headers["x-amz-target"].to_str().unwrap();
    let is_write = target
        .rsplit('.')
        .next()
        .is_some_and(|it| WRITES.contains(&it));
    let mut asked: Value = serde_json::from_slice(&body).unwrap();
    if is_write {
        asked["ReturnConsumedCapacity"] = json!("TOTAL");
    }
    let mut call = client.post(&endpoint).body(asked.to_string());
    for name in [
        "x-amz-target",
        "content-type",
        "authorization",
        "x-amz-date",
    ] {
        if let Some(value) = headers.get(name) {
            call = call.header(name, value.as_bytes());
        }
    }
    let reply = call.send().await.unwrap();
    let status = StatusCode::from_u16(reply.status().as_u16()).unwrap();
    let answered = reply.bytes().await.unwrap();
    if is_write {
        meter.add(&asked, &serde_json::from_slice(&answered).unwrap());
    }
    let kind = [("content-type", "application/x-amz-json-1.0")];
    (status, kind, answered).into_response()
}

/// What a call reports, which a transaction does for each table.
fn units(reported: &Value) -> Option<f64> {
    match reported.as_array() {
        Some(tables) => tables.iter().map(units).sum(),
        None => reported["CapacityUnits"].as_f64(),
    }
}

/// What one refused write costs outside of a transaction.
fn refused(write: &Value) -> f64 {
    let item = write.get("Item").or_else(|| write["Put"].get("Item"));
    let bytes = item.and_then(Value::as_object).map_or(0, map_size);
    bytes.div_ceil(1024).max(1) as f64
}

fn map_size(map: &serde_json::Map<String, Value>) -> usize {
    map.iter().map(|(name, it)| name.len() + size(it)).sum()
}

/// The size of an attribute as the table counts it.
fn size(attribute: &Value) -> usize {
    let Some((kind, it)) = attribute.as_object().and_then(|it| it.iter().next()) else {
        return 0;
    };
    match (kind.as_str(), it) {
        ("S", it) => it.as_str().map_or(0, str::len),
        ("N", it) => it.as_str().map_or(0, str::len) / 2 + 1,
        ("L", Value::Array(all)) => 3 + all.iter().map(|it| 1 + size(it)).sum::<usize>(),
        ("M", Value::Object(all)) => 3 + all.len() + map_size(all),
        _ => 1,
    }
}

/// The kind of the row that a write names: the first part of its key, without ids.
fn kind(write: &Value) -> String {
    let inner = ["Put", "Update", "Delete", "ConditionCheck"];
    let inner = inner.iter().find_map(|it| write.get(it));
    let write = inner.unwrap_or(write);
    let key = write.get("Key").unwrap_or(&write["Item"]);
    let part = |name: &str| {
        let text = key[name]["S"].as_str().unwrap_or_default();
        text.split('#').next().unwrap_or_default().to_owned()
    };
    match part("sk").as_str() {
        "-" => part("pk"),
        sk => sk.to_owned(),
    }
}
