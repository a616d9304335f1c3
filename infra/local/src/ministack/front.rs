//! An address of its own for the deployed API.
//!
//! The emulator serves an API below a path or by a host name that most machines do not
//! resolve; AWS serves it at the root of an address, and the template says so. Requests
//! and answers pass untouched.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::net::TcpListener;

use crate::{servers, shutdown::Shutdown};

struct Front {
    /// Without a trailing slash.
    api: String,
    client: Client<HttpConnector, Body>,
}

/// Passes requests on to `api` until `shutdown`.
pub(super) async fn serve(listener: TcpListener, api: String, shutdown: Shutdown) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let front = Arc::new(Front { api, client });
    let router = Router::new().fallback(pass_on).with_state(front);
    servers::serve_router(listener, router, shutdown).await;
}

async fn pass_on(State(front): State<Arc<Front>>, mut request: Request) -> Response {
    let path = request.uri().path_and_query().map_or("/", |it| it.as_str());
    let Ok(target) = format!("{}{path}", front.api).parse::<Uri>() else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    *request.uri_mut() = target;
    // These are between two neighbours; the client makes its own.
    for name in [header::CONNECTION, header::TRANSFER_ENCODING] {
        request.headers_mut().remove(name);
    }
    match front.client.request(request).await {
        Ok(mut answer) => {
            for name in [header::CONNECTION, header::TRANSFER_ENCODING] {
                answer.headers_mut().remove(name);
            }
            answer.map(Body::new)
        }
        Err(error) => {
            tracing::error!(%error, "the emulator does not answer");
            StatusCode::BAD_GATEWAY.into_response()
        }
    }
}

#[cfg(test)]
mod tests {

    use axum::{Router, body::Bytes, extract::Request};
    use hyper_util::{client::legacy::Client, rt::TokioExecutor};

    use super::{Body, serve};
    use crate::{ports, servers, shutdown};

    #[tokio::test]
    async fn path_query_and_body_arrive_below_the_api() {
        let (_switch, shutdown) = shutdown::switch();
        let behind = ports::take(0, "the emulator").await.unwrap();
        let front = ports::take(0, "the gateway").await.unwrap();
        let api = format!("{}/_aws/execute-api/1/$default", behind.url());
        let address = front.url();
        let echo = Router::new().fallback(async |request: Request| {
            let said = format!("{} {}", request.method(), request.uri());
            let body = axum::body::to_bytes(request.into_body(), 100)
                .await
                .unwrap();
            (
                [("x-said", said)],
                Bytes::from([&body[..], b" back"].concat()),
            )
        });
        tokio::spawn(servers::serve_router(
            behind.listener,
            echo,
            shutdown.clone(),
        ));
        tokio::spawn(serve(front.listener, api, shutdown));
        let client: Client<_, Body> = Client::builder(TokioExecutor::new()).build_http();
        let request = Request::post(format!("{address}/a%20b?c=d%2Fe"))
            .body(Body::from("there"))
            .unwrap();
        let answer = client.request(request).await.unwrap();
        assert_eq!(
            answer.headers()["x-said"],
            "POST /_aws/execute-api/1/$default/a%20b?c=d%2Fe"
        );
        let body = axum::body::to_bytes(Body::new(answer.into_body()), 100);
        assert_eq!(&body.await.unwrap()[..], b"there back");
    }
}
