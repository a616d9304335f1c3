//! What is mailed but stored only sealed: codes and tokens that a worker mails later.
//!
//! The row holds the text, sealed; the message to the worker holds the key. Who reads only the table or only the queue
//! learns nothing, and a message that comes twice mails the same.

use sha2::{Digest, Sha256};

use crate::auth::{DataKey, OneTime};
use crate::domain::{Error, Result, UserId};

/// A text that was sealed for one mail.
pub(super) struct SealedForMail {
    /// For the message.
    pub(super) key: String,
    /// For the row.
    pub(super) sealed: String,
}

impl SealedForMail {
    pub(super) fn seal(user: UserId, text: &str) -> Result<Self> {
        let key = OneTime::draw()?.token;
        let sealed = opened_by(&key)?.close(&purpose(user), text.as_bytes().to_vec())?;
        Ok(Self { key, sealed })
    }
}

/// The text. `None`: it was sealed with another key, as that of a change that replaced this one.
pub(super) fn open_for_mail(user: UserId, key: &str, sealed: &str) -> Result<Option<String>> {
    let opened = opened_by(key)?.open(&purpose(user), sealed);
    Ok(opened.and_then(|it| String::from_utf8(it).ok()))
}

fn opened_by(key: &str) -> Result<DataKey> {
    let digest = Sha256::digest(format!("sealed-mail/{key}"));
    DataKey::new(&digest.into())
        .map_err(|_| Error::bug("making the key of a mail", "it cannot be derived"))
}

fn purpose(user: UserId) -> String {
    format!("sealed-mail/{user}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_key_opens_it_and_only_for_her() {
        let user = UserId::random();
        let it = SealedForMail::seal(user, "123456").unwrap();
        assert!(!it.sealed.contains("123456"));
        let open = |user, key: &str| open_for_mail(user, key, &it.sealed).unwrap();
        assert_eq!(open(user, &it.key).as_deref(), Some("123456"));
        assert_eq!(open(UserId::random(), &it.key), None);
        assert_eq!(open(user, &OneTime::draw().unwrap().token), None);
    }
}
