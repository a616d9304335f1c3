//! Client of a request: network address (behind the distribution) and browser, as extractors.

use std::convert::Infallible;
use std::net::IpAddr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::extract::FromRequestParts;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;

use crate::services::people::auth::Client;
use crate::services::upkeep::rate_limits::network_of;
use crate::settings::Env;

/// The header in which our distribution sends the secret that it shares with the functions.
pub const EDGE: &str = "x-vara-edge";

/// The header in which our distribution says who called it.
pub const VIEWER: &str = "x-vara-viewer";

/// The network of the caller; empty if there was no gateway. It is what every limit counts by
/// (`services::upkeep::rate_limits::network_of`).
///
/// It is the address that the gateway saw, or where the gateway saw our distribution, the address that
/// the distribution saw. No other header counts: who guesses passwords writes anything into those.
#[derive(Clone, Debug)]
pub struct ClientAddress(pub String);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

impl ClientAddress {
    /// What [`Edge::mark`] found, or the network that the gateway saw.
    pub(super) fn of(parts: &Parts) -> Self {
        let known = parts.extensions.get::<Self>().cloned();
        known.unwrap_or_else(|| Self(network_of(&gateway_address(parts))))
    }
}

/// The address that the gateway saw.
fn gateway_address(parts: &Parts) -> String {
    let address = match parts.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(it)) => it.http.source_ip.clone(),
        _ => None,
    };
    address.unwrap_or_default()
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

/// Recognises our `CloudFront` distribution, by the secret it sends with every request.
#[derive(Clone, Default)]
pub struct Edge {
    secret: Option<String>,
}

impl std::fmt::Debug for Edge {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Edge")
    }
}

impl Edge {
    /// The distribution that knows `EDGE_SECRET`. Without that setting there is none.
    #[must_use]
    pub fn read(env: &Env) -> Self {
        Self {
            secret: env.optional("EDGE_SECRET"),
        }
    }

    /// The caller's address, of a request with these headers that the gateway saw coming from `gateway`.
    pub fn client_address<'a>(
        &self,
        header: impl Fn(&str) -> Option<&'a str>,
        gateway: String,
    ) -> ClientAddress {
        let viewer = header(VIEWER).filter(|it| it.parse::<IpAddr>().is_ok());
        let address = match viewer {
            Some(viewer) if self.is_ours(header(EDGE)) => viewer.to_owned(),
            _ => gateway,
        };
        ClientAddress(network_of(&address))
    }

    /// Keeps the caller's address with the request, for [`ClientAddress`].
    pub(super) fn mark(&self, parts: &mut Parts) {
        let header = |name: &str| parts.headers.get(name).and_then(|it| it.to_str().ok());
        let address = self.client_address(header, gateway_address(parts));
        parts.extensions.insert(address);
    }

    fn is_ours(&self, sent: Option<&str>) -> bool {
        let (Some(secret), Some(sent)) = (&self.secret, sent) else {
            return false;
        };
        verify_slices_are_equal(secret.as_bytes(), sent.as_bytes()).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use lambda_http::http::Request;
    use serde_json::json;

    use super::*;

    fn edge(secret: &str) -> Edge {
        Edge::read(&Env::of([("EDGE_SECRET".into(), secret.into())]))
    }

    fn from_gateway(headers: serde_json::Value) -> Parts {
        let event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "",
            "headers": headers,
            "requestContext": { "http": { "method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7", "userAgent": "" }, "timeEpoch": 0 },
            "isBase64Encoded": false,
        });
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        request.into_parts().0
    }

    #[tokio::test]
    async fn the_gateway_says_it_and_no_header_does() {
        let mut parts = from_gateway(json!({ "x-forwarded-for": "1.2.3.4" }));
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

    #[test]
    fn only_our_distribution_is_believed_about_its_caller() {
        let of = |edge: Edge, headers| {
            let mut parts = from_gateway(headers);
            edge.mark(&mut parts);
            ClientAddress::of(&parts).0
        };
        let sent = json!({ EDGE: "s3cret", VIEWER: "2001:db8::1" });
        assert_eq!(of(edge("s3cret"), sent.clone()), "2001:db8::/64");
        for (edge, headers) in [
            (edge("other"), sent.clone()),
            (edge(""), sent.clone()),
            (Edge::default(), sent),
            (edge(""), json!({ EDGE: "", VIEWER: "1.2.3.4" })),
            (edge("s3cret"), json!({ VIEWER: "1.2.3.4" })),
            (edge("s3cret"), json!({ EDGE: "s3cret" })),
            (edge("s3cret"), json!({ EDGE: "s3cret", VIEWER: "nobody" })),
        ] {
            assert_eq!(of(edge, headers.clone()), "192.0.2.7", "{headers}");
        }
    }
}
