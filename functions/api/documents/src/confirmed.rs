//! How long ago the caller last proved who she is, by the `amr` of her token.

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use vara::domain::{Error, ErrorKind, Result, Timestamp};

/// How old a proof may be where something cannot be taken back, in seconds.
const MAX_AGE_SECONDS: i64 = 15 * 60;

#[derive(Deserialize)]
struct Claims {
    amr: Vec<Proof>,
}

#[derive(Deserialize)]
struct Proof {
    timestamp: i64,
}

/// Refuses a caller whose last proof is too old. The token is one that the gate has verified for this request.
pub(crate) fn must_be_recent(headers: &HeaderMap, now: Timestamp) -> Result<()> {
    let latest = last_proof(headers);
    let is_recent = |at: i64| now.epoch_seconds() - at <= MAX_AGE_SECONDS;
    match latest.is_some_and(is_recent) {
        true => Ok(()),
        false => Err(Error::new(
            ErrorKind::Forbidden,
            "STEP_UP_REQUIRED",
            "Please confirm that it is you: sign in again, then repeat this.",
        )),
    }
}

/// The latest moment in `amr`; none in tokens of issuers that tell no moments.
fn last_proof(headers: &HeaderMap) -> Option<i64> {
    let token = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let payload = token.rsplit(' ').next()?.split('.').nth(1)?;
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    claims.amr.into_iter().map(|it| it.timestamp).max()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(claims: &str) -> HeaderMap {
        let token = format!("Bearer x.{}.y", URL_SAFE_NO_PAD.encode(claims));
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::try_from(token).unwrap());
        headers
    }

    #[test]
    fn the_latest_proof_counts_and_no_moment_is_none() {
        let now = Timestamp::from_epoch_seconds(1_800_000_000).unwrap();
        let at = |age: i64| {
            let (old, new) = (1, now.epoch_seconds() - age);
            headers(&format!(
                r#"{{"amr":[{{"timestamp":{new}}},{{"timestamp":{old}}}]}}"#
            ))
        };
        assert!(must_be_recent(&at(MAX_AGE_SECONDS), now).is_ok());
        let err = must_be_recent(&at(MAX_AGE_SECONDS + 1), now).unwrap_err();
        assert_eq!(err.code, "STEP_UP_REQUIRED");
        for claims in [r#"{"amr":["pwd"]}"#, r#"{"amr":[]}"#, "{}", "no"] {
            assert!(must_be_recent(&headers(claims), now).is_err(), "{claims}");
        }
    }
}
