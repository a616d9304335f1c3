//! The calls of webhooks that were taken, newest last.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde::Serialize;
use serde_json::Value;

use crate::lock::lock;

/// A call as it came.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Call {
    /// The last part of the address.
    pub(crate) name: String,
    /// Those that begin with `webhook-`, and the type of the content.
    pub(crate) headers: BTreeMap<String, String>,
    /// Null if it is no JSON.
    pub(crate) body: Value,
    /// As it came, for whoever checks the signature.
    pub(crate) raw: String,
}

/// All calls, in order of arrival.
#[derive(Default)]
pub(crate) struct Hooks(Mutex<Vec<Call>>);

impl Hooks {
    pub(crate) fn put(&self, call: Call) {
        lock(&self.0).push(call);
    }

    pub(crate) fn all(&self) -> Vec<Call> {
        lock(&self.0).clone()
    }

    pub(crate) fn clear(&self) -> usize {
        std::mem::take(&mut *lock(&self.0)).len()
    }
}
