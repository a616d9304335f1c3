//! Stand-ins for the outside world: servers that speak the exact wire formats of the
//! services Vara talks to, for the local stack and for tests.
//!
//! - `tineye` searches a *tiny web* that is planted at run time, by really
//!   comparing pictures;
//! - `ses` takes mail and keeps it in a mailbox, and `inbound` writes answers, and `kms` wraps keys;
//! - `vision`, `serpapi` and `facecheck` search the same web in their own ways;
//! - `hibp` knows breaches, `social` is a tiny social network and `oauth` lets its people
//!   authorise others, as they were planted;
//! - `tsa` stamps hashes with the time, as two authorities that can be wrong on purpose;
//! - `thread` is a forum whose threads go and come back;
//! - `hooks` takes calls of webhooks and keeps them, and `otlp` takes traces;
//! - `web` serves the planted pictures, so that the fetcher really fetches;
//! - the control routes (`/_web`, `/_fault`, `/_mail`, `/_calls`, `/_bundle`, …) plant, break,
//!   read and clear.
//!
//! Everything lives in memory, one world per instance, so two stacks run side by side.
//! Nothing in here may be used by a deployed function, and nothing in here reaches any
//! network but its own port and the gateway beside it.

mod answer;
mod control;
mod facecheck;
mod fetch;
mod gate;
mod hibp;
mod hooks;
mod inbound;
mod kms;
mod limits;
mod links;
mod lock;
mod look;
mod oauth;
mod otlp;
mod people;
mod serpapi;
mod ses;
mod social;
mod thread;
mod tineye;
mod tsa;
mod vision;
mod web;
mod world;

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedSender;

pub use crate::limits::PICTURE_LIMIT;
pub use crate::world::StoredMail;

use crate::limits::BODY_LIMIT;
use crate::world::{Inbound, OutsideWorld};

/// How long requests still being answered may keep the server after `shutdown`.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// All stand-ins and control routes as one router with fresh state.
///
/// `base_url` is where the router will be reached, without a trailing slash; it is what
/// the addresses of planted pictures begin with.
pub fn router(base_url: impl Into<String>) -> Router {
    routes(Arc::new(OutsideWorld::new(base_url.into())))
}

/// Serves all stand-ins on a free port of this machine for as long as the caller's runtime lives; their address.
///
/// # Errors
/// When there is no free port.
pub async fn start() -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = base_url(listener.local_addr()?);
    tokio::spawn(serve(listener, std::future::pending::<()>()));
    Ok(base)
}

/// Serves all stand-ins on `listener` until `shutdown` resolves.
///
/// Requests that a fault holds open end with the server.
///
/// # Errors
/// When the listener's own address cannot be read or the server fails.
pub async fn serve<F>(listener: TcpListener, shutdown: F) -> io::Result<()>
where
    F: Future + Send + 'static,
{
    serve_beside(listener, Beside::default(), shutdown).await
}

/// What is beside the stand-ins.
#[derive(Debug, Default)]
pub struct Beside<'a> {
    /// Where the gateway is from which engines fetch pictures.
    pub gateway: Option<&'a str>,
    /// Who stores mails that come in.
    pub mails: Option<UnboundedSender<StoredMail>>,
}

/// The same, with what is beside them.
///
/// # Errors
/// As [`serve`].
pub async fn serve_beside<F>(
    listener: TcpListener,
    beside: Beside<'_>,
    shutdown: F,
) -> io::Result<()>
where
    F: Future + Send + 'static,
{
    let mut world = OutsideWorld::new(base_url(listener.local_addr()?));
    world.inbound = Inbound::to(beside.mails);
    let world = Arc::new(world);
    if let Some(gateway) = beside.gateway {
        let set = world.gateway.set(gateway);
        set.map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, gateway))?;
    }
    let closing = Arc::clone(&world);
    let mut closed = world.closed();
    let server = axum::serve(listener, routes(world)).with_graceful_shutdown(async move {
        shutdown.await;
        closing.close();
    });
    let deadline = async move {
        // An error here means the world is gone, and the server with it.
        if closed.wait_for(|closed| *closed).await.is_ok() {
            tokio::time::sleep(LAST_ANSWERS).await;
        }
    };
    tokio::select! {
        res = server.into_future() => res,
        () = deadline => Ok(()),
    }
}

/// The setting `ENGINE_ALLOWANCES` for the stand-ins: more than anybody asks of them.
pub const ALLOWANCES: &str = r#"{"tineye":{"perMonth":10000000},"google-vision":{"perMonth":10000000},"serpapi":{"perMonth":10000000},"facecheck":{"perMonth":10000000},"hibp":{"perMonth":10000000}}"#;

/// The setting `OAUTH_PROVIDERS` for the authorisation servers of the stand-ins at `base_url`.
#[must_use]
pub fn oauth_providers(base_url: &str) -> String {
    oauth::providers(base_url).to_string()
}

/// The setting `TIME_STAMP_AUTHORITIES` for the time-stamp authorities of the stand-ins at `base_url`.
#[must_use]
pub fn time_stamp_authorities(base_url: &str) -> String {
    tsa::authorities(base_url).to_string()
}

fn routes(world: Arc<OutsideWorld>) -> Router {
    Router::new()
        .route("/", get(control::overview))
        .merge(control::routes())
        .merge(web::routes(&world))
        .merge(hooks::routes())
        .merge(inbound::routes())
        .merge(thread::routes())
        .merge(kms::routes())
        .merge(otlp::routes())
        .merge(tsa::routes(&world))
        .nest("/tineye", tineye::routes(&world))
        .nest("/ses", ses::routes(&world))
        .nest("/hibp", hibp::routes(&world))
        .nest("/social", social::routes(&world))
        .nest("/oauth", oauth::routes(&world))
        .nest("/vision", vision::routes(&world))
        .nest("/serpapi", serpapi::routes(&world))
        .nest("/facecheck", facecheck::routes(&world))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(world)
}

/// The address a listener is reached at from this machine.
fn base_url(address: SocketAddr) -> String {
    let host = match address.ip() {
        ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(host, address.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_every_address_is_reached_on_this_machine() {
        assert_eq!(
            base_url(([0, 0, 0, 0], 4010).into()),
            "http://127.0.0.1:4010"
        );
        assert_eq!(
            base_url(([127, 0, 0, 1], 4020).into()),
            "http://127.0.0.1:4020"
        );
    }
}
