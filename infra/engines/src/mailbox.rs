//! The mailbox: every mail the stand-in took, newest last.

use std::sync::Mutex;

use serde::Serialize;
use time::OffsetDateTime;

use crate::world::lock;

/// A mail as it was sent.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Mail {
    /// All receivers, joined by a comma.
    pub(crate) to: String,
    pub(crate) from: String,
    pub(crate) subject: String,
    /// Empty when the mail has no such part.
    pub(crate) text: String,
    /// Empty when the mail has no such part.
    pub(crate) html: String,
    pub(crate) links: Vec<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
}

impl Mail {
    fn is_to(&self, address: &str) -> bool {
        self.to
            .split(',')
            .any(|to| bare(to).eq_ignore_ascii_case(bare(address)))
    }
}

/// The address without the name around it.
fn bare(mailbox: &str) -> &str {
    let address = match (mailbox.rfind('<'), mailbox.rfind('>')) {
        (Some(from), Some(to)) if from < to => &mailbox[from + 1..to],
        _ => mailbox,
    };
    address.trim()
}

/// All mail, in order of arrival.
#[derive(Default)]
pub(crate) struct Mailbox(Mutex<Vec<Mail>>);

impl Mailbox {
    pub(crate) fn put(&self, mail: Mail) {
        lock(&self.0).push(mail);
    }

    /// All mail, or what was sent to one address.
    pub(crate) fn all(&self, to: Option<&str>) -> Vec<Mail> {
        let mails = lock(&self.0);
        mails
            .iter()
            .filter(|it| to.is_none_or(|to| it.is_to(to)))
            .cloned()
            .collect()
    }

    /// Throws everything away; says how much it was.
    pub(crate) fn clear(&self) -> usize {
        std::mem::take(&mut *lock(&self.0)).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_with_and_without_a_name() {
        assert_eq!(bare("Vara <no-reply@vara.test>"), "no-reply@vara.test");
        assert_eq!(bare(" a@vara.test "), "a@vara.test");
        assert_eq!(bare("> odd <"), "> odd <");
    }
}
