//! The AWS services of the stack, each on its own local port, and the one way
//! connections are served.

pub(crate) mod dynamodb;
pub(crate) mod journal;
pub(crate) mod relay;
pub(crate) mod s3;
pub(crate) mod s3_cors;
pub(crate) mod s3_events;
pub(crate) mod secrets;
pub(crate) mod sqs;
pub(crate) mod sqs_handler;

use std::{error::Error as StdError, net::SocketAddr};

use axum::Router;
use http::{Request, Response};
use hyper::{
    body::{Body, Incoming},
    server::conn::http1,
    service::Service,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::net::TcpListener;

use crate::shutdown::Shutdown;

/// The credentials every part of the stack signs and checks with.
pub(crate) const ACCESS_KEY: &str = "test";
/// See [`ACCESS_KEY`].
pub(crate) const SECRET_KEY: &str = "test";

/// Serves connections until `shutdown`; `service` makes one service for each peer.
pub(crate) async fn serve<F, S, B>(listener: TcpListener, service: F, shutdown: Shutdown)
where
    F: Fn(SocketAddr) -> S,
    S: Service<Request<Incoming>, Response = Response<B>> + Send + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    while let Some(accepted) = shutdown.or(listener.accept()).await {
        let Ok((stream, peer)) = accepted else {
            // Out of descriptors, most likely: breathe, then go on.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        // Small answers must not wait for an acknowledgement.
        if stream.set_nodelay(true).is_err() {
            continue;
        }
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service(peer))
            .with_upgrades();
        let shutdown = shutdown.clone();
        tokio::spawn(async move {
            if let Some(Err(error)) = shutdown.or(connection).await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
}

/// [`serve`] for an axum router.
pub(crate) async fn serve_router(listener: TcpListener, router: Router, shutdown: Shutdown) {
    serve(
        listener,
        |_| TowerToHyperService::new(router.clone()),
        shutdown,
    )
    .await;
}
