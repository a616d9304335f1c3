//! Every text that reaches her by another way than the app, in one place.
//!
//! Fixed sentences and a link, nothing else: no name, no numbers, no word of what Vara looks for or
//! has found. A subject names the kind of mail, so that she finds it again, and nothing that any other
//! service would not write: it shows on a locked screen.

use serde_json::json;

use crate::domain::Timestamp;

/// A page that shows nothing but this.
macro_rules! page {
    ($body:literal) => {
        concat!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"robots\" content=\"noindex\">",
            "<meta name=\"viewport\" content=\"width=device-width\"><title>Messages</title>",
            $body,
            "</html>\n"
        )
    };
}

/// A mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mail {
    /// Her account was made; the link confirms the address.
    Welcome {
        /// Where she confirms it.
        link: String,
    },
    /// She asked for a new password.
    Recovery {
        /// Where she chooses it.
        link: String,
    },
    /// A code that shows she reads this address.
    Code {
        /// The code.
        code: String,
    },
    /// Her password is another one.
    PasswordChanged,
    /// There is something new for her; that is all it says, whatever and how much it is.
    Update {
        /// Where she signs in.
        link: String,
        /// Where she stops these mails without signing in.
        stop: String,
    },
}

impl Mail {
    /// The line that shows in a list of mails.
    #[must_use]
    pub fn subject(&self) -> &'static str {
        match self {
            Self::Welcome { .. } => "Please confirm your address",
            Self::Recovery { .. } => "Your sign-in link",
            Self::Code { .. } => "Your code",
            Self::PasswordChanged => "Your password was changed",
            Self::Update { .. } => "You have an update",
        }
    }

    /// The mail.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Welcome { link } => format!(
                "Your account is ready. You can confirm this address with the link below. \
                 It works once, within the next hour.\n\n{link}\n\n\
                 If you did not make an account, you do not need to do anything.\n"
            ),
            Self::Recovery { link } => format!(
                "Here is the link you asked for. It works once, within the next hour.\n\n{link}\n\n\
                 If you did not ask for it, you do not need to do anything.\n"
            ),
            Self::Code { code } => format!(
                "Here is the code you asked for. It works for a quarter of an hour.\n\n{code}\n\n\
                 If you did not ask for it, you do not need to do anything.\n"
            ),
            Self::PasswordChanged => {
                "Your password was changed, and you were signed out everywhere else.\n\n\
                 If this was not you, choose \"Forgot password\" where you sign in.\n"
                    .to_owned()
            }
            Self::Update { link, stop } => format!(
                "There is something new for you. You can see it after you sign in.\n\n{link}\n\n\
                 If you do not want these messages any more, you can stop them here:\n\n{stop}\n"
            ),
        }
    }

    /// Where a mail program may stop these mails for her (RFC 8058).
    #[must_use]
    pub fn stop(&self) -> Option<&str> {
        match self {
            Self::Update { stop, .. } => Some(stop),
            _ => None,
        }
    }
}

/// What a webhook is called with: as little as a mail says.
#[must_use]
pub fn update_event(now: Timestamp) -> String {
    json!({ "type": "update.available", "timestamp": now, "data": {} }).to_string()
}

/// The page behind a mail's stop link. Programs open links by themselves, so it asks first.
pub const STOP_PAGE: &str = page!(
    "<p>Do you want to stop these messages?</p>\
     <form method=\"post\"><button>Stop them</button></form>"
);

/// The page after that.
pub const STOPPED_PAGE: &str = page!("<p>Done. You will get no more of these messages.</p>");

/// The page behind a link that was used, or is too old.
pub const USED_LINK_PAGE: &str = page!(
    "<p>This link does not work any more. You can change how you get messages after you sign in.</p>"
);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// What would tell somebody who reads her mail why she is with us.
    const FORBIDDEN: [&str; 36] = [
        "vara", "protect", "picture", "photo", "image", "upload", "intimate", "deepfake", "leak",
        "breach", "abuse", "harass", "stalk", "victim", "survivor", "scan", "alert", "match",
        "found", "face", "porn", "nude", "sexual", "revenge", "partner", "danger", "safe",
        "threat", "urgent", "warning", "violen", "police", "monitor", "watch", "misuse",
        "takedown",
    ];

    fn all() -> [Mail; 5] {
        let link = || "<link>".to_owned();
        [
            Mail::Welcome { link: link() },
            Mail::Recovery { link: link() },
            Mail::Code {
                code: "<code>".into(),
            },
            Mail::PasswordChanged,
            Mail::Update {
                link: link(),
                stop: "<stop>".into(),
            },
        ]
    }

    /// Everything that leaves us by another way than the app, with what is hers left out.
    fn everything() -> Vec<String> {
        let mails = all().map(|it| format!("{}\n{}", it.subject(), it.text()));
        let event = update_event(Timestamp::parse("2026-11-20T12:00:00Z").unwrap());
        let event = event.replace("2026-11-20T12:00:00.000Z", "");
        let pages = [STOP_PAGE, STOPPED_PAGE, USED_LINK_PAGE].map(|it| it.replace("utf-8", ""));
        mails.into_iter().chain(pages).chain([event]).collect()
    }

    #[test]
    fn the_texts_are_these() {
        let golden = include_str!("texts.golden.txt");
        assert_eq!(everything().join("\n---\n"), golden.trim_end_matches('\n'));
    }

    #[test]
    fn no_text_says_what_she_uses() {
        for text in everything() {
            let low = text.to_lowercase();
            for word in FORBIDDEN {
                assert!(!low.contains(word), "{text:?} says {word:?}");
            }
            assert!(!low.contains("http"), "{text:?} has an address of its own");
            assert!(
                !low.chars().any(|it| it.is_ascii_digit()),
                "{text:?} has numbers"
            );
        }
    }

    #[test]
    fn subjects_tell_kinds_apart_and_texts_hold_their_link() {
        let subjects: std::collections::BTreeSet<_> = all().iter().map(Mail::subject).collect();
        assert_eq!(subjects.len(), all().len());
        for mail in all() {
            let held = match mail {
                Mail::PasswordChanged => "Forgot password",
                Mail::Code { .. } => "<code>",
                _ => "<link>",
            };
            assert_eq!(mail.text().matches(held).count(), 1, "{mail:?}");
            let stops = mail.text().matches("<stop>").count();
            assert_eq!(stops, usize::from(mail.stop().is_some()), "{mail:?}");
        }
    }
}
