//! Fetching the picture that an engine is asked for by address: from the tiny web, or from the gateway, where
//! the pictures lie that our own addresses open. The real engines fetch from anywhere.

use std::time::Duration;

use axum::body::Bytes;

use crate::limits::PICTURE_LIMIT;
use crate::world::OutsideWorld;

/// How long a picture may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// The picture at an address: of the tiny web as it is shown there, or of the gateway. Nothing if it is
/// elsewhere, or does not come.
pub(crate) async fn fetch(world: &OutsideWorld, address: &str) -> Option<Bytes> {
    if let Some(name) = address.strip_prefix(&format!("{}/web/", world.base_url)) {
        return world.web.shown(name);
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
