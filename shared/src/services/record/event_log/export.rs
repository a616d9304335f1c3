//! Export of the whole record as lines of JSON, with the hash chain.

use serde_json::{Value, json};

use super::{Direction, EventLog};
use crate::domain::event::StreamName;
use crate::domain::{Error, Result, Timestamp, UserId};

/// After so many bytes an answer ends; the next begins where it ended. A function's answer has at most six
/// megabytes.
const MAX_BYTES: usize = 3 * 1024 * 1024;

/// How many events are read at a time.
const PAGE_SIZE: usize = 100;

/// Lines of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportPage {
    /// One JSON object in each line: the head of a stream, then its events; last, where it goes on.
    pub lines: String,
    /// From where the next page goes on; none at the end.
    pub next: Option<String>,
}

impl EventLog {
    /// All events of all streams from this place on: the name of a stream and a number, as the page before named
    /// it.
    pub async fn export(
        &self,
        user: UserId,
        after: Option<&str>,
        now: Timestamp,
    ) -> Result<ExportPage> {
        let (start, mut from) = match after {
            Some(place) => place_of(place)?,
            None => (String::new(), None),
        };
        let mut lines = String::new();
        for head in self.streams(user).await? {
            let name = head.stream.as_str();
            if name < start.as_str() {
                continue;
            }
            let mut number = from.take().filter(|_| name == start);
            if number.is_none() {
                push(&mut lines, &json!({ "stream": head }));
            }
            loop {
                let of = (user, &head.stream);
                let page = self
                    .read(of, number, Direction::Forward, PAGE_SIZE, now)
                    .await?;
                for event in page.events {
                    push(&mut lines, &json!({ "event": event }));
                }
                number = page.place.next;
                let Some(number) = number else { break };
                if lines.len() > MAX_BYTES {
                    let next = format!("{name}:{number}");
                    push(&mut lines, &json!({ "next": next }));
                    let next = Some(next);
                    return Ok(ExportPage { lines, next });
                }
            }
        }
        push(&mut lines, &json!({ "end": true }));
        Ok(ExportPage { lines, next: None })
    }
}

fn push(lines: &mut String, line: &Value) {
    lines.push_str(&line.to_string());
    lines.push('\n');
}

fn place_of(text: &str) -> Result<(String, Option<u64>)> {
    let parts = text.split_once(':').and_then(|(stream, number)| {
        let stream = StreamName::parse(stream)?;
        Some((stream.to_string(), Some(number.parse().ok()?)))
    });
    parts.ok_or_else(|| Error::invalid_at("after", "This is not a place in the export."))
}
