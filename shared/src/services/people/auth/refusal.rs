//! Reasons for refusing a sign-in, sign-up or link.

use crate::domain::{Error, ErrorKind, Weakness};

/// A refusal. Both surfaces say it in their own way; the sentences are the same.
#[derive(Debug, thiserror::Error)]
pub enum AuthRefusal {
    /// Something is missing or cannot be what it says.
    #[error("{0}")]
    Invalid(&'static str),
    /// Somebody has this address.
    #[error("There is already an account with this e-mail address. You can sign in instead.")]
    AddressTaken,
    /// The password lacks these.
    #[error(
        "A password needs 8 or more characters, with an upper-case letter, a lower-case letter and a digit."
    )]
    WeakPassword(Vec<Weakness>),
    /// It is the one she has.
    #[error("This is your present password. Please choose another one.")]
    SamePassword,
    /// It is not the password of who is signed in.
    #[error("This is not your password.")]
    WrongPassword,
    /// The address or the password is not right; which one is not said.
    #[error("The e-mail address or the password is not right.")]
    WrongCredentials,
    /// The same where addresses are confirmed first: whether there is an account is not said either.
    #[error(
        "The e-mail address or the password is not right, or the link that we mailed was not used yet."
    )]
    WrongOrUnconfirmed,
    /// The password is right, but the address was not confirmed.
    #[error("Please confirm your e-mail address first, with the link that we mailed.")]
    Unconfirmed,
    /// There is no such way to sign in.
    #[error("This way of signing in is not offered.")]
    UnknownGrant,
    /// It cannot be a refresh token.
    #[error("Your sign-in could not be continued. Please sign in again.")]
    RefreshMalformed,
    /// We never gave it out, or to somebody who has left.
    #[error("Your sign-in could not be continued. Please sign in again.")]
    RefreshUnknown,
    /// A copy of an old one was shown; the sign-in has ended.
    #[error("Your sign-in was ended to keep your account yours. Please sign in again.")]
    RefreshReused,
    /// She has signed out.
    #[error("You have signed out. Please sign in again.")]
    SessionEnded,
    /// It was not used for a long time.
    #[error("Your sign-in has ended. Please sign in again.")]
    SessionExpired,
    /// She has left.
    #[error("There is no account for this sign-in any more.")]
    UserGone,
    /// The mailed link is used up, replaced, late, or none of ours.
    #[error("This link has been used or is too old. Please ask for a new one.")]
    Link {
        /// Late, as far as we know.
        expired: bool,
    },
    /// Links were mailed a moment ago.
    #[error("{}", too_many_mails(*.wait))]
    TooManyMails {
        /// After how many seconds there is another.
        wait: i64,
    },
    /// Too many passwords were tried.
    #[error("There were too many attempts to sign in. Please wait {} and try again.", spoken(*.wait))]
    TooManyTries {
        /// After how many seconds the next is taken.
        wait: i64,
    },
    /// Our own trouble.
    #[error(transparent)]
    Trouble(#[from] Error),
}

fn too_many_mails(wait: i64) -> String {
    if wait <= 60 {
        return "A link was asked for a moment ago. Please wait a minute before asking for another.".into();
    }
    let wait = spoken(wait);
    format!(
        "Several links were mailed to this address. Please look for the newest one, also among unwanted mail, or ask for another in {wait}."
    )
}

impl AuthRefusal {
    /// After how many seconds it may work, if that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<i64> {
        match self {
            Self::TooManyMails { wait } | Self::TooManyTries { wait } => Some(*wait),
            _ => None,
        }
    }

    /// Whether it says nothing of her request, only of us.
    #[must_use]
    pub fn is_trouble(&self) -> bool {
        matches!(self, Self::Trouble(err) if matches!(err.kind, ErrorKind::Unavailable | ErrorKind::Bug))
    }
}

/// So many seconds, as one says it.
fn spoken(seconds: i64) -> String {
    let (count, unit) = match seconds {
        ..=59 => (seconds.max(1), "second"),
        60..=3599 => ((seconds + 59) / 60, "minute"),
        _ => ((seconds + 3599) / 3600, "hour"),
    };
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_told_in_words() {
        for (seconds, told) in [
            (0, "1 second"),
            (1, "1 second"),
            (32, "32 seconds"),
            (60, "1 minute"),
            (61, "2 minutes"),
            (3600, "1 hour"),
            (14_000, "4 hours"),
        ] {
            assert_eq!(spoken(seconds), told);
        }
    }
}
