//! The error type of the workspace: kinds, codes, messages for callers, causes for logs.

use std::borrow::Cow;

use serde_json::{Value, json};

/// Any error of a library we call.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The result of everything that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What an error means for whoever called, and for a queue that might try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request cannot be understood or breaks a rule; repeating it will not help.
    Invalid,
    /// We do not know who is calling.
    Unauthenticated,
    /// We know, and the answer is no.
    Forbidden,
    /// There is no such thing, or it belongs to somebody else.
    NotFound,
    /// The thing is not in a state that allows this.
    Conflict,
    /// The thing is not what the caller expects it to be.
    PreconditionFailed,
    /// The caller must say what it expects the thing to be.
    PreconditionRequired,
    /// It contradicts what was asked before.
    Unprocessable,
    /// Not in a form we take.
    NotAcceptable,
    /// More bytes than we take.
    TooLarge,
    /// Too often.
    TooMany,
    /// Not now: something we depend on is down. Trying again later may work.
    Unavailable,
    /// Our own mistake.
    Bug,
}

/// An error with a stable code, a calm message for her, and the inner cause for our logs.
///
/// *Invariant:* `source` is never shown to a caller; `message` never quotes it.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Error {
    /// What it means.
    pub kind: ErrorKind,
    /// Stable name for programs.
    pub code: &'static str,
    /// A sentence for people.
    pub message: Cow<'static, str>,
    /// Facts for programs, shown in the answer.
    pub details: Option<Value>,
    /// After how many seconds it may work, if that is known. So small that it makes no error larger.
    pub retry_after: Option<u16>,
    /// What happened underneath; logged, never sent.
    pub source: Option<BoxError>,
}

impl Error {
    /// An error of `kind` with a stable `code`.
    pub fn new(kind: ErrorKind, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            code,
            message: message.into(),
            details: None,
            retry_after: None,
            source: None,
        }
    }

    /// The request breaks a rule.
    pub fn invalid(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Invalid, code, message)
    }

    /// The field or parameter `name` breaks a rule; the details list that as the contract's issues do.
    pub fn invalid_at(name: &str, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        let issue = json!([{ "code": "custom", "message": message, "path": [name] }]);
        Self::invalid("VALIDATION_ERROR", message).with_details(issue)
    }

    /// There is no such thing for this caller.
    pub fn not_found(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::NotFound, code, message)
    }

    /// A change must say which state it follows, and does not.
    pub fn unconditional(message: impl Into<Cow<'static, str>>) -> Self {
        let kind = ErrorKind::PreconditionRequired;
        Self::new(kind, "PRECONDITION_REQUIRED", message)
    }

    /// The thing was changed since the state that a change follows; this is where it stands.
    pub fn version_conflict(message: impl Into<Cow<'static, str>>, current: Value) -> Self {
        Self::new(ErrorKind::PreconditionFailed, "VERSION_CONFLICT", message)
            .with_details(json!({ "current": current }))
    }

    /// The state of the thing forbids it.
    pub fn conflict(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Conflict, code, message)
    }

    /// Something we depend on is down; `what` names it for the log.
    pub fn unavailable(what: &'static str, source: impl Into<BoxError>) -> Self {
        let cause = Cause {
            what,
            source: source.into(),
        };
        Self {
            source: Some(Box::new(cause)),
            ..Self::new(
                ErrorKind::Unavailable,
                "SERVICE_UNAVAILABLE",
                "This is not available right now. Please try again in a moment.",
            )
        }
    }

    /// Our own mistake; `what` says for the log what was being attempted.
    pub fn bug(what: &'static str, source: impl Into<BoxError>) -> Self {
        let cause = Cause {
            what,
            source: source.into(),
        };
        Self {
            source: Some(Box::new(cause)),
            ..Self::new(
                ErrorKind::Bug,
                "INTERNAL_ERROR",
                "Something went wrong on our side. Please try again.",
            )
        }
    }

    /// The same error with facts for programs.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// The same error, which may be gone after so many seconds.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: i64) -> Self {
        self.retry_after = Some(u16::try_from(seconds).unwrap_or(u16::MAX));
        self
    }

    /// Whether a queue should deliver the work again.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::Unavailable | ErrorKind::Bug | ErrorKind::TooMany | ErrorKind::Conflict
        )
    }

    /// The chain of causes on one line, for the log.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut line = self.to_string();
        let mut next = self
            .source
            .as_deref()
            .map(|it| it as &dyn std::error::Error);
        while let Some(cause) = next {
            line.push_str(": ");
            line.push_str(&cause.to_string());
            next = cause.source();
        }
        line
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{what}")]
struct Cause {
    what: &'static str,
    source: BoxError,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_in_the_chain_and_not_in_the_message() {
        let err = Error::unavailable("reading the table", "connection refused");
        assert!(!err.message.contains("refused"));
        assert!(
            err.chain()
                .ends_with("reading the table: connection refused")
        );
        assert!(err.is_retryable());
        assert!(!Error::invalid("X", "no").is_retryable());
    }
}
