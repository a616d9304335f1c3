//! Messages by which the bucket tells of new objects.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::{Error, Result};

/// Of what S3 tells, the little that is needed.
#[derive(Deserialize)]
struct BucketEvent {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    s3: S3Entity,
}

#[derive(Deserialize)]
struct S3Entity {
    object: S3Object,
}

#[derive(Deserialize)]
struct S3Object {
    key: String,
}

/// The names of the objects that a message of S3 tells of. S3's test message tells of none.
pub fn created_objects(message: &str) -> Result<Vec<String>> {
    let unreadable = |err: serde_json::Error| Error::bug("reading a message of the bucket", err);
    let value: Value = serde_json::from_str(message).map_err(unreadable)?;
    if value.get("Event").is_some_and(|it| it == "s3:TestEvent") {
        return Ok(vec![]);
    }
    let event: BucketEvent = serde_json::from_value(value).map_err(unreadable)?;
    let keys = event.records.into_iter().map(|it| it.s3.object.key);
    // S3 writes keys as in a query string, with `+` for a space.
    let plain = keys.map(|key| {
        let pair = format!("k={key}");
        let pairs = url::form_urlencoded::parse(pair.as_bytes());
        pairs.map(|(_, it)| it.into_owned()).collect()
    });
    Ok(plain.collect())
}
