//! Every text that is mailed, in one place.
//!
//! Fixed sentences and a link, nothing else: no name, no numbers, no word of what Vara looks for or
//! has found. A subject is the same for every mail, because it shows on a locked screen.

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
    /// Her password is another one.
    PasswordChanged,
}

impl Mail {
    /// The line that shows in a list of mails.
    #[must_use]
    pub fn subject(&self) -> &'static str {
        "You have an update"
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
            Self::PasswordChanged => {
                "Your password was changed, and you were signed out everywhere else.\n\n\
                 If this was not you, choose \"Forgot password\" where you sign in.\n"
                    .to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What would tell somebody who reads her mail why she is with us.
    const FORBIDDEN: [&str; 36] = [
        "vara", "protect", "picture", "photo", "image", "upload", "intimate", "deepfake", "leak",
        "breach", "abuse", "harass", "stalk", "victim", "survivor", "scan", "alert", "match",
        "found", "face", "porn", "nude", "sexual", "revenge", "partner", "danger", "safe",
        "threat", "urgent", "warning", "violen", "police", "monitor", "watch", "misuse",
        "takedown",
    ];

    fn all() -> [Mail; 3] {
        let link = || "<link>".to_owned();
        [
            Mail::Welcome { link: link() },
            Mail::Recovery { link: link() },
            Mail::PasswordChanged,
        ]
    }

    #[test]
    fn no_text_says_what_she_uses() {
        for mail in all() {
            let text = format!("{}\n{}", mail.subject(), mail.text()).to_lowercase();
            for word in FORBIDDEN {
                assert!(!text.contains(word), "{mail:?} says {word:?}");
            }
            assert!(!text.contains("http"), "{mail:?} has an address of its own");
            assert!(
                !text.chars().any(|it| it.is_ascii_digit()),
                "{mail:?} has numbers"
            );
        }
    }

    #[test]
    fn all_look_the_same_from_outside_and_hold_their_link() {
        for mail in all() {
            assert_eq!(mail.subject(), "You have an update");
            let linked = mail.text().matches("<link>").count();
            assert_eq!(
                linked,
                usize::from(mail != Mail::PasswordChanged),
                "{mail:?}"
            );
        }
    }
}
