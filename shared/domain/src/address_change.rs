//! Change of the account's address: the code that proves the new one, and how long the earlier one can be put back.

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// How long the code of a new address works, in seconds; the mail says so.
pub const ADDRESS_CODE_SECONDS: i64 = 15 * 60;

/// How often a code may be tried.
pub const ADDRESS_CODE_TRIES: u32 = 5;

/// How long a changed address can be put back, in seconds; the mail says so.
pub const ADDRESS_UNDO_SECONDS: i64 = 24 * 3600;

/// A change of the address that was asked for and waits for its code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddressChange {
    /// When it was asked for; tells it from the one that replaces it.
    pub asked_at: Timestamp,
    /// Until when the code works.
    pub expires_at: Timestamp,
    /// The new address, sealed with her data key.
    pub sealed_email: String,
    /// A keyed hash of the code.
    pub code: String,
    /// The code, sealed with the key that only the message to the mailer holds.
    pub sealed_code: String,
    /// How often the code was tried.
    pub tries: u32,
}

impl AddressChange {
    /// Whether its code may still be tried.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.expires_at && self.tries < ADDRESS_CODE_TRIES
    }
}

/// The address before the last change. It stays hers until the change cannot be undone any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EarlierAddress {
    /// The address, in lower case.
    pub email: String,
    /// What the table knows the token of the link by.
    pub hash: String,
    /// The token, sealed with the key that only the message to the mailer holds.
    pub sealed_token: String,
    /// Until when it can be put back.
    pub until: Timestamp,
}

impl EarlierAddress {
    /// Whether it can still be put back.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_epoch_seconds(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn a_code_works_for_a_quarter_of_an_hour_and_five_tries() {
        let change = |tries| AddressChange {
            asked_at: at(0),
            expires_at: at(ADDRESS_CODE_SECONDS),
            sealed_email: String::new(),
            code: String::new(),
            sealed_code: String::new(),
            tries,
        };
        assert!(change(4).is_open(at(899)));
        assert!(!change(4).is_open(at(900)));
        assert!(!change(5).is_open(at(0)));
    }
}
