//! From where a request comes.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;

use crate::domain::network_of;
use crate::services::auth::Client;

/// The network of whoever called the gateway, as the gateway saw it; empty if there was no gateway. It is
/// what every limit counts by (`domain::network_of`).
///
/// Never from a header: whoever guesses passwords writes into those what she likes.
pub struct ClientAddress(pub String);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

impl ClientAddress {
    pub(super) fn of(parts: &Parts) -> Self {
        let address = match parts.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(it)) => it.http.source_ip.clone(),
            _ => None,
        };
        Self(network_of(&address.unwrap_or_default()))
    }
}

/// Marks a call of an address whose sign-in calls are used up for so many seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crowded(pub(super) u32);

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let ClientAddress(network) = ClientAddress::of(parts);
        let agent = parts.headers.get(USER_AGENT);
        let agent = agent.and_then(|it| it.to_str().ok()).unwrap_or_default();
        let client = Self::new(&network, agent);
        Ok(match parts.extensions.get::<Crowded>() {
            Some(Crowded(seconds)) => client.crowded(i64::from(*seconds)),
            None => client,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use lambda_http::http::Request;
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn the_gateway_says_it_and_no_header_does() {
        let event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "",
            "headers": { "x-forwarded-for": "1.2.3.4" },
            "requestContext": { "http": { "method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7", "userAgent": "" }, "timeEpoch": 0 },
            "isBase64Encoded": false,
        });
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        let (mut parts, _) = request.into_parts();
        assert_eq!(
            ClientAddress::from_request_parts(&mut parts, &())
                .await
                .unwrap()
                .0,
            "192.0.2.7"
        );
        let (mut parts, ()) = Request::builder()
            .header("x-forwarded-for", "1.2.3.4")
            .body(())
            .unwrap()
            .into_parts();
        assert_eq!(
            ClientAddress::from_request_parts(&mut parts, &())
                .await
                .unwrap()
                .0,
            ""
        );
    }
}
