//! Every text that reaches her by another way than the app, in one place.
//!
//! Fixed sentences and a link, nothing else: no name, no numbers, no word of what Vara looks for or
//! has found. A subject names the kind of mail, so that she finds it again, and nothing that any other
//! service would not write: it shows on a locked screen.

use serde_json::json;

use crate::domain::{LinkKind, MailAnswer, Timestamp};

/// A page with this title that shows nothing but this.
macro_rules! page {
    ($title:literal, $body:literal) => {
        concat!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"robots\" content=\"noindex\">",
            "<meta name=\"viewport\" content=\"width=device-width\"><title>",
            $title,
            "</title>",
            $body,
            "</html>\n"
        )
    };
}

mod objection;

pub use objection::{OBJECTION_TAKEN_PAGE, ObjectionPage};

/// A mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mail {
    /// An account was made with this address; the link confirms it.
    Confirmation {
        /// Where she confirms it.
        link: String,
    },
    /// Somebody signed up with her address, which has an account.
    AccountExists {
        /// Where she signs in.
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
    /// The same, where the earlier one can be had back.
    PasswordUndo {
        /// Where she has it back.
        link: String,
    },
    /// Her account has another address; this is the earlier one.
    AddressChanged {
        /// Where she puts it back.
        link: String,
    },
    /// Her account was closed; for some hours the link brings it back.
    AccountClosed {
        /// Where she brings it back.
        link: String,
    },
    /// Does she want mail? Each link answers without a sign-in.
    Question {
        /// Where she says yes.
        yes: String,
        /// Where she says no.
        no: String,
        /// Where she says later; not in the last mail that asks.
        later: Option<String>,
    },
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
            Self::Confirmation { .. } => "Please confirm your address",
            Self::AccountExists { .. } => "About your sign-up",
            Self::Recovery { .. } => "Your sign-in link",
            Self::Code { .. } => "Your code",
            Self::PasswordChanged => "Your password was changed",
            Self::PasswordUndo { .. } => "Did you change your password?",
            Self::AddressChanged { .. } => "Your address was changed",
            Self::AccountClosed { .. } => "Your account was closed",
            Self::Question { .. } => "How would you like to hear from us?",
            Self::Update { .. } => "You have an update",
        }
    }

    /// The mail.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Confirmation { link } => format!(
                "Please confirm this address with the link below. \
                 It works once, within the next day.\n\n{link}\n\n\
                 If you did not make an account, please do not use the link.\n"
            ),
            Self::AccountExists { link } => format!(
                "Somebody asked for an account with this address, which has one. You can sign in to it here:\n\n{link}\n\n\
                 If this was not you, you do not need to do anything.\n"
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
            Self::PasswordUndo { link } => format!(
                "Your password was changed, and you were signed out everywhere else.\n\n\
                 If you did this, you do not need to do anything. If it was somebody else, use the link below. It \
                 works once, for three days: your earlier password is yours again, and everybody is signed out.\n\n{link}\n"
            ),
            Self::AddressChanged { link } => format!(
                "Your account has another address now, and you were signed out everywhere else.\n\n\
                 If you did this, you do not need to do anything. If it was somebody else, use the link below. It \
                 works once, for one day: your account has this address again, everybody is signed out, and you \
                 choose a new password.\n\n{link}\n"
            ),
            Self::AccountClosed { link } => format!(
                "Your account was closed. If you want it back, use the link below soon. It works once, and for a \
                 short time only; after that the account is gone for good.\n\n{link}\n\n\
                 If you closed it yourself, you do not need to do anything.\n"
            ),
            Self::Question { yes, no, later } => question(yes, no, later.as_deref()),
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

fn question(yes: &str, no: &str, later: Option<&str>) -> String {
    let later = later.map_or_else(String::new, |it| {
        format!("Not now, ask me again in a month:\n\n{it}\n\n")
    });
    format!(
        "May we write to this address when there is something new for you? Such a mail says that, and \
         nothing else.\n\n\
         Yes, write to me here:\n\n{yes}\n\n\
         No, do not write to me here:\n\n{no}\n\n{later}\
         Until you choose, you see what is new when you sign in. If somebody else reads your mail, \
         choose no.\n"
    )
}

/// What a webhook is called with: as little as a mail says.
#[must_use]
pub fn update_event(now: Timestamp) -> String {
    json!({ "type": "update.available", "timestamp": now, "data": {} }).to_string()
}

/// The page behind a mail's stop link. Programs open links by themselves, so it asks first.
pub const STOP_PAGE: &str = page!(
    "Messages",
    "<p>Do you want to stop these messages?</p>\
     <form method=\"post\"><button>Stop them</button></form>"
);

/// The page after that.
pub const STOPPED_PAGE: &str = page!(
    "Messages",
    "<p>Done. You will get no more of these messages.</p>"
);

/// The page behind the link that brings a closed account back.
pub const RESTORE_PAGE: &str = page!(
    "Your account",
    "<p>Do you want your account back?</p>\
     <form method=\"post\"><button>Yes, bring it back</button></form>"
);

/// The page after that.
pub const RESTORED_PAGE: &str = page!(
    "Your account",
    "<p>Your account is back. Please choose a new password: use \"Forgot password\" where you sign in.</p>"
);

/// The page instead, if the address has another account by now.
pub const RESTORE_TAKEN_PAGE: &str = page!(
    "Your account",
    "<p>There is a newer account with this address. If you delete that one first, this link brings the earlier \
     one back. You can sign in to it with \"Forgot password\", even if you did not make it.</p>"
);

/// The page behind the link that undoes a change of the password.
pub const PASSWORD_UNDO_PAGE: &str = page!(
    "Your account",
    "<p>Do you want your earlier password back? Everybody will be signed out.</p>\
     <form method=\"post\"><button>Yes, bring it back</button></form>"
);

/// The page after that.
pub const PASSWORD_UNDONE_PAGE: &str = page!(
    "Your account",
    "<p>Done. Please sign in with your earlier password. If somebody else may know it, choose a new one with \
     \"Forgot password\".</p>"
);

/// The page behind the link that undoes a change of the address.
pub const ADDRESS_UNDO_PAGE: &str = page!(
    "Your account",
    "<p>Do you want your account to have its earlier address again? Everybody will be signed out, and you will need a \
     new password.</p>\
     <form method=\"post\"><button>Yes, bring it back</button></form>"
);

/// The page after that.
pub const ADDRESS_UNDONE_PAGE: &str = page!(
    "Your account",
    "<p>Done. Your account has its earlier address again. Please choose a new password: use \"Forgot password\" where \
     you sign in.</p>"
);

/// What the page of a mailed link needs to ask before the link is used: programs open links by themselves,
/// and a link of somebody else's account must not get her into it unawares.
#[derive(Clone, Copy, Debug)]
pub struct LinkPage<'a> {
    /// What the link is for.
    pub kind: LinkKind,
    /// The account it leads to, masked; nobody is told so of a link that does not work.
    pub account: Option<&'a str>,
    /// Whether a new password will have to be chosen.
    pub voids_password: bool,
    /// What the button sends along.
    pub fields: [(&'a str, &'a str); 3],
}

impl LinkPage<'_> {
    /// The page.
    #[must_use]
    pub fn html(&self) -> String {
        let (named, unnamed, button) = match self.kind {
            LinkKind::Recovery => (
                "You are about to sign in to the account {account}. If it is not yours, close this page.",
                "You are about to sign in.",
                "Sign in",
            ),
            LinkKind::SignUp => (
                "Please confirm that {account} is your address. If you did not make an account, close this page.",
                "Please confirm that this is your address.",
                "Confirm",
            ),
        };
        let words = match self.account {
            Some(account) => named.replace("{account}", &escaped(account)),
            None => unnamed.to_owned(),
        };
        let after = match (self.kind, self.voids_password) {
            (LinkKind::Recovery, _) => "",
            (LinkKind::SignUp, false) => "<p>After that you can sign in with your password.</p>",
            (LinkKind::SignUp, true) => {
                "<p>After that, please choose a new password: use \"Forgot password\" where you sign in.</p>"
            }
        };
        let fields: String = self
            .fields
            .iter()
            .map(|(name, value)| {
                let value = escaped(value);
                format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
            })
            .collect();
        format!(
            page!(
                "Continue",
                "<p>{words}</p>{after}<form method=\"post\" action=\"verify\">{fields}<button>{button}</button></form>"
            ),
            words = words,
            after = after,
            fields = fields,
            button = button,
        )
    }
}

/// A text as it is written into a page.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for it in text.chars() {
        match it {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(it),
        }
    }
    out
}

/// The page behind a link of the question whether she wants mail.
#[must_use]
pub fn question_page(answer: MailAnswer) -> &'static str {
    match answer {
        MailAnswer::Yes => page!(
            "Messages",
            "<p>Do you want a mail when there is something new for you?</p>\
             <form method=\"post\"><button>Yes, write to me</button></form>"
        ),
        MailAnswer::No => page!(
            "Messages",
            "<p>Do you want no mail when there is something new for you?</p>\
             <form method=\"post\"><button>No, do not write to me</button></form>"
        ),
        MailAnswer::Later => page!(
            "Messages",
            "<p>Do you want to be asked again in a month?</p>\
             <form method=\"post\"><button>Ask me later</button></form>"
        ),
    }
}

/// The page after that.
#[must_use]
pub fn answered_page(answer: MailAnswer) -> &'static str {
    match answer {
        MailAnswer::Yes => page!(
            "Messages",
            "<p>Done. You get a mail when there is something new. Each of them has a link that stops them.</p>"
        ),
        MailAnswer::No => {
            page!(
                "Messages",
                "<p>Done. You get no such mail. You see what is new when you sign in.</p>"
            )
        }
        MailAnswer::Later => page!(
            "Messages",
            "<p>Done. You are asked once more, in a month.</p>"
        ),
    }
}

/// The page behind a link that was used, or is too old.
pub const USED_LINK_PAGE: &str = page!(
    "Messages",
    "<p>This link does not work any more. You can change how you get messages after you sign in.</p>"
);

#[cfg(test)]
mod tests;
