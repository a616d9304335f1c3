//! Threads of a forum: how each answers.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::lock::lock;

/// The statuses of threads, by their names.
#[derive(Default)]
pub(crate) struct Threads(Mutex<HashMap<String, u16>>);

impl Threads {
    /// What a thread answers. One that nobody set is not there.
    pub(crate) fn status(&self, name: &str) -> u16 {
        lock(&self.0).get(name).copied().unwrap_or(404)
    }

    /// Has a thread answer so from now on.
    pub(crate) fn set(&self, name: String, status: u16) {
        lock(&self.0).insert(name, status);
    }
}
