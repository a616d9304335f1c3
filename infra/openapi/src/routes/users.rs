//! `/api/v1/users`.

use api_users::AccountChange;
use serde_json::json;
use vara::domain::Profile;
use vara::http::Deleted;
use vara::services::people::preferences::PreferencesView;
use vara::services::people::users::User;
use vara::store::NoticeAttempt;

use crate::operation::Operation;

const PREFERENCES: &str = "/api/v1/users/me/preferences";
const STOP: &str = "/api/v1/users/stop/{token}";
const ANSWER: &str = "/api/v1/users/mail/{token}/{answer}";

pub(super) fn operations() -> Vec<Operation> {
    let mut all = account();
    all.extend(telling());
    all
}

fn account() -> Vec<Operation> {
    vec![
        Operation::new("get", "/api/v1/users/me", "getMe", "Her account")
            .data::<User>(200, "Her account.")
            .refuses(404, &["USER_NOT_FOUND"]),
        Operation::new("patch", "/api/v1/users/me", "updateMe", "Name herself")
            .takes::<AccountChange>()
            .data::<Profile>(200, "Her profile after it.")
            .refuses(404, &["USER_NOT_FOUND"]),
        Operation::new("delete", "/api/v1/users/me", "deleteMe", "Leave")
            .about("She is signed out everywhere; everything of hers is erased.")
            .data::<Deleted>(200, "She has left.")
            .refuses(404, &["USER_NOT_FOUND"]),
    ]
}

fn telling() -> Vec<Operation> {
    let changing = |it: Operation| it.refuses(409, &["PREFERENCES_CHANGED"]);
    let token = || json!({ "type": "string", "minLength": 1 });
    vec![
        Operation::new(
            "get",
            PREFERENCES,
            "getPreferences",
            "Where, when and of what she is told",
        )
        .data::<PreferencesView>(200, "What she chose, or what holds until she does."),
        changing(Operation::new(
            "put",
            PREFERENCES,
            "replacePreferences",
            "Choose anew",
        ))
        .about("What is not named goes back to what holds at the beginning.")
        .takes_named("PreferencesChange")
        .data::<PreferencesView>(
            200,
            "What holds now; with the webhook's secret, if its address is new. A new address is told in the app, and a password reset by mail removes it.",
        ),
        changing(Operation::new(
            "patch",
            PREFERENCES,
            "changePreferences",
            "Choose some of it anew",
        ))
        .about("A merge patch (RFC 7396): what is not named stays, null takes away.")
        .takes_named("PreferencesPatch")
        .data::<PreferencesView>(
            200,
            "What holds now; with the webhook's secret, if its address is new.",
        ),
        Operation::new(
            "get",
            "/api/v1/users/me/notifications",
            "listDeliveries",
            "The last attempts to tell her",
        )
        .data_list::<NoticeAttempt>("At most 50, the newest first."),
        Operation::new(
            "get",
            STOP,
            "askToStop",
            "The page that a mail's link leads to",
        )
        .about("Opening it changes nothing: programs look at links by themselves.")
        .open()
        .part("token", "From the mail.", token())
        .mailed_page(200, "A page with a button.")
        .mailed_page(404, "A page that says that the link was used or is too old."),
        Operation::new("post", STOP, "stop", "Stop all messages")
            .about("By the page's button, or by the mail program for her (RFC 8058). Each mail has a token of its own, which works once, for 60 days.")
            .open()
            .part("token", "From the mail.", token())
            .mailed_page(200, "A page that says so.")
            .mailed_page(404, "A page that says that the link was used or is too old."),
        Operation::new(
            "get",
            ANSWER,
            "askWhetherToMail",
            "Show the page behind a link of the mail that asks whether to mail",
        )
        .about("One mail at sign-up asks whether she wants mail. Opening a link changes nothing: programs look at links by themselves.")
        .open()
        .part("token", "From the mail.", token())
        .part("answer", "yes, no or later.", json!({ "type": "string", "enum": ["yes", "no", "later"] }))
        .mailed_page(200, "A page with a button.")
        .mailed_page(404, "A page that says that the link was used or is too old."),
        Operation::new("post", ANSWER, "answerWhetherToMail", "Choose whether to be mailed")
            .about("yes switches mail on, no leaves it off for good, later asks once more after 30 days. The link works once.")
            .open()
            .part("token", "From the mail.", token())
            .part("answer", "yes, no or later.", json!({ "type": "string", "enum": ["yes", "no", "later"] }))
            .mailed_page(200, "A page that says so.")
            .mailed_page(404, "A page that says that the link was used or is too old."),
    ]
}
