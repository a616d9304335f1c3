//! Reading requests of the sign-in library.

use axum::body::Bytes;
use axum::extract::{FromRef, FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::GotrueRefusal;
use crate::auth::{Caller, Gate};
use crate::clock;
use crate::http::extract::json_or_empty;

/// A JSON body, or an empty one.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = GotrueRefusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, GotrueRefusal> {
        let bytes = Bytes::from_request(request, state).await.map_err(|err| {
            let status = if err.status() == StatusCode::PAYLOAD_TOO_LARGE {
                err.status()
            } else {
                StatusCode::BAD_REQUEST
            };
            GotrueRefusal::plain(status, "bad_json", "The request could not be read.")
        })?;
        let value = json_or_empty(&bytes).map_err(|_| {
            GotrueRefusal::plain(
                StatusCode::BAD_REQUEST,
                "bad_json",
                "The request is not valid JSON.",
            )
        })?;
        let unlike = || {
            GotrueRefusal::plain(
                StatusCode::BAD_REQUEST,
                "validation_failed",
                "The request has a field of the wrong kind.",
            )
        };
        // It would be read as the fields in their order.
        if value.is_array() {
            return Err(unlike());
        }
        let asked = serde_json::from_value(value).map_err(|_| unlike())?;
        Ok(Self(asked))
    }
}

/// Who is calling, refused in this language.
pub struct Bearer(pub Caller);

impl<S> FromRequestParts<S> for Bearer
where
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = GotrueRefusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, GotrueRefusal> {
        let header = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|it| it.to_str().ok());
        Ok(Self(
            Gate::from_ref(state).identify(header, clock::now()).await?,
        ))
    }
}
