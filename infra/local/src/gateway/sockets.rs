//! The WebSocket API: events of connections to their function, messages to connections, and the limits of API
//! Gateway.
//!
//! Browsers connect at the path of the stage. Beside it is what functions call: `POST`, `GET` and `DELETE` of
//! `/<stage>/@connections/<id>`.

mod connection;
mod events;
mod open;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode,
    header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE},
};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use self::connection::SocketConnection;
use self::events::ConnectionInfo;
use self::open::{MESSAGE_LIMIT, OutgoingMessage};
use super::event::decode;

pub(crate) use self::open::{SocketLimits, Sockets};

/// How many messages to a connection wait until it takes them.
const WAITING_MESSAGES: usize = 64;

impl Sockets {
    /// Whether a request is for this API.
    pub(crate) fn takes(&self, path: &str) -> bool {
        let rest = path.strip_prefix(&self.api.path);
        rest.is_some_and(|it| it.is_empty() || it.starts_with("/@connections/"))
    }

    /// Answers a request for this API.
    pub(crate) async fn answer(
        self: &Arc<Self>,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Response<Bytes> {
        let managed = format!("{}/@connections/", self.api.path);
        let named = request.uri().path().strip_prefix(&managed);
        let answered = match named.map(|it| decode(it, false)) {
            Some(id) => self.manage(&id, request).await,
            None => self.connect(request, peer).await,
        };
        answered.unwrap_or_else(refused)
    }

    /// Asks the function, and upgrades the connection if it agrees.
    async fn connect(
        self: &Arc<Self>,
        mut request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Result<Response<Bytes>, StatusCode> {
        let headers = request.headers();
        let is_upgrade = headers
            .get(UPGRADE)
            .is_some_and(|it| it.as_bytes().eq_ignore_ascii_case(b"websocket"));
        let key = headers.get(SEC_WEBSOCKET_KEY).cloned();
        let key = key.filter(|_| is_upgrade && *request.method() == Method::GET);
        let key = key.ok_or(StatusCode::UPGRADE_REQUIRED)?;
        let info = ConnectionInfo::new(self.api.path.trim_start_matches('/'), peer, headers);
        let id = info.id.clone();
        let asked = self.ask(info.connect_event(&request)).await;
        let chosen = events::accepted(asked)?;
        let (sender, receiver) = mpsc::channel(WAITING_MESSAGES);
        self.lock().insert(id, sender.clone());
        let upgraded = hyper::upgrade::on(&mut request);
        let connection = SocketConnection {
            api: Arc::clone(self),
            info,
            sender,
        };
        tokio::spawn(connection.run(upgraded, receiver));
        switched(&key, chosen)
    }

    /// What functions do with a connection.
    async fn manage(
        &self,
        id: &str,
        request: Request<Incoming>,
    ) -> Result<Response<Bytes>, StatusCode> {
        let method = request.method().clone();
        let sender = self.lock().get(id).cloned().ok_or(StatusCode::GONE)?;
        match method {
            Method::GET => Ok(Response::new(Bytes::from_static(b"{}"))),
            Method::POST => {
                let body = request.into_body().collect().await;
                let body = body.map_err(|_| StatusCode::BAD_REQUEST)?.to_bytes();
                if body.len() > MESSAGE_LIMIT {
                    return Err(StatusCode::PAYLOAD_TOO_LARGE);
                }
                let text = String::from_utf8(body.to_vec());
                let text = text.map_err(|_| StatusCode::BAD_REQUEST)?;
                let sent = sender.send(OutgoingMessage::Text(text)).await;
                sent.map_err(|_| StatusCode::GONE)?;
                Ok(Response::new(Bytes::new()))
            }
            Method::DELETE => {
                let sent = sender.send(OutgoingMessage::Close).await;
                sent.map_err(|_| StatusCode::GONE)?;
                let mut response = Response::new(Bytes::new());
                *response.status_mut() = StatusCode::NO_CONTENT;
                Ok(response)
            }
            _ => Err(StatusCode::FORBIDDEN),
        }
    }
}

/// The answer that begins a WebSocket.
fn switched(key: &HeaderValue, chosen: Option<HeaderValue>) -> Result<Response<Bytes>, StatusCode> {
    let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes()));
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(
        SEC_WEBSOCKET_ACCEPT,
        accept.map_err(|_| StatusCode::BAD_REQUEST)?,
    );
    if let Some(chosen) = chosen {
        headers.insert(http::header::SEC_WEBSOCKET_PROTOCOL, chosen);
    }
    Ok(response)
}

fn refused(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests;
