//! The library's shapes: user, session, and the fragment of a link's last stop.

use serde::Serialize;
use url::form_urlencoded;

use crate::auth::RoleMetadata;
use crate::domain::{Account, Role, Timestamp, UserId};
use crate::services::people::auth::SignInGrant;

/// What the library calls a token's life; see [`crate::auth::Access`].
const EXPIRES_IN: i64 = crate::auth::Access::LIFE_SECONDS;

/// A user in the form of the sign-in library.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuthUser {
    id: UserId,
    aud: &'static str,
    role: &'static str,
    email: String,
    email_confirmed_at: Option<Timestamp>,
    phone: &'static str,
    confirmation_sent_at: Option<Timestamp>,
    confirmed_at: Option<Timestamp>,
    recovery_sent_at: Option<Timestamp>,
    last_sign_in_at: Option<Timestamp>,
    app_metadata: RoleMetadata,
    user_metadata: IdentityData,
    identities: Vec<Identity>,
    created_at: Timestamp,
    updated_at: Timestamp,
    is_anonymous: bool,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct IdentityData {
    email: String,
    email_verified: bool,
    phone_verified: bool,
    sub: UserId,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct Identity {
    identity_id: UserId,
    id: UserId,
    user_id: UserId,
    identity_data: IdentityData,
    provider: &'static str,
    last_sign_in_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    email: String,
}

/// A session in the form of the sign-in library.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuthSession {
    access_token: String,
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    /// Seconds since 1970.
    expires_at: i64,
    refresh_token: String,
    user: AuthUser,
}

/// A user, who may what her token says.
#[must_use]
pub fn user(account: &Account, role: Role) -> AuthUser {
    let (id, confirmed) = (account.id(), account.email_confirmed_at);
    let facts = IdentityData {
        email: account.email.clone(),
        email_verified: confirmed.is_some(),
        phone_verified: false,
        sub: id,
    };
    let identity = Identity {
        identity_id: id,
        id,
        user_id: id,
        identity_data: facts.clone(),
        provider: "email",
        last_sign_in_at: account.last_sign_in_at,
        created_at: account.profile.created_at,
        updated_at: account.updated_at,
        email: account.email.clone(),
    };
    AuthUser {
        id,
        aud: "authenticated",
        role: "authenticated",
        email: account.email.clone(),
        email_confirmed_at: confirmed,
        phone: "",
        confirmation_sent_at: account.confirmation_sent_at,
        confirmed_at: confirmed,
        recovery_sent_at: account.recovery_sent_at,
        last_sign_in_at: account.last_sign_in_at,
        app_metadata: RoleMetadata::of(role),
        user_metadata: facts,
        identities: vec![identity],
        created_at: account.profile.created_at,
        updated_at: account.updated_at,
        is_anonymous: false,
    }
}

/// A session.
#[must_use]
pub fn session(granted: &SignInGrant) -> AuthSession {
    AuthSession {
        access_token: granted.access_token.clone(),
        token_type: "bearer",
        expires_in: EXPIRES_IN,
        expires_at: granted.expires_at.epoch_seconds(),
        refresh_token: granted.refresh_token.clone(),
        user: user(&granted.account, granted.role),
    }
}

/// A session behind the `#` of a page's address, where only the page reads it.
#[must_use]
pub fn fragment(granted: &SignInGrant, kind: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("access_token", &granted.access_token)
        .append_pair(
            "expires_at",
            &granted.expires_at.epoch_seconds().to_string(),
        )
        .append_pair("expires_in", &EXPIRES_IN.to_string())
        .append_pair("refresh_token", &granted.refresh_token)
        .append_pair("sb", "")
        .append_pair("token_type", "bearer")
        .append_pair("type", kind)
        .finish()
}
