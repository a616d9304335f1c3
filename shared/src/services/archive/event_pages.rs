//! Her events as files of an archive: one JSON object in each line, with the hash chain.

use serde_json::json;

use super::section_page::{ArchiveFile, SectionPage};
use super::zip::Packing;
use crate::domain::event::{Event, StreamName};
use crate::domain::{Error, ErrorKind, Result, Timestamp, UserId};
use crate::services::record::event_log::{Direction, EventLog};

/// After so many bytes a file ends.
const FILE_BYTES: usize = 1024 * 1024;

/// How many events are read at a time.
const PAGE_SIZE: usize = 100;

/// The events behind a place, which is the name of a stream and a number.
pub(super) async fn event_page(
    (log, user): (&EventLog, UserId),
    after: Option<&str>,
    number: u32,
    now: Timestamp,
) -> Result<SectionPage> {
    let (start, mut from) = match after.map(place) {
        Some(place) => place?,
        None => (String::new(), 0),
    };
    let mut made = SectionPage::default();
    let mut lines = String::new();
    for stream in log.streams(user).await? {
        let name = stream.stream.as_str();
        if name < start.as_str() {
            continue;
        }
        let mut at = if name == start { from } else { 0 };
        from = 0;
        while at <= stream.head {
            if lines.len() >= FILE_BYTES {
                made.next = Some(format!("{name}:{at}"));
                break;
            }
            at = read_some((log, user, &stream.stream), at, now, |read| match read {
                Some(event) => {
                    lines.push_str(&json!(event).to_string());
                    lines.push('\n');
                    made.items += 1;
                }
                None => made.left_out += 1,
            })
            .await?;
        }
        if made.next.is_some() {
            break;
        }
    }
    if !lines.is_empty() {
        made.file = Some(ArchiveFile {
            name: format!("{number:04}.jsonl"),
            bytes: lines.into_bytes(),
            packing: Packing::Deflated,
        });
    }
    Ok(made)
}

/// Tells the events from a number on, a page of them, and says where the next begins. One that cannot be opened hides
/// no other.
async fn read_some(
    (log, user, stream): (&EventLog, UserId, &StreamName),
    from: u64,
    now: Timestamp,
    mut tell: impl FnMut(Option<Event>),
) -> Result<u64> {
    let of = (user, stream);
    let page = log.read(of, Some(from), Direction::Forward, PAGE_SIZE, now);
    match page.await {
        Ok(page) => {
            page.events.into_iter().for_each(|it| tell(Some(it)));
            Ok(page.place.next.unwrap_or(u64::MAX))
        }
        // She deleted it meanwhile.
        Err(err) if err.kind == ErrorKind::NotFound => Ok(u64::MAX),
        Err(err) if err.kind == ErrorKind::Bug => {
            match log.event(of, from, now).await {
                Ok(event) => tell(Some(event)),
                Err(err) if err.kind == ErrorKind::NotFound => {}
                Err(err) => {
                    tracing::error!(
                        error.chain = err.chain(),
                        "an event is left out of an archive"
                    );
                    tell(None);
                }
            }
            Ok(from + 1)
        }
        Err(err) => Err(err),
    }
}

fn place(text: &str) -> Result<(String, u64)> {
    let parts = text.split_once(':');
    let parts = parts.and_then(|it| Some((it.0.to_owned(), it.1.parse().ok()?)));
    parts.ok_or_else(|| Error::bug("reading a checkpoint", "it names no place in a stream"))
}
