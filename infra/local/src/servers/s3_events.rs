//! S3's event notifications: which objects are told of, to which queue, and the
//! message they are told in.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use rustack_sqs_model::input::SendMessageInput;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use super::sqs::Sqs;
use crate::template::{Bucket, Notification, names};

/// A new object.
#[derive(Debug)]
pub(crate) struct Created<'a> {
    pub(crate) bucket: &'a str,
    pub(crate) key: &'a str,
    pub(crate) size: u64,
    pub(crate) e_tag: &'a str,
    /// `Put`, `Post`, `Copy` or `CompleteMultipartUpload`.
    pub(crate) how: &'static str,
}

/// Tells queues of new objects.
#[derive(Debug)]
pub(crate) struct Notifier {
    sqs: Arc<Sqs>,
    rules: RwLock<BTreeMap<String, Vec<Notification>>>,
    sequence: AtomicU64,
}

impl Notifier {
    /// Starts with the template's rules.
    pub(crate) fn new(sqs: Arc<Sqs>, buckets: &[Bucket]) -> Self {
        let rules = buckets
            .iter()
            .map(|bucket| (bucket.name.clone(), bucket.notifications.clone()))
            .collect();
        // Later objects have greater sequencers, across restarts as well.
        let start = super::journal::now() << 20;
        Self {
            sqs,
            rules: RwLock::new(rules),
            sequence: AtomicU64::new(start),
        }
    }

    /// The rules of a bucket.
    pub(crate) fn rules(&self, bucket: &str) -> Vec<Notification> {
        self.rules
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(bucket)
            .cloned()
            .unwrap_or_default()
    }

    /// Replaces the rules of a bucket, and tells every queue so, as S3 does.
    pub(crate) async fn configure(
        &self,
        bucket: &str,
        rules: Vec<Notification>,
    ) -> Result<(), String> {
        self.rules
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(bucket.to_owned(), rules);
        self.test(bucket).await
    }

    /// Sends S3's test event to every queue of a bucket.
    pub(crate) async fn test(&self, bucket: &str) -> Result<(), String> {
        for rule in self.rules(bucket) {
            let event = json!({
                "Service": "Amazon S3",
                "Event": "s3:TestEvent",
                "Time": now(),
                "Bucket": bucket,
                "RequestId": request_id(),
                "HostId": request_id(),
            });
            self.send(&rule.queue_arn, &event).await?;
        }
        Ok(())
    }

    /// Tells whoever wants to know of a new object. Done before the client of S3
    /// is answered, so an object it knows to be stored is an object told of.
    pub(crate) async fn created(&self, object: &Created<'_>) -> Result<(), String> {
        for rule in self.rules(object.bucket) {
            if matches(&rule, object) {
                let sequence = self.sequence.fetch_add(1, Ordering::Relaxed);
                let record = record(object, sequence);
                self.send(&rule.queue_arn, &json!({ "Records": [record] }))
                    .await?;
            }
        }
        Ok(())
    }

    async fn send(&self, queue_arn: &str, event: &Value) -> Result<(), String> {
        let failed = |error: rustack_sqs_model::error::SqsError| error.message;
        let queue_url = self
            .sqs
            .provider
            .queue_url_for_arn(queue_arn)
            .map_err(failed)?;
        self.sqs
            .send(SendMessageInput {
                queue_url,
                message_body: event.to_string(),
                ..SendMessageInput::default()
            })
            .await
            .map(|_| ())
            .map_err(failed)
    }
}

fn matches(rule: &Notification, object: &Created<'_>) -> bool {
    let wanted = rule
        .event
        .strip_prefix("s3:ObjectCreated:")
        .is_some_and(|how| how == "*" || how == object.how);
    wanted && object.key.starts_with(&rule.prefix) && object.key.ends_with(&rule.suffix)
}

fn record(object: &Created<'_>, sequence: u64) -> Value {
    json!({
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": names::REGION,
        "eventTime": now(),
        "eventName": format!("ObjectCreated:{}", object.how),
        "userIdentity": {"principalId": "AWS:LOCAL"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": request_id(), "x-amz-id-2": request_id()},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "local",
            "bucket": {
                "name": object.bucket,
                "ownerIdentity": {"principalId": "LOCAL"},
                "arn": format!("arn:aws:s3:::{}", object.bucket),
            },
            "object": {
                "key": encode_key(object.key),
                "size": object.size,
                "eTag": object.e_tag,
                "sequencer": format!("{sequence:018X}"),
            },
        },
    })
}

/// S3 writes keys as HTML forms do, but leaves slashes alone: a space is a plus.
fn encode_key(key: &str) -> String {
    let mut encoded = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' | b'/' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            // Writing to a string cannot fail.
            other => _ = write!(encoded, "%{other:02X}"),
        }
    }
    encoded
}

fn now() -> String {
    OffsetDateTime::now_utc()
        .replace_nanosecond(0)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
        .format(&Rfc3339)
        .unwrap_or_default()
        .replace('Z', ".000Z")
}

fn request_id() -> String {
    Uuid::new_v4().simple().to_string()[..16].to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::{Created, Notification, encode_key, matches, record};

    fn object(key: &str) -> Created<'_> {
        Created {
            bucket: "b",
            key,
            size: 3,
            e_tag: "tag",
            how: "Put",
        }
    }

    #[test]
    fn keys_are_written_as_s3_writes_them() {
        assert_eq!(encode_key("up/x y+z/ä&.jpg"), "up/x+y%2Bz/%C3%A4%26.jpg");
    }

    #[test]
    fn only_wanted_objects_are_told_of() {
        let rule = |event: &str, prefix: &str, suffix: &str| Notification {
            event: event.to_owned(),
            queue_arn: "arn".to_owned(),
            prefix: prefix.to_owned(),
            suffix: suffix.to_owned(),
        };
        let object = object("uploads/u/i");
        assert!(matches(
            &rule("s3:ObjectCreated:*", "uploads/", ""),
            &object
        ));
        assert!(matches(&rule("s3:ObjectCreated:Put", "", "/i"), &object));
        assert!(!matches(&rule("s3:ObjectCreated:Post", "", ""), &object));
        assert!(!matches(
            &rule("s3:ObjectCreated:*", "pictures/", ""),
            &object
        ));
        assert!(!matches(&rule("s3:ObjectCreated:*", "", ".jpg"), &object));
        assert!(!matches(&rule("s3:ObjectRemoved:*", "", ""), &object));
    }

    #[test]
    fn the_record_has_the_documented_fields() {
        let record = record(&object("a b"), 255);
        assert_eq!(record["eventName"], "ObjectCreated:Put");
        assert_eq!(record["eventSource"], "aws:s3");
        assert_eq!(record["s3"]["bucket"]["arn"], "arn:aws:s3:::b");
        assert_eq!(record["s3"]["object"]["key"], "a+b");
        assert_eq!(record["s3"]["object"]["size"], 3);
        assert_eq!(record["s3"]["object"]["sequencer"], "0000000000000000FF");
    }
}
