//! Extractor of the signed-in caller.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use serde_json::json;

use super::ApiError;
use crate::auth::{Denied, Gate, Staff};
use crate::clock;
use crate::domain::{Error, ErrorKind, Role};

pub use crate::auth::Caller;

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let header = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|it| it.to_str().ok());
        let caller = Gate::from_ref(state).identify(header, clock::now()).await;
        Ok(caller.map_err(Error::from)?)
    }
}

/// Somebody with the role admin. A handler that takes it runs for nobody else.
pub struct Admin(pub Caller);

impl<S> FromRequestParts<S> for Admin
where
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, state).await?;
        caller.must_be(Role::Admin)?;
        Ok(Self(caller))
    }
}

/// Somebody with the role reviewer, or more. A handler that takes it runs for nobody else.
pub struct Reviewer(pub Staff);

impl<S> FromRequestParts<S> for Reviewer
where
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, state).await?;
        caller.must_be(Role::Reviewer)?;
        let gate = Gate::from_ref(state);
        Ok(Self(Staff::of(&caller, gate.keys(), clock::now())))
    }
}

/// A caller who entered her password within the last minutes. A handler that takes it answers others with
/// `STEP_UP_REQUIRED`; its operation is described with `x-step-up`.
pub struct Recent(pub Caller);

impl<S> FromRequestParts<S> for Recent
where
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, state).await?;
        caller.must_be_recent(clock::now())?;
        Ok(Self(caller))
    }
}

impl From<Denied> for Error {
    fn from(why: Denied) -> Self {
        let refuse = |code, message| Self::new(ErrorKind::Unauthenticated, code, message);
        match why {
            Denied::Missing => refuse("AUTH_MISSING_TOKEN", "Please sign in."),
            Denied::Expired(at) => refuse(
                "AUTH_TOKEN_EXPIRED",
                "Your sign-in has ended. Please sign in again.",
            )
            .with_details(json!({ "expired": true, "expiredAt": at, "requiresRefresh": true })),
            Denied::Invalid | Denied::SignedOut | Denied::Gone => refuse(
                "AUTH_INVALID_TOKEN",
                "Your sign-in is not valid any more. Please sign in again.",
            )
            .with_details(json!({ "expired": false, "requiresReauth": true })),
            Denied::Trouble(err) => err,
        }
    }
}
