//! The library's shapes: user, session, and the fragment of a link's last stop.

use serde_json::{Value, json};
use url::form_urlencoded;

use crate::auth::AppMetadata;
use crate::domain::{Account, Role};
use crate::services::people::auth::SignInGrant;

/// What the library calls a token's life; see [`crate::auth::Access`].
const EXPIRES_IN: i64 = crate::auth::Access::LIFE_SECONDS;

/// A user, who may what her token says.
#[must_use]
pub fn user(account: &Account, role: Role) -> Value {
    let (id, confirmed) = (account.id(), account.email_confirmed_at);
    let facts = json!({
        "email": account.email, "email_verified": confirmed.is_some(), "phone_verified": false, "sub": id,
    });
    json!({
        "id": id,
        "aud": "authenticated",
        "role": "authenticated",
        "email": account.email,
        "email_confirmed_at": confirmed,
        "phone": "",
        "confirmation_sent_at": account.confirmation_sent_at,
        "confirmed_at": confirmed,
        "recovery_sent_at": account.recovery_sent_at,
        "last_sign_in_at": account.last_sign_in_at,
        "app_metadata": AppMetadata::of(role),
        "user_metadata": facts.clone(),
        "identities": [{
            "identity_id": id,
            "id": id,
            "user_id": id,
            "identity_data": facts,
            "provider": "email",
            "last_sign_in_at": account.last_sign_in_at,
            "created_at": account.profile.created_at,
            "updated_at": account.updated_at,
            "email": account.email,
        }],
        "created_at": account.profile.created_at,
        "updated_at": account.updated_at,
        "is_anonymous": false,
    })
}

/// A session.
#[must_use]
pub fn session(granted: &SignInGrant) -> Value {
    json!({
        "access_token": granted.access_token,
        "token_type": "bearer",
        "expires_in": EXPIRES_IN,
        "expires_at": granted.expires_at.epoch_seconds(),
        "refresh_token": granted.refresh_token,
        "user": user(&granted.account, granted.role),
    })
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
