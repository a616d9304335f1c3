//! One thing that was checked, what is known beforehand, and what the checks share.

use serde::Serialize;
use serde::de::DeserializeOwned;
use vara_domain::{EvidenceId, Timestamp};

use crate::container::Entries;
use crate::{ChainLine, Manifest};

/// What is known beforehand of whom to believe. Without it, a pack is checked against itself only.
#[derive(Clone, Debug, Default)]
pub struct Trusted {
    /// The names of Vara's keys: the SHA-256 of each, in hexadecimal.
    pub keys: Option<Vec<String>>,
    /// Root certificates of time-stamp authorities, in DER.
    pub roots: Option<Vec<Vec<u8>>>,
}

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PackCheck {
    /// What.
    pub what: String,
    /// Whether it is in order.
    pub ok: bool,
    /// What is wrong, or what should be known about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl PackCheck {
    pub(super) fn of(what: impl Into<String>, fault: Option<&str>) -> Self {
        Self {
            what: what.into(),
            ok: fault.is_none(),
            note: fault.unwrap_or_default().to_owned(),
        }
    }
}

/// A pack that is being checked.
pub(super) struct Checks<'a> {
    pub(super) entries: &'a Entries,
    pub(super) trusted: &'a Trusted,
    pub(super) done: &'a mut Vec<PackCheck>,
}

/// What was found of a record.
pub(super) struct CheckedRecord {
    pub(super) manifest: Manifest,
    /// The SHA-256 of the manifest.
    pub(super) sha256: String,
}

/// What the stamps of a pack say.
#[derive(Default)]
pub(super) struct CheckedStamps {
    /// The time by which all manifests existed, if each has a good stamp.
    pub(super) existed_by: Option<Timestamp>,
    /// Of each record, the latest stamped event of its chain: its number from 1, and its time.
    pub(super) chains: Vec<(EvidenceId, u64, Timestamp)>,
}

impl Checks<'_> {
    pub(super) fn note(&mut self, what: impl Into<String>, fault: Option<&str>) {
        self.done.push(PackCheck::of(what, fault));
    }

    pub(super) fn json<T: DeserializeOwned>(&self, path: &str) -> Option<T> {
        serde_json::from_slice(self.entries.get(path)?).ok()
    }

    /// All events of all chains, if they can be read.
    pub(super) fn chain_lines(&self) -> Option<Vec<ChainLine>> {
        let text = self.entries.get("custody/chain.jsonl")?;
        let lines = std::str::from_utf8(text).ok()?.lines();
        lines.map(|it| serde_json::from_str(it).ok()).collect()
    }
}
