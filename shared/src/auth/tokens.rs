//! Refresh tokens and tokens of mailed links: format, sealing, hashing. Lifetimes are in
//! `domain::account` and `domain::link`.
//!
//! A refresh token names its sign-in and counts its generation, sealed with a key of ours. So the
//! child of a token can be given out again without having been stored, two refreshes at once get the
//! same child, one row holds the whole family, and there is nothing to look up across users and
//! nothing to forget when she leaves.

use aws_lc_rs::digest;
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::Keys;
use crate::domain::{Error, Result, Session, SessionId, UserId};

/// User, session, generation.
const BODY: usize = 16 + 16 + 4;

/// The shortest text that can be meant as a refresh token; anything shorter is malformed.
const SHORTEST: usize = 12;

/// What a refresh token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// Whose.
    pub user: UserId,
    /// Which sign-in.
    pub session: SessionId,
    /// How many there were before it.
    pub generation: u32,
}

/// Why a refresh token says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It cannot be a token.
    Malformed,
    /// It could, but we never gave it out.
    Unknown,
}

impl RefreshToken {
    /// The newest token of a sign-in.
    #[must_use]
    pub fn newest(session: &Session) -> Self {
        Self {
            user: session.user_id,
            session: session.id,
            generation: session.generation,
        }
    }

    /// As it is given out.
    #[must_use]
    pub fn seal(self, keys: &Keys) -> String {
        let mut body = Vec::with_capacity(BODY);
        body.extend_from_slice(Uuid::from(self.user).as_bytes());
        body.extend_from_slice(Uuid::from(self.session).as_bytes());
        body.extend_from_slice(&self.generation.to_be_bytes());
        let body = URL_SAFE_NO_PAD.encode(body);
        let mac = keys.sign_refresh(&body);
        format!("{body}{mac}")
    }

    /// Reads a token that was given out.
    pub fn open(text: &str, keys: &Keys) -> Result<Self, Unreadable> {
        let plain = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_' | b'.');
        if text.len() < SHORTEST || !text.bytes().all(plain) {
            return Err(Unreadable::Malformed);
        }
        let (body, mac) = text
            .split_at_checked(BODY * 4 / 3)
            .ok_or(Unreadable::Unknown)?;
        if !keys.check_refresh(body, mac) {
            return Err(Unreadable::Unknown);
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(body)
            .map_err(|_| Unreadable::Unknown)?;
        let bytes: [u8; BODY] = bytes.try_into().map_err(|_| Unreadable::Unknown)?;
        let id = |from: usize| {
            Uuid::from_slice(&bytes[from..from + 16]).map_err(|_| Unreadable::Unknown)
        };
        let mut generation = [0; 4];
        generation.copy_from_slice(&bytes[32..]);
        Ok(Self {
            user: id(0)?.into(),
            session: id(16)?.into(),
            generation: u32::from_be_bytes(generation),
        })
    }
}

/// The token of a mail link: random, good once. We keep only its hash.
#[derive(Clone, Debug)]
pub struct OneTime {
    /// For the link.
    pub token: String,
    /// For the table.
    pub hash: String,
}

impl OneTime {
    /// A new one.
    pub fn draw() -> Result<Self> {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes).map_err(|err| Error::unavailable("drawing a token", err))?;
        let token = URL_SAFE_NO_PAD.encode(bytes);
        Ok(Self {
            hash: Self::hash(&token),
            token,
        })
    }

    /// What the table knows a token by.
    #[must_use]
    pub fn hash(token: &str) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, token.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys::derive("a-secret-of-more-than-thirty-two-characters", None).unwrap()
    }

    #[test]
    fn a_sealed_token_opens_and_a_changed_one_does_not() {
        let token = RefreshToken {
            user: UserId::random(),
            session: SessionId::random(),
            generation: 7,
        };
        let text = token.seal(&keys());
        assert_eq!(RefreshToken::open(&text, &keys()), Ok(token));
        assert_eq!(token.seal(&keys()), text);
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            // The last sign of a base64 text has bits that mean nothing; a decoder must refuse them too.
            assert_eq!(
                RefreshToken::open(&changed, &keys()),
                Err(Unreadable::Unknown),
                "{at}"
            );
        }
    }

    #[test]
    fn what_cannot_be_a_token_is_malformed() {
        for text in ["", "short", "with a space in it", "ümlauts-in-it-too"] {
            assert_eq!(
                RefreshToken::open(text, &keys()),
                Err(Unreadable::Malformed),
                "{text}"
            );
        }
        assert_eq!(
            RefreshToken::open("v1.looksLikeAToken", &keys()),
            Err(Unreadable::Unknown)
        );
    }

    #[test]
    fn mail_tokens_differ_and_are_found_by_their_hash() {
        let (one, two) = (OneTime::draw().unwrap(), OneTime::draw().unwrap());
        assert_ne!(one.token, two.token);
        assert_eq!(OneTime::hash(&one.token), one.hash);
        assert_eq!(one.token.len(), 43);
    }
}
