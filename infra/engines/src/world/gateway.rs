//! The address of the gateway, the one place outside that a stand-in may fetch from.

use std::sync::Mutex;

use url::Url;

use crate::answer::EngineRefusal;
use crate::lock::lock;

/// How far above the gateway's port the stand-ins listen, if nobody says otherwise.
const ABOVE: u16 = 10;

/// Where the gateway is.
pub(crate) struct GatewayAddress(Mutex<String>);

impl GatewayAddress {
    /// The gateway beside stand-ins at `base_url`.
    pub(crate) fn beside(base_url: &str) -> Self {
        Self(Mutex::new(usual(base_url).unwrap_or_default()))
    }

    pub(crate) fn url(&self) -> String {
        lock(&self.0).clone()
    }

    /// # Errors
    /// A sentence that says why it cannot be there.
    pub(crate) fn set(&self, url: &str) -> Result<(), EngineRefusal> {
        let parsed = Url::parse(url).ok().filter(|it| {
            it.scheme() == "http"
                && matches!(it.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
                && it.path() == "/"
        });
        let parsed = parsed.ok_or_else(|| {
            EngineRefusal::bad("url must be an http address of this machine without a path")
        })?;
        *lock(&self.0) = parsed.as_str().trim_end_matches('/').to_owned();
        Ok(())
    }
}

/// The port that is so many below.
fn usual(base_url: &str) -> Option<String> {
    let mut url = Url::parse(base_url).ok()?;
    let port = url.port()?.checked_sub(ABOVE)?;
    url.set_port(Some(port)).ok()?;
    Some(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_is_ten_below_or_where_it_is_said_to_be() {
        let gateway = GatewayAddress::beside("http://127.0.0.1:4010");
        assert_eq!(gateway.url(), "http://127.0.0.1:4000");
        assert!(gateway.set("http://localhost:9/").is_ok());
        assert_eq!(gateway.url(), "http://localhost:9");
        for bad in [
            "https://127.0.0.1/",
            "http://example.net/",
            "http://127.0.0.1/p",
            "",
            "4000",
        ] {
            assert!(gateway.set(bad).is_err(), "{bad}");
        }
        assert_eq!(gateway.url(), "http://localhost:9");
    }
}
