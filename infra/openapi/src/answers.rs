//! What the functions answer without a type of their own: the sign-in library's shapes, health, and
//! the small confirmations. Each is held to what is really answered by the tests of the whole system.

#![expect(dead_code, reason = "only the schemas are read")]

use std::collections::BTreeMap;

use utoipa::ToSchema;
use vara::domain::{Pagination, Profile, Role, Timestamp, UserId, Weakness};

/// That the API answers.
#[derive(ToSchema)]
pub(crate) struct Alive {
    #[schema(pattern = "^ok$")]
    status: String,
    timestamp: Timestamp,
}

/// How what we depend on answers.
#[derive(ToSchema)]
pub(crate) struct Ready {
    status: Readiness,
    /// By name.
    checks: BTreeMap<String, Check>,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
enum Readiness {
    Ready,
    Unavailable,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
enum Check {
    Ok,
    Unavailable,
}

/// How the proxy stands.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ProxyHealth {
    #[schema(pattern = "^ok$")]
    status: String,
    /// Addresses that are good now.
    active_tokens: u64,
    timestamp: Timestamp,
}

/// How workers and queues stand.
#[derive(ToSchema)]
pub(crate) struct ScansHealth {
    #[schema(pattern = "^ok$")]
    status: String,
    timestamp: Timestamp,
    workers: Workers,
    queues: Queues,
    engines: Vec<EngineHealth>,
}

/// How an engine stands.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
struct EngineHealth {
    name: String,
    /// Whether it is asked: closed, open, or half-open while one worker tries it.
    #[schema(pattern = "^(closed|open|half-open)$")]
    breaker: String,
    #[schema(required)]
    rests_until: Option<Timestamp>,
    /// For administrators only.
    asked_this_month: Option<u32>,
    /// For administrators only; null means any number.
    left_this_month: Option<u32>,
}

#[derive(ToSchema)]
struct Workers {
    count: u32,
    enabled: bool,
    status: Vec<Worker>,
}

#[derive(ToSchema)]
struct Worker {
    name: String,
    running: bool,
    paused: bool,
}

#[derive(ToSchema)]
struct Queues {
    enabled: bool,
    stats: Vec<Queue>,
}

/// Messages of a queue; `failed` are its dead letters.
#[derive(ToSchema)]
struct Queue {
    name: String,
    waiting: u64,
    active: u64,
    completed: u64,
    failed: u64,
    delayed: u64,
    paused: bool,
}

/// It is gone.
#[derive(ToSchema)]
pub(crate) struct Deleted {
    deleted: bool,
}

/// How many are gone.
#[derive(ToSchema)]
pub(crate) struct Cleared {
    deleted: u64,
    message: String,
}

/// What became of it, in words.
#[derive(ToSchema)]
pub(crate) struct Message {
    message: String,
}

/// A list of scans in the form that the screens read.
#[derive(ToSchema)]
pub(crate) struct ScanList {
    scans: Vec<vara::domain::Scan>,
    pagination: Pagination,
}

/// Why the picture is not shown.
#[derive(ToSchema)]
pub(crate) struct PlainError {
    error: String,
}

/// A new account.
#[derive(ToSchema)]
pub(crate) struct SignedUp {
    id: UserId,
    email: String,
    profile: Profile,
}

/// What goes with later calls.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct Tokens {
    access_token: String,
    refresh_token: String,
    /// Seconds since 1970.
    expires_at: i64,
}

/// A sign-in.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct SignedIn {
    access_token: String,
    refresh_token: String,
    /// Seconds since 1970.
    expires_at: i64,
    user: SignedInUser,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct SignedInUser {
    id: UserId,
    email: String,
    email_verified: bool,
    profile: Profile,
}

/// A user, as the sign-in library reads it.
#[derive(ToSchema)]
pub(crate) struct AuthUser {
    id: UserId,
    aud: String,
    role: String,
    email: String,
    email_confirmed_at: Option<Timestamp>,
    phone: String,
    confirmation_sent_at: Option<Timestamp>,
    confirmed_at: Option<Timestamp>,
    recovery_sent_at: Option<Timestamp>,
    last_sign_in_at: Option<Timestamp>,
    app_metadata: AppMetadata,
    user_metadata: IdentityData,
    identities: Vec<Identity>,
    created_at: Timestamp,
    updated_at: Timestamp,
    is_anonymous: bool,
}

/// What she cannot write herself.
#[derive(ToSchema)]
struct AppMetadata {
    provider: String,
    providers: Vec<String>,
    /// Only if it is more than a user's.
    role: Option<Role>,
}

#[derive(ToSchema)]
struct IdentityData {
    email: String,
    email_verified: bool,
    phone_verified: bool,
    sub: UserId,
}

#[derive(ToSchema)]
struct Identity {
    identity_id: UserId,
    id: UserId,
    user_id: UserId,
    identity_data: IdentityData,
    provider: String,
    last_sign_in_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    email: String,
}

/// A sign-in, as the sign-in library reads it.
#[derive(ToSchema)]
#[schema(as = AuthSession)]
pub(crate) struct AuthSession {
    access_token: String,
    token_type: String,
    /// Seconds.
    expires_in: i64,
    /// Seconds since 1970.
    expires_at: i64,
    refresh_token: String,
    user: AuthUser,
}

/// Nothing more to say.
#[derive(ToSchema)]
pub(crate) struct Nothing {}

/// How one can sign in.
#[derive(ToSchema)]
pub(crate) struct AuthSettings {
    external: BTreeMap<String, bool>,
    disable_signup: bool,
    mailer_autoconfirm: bool,
    phone_autoconfirm: bool,
    sms_provider: String,
    saml_enabled: bool,
}

/// Which sign-in this is.
#[derive(ToSchema)]
pub(crate) struct AuthHealth {
    name: String,
    version: String,
    description: String,
}

/// The keys that our access tokens are verified with (RFC 7517).
#[derive(ToSchema)]
pub(crate) struct Jwks {
    keys: Vec<BTreeMap<String, serde_json::Value>>,
}

/// What a password lacks.
#[derive(ToSchema)]
struct WeakPassword {
    reasons: Vec<Weakness>,
}

/// Why the sign-in library is refused; `code` and `error_code`, `message` and `msg` are the same, for
/// its older and newer versions.
#[derive(ToSchema)]
#[schema(as = AuthError)]
pub(crate) struct GotrueError {
    code: String,
    error_code: String,
    message: String,
    msg: String,
    weak_password: Option<WeakPassword>,
}

/// What one queue has given up on.
#[derive(ToSchema)]
pub(crate) struct DeadQueue {
    name: String,
    /// About how many messages there are.
    count: u64,
    /// Some of them.
    messages: Vec<DeadLetter>,
}

/// One message that was given up on.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct DeadLetter {
    id: String,
    /// When it was first sent.
    #[schema(required)]
    sent_at: Option<Timestamp>,
    /// How often it was read.
    received: u32,
    /// What it is about, by ids.
    #[schema(value_type = Object)]
    about: BTreeMap<String, String>,
    /// Why it was given up, as far as the table knows.
    reason: String,
}

/// What sending back came to.
#[derive(ToSchema)]
pub(crate) struct SentBack {
    queue: String,
    moved: u64,
    /// About how many are left; the call can be repeated.
    left: u64,
}
