//! What the queues hold, on disk. The SQS server keeps its messages in memory;
//! this file is how accepted messages outlive the process, killed or not.
//!
//! One JSON object on each line, written before the client is answered. Writing
//! to the system's cache is enough: what is promised is that messages survive the
//! end of this process, not that of the machine.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use rustack_sqs_model::types::MessageAttributeValue;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A message as it must come back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Stored {
    /// Its id in the server that accepted it.
    pub(crate) id: String,
    /// The name of the queue that holds it.
    pub(crate) queue: String,
    pub(crate) body: String,
    #[serde(default, skip_serializing_if = "HashMap::is_empty")]
    pub(crate) attributes: HashMap<String, MessageAttributeValue>,
    /// Not to be delivered before this, in milliseconds since 1970.
    #[serde(default)]
    pub(crate) not_before: u64,
    /// How often it was delivered.
    #[serde(default)]
    pub(crate) received: u32,
}

/// One line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum JournalLine {
    Sent(Stored),
    /// Delivered from `queue`, which may be the dead-letter queue by now.
    Received {
        id: String,
        queue: String,
    },
    Later {
        id: String,
        not_before: u64,
    },
    Deleted {
        id: String,
    },
    Purged {
        queue: String,
    },
}

/// The file, open for appending.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: Mutex<File>,
}

impl Journal {
    /// Reads what the last run left and starts a new file beside it. The new one
    /// takes the old one's place with [`Journal::adopt`], once everything left has
    /// been accepted again.
    pub(crate) fn open(path: &Path) -> Result<(Self, Vec<Stored>)> {
        let failed = |path: &Path| Error::io(format!("opening {}", path.display()));
        let left = match fs::read_to_string(path) {
            Ok(text) => fold(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failed(path)(error)),
        };
        let beside = path.with_extension("new");
        let file = File::create(&beside).map_err(failed(&beside))?;
        let journal = Self {
            path: path.to_owned(),
            file: Mutex::new(file),
        };
        Ok((journal, left))
    }

    /// Replaces the old file.
    pub(crate) fn adopt(&self) -> Result<()> {
        fs::rename(self.path.with_extension("new"), &self.path)
            .map_err(Error::io(format!("renaming {}", self.path.display())))
    }

    /// Writes one line.
    pub(crate) fn write(&self, line: &JournalLine) -> std::io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.file
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write_all(&bytes)
    }
}

/// What is left of a file's messages, oldest first. A line cut off by a kill was
/// never answered for, so it is passed over.
fn fold(text: &str) -> Vec<Stored> {
    let mut order = 0_u64;
    let mut messages: BTreeMap<u64, Stored> = BTreeMap::new();
    let mut places: HashMap<String, u64> = HashMap::new();
    // A fast consumer's deletion may be written before the sender's line.
    let mut deleted: HashSet<String> = HashSet::new();
    for line in text.lines() {
        let Ok(line) = serde_json::from_str::<JournalLine>(line) else {
            tracing::warn!("a line of the queue journal cannot be read");
            continue;
        };
        match line {
            JournalLine::Sent(message) => {
                if !deleted.remove(&message.id) {
                    places.insert(message.id.clone(), order);
                    messages.insert(order, message);
                    order += 1;
                }
            }
            JournalLine::Received { id, queue } => {
                if let Some(message) = places.get(&id).and_then(|at| messages.get_mut(at)) {
                    if message.queue == queue {
                        message.received += 1;
                    } else {
                        message.received = 1;
                        message.queue = queue;
                    }
                }
            }
            JournalLine::Later { id, not_before } => {
                if let Some(message) = places.get(&id).and_then(|at| messages.get_mut(at)) {
                    message.not_before = not_before;
                }
            }
            JournalLine::Deleted { id } => match places.remove(&id) {
                Some(at) => {
                    messages.remove(&at);
                }
                None => {
                    deleted.insert(id);
                }
            },
            JournalLine::Purged { queue } => messages.retain(|_, message| message.queue != queue),
        }
    }
    messages.into_values().collect()
}

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {

    use super::{JournalLine, Stored, fold};

    fn sent(id: &str) -> JournalLine {
        JournalLine::Sent(Stored {
            id: id.to_owned(),
            queue: "q".to_owned(),
            body: format!("body of {id}"),
            attributes: [].into(),
            not_before: 0,
            received: 0,
        })
    }

    fn text(lines: &[JournalLine]) -> String {
        lines
            .iter()
            .map(|line| serde_json::to_string(line).unwrap() + "\n")
            .collect()
    }

    fn id(id: &str) -> String {
        id.to_owned()
    }

    #[test]
    fn what_was_deleted_is_gone_and_the_rest_keeps_its_order() {
        let left = fold(&text(&[
            sent("a"),
            sent("b"),
            sent("c"),
            JournalLine::Deleted { id: id("b") },
        ]));
        let ids: Vec<_> = left.iter().map(|message| message.id.as_str()).collect();
        assert_eq!(ids, ["a", "c"]);
    }

    #[test]
    fn a_deletion_may_come_before_its_message() {
        assert!(fold(&text(&[JournalLine::Deleted { id: id("a") }, sent("a")])).is_empty());
    }

    #[test]
    fn a_message_received_elsewhere_has_moved_there() {
        let received = |queue: &str| JournalLine::Received {
            id: id("a"),
            queue: queue.to_owned(),
        };
        let left = fold(&text(&[
            sent("a"),
            received("q"),
            received("q"),
            received("dead"),
        ]));
        assert_eq!((left[0].queue.as_str(), left[0].received), ("dead", 1));
    }

    #[test]
    fn a_cut_line_is_passed_over() {
        let mut text = text(&[sent("a")]);
        text.push_str("{\"sent\":{\"id\":\"b\",");
        assert_eq!(fold(&text).len(), 1);
    }

    #[test]
    fn a_purge_empties_its_queue() {
        let purge = JournalLine::Purged { queue: id("q") };
        assert_eq!(fold(&text(&[sent("a"), purge, sent("b")])).len(), 1);
    }
}
