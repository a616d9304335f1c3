//! `/api/v1/auth` and `/auth/v1`.

use api_auth::{
    AuthGrant, AuthHealth, AuthRecover, AuthSettings, AuthSignUp, AuthUserChange, AuthVerify,
    Forgotten, MessageView, NewPassword, Nothing, Refresh, Reset, SignIn, SignUp, SignedInView,
    SignedUpView, TokensView,
};
use serde_json::{Value, json};
use vara::auth::Jwks;
use vara::http::gotrue::{AuthSession, AuthUser};

use crate::operation::Operation;

pub(super) fn own() -> Vec<Operation> {
    vec![
        Operation::new("post", "/api/v1/auth/signup", "signUp", "Make an account")
            .open()
            .takes::<SignUp>()
            .data::<SignedUpView>(201, "The account; it gives no tokens.")
            .refuses(400, &["AUTH_SIGNUP_FAILED"]),
        Operation::new("post", "/api/v1/auth/login", "signIn", "Sign in")
            .open()
            .not_repeatable()
            .takes::<SignIn>()
            .data::<SignedInView>(200, "Signed in.")
            .refuses(401, &["AUTH_LOGIN_FAILED"]),
        Operation::new("post", "/api/v1/auth/logout", "signOut", "Sign out")
            .open()
            .nothing(204, "Whoever was signed in with the token is not any more."),
        Operation::new("post", "/api/v1/auth/refresh", "refresh", "Stay signed in")
            .open()
            .not_repeatable()
            .takes::<Refresh>()
            .data::<TokensView>(200, "The next tokens.")
            .refuses(400, &["AUTH_MISSING_REFRESH_TOKEN"])
            .refuses(401, &["AUTH_TOKEN_EXPIRED", "AUTH_REFRESH_FAILED"]),
        Operation::new(
            "post",
            "/api/v1/auth/forgot-password",
            "forgotPassword",
            "Ask for a link to choose a new password",
        )
        .open()
        .takes::<Forgotten>()
        .data::<MessageView>(200, "The same, whether or not there is an account.")
        .refuses(400, &["AUTH_RESET_FAILED"]),
        Operation::new(
            "post",
            "/api/v1/auth/reset-password",
            "resetPassword",
            "Choose a new password by the link",
        )
        .open()
        .takes::<Reset>()
        .data::<MessageView>(200, "It was changed; she is signed out everywhere.")
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
            "Choose a new password while signed in",
        )
        .takes::<NewPassword>()
        .data::<MessageView>(200, "It was changed; her other sign-ins have ended.")
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
        Operation::new("post", "/auth/v1/signup", "authSignUp", "Make an account")
            .open()
            .not_repeatable()
            .query(
                "redirect_to",
                "Where the mailed link leads in the end.",
                text(),
            )
            .about(
                "Where addresses are confirmed first (`mailer_autoconfirm` of the settings is false), the answer is \
                 the same for an address that has an account; who reads it is told by mail.",
            )
            .takes::<AuthSignUp>()
            .plain_or_user::<AuthSession>(
                200,
                "Signed in at once; or the user alone, where addresses are confirmed first.",
            )
            .refuses(422, &["user_already_exists", "weak_password"]),
        Operation::new(
            "post",
            "/auth/v1/token",
            "authToken",
            "Sign in, or stay signed in",
        )
        .open()
        .not_repeatable()
        .demands("grant_type", "With what.", grants)
        .takes::<AuthGrant>()
        .plain::<AuthSession>(200, "Signed in.")
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
        Operation::new("get", "/auth/v1/user", "authGetUser", "Who she is")
            .plain::<AuthUser>(200, "She."),
        Operation::new(
            "put",
            "/auth/v1/user",
            "authUpdateUser",
            "Choose a new password",
        )
        .takes::<AuthUserChange>()
        .plain::<AuthUser>(200, "She.")
        .refuses(422, weak),
        Operation::new("post", "/auth/v1/logout", "authSignOut", "Sign out")
            .query("scope", "Which of her sign-ins end.", scopes)
            .nothing(204, "They have ended.")
            .refuses(400, &["validation_failed"]),
    ]
}

fn links() -> Vec<Operation> {
    vec![
        Operation::new(
            "post",
            "/auth/v1/recover",
            "authRecover",
            "Ask for a link to choose a new password",
        )
        .open()
        .query(
            "redirect_to",
            "Where the mailed link leads in the end.",
            text(),
        )
        .about("The mail is made and sent apart from the request. The last three links of an account work.")
        .takes::<AuthRecover>()
        .plain::<Nothing>(200, "The same, whether or not there is an account.")
        .refuses(429, &["over_email_send_rate_limit"]),
        Operation::new(
            "get",
            "/auth/v1/verify",
            "openLink",
            "Show the page of a mailed link",
        )
        .about("Uses nothing up, since programs open links by themselves. The page's button posts its form.")
        .open()
        .query("token", "From the link.", text())
        .query("token_hash", "The same, by its other name.", text())
        .query("type", "`recovery`, or else a confirmation.", text())
        .query("redirect_to", "Where the link leads in the end.", text())
        .text("text/html", "A page with a button, whether or not the link works."),
        Operation::new(
            "head",
            "/auth/v1/verify",
            "lookAtLink",
            "Check that the address answers",
        )
        .about("For mail scanners; uses nothing up.")
        .open()
        .nothing(200, "It answers."),
        Operation::new("post", "/auth/v1/verify", "useLink", "Use a mailed link")
            .about(
                "Once. The form of its page is answered with a redirect: a recovery link signs in, with the \
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
            .plain_or_user::<AuthSession>(200, "Signed in, or only confirmed; or the page of the link.")
            .leads("On to the web app.")
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
            "How one can sign in",
        )
        .open()
        .plain::<AuthSettings>(200, "By address and password."),
        Operation::new(
            "get",
            "/auth/v1/health",
            "authHealth",
            "Which sign-in this is",
        )
        .open()
        .plain::<AuthHealth>(200, "It answers."),
        Operation::new(
            "get",
            "/auth/v1/.well-known/jwks.json",
            "authKeys",
            "The keys that access tokens are verified with",
        )
        .open()
        .plain::<Jwks>(200, "May be kept for ten minutes."),
    ]
}
