//! Correlation of a piece of work: one id from the request through messages to the calls of engines, and
//! the trace it is part of.
//!
//! A request or a message begins one; a message that is sent carries it on, and every log line of the
//! work has it.

use std::future::Future;

use tracing::{Instrument, Span};

/// The longest correlation id that is taken from outside.
const MAX_LENGTH: usize = 64;

tokio::task_local! {
    static CURRENT: Correlation;
}

/// A correlation id with its trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correlation {
    /// The same in every log line of the work, wherever that is done.
    pub id: String,
    /// The trace, as X-Ray's header has it.
    pub trace: Option<String>,
}

impl Correlation {
    /// That of the work that runs.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }

    /// The same trace under another id.
    #[must_use]
    pub fn named(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            trace: Self::current().and_then(|it| it.trace),
        }
    }

    /// Does this work under it; its log lines have the fields of `span`.
    pub async fn follow<F: Future>(self, span: Span, work: F) -> F::Output {
        CURRENT.scope(self, work.instrument(span)).await
    }

    /// The name of the trace alone, for logs.
    #[must_use]
    pub fn root(&self) -> &str {
        let header = self.trace.as_deref().unwrap_or_default();
        let root = header.split(';').find_map(|it| it.strip_prefix("Root="));
        root.unwrap_or_default()
    }

    /// Whether a name from outside may be put into logs and headers: short, and of plain characters.
    #[must_use]
    pub fn is_sane(name: &str) -> bool {
        let plain = |it: u8| it.is_ascii_alphanumeric() || b"-_.=".contains(&it);
        (1..=MAX_LENGTH).contains(&name.len()) && name.bytes().all(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_knows_its_correlation() {
        assert_eq!(Correlation::current(), None);
        let correlation = Correlation {
            id: "a".into(),
            trace: Some("Root=1-2-3;Parent=4;Sampled=1".into()),
        };
        assert_eq!(correlation.root(), "1-2-3");
        let work = async {
            assert_eq!(Correlation::current(), Some(correlation.clone()));
            let part = Correlation::named("b");
            assert_eq!(part.root(), "1-2-3");
            let inner = async { Correlation::current().map(|it| it.id) };
            assert_eq!(part.follow(Span::none(), inner).await.as_deref(), Some("b"));
            Correlation::current().map(|it| it.id)
        };
        let seen = correlation.clone().follow(Span::none(), work).await;
        assert_eq!(seen.as_deref(), Some("a"));
        assert_eq!(Correlation::named("c").root(), "");
    }

    #[test]
    fn names_from_outside() {
        let long = "x".repeat(65);
        for (name, sane) in [
            ("0e7d5c2f-7a51-4b0b-9f1c-3a865a1f6d02", true),
            ("req_1.2", true),
            // As the gateway names requests.
            ("Q5aGZjRhPHcEPNg=", true),
            ("", false),
            (long.as_str(), false),
            ("ana@example.org", false),
            ("a b", false),
            ("a\"b", false),
            ("ä", false),
        ] {
            assert_eq!(Correlation::is_sane(name), sane, "{name}");
        }
    }
}
