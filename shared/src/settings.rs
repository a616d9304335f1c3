//! Settings of a function: environment variables, checked once at the start.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::domain::{BoxError, Result};

/// The queues, by the names that operators read.
pub const QUEUES: [&str; 15] = [
    "image-ingest",
    "image-scan",
    "background-scan",
    "profile-scan",
    "breach-check",
    "notice",
    "mail-feedback",
    "sign-in-mail",
    "sweep",
    "render",
    "push",
    "capture",
    "takedown",
    "takedown-urgent",
    "takedown-mail",
];

/// The environment, and what was missing or wrong in it.
///
/// Reading never fails; [`Env::check`] does, naming everything that is wrong at once.
#[derive(Debug)]
pub struct Env {
    values: HashMap<String, String>,
    problems: RefCell<Vec<String>>,
}

impl Env {
    /// These settings.
    pub fn of(values: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            values: values.into_iter().collect(),
            problems: RefCell::default(),
        }
    }

    /// A setting that must be there.
    pub fn text(&self, name: &str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.problem(format!("{name} is missing"));
            String::new()
        })
    }

    /// A setting that may be absent; empty counts as absent.
    pub fn optional(&self, name: &str) -> Option<String> {
        self.values
            .get(name)
            .map(|it| it.trim().to_owned())
            .filter(|it| !it.is_empty())
    }

    /// A whole number above 0 that must be there.
    pub fn number(&self, name: &str) -> u32 {
        let text = self.text(name);
        let number = text.parse().ok().filter(|it| *it > 0);
        number.unwrap_or_else(|| {
            if !text.is_empty() {
                self.problem(format!("{name} is not a whole number above 0"));
            }
            1
        })
    }

    /// A comma list that must not be empty.
    pub fn list(&self, name: &str) -> Vec<String> {
        self.text(name)
            .split(',')
            .map(|it| it.trim().to_owned())
            .filter(|it| !it.is_empty())
            .collect()
    }

    /// The client of a service with the key `<NAME>_API_KEY`, none without; at `<NAME>_URL` where it is
    /// not where it really is.
    pub fn engine<T>(
        &self,
        name: &str,
        new: impl FnOnce(String, Option<&str>) -> Result<T, BoxError>,
    ) -> Result<Option<T>, BoxError> {
        let base = self.optional(&format!("{name}_URL"));
        self.optional(&format!("{name}_API_KEY"))
            .map(|key| new(key, base.as_deref()))
            .transpose()
    }

    /// The address of the queue of this name, `QUEUE_<NAME>`.
    pub fn queue(&self, name: &str) -> String {
        self.text(&format!("QUEUE_{}", name.to_uppercase().replace('-', "_")))
    }

    /// The names of all queues with their addresses.
    pub fn all_queues(&self) -> Vec<(&'static str, String)> {
        QUEUES.map(|name| (name, self.queue(name))).into()
    }

    /// Notes that a setting cannot be used.
    pub fn problem(&self, text: String) {
        let mut problems = self.problems.borrow_mut();
        if !problems.contains(&text) {
            problems.push(text);
        }
    }

    /// Fails if anything read so far was missing or wrong.
    pub fn check(&self) -> Result<(), BoxError> {
        let problems = self.problems.borrow();
        if problems.is_empty() {
            return Ok(());
        }
        Err(format!("this function cannot start: {}", problems.join("; ")).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let env = Env::of([("TABLE".into(), "t".into()), ("STAGE".into(), " ".into())]);
        assert_eq!(env.text("TABLE"), "t");
        env.check().unwrap();
        env.text("STAGE");
        env.text("BUCKET");
        env.text("BUCKET");
        let message = env.check().unwrap_err().to_string();
        assert_eq!(
            message,
            "this function cannot start: STAGE is missing; BUCKET is missing"
        );
    }

    #[test]
    fn numbers() {
        let env = Env::of(["7", "0", "-1", "x"].map(|it| (it.into(), it.into())));
        assert_eq!(env.number("7"), 7);
        env.check().unwrap();
        for bad in ["0", "-1", "x", "absent"] {
            env.number(bad);
            assert!(env.check().unwrap_err().to_string().contains(bad), "{bad}");
        }
    }
}
