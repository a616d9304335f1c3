//! Tokens that were verified a moment ago: a page asks with the same token several times, and each
//! verification of a signature costs as much as a read of the table.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::access::{Claims, TokenIssuer};
use crate::domain::Timestamp;

/// How long a token is believed without verifying it again. It adds to how long its key is kept
/// (`published`): together they are how long a key that is withdrawn is still believed somewhere.
const LIFE: Duration = Duration::from_secs(30);

/// The most tokens that are remembered.
const MOST: usize = 500;

/// The longest token that is remembered, in bytes.
const LONGEST: usize = 4096;

/// What verified tokens say. Cheap to clone; clones share what is known.
#[derive(Clone, Debug)]
pub(super) struct VerifiedTokens {
    life: Duration,
    known: Arc<Mutex<Known>>,
}

#[derive(Debug)]
struct Known {
    since: Instant,
    tokens: HashMap<String, (TokenIssuer, Claims)>,
}

impl Default for VerifiedTokens {
    fn default() -> Self {
        Self::living(LIFE)
    }
}

impl VerifiedTokens {
    /// Remembers each token at most that long.
    pub(super) fn living(life: Duration) -> Self {
        let known = Known {
            since: Instant::now(),
            tokens: HashMap::new(),
        };
        Self {
            life,
            known: Arc::new(Mutex::new(known)),
        }
    }

    /// What a token says, if it was verified a moment ago and has not ended.
    pub(super) fn find(&self, token: &str, now: Timestamp) -> Option<(TokenIssuer, Claims)> {
        let known = self.lock();
        let (issuer, claims) = known.tokens.get(token)?;
        (claims.exp > now.epoch_seconds()).then(|| (*issuer, claims.clone()))
    }

    /// Keeps what a token says that was verified just now.
    pub(super) fn keep(&self, token: &str, issuer: TokenIssuer, claims: &Claims) {
        let mut known = self.lock();
        if token.len() > LONGEST {
            return;
        }
        if known.tokens.len() >= MOST {
            known.tokens.clear();
        }
        known
            .tokens
            .insert(token.to_owned(), (issuer, claims.clone()));
    }

    /// What is known, after all of it was forgotten if it is too old.
    fn lock(&self) -> MutexGuard<'_, Known> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.since.elapsed() >= self.life {
            known.tokens.clear();
            known.since = Instant::now();
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::UserId;

    fn claims(exp: i64) -> Claims {
        let text = serde_json::json!({ "sub": UserId::random(), "exp": exp });
        serde_json::from_value(text).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_epoch_seconds(seconds).unwrap()
    }

    #[test]
    fn a_token_is_known_until_it_ends_and_no_other_by_it() {
        let tokens = VerifiedTokens::default();
        tokens.keep("a.b.c", TokenIssuer::Us, &claims(100));
        let known = tokens.find("a.b.c", at(99));
        assert!(matches!(known, Some((TokenIssuer::Us, it)) if it.exp == 100));
        assert!(tokens.find("a.b.c", at(100)).is_none());
        assert!(tokens.find("a.b.d", at(99)).is_none());
    }

    #[test]
    fn what_is_too_old_is_forgotten() {
        let tokens = VerifiedTokens::living(Duration::ZERO);
        tokens.keep("a.b.c", TokenIssuer::Us, &claims(100));
        assert!(tokens.find("a.b.c", at(99)).is_none());
    }

    #[test]
    fn made_up_tokens_fill_no_memory() {
        let tokens = VerifiedTokens::default();
        for number in 0..2 * MOST {
            tokens.keep(&number.to_string(), TokenIssuer::External, &claims(100));
            assert!(tokens.known.lock().unwrap().tokens.len() <= MOST);
        }
        let long = "x".repeat(LONGEST + 1);
        tokens.keep(&long, TokenIssuer::External, &claims(100));
        assert!(tokens.find(&long, at(1)).is_none());
    }
}
