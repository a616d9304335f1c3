//! What a queue function's answer says of its batch.

use std::collections::HashSet;

use serde_json::Value;

/// A report that says nothing; the whole batch counts as failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// The messages a `ReportBatchItemFailures` answer names as failed.
///
/// Nothing, `null`, `{}` and an empty list all mean that everything went well.
/// Whatever else is not exactly a list of the batch's own message ids fails the
/// whole batch, because guessing would delete messages nobody handled.
pub(crate) fn failures(answer: &[u8], batch: &HashSet<&str>) -> Result<HashSet<String>, Malformed> {
    let answer: Value =
        serde_json::from_slice(answer).map_err(|_| Malformed("the answer is not JSON"))?;
    let listed = match &answer {
        Value::Null => return Ok(HashSet::new()),
        Value::Object(map) => map.get("batchItemFailures").unwrap_or(&Value::Null),
        _ => return Err(Malformed("the answer is no report")),
    };
    let listed = match listed {
        Value::Null => return Ok(HashSet::new()),
        Value::Array(listed) => listed,
        _ => return Err(Malformed("the failures are no list")),
    };
    listed
        .iter()
        .map(|failure| match failure["itemIdentifier"].as_str() {
            None | Some("") => Err(Malformed("a failure names no message")),
            Some(id) if !batch.contains(id) => Err(Malformed("a failure names a stranger")),
            Some(id) => Ok(id.to_owned()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Malformed, failures};

    fn read(answer: &str) -> Result<Vec<String>, Malformed> {
        let batch = HashSet::from(["a", "b", "c"]);
        failures(answer.as_bytes(), &batch).map(|ids| {
            let mut ids: Vec<_> = ids.into_iter().collect();
            ids.sort();
            ids
        })
    }

    #[test]
    fn all_went_well() {
        for answer in [
            "null",
            "{}",
            r#"{"batchItemFailures": null}"#,
            r#"{"batchItemFailures": []}"#,
        ] {
            assert_eq!(read(answer), Ok(vec![]), "{answer}");
        }
    }

    #[test]
    fn the_named_failed() {
        let answer = r#"{"batchItemFailures": [{"itemIdentifier": "c"}, {"itemIdentifier": "a"}]}"#;
        assert_eq!(read(answer), Ok(vec!["a".to_owned(), "c".to_owned()]));
    }

    #[test]
    fn anything_else_fails_the_batch() {
        for answer in [
            "",
            "nonsense",
            "\"done\"",
            "[]",
            r#"{"batchItemFailures": {}}"#,
            r#"{"batchItemFailures": [{"itemIdentifier": ""}]}"#,
            r#"{"batchItemFailures": [{"itemIdentifier": null}]}"#,
            r#"{"batchItemFailures": [{"messageId": "a"}]}"#,
            r#"{"batchItemFailures": [{"itemIdentifier": "d"}]}"#,
            r#"{"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "d"}]}"#,
        ] {
            assert!(read(answer).is_err(), "{answer}");
        }
    }
}
