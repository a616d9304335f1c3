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
const RESTORE: &str = "/api/v1/users/restore/{token}";
const STOP: &str = "/api/v1/users/stop/{token}";
const ANSWER: &str = "/api/v1/users/mail/{token}/{answer}";

pub(super) fn operations() -> Vec<Operation> {
    let mut all = account();
    all.extend(telling());
    all
}

fn account() -> Vec<Operation> {
    vec![
        Operation::new("get", "/api/v1/users/me", "getMe", "Get the account")
            .data::<User>(200, "The account.")
            .refuses(404, &["USER_NOT_FOUND"]),
        Operation::new(
            "patch",
            "/api/v1/users/me",
            "updateMe",
            "Update the account",
        )
        .takes::<AccountChange>()
        .data::<Profile>(200, "The profile after the change.")
        .refuses(404, &["USER_NOT_FOUND"]),
        Operation::new(
            "delete",
            "/api/v1/users/me",
            "deleteMe",
            "Delete the account",
        )
        .about(
            "Signs the user out everywhere; nobody sees anything of the account any more, and no engine is asked \
             for it. A link that is mailed brings it back within 72 hours (`AccountRestHours`); then all data is \
             erased. The address can have a new account at once.",
        )
        .data::<Deleted>(200, "The account is deleted.")
        .refuses(404, &["USER_NOT_FOUND"]),
        Operation::new("post", "/api/v1/users/me/erase", "eraseMe", "Delete the account for good")
            .about("Erases all data of the account at once. It cannot be brought back.")
            .recent()
            .data::<Deleted>(200, "The account is erased.")
            .refuses(404, &["USER_NOT_FOUND"]),
        Operation::new("get", RESTORE, "askToRestore", "Show the page behind a restore link")
            .about("Changes nothing, because programs open links by themselves.")
            .open()
            .part("token", "The token of the link.", json!({ "type": "string", "minLength": 1 }))
            .mailed_page(200, "A page with a button.")
            .mailed_page(404, "A page that says that the link was used or has expired."),
        Operation::new("post", RESTORE, "restoreMe", "Bring a deleted account back")
            .about(
                "Works once, while the account rests. Password, role and sessions are gone: the user chooses a new \
                 password by a recovery link.",
            )
            .open()
            .part("token", "The token of the link.", json!({ "type": "string", "minLength": 1 }))
            .mailed_page(200, "A page that confirms it.")
            .mailed_page(404, "A page that says that the link was used or has expired.")
            .mailed_page(409, "A page that says that the address has a newer account."),
    ]
}

fn telling() -> Vec<Operation> {
    let changing = |it: Operation| {
        it.refuses(409, &["PREFERENCES_CHANGED"])
            .recent_when("The address of the webhook is new.")
    };
    let token = || json!({ "type": "string", "minLength": 1 });
    vec![
        Operation::new(
            "get",
            PREFERENCES,
            "getPreferences",
            "Get preferences",
        )
        .data::<PreferencesView>(200, "The preferences, or the defaults if none are set."),
        changing(Operation::new(
            "put",
            PREFERENCES,
            "replacePreferences",
            "Replace preferences",
        ))
        .about("A field that is absent gets its default.")
        .takes_named("PreferencesChange")
        .data::<PreferencesView>(
            200,
            "The preferences after the change; with the webhook's secret if its address is new. A new address raises an alert in the app, and a password reset by mail removes it.",
        ),
        changing(Operation::new(
            "patch",
            PREFERENCES,
            "changePreferences",
            "Update preferences",
        ))
        .about("A merge patch (RFC 7396): an absent field stays, null removes a value.")
        .takes_named("PreferencesPatch")
        .data::<PreferencesView>(
            200,
            "The preferences after the change; with the webhook's secret if its address is new.",
        ),
        Operation::new(
            "get",
            "/api/v1/users/me/notifications",
            "listDeliveries",
            "List notification attempts",
        )
        .data_list::<NoticeAttempt>("At most 50 attempts, newest first."),
        Operation::new(
            "get",
            STOP,
            "askToStop",
            "Show the page behind an unsubscribe link",
        )
        .about("Changes nothing, because programs open links by themselves.")
        .open()
        .part("token", "The token of the link.", token())
        .mailed_page(200, "A page with a button.")
        .mailed_page(404, "A page that says that the link was used or has expired."),
        Operation::new("post", STOP, "stop", "Unsubscribe from all messages")
            .about("Called by the page's button, or by a mail program (RFC 8058). Each mail has its own token, which works once, for 60 days.")
            .open()
            .part("token", "The token of the link.", token())
            .mailed_page(200, "A page that confirms it.")
            .mailed_page(404, "A page that says that the link was used or has expired."),
        Operation::new(
            "get",
            ANSWER,
            "askWhetherToMail",
            "Show the page behind a link of the consent mail",
        )
        .about("One mail at sign-up asks whether the user wants mail. Opening a link changes nothing, because programs open links by themselves.")
        .open()
        .part("token", "The token of the link.", token())
        .part("answer", "The answer.", json!({ "type": "string", "enum": ["yes", "no", "later"] }))
        .mailed_page(200, "A page with a button.")
        .mailed_page(404, "A page that says that the link was used or has expired."),
        Operation::new("post", ANSWER, "answerWhetherToMail", "Answer the consent mail")
            .about("`yes` turns mail on, `no` leaves it off, `later` asks once more after 30 days. The link works once.")
            .open()
            .part("token", "The token of the link.", token())
            .part("answer", "The answer.", json!({ "type": "string", "enum": ["yes", "no", "later"] }))
            .mailed_page(200, "A page that confirms it.")
            .mailed_page(404, "A page that says that the link was used or has expired."),
    ]
}
