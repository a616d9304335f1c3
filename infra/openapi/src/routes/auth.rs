//! `/api/v1/auth` and `/auth/v1`.

use api_auth::{
    AddressAskedView, AddressChangedView, AddressCode, AuthGrant, AuthHealth, AuthRecover,
    AuthSettings, AuthSignUp, AuthUserChange, AuthVerify, ConfirmedView, Forgotten, MessageView,
    NewAddress, NewPassword, Nothing, PasswordAgain, Refresh, Reset, SessionChange, SignIn, SignUp,
    SignedInView, SignedUpView, TokensView,
};
use serde_json::{Value, json};
use vara::auth::Jwks;
use vara::http::Deleted;
use vara::http::gotrue::{AuthSession, AuthUser};
use vara::services::people::auth::SessionView;

use crate::operation::Operation;

const SESSIONS: &str = "/api/v1/auth/sessions";
const UNDO: &str = "/api/v1/auth/undo/{token}";
const ADDRESS: &str = "/api/v1/auth/address";
const ADDRESS_UNDO: &str = "/api/v1/auth/address/undo/{token}";
const SESSION: &str = "/api/v1/auth/sessions/{id}";

pub(super) fn own() -> Vec<Operation> {
    let mut all = entering();
    all.extend(sessions());
    all.extend(undoing());
    all.extend(addresses());
    all
}

fn undoing() -> [Operation; 2] {
    let token = || json!({ "type": "string", "minLength": 1 });
    let unusable = "A page that says that the link was used or has expired.";
    [
        Operation::new("get", UNDO, "askToUndoPassword", "Show the page behind a link that undoes a change of the password")
            .about("Changes nothing, because programs open links by themselves.")
            .open()
            .part("token", "The token of the link.", token())
            .mailed_page(200, "A page with a button.")
            .mailed_page(404, unusable),
        Operation::new("post", UNDO, "undoPassword", "Undo a change of the password")
            .about(
                "Works once, for 72 hours after the change: the earlier password is valid again, and all sessions and \
                 mailed links end.",
            )
            .open()
            .part("token", "The token of the link.", token())
            .mailed_page(200, "A page that confirms it.")
            .mailed_page(404, unusable),
    ]
}

fn addresses() -> [Operation; 4] {
    let token = || json!({ "type": "string", "minLength": 1 });
    let unusable = "A page that says that the link was used or has expired.";
    [
        Operation::new("post", ADDRESS, "askToChangeAddress", "Request a change of the account's address")
            .about(
                "A code of six digits is mailed to the new address; it works for 900 seconds and five tries. A request \
                 replaces the one before. The answer is the same for an address that has an account, whose owner is told \
                 by mail. For 24 hours after a change there is no other (`ADDRESS_CHANGED_LATELY`).",
            )
            .recent()
            .takes::<NewAddress>()
            .data::<AddressAskedView>(202, "A code is on its way.")
            .refuses(400, &["ADDRESS_KEPT_ELSEWHERE"])
            .refuses(409, &["ADDRESS_CHANGED_LATELY"]),
        Operation::new("post", "/api/v1/auth/address/confirm", "confirmAddress", "Confirm the new address with its code")
            .about(
                "All other sessions and all mailed links end. The earlier address is told, with a link that undoes the \
                 change for 24 hours; so long nobody else can have it.",
            )
            .takes::<AddressCode>()
            .data::<AddressChangedView>(200, "The address is changed.")
            .refuses(400, &["ADDRESS_CODE_INVALID", "ADDRESS_KEPT_ELSEWHERE"])
            .refuses(409, &["ADDRESS_CODE_EXPIRED", "ADDRESS_CHANGED_LATELY", "ADDRESS_TAKEN"]),
        Operation::new("get", ADDRESS_UNDO, "askToUndoAddress", "Show the page behind a link that undoes a change of the address")
            .about("Changes nothing, because programs open links by themselves.")
            .open()
            .part("token", "The token of the link.", token())
            .mailed_page(200, "A page with a button.")
            .mailed_page(404, unusable),
        Operation::new("post", ADDRESS_UNDO, "undoAddress", "Undo a change of the address")
            .about(
                "Works once, for 24 hours after the change: the earlier address is valid again; the password, all sessions \
                 and all mailed links end.",
            )
            .open()
            .part("token", "The token of the link.", token())
            .mailed_page(200, "A page that confirms it.")
            .mailed_page(404, unusable),
    ]
}

fn sessions() -> Vec<Operation> {
    let scopes = json!({ "type": "string", "enum": ["others", "all"] });
    vec![
        Operation::new("post", "/api/v1/auth/confirm", "confirm", "Confirm with the password")
            .about(
                "For 900 seconds the session may call operations with `x-step-up`. A refresh does not prolong it. \
                 Wrong passwords are limited as they are at sign-in.",
            )
            .not_repeatable()
            .takes::<PasswordAgain>()
            .data::<ConfirmedView>(
                200,
                "An access token with the moment in `amr`. The refresh token stays as it is.",
            )
            .refuses(400, &["AUTH_CONFIRM_FAILED"]),
        Operation::new("get", SESSIONS, "listSessions", "List sessions")
            .data_list::<SessionView>("The sessions that go on, the one used last first."),
        Operation::new("delete", SESSIONS, "endSessions", "End several sessions")
            .about("Tokens of a session that has ended are refused at once.")
            .demands("scope", "All other sessions, or all.", scopes)
            .recent()
            .data::<Deleted>(200, "The sessions have ended."),
        Operation::new("delete", SESSION, "endSession", "End a session")
            .any_id()
            .data::<Deleted>(200, "The session has ended.")
            .refuses(404, &["SESSION_NOT_FOUND"]),
        Operation::new("patch", SESSION, "nameSession", "Name a session")
            .any_id()
            .takes::<SessionChange>()
            .data::<SessionView>(200, "The session after the change.")
            .refuses(404, &["SESSION_NOT_FOUND"]),
    ]
}

fn entering() -> Vec<Operation> {
    vec![
        Operation::new("post", "/api/v1/auth/signup", "signUp", "Sign up")
            .open()
            .takes::<SignUp>()
            .data::<SignedUpView>(201, "The new account. Sign in to get tokens.")
            .refuses(400, &["AUTH_SIGNUP_FAILED"]),
        Operation::new("post", "/api/v1/auth/login", "signIn", "Sign in")
            .open()
            .not_repeatable()
            .takes::<SignIn>()
            .data::<SignedInView>(200, "The tokens, and the user.")
            .refuses(401, &["AUTH_LOGIN_FAILED"]),
        Operation::new("post", "/api/v1/auth/logout", "signOut", "Sign out")
            .open()
            .nothing(204, "The session of the token has ended."),
        Operation::new("post", "/api/v1/auth/refresh", "refresh", "Refresh tokens")
            .open()
            .not_repeatable()
            .takes::<Refresh>()
            .data::<TokensView>(200, "New tokens.")
            .refuses(400, &["AUTH_MISSING_REFRESH_TOKEN"])
            .refuses(401, &["AUTH_TOKEN_EXPIRED", "AUTH_REFRESH_FAILED"]),
        Operation::new(
            "post",
            "/api/v1/auth/forgot-password",
            "forgotPassword",
            "Request a password reset link",
        )
        .open()
        .takes::<Forgotten>()
        .data::<MessageView>(200, "The same answer whether or not the account exists.")
        .refuses(400, &["AUTH_RESET_FAILED"]),
        Operation::new(
            "post",
            "/api/v1/auth/reset-password",
            "resetPassword",
            "Reset the password with a link",
        )
        .open()
        .takes::<Reset>()
        .data::<MessageView>(200, "The password is changed; all sessions have ended.")
        .refuses(
            400,
            &[
                "AUTH_RESET_TOKEN_EXPIRED",
                "AUTH_RESET_TOKEN_INVALID",
                "AUTH_INVALID_REQUEST",
            ],
        )
        .refuses(500, &["AUTH_RESET_FAILED"]),
        Operation::new(
            "post",
            "/api/v1/auth/reset-password-with-session",
            "changePassword",
            "Change the password",
        )
        .takes::<NewPassword>()
        .data::<MessageView>(
            200,
            "The password is changed; all other sessions have ended.",
        )
        .refuses(400, &["AUTH_INVALID_REQUEST"])
        .refuses(500, &["AUTH_RESET_FAILED"]),
    ]
}

pub(super) fn library() -> Vec<Operation> {
    let mut all = signing_in();
    all.extend(links());
    all.extend(facts());
    all
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn signing_in() -> Vec<Operation> {
    let grants = json!({ "type": "string", "enum": ["password", "refresh_token"] });
    let scopes =
        json!({ "type": "string", "enum": ["global", "local", "others"], "default": "global" });
    let weak = &["weak_password", "same_password"];
    vec![
        Operation::new("post", "/auth/v1/signup", "authSignUp", "Sign up")
            .open()
            .not_repeatable()
            .query(
                "redirect_to",
                "Where the mailed link leads after it was used.",
                text(),
            )
            .about(
                "Where addresses are confirmed first (`mailer_autoconfirm` of the settings is false), the answer is \
                 the same for an address that has an account, and a mail tells its owner.",
            )
            .takes::<AuthSignUp>()
            .plain_or_user::<AuthSession>(
                200,
                "A session; or the user alone, where addresses are confirmed first.",
            )
            .refuses(422, &["user_already_exists", "weak_password"]),
        Operation::new(
            "post",
            "/auth/v1/token",
            "authToken",
            "Sign in or refresh a session",
        )
        .open()
        .not_repeatable()
        .demands("grant_type", "The grant.", grants)
        .takes::<AuthGrant>()
        .plain::<AuthSession>(200, "A session.")
        .refuses(
            400,
            &[
                "invalid_credentials",
                "refresh_token_not_found",
                "refresh_token_already_used",
                "session_not_found",
                "session_expired",
                "email_not_confirmed",
            ],
        ),
        Operation::new("get", "/auth/v1/user", "authGetUser", "Get the user")
            .plain::<AuthUser>(200, "The user."),
        Operation::new(
            "put",
            "/auth/v1/user",
            "authUpdateUser",
            "Change the password",
        )
        .takes::<AuthUserChange>()
        .plain::<AuthUser>(200, "The user.")
        .refuses(422, weak),
        Operation::new("post", "/auth/v1/logout", "authSignOut", "Sign out")
            .query("scope", "The sessions that end.", scopes)
            .nothing(204, "The sessions have ended.")
            .refuses(400, &["validation_failed"]),
    ]
}

fn links() -> Vec<Operation> {
    vec![
        Operation::new(
            "post",
            "/auth/v1/recover",
            "authRecover",
            "Request a password reset link",
        )
        .open()
        .query(
            "redirect_to",
            "Where the mailed link leads after it was used.",
            text(),
        )
        .about("The mail is sent in the background. The last three links of an account work.")
        .takes::<AuthRecover>()
        .plain::<Nothing>(200, "The same answer whether or not the account exists.")
        .refuses(429, &["over_email_send_rate_limit"]),
        Operation::new(
            "get",
            "/auth/v1/verify",
            "openLink",
            "Show the page behind a mailed link",
        )
        .about("Does not use the link, because programs open links by themselves. The page's button posts its form.")
        .open()
        .query("token", "The token of the link.", text())
        .query("token_hash", "The same, under its other name.", text())
        .query("type", "`recovery`, or a confirmation.", text())
        .query("redirect_to", "Where the link leads after it was used.", text())
        .text("text/html", "A page with a button, whether or not the link works."),
        Operation::new(
            "head",
            "/auth/v1/verify",
            "lookAtLink",
            "Check that the link's address answers",
        )
        .about("For mail scanners; does not use the link.")
        .open()
        .nothing(200, "The service answers."),
        Operation::new("post", "/auth/v1/verify", "useLink", "Use a mailed link")
            .about(
                "Works once. The form of its page is answered with a redirect: a recovery link signs in, with the \
                 tokens behind the `#`; a confirmation leads to the sign-in page with a `message`; a link \
                 that does not work leads to `redirect_to` with an `error`. A form from another site's page is \
                 answered with the page. JSON is answered with a session; for a confirmation only if the \
                 bearer is a session of that account, else with the user. The first use of a link proves the \
                 address and ends all earlier sign-ins but that one, and the password if it may be \
                 somebody else's.",
            )
            .open()
            .not_repeatable()
            .takes::<AuthVerify>()
            .or_form(form())
            .mailed_page(200, "The page of the link.")
            .plain_or_user::<AuthSession>(200, "A session, or the confirmed user; or the page of the link.")
            .leads("A redirect to the web app.")
            .refuses(403, &["otp_expired", "user_not_found"]),
    ]
}

/// The form of a link's page.
fn form() -> Value {
    let fields = json!({ "token": text(), "type": text(), "redirect_to": text() });
    json!({ "type": "object", "properties": fields })
}

fn facts() -> Vec<Operation> {
    vec![
        Operation::new(
            "get",
            "/auth/v1/settings",
            "authSettings",
            "Get the sign-in settings",
        )
        .open()
        .plain::<AuthSettings>(200, "The settings."),
        Operation::new(
            "get",
            "/auth/v1/health",
            "authHealth",
            "Check that sign-in answers",
        )
        .open()
        .plain::<AuthHealth>(200, "The service answers."),
        Operation::new(
            "get",
            "/auth/v1/.well-known/jwks.json",
            "authKeys",
            "Get the keys that verify access tokens",
        )
        .open()
        .plain::<Jwks>(200, "The keys. They may be cached for ten minutes."),
    ]
}
