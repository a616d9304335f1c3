//! The one place outside that a stand-in may fetch from: the gateway, where the pictures lie that an
//! engine is asked for by address. The real engines fetch from anywhere.

use std::sync::Mutex;
use std::time::Duration;

use axum::body::Bytes;
use url::Url;

use crate::PICTURE_LIMIT;
use crate::control::Refusal;
use crate::web;
use crate::world::{World, lock};

/// How far above the gateway's port the stand-ins listen, if nobody says otherwise.
const ABOVE: u16 = 10;
/// How long a picture may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the gateway is.
pub(crate) struct Gateway(Mutex<String>);

impl Gateway {
    /// The gateway beside stand-ins at `base_url`.
    pub(crate) fn beside(base_url: &str) -> Self {
        Self(Mutex::new(usual(base_url).unwrap_or_default()))
    }

    pub(crate) fn url(&self) -> String {
        lock(&self.0).clone()
    }

    /// # Errors
    /// A sentence that says why it cannot be there.
    pub(crate) fn set(&self, url: &str) -> Result<(), Refusal> {
        let parsed = Url::parse(url).ok().filter(|it| {
            it.scheme() == "http"
                && matches!(it.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
                && it.path() == "/"
        });
        let parsed = parsed.ok_or_else(|| {
            Refusal::bad("url must be an http address of this machine without a path")
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

/// The picture at an address: of the tiny web as it is shown there, or of the gateway. Nothing if it is
/// elsewhere, or does not come.
pub(crate) async fn fetch(world: &World, address: &str) -> Option<Bytes> {
    if let Some(name) = address.strip_prefix(&format!("{}/web/", world.base_url)) {
        return web::shown(world, name);
    }
    let gateway = world.gateway.url();
    let rest = address
        .strip_prefix(&gateway)
        .filter(|_| !gateway.is_empty())?;
    if !rest.starts_with('/') {
        return None;
    }
    let bytes = download(address).await;
    // Not the address: it opens her picture.
    tracing::info!(came = bytes.is_some(), "fetched from the gateway");
    bytes
}

async fn download(address: &str) -> Option<Bytes> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .build();
    let reply = client.ok()?.get(address).send().await.ok()?;
    if !reply.status().is_success() {
        return None;
    }
    let bytes = reply.bytes().await.ok()?;
    (bytes.len() <= PICTURE_LIMIT).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_is_ten_below_or_where_it_is_said_to_be() {
        let gateway = Gateway::beside("http://127.0.0.1:4010");
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
