//! The spans that the collector of traces took, newest last.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use serde::Serialize;
use serde_json::Value;

use crate::lock::lock;

/// The most spans that are kept.
const MOST: usize = 20_000;

/// A span, with whose it is.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Kept {
    pub(crate) function: Value,
    pub(crate) trace_id: String,
    pub(crate) span_id: String,
    pub(crate) parent_span_id: Option<String>,
    pub(crate) name: String,
    pub(crate) kind: u8,
    pub(crate) attributes: BTreeMap<String, Value>,
    pub(crate) failed: bool,
    pub(crate) nanos: u64,
}

/// All spans, in order of arrival.
#[derive(Default)]
pub(crate) struct Traces(Mutex<VecDeque<Kept>>);

impl Traces {
    pub(crate) fn put(&self, spans: Vec<Kept>) {
        let mut kept = lock(&self.0);
        kept.extend(spans);
        let over = kept.len().saturating_sub(MOST);
        kept.drain(..over);
    }

    /// The spans of a trace, or all of them.
    pub(crate) fn all(&self, trace: Option<&str>) -> Vec<Kept> {
        let spans = lock(&self.0);
        let is_wanted = |it: &&Kept| trace.is_none_or(|id| id == it.trace_id);
        spans.iter().filter(is_wanted).cloned().collect()
    }

    pub(crate) fn clear(&self) -> usize {
        std::mem::take(&mut *lock(&self.0)).len()
    }
}
