//! Output as JSON lines, and a count of those that are errors.

use std::io::{self, Write};

use serde::Serialize;

/// Standard output, line by line.
pub(crate) struct JsonLines<W> {
    out: W,
    failures: u64,
}

impl<W: Write> JsonLines<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out, failures: 0 }
    }

    /// Prints one object. `failed` says whether it is an error.
    pub(crate) fn object(&mut self, object: &impl Serialize, failed: bool) -> io::Result<()> {
        self.failures += u64::from(failed);
        serde_json::to_writer(&mut self.out, object)?;
        self.out.write_all(b"\n")
    }

    /// Prints words meant for people.
    pub(crate) fn text(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// How many lines are errors.
    pub(crate) fn failures(&self) -> u64 {
        self.failures
    }
}
