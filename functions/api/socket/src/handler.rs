//! What each event of a WebSocket is answered.

use vara::domain::socket::{ErrorFrame, PROTOCOL, SocketErrorCode, SocketFrame, SocketMessage};
use vara::domain::{Error, Result, Timestamp};
use vara::http;
use vara::metrics::{self, Measure};
use vara::services::live::sockets::{ConnectRequest, LiveSockets};
use vara::services::upkeep::rate_limits::{self, RateClass, RateLimiter, network_of};

use crate::event::{SocketAnswer, SocketEvent, SocketEventType};

/// The header by which client and server agree on a protocol.
const PROTOCOL_HEADER: &str = "Sec-WebSocket-Protocol";

/// Answers the events of sockets.
pub(crate) struct SocketHandler {
    pub(crate) sockets: LiveSockets,
    pub(crate) limits: RateLimiter,
}

impl SocketHandler {
    pub(crate) async fn handle(&self, event: &SocketEvent, now: Timestamp) -> SocketAnswer {
        match event.request_context.event_type {
            SocketEventType::Connect => self.connect(event, now).await,
            SocketEventType::Disconnect => self.disconnect(event).await,
            SocketEventType::Message => self.message(event, now).await,
        }
    }

    async fn connect(&self, event: &SocketEvent, now: Timestamp) -> SocketAnswer {
        let request = ConnectRequest {
            connection: &event.request_context.connection_id,
            protocols: event.header(PROTOCOL_HEADER),
            ticket: event.query("ticket"),
            origin: event.header("origin"),
        };
        if let Err(err) = self.open(event, request, now).await {
            note("a WebSocket is not opened", &err);
            return SocketAnswer::of(http::status(err.kind).as_u16());
        }
        let mut answer = SocketAnswer::of(200);
        if request.names_protocols() {
            answer.headers.insert(PROTOCOL_HEADER, PROTOCOL);
        }
        answer
    }

    async fn open(
        &self,
        event: &SocketEvent,
        request: ConnectRequest<'_>,
        now: Timestamp,
    ) -> Result<()> {
        let address = network_of(event.address());
        let counted = self.limits.standing(&address, None, RateClass::Plain, now);
        if counted.await.is_some_and(|it| it.is_over) {
            metrics::note(Measure::LimitedCall);
            return Err(rate_limits::too_many_calls());
        }
        self.sockets.connect(request, now).await
    }

    async fn disconnect(&self, event: &SocketEvent) -> SocketAnswer {
        let connection = &event.request_context.connection_id;
        if let Err(err) = self.sockets.disconnect(connection).await {
            note("the row of a closed WebSocket stays", &err);
        }
        SocketAnswer::of(200)
    }

    async fn message(&self, event: &SocketEvent, now: Timestamp) -> SocketAnswer {
        let connection = &event.request_context.connection_id;
        // Bytes are no message of the protocol, whatever they hold.
        let text = match event.is_base64_encoded {
            true => "",
            false => event.body.as_deref().unwrap_or_default(),
        };
        let frame = match self.sockets.answer(connection, text, now).await {
            Ok(frame) => frame,
            Err(err) => {
                note("a message of a WebSocket is not answered", &err);
                Some(SocketFrame::Error(ErrorFrame {
                    reference: SocketMessage::parse(text).ok().and_then(|it| it.reference),
                    code: SocketErrorCode::Unavailable,
                }))
            }
        };
        let mut answer = SocketAnswer::of(200);
        answer.body = frame.and_then(|it| serde_json::to_string(&it).ok());
        answer
    }
}

fn note(what: &'static str, err: &Error) {
    let (code, chain) = (err.code, err.chain());
    match http::status(err.kind).is_server_error() {
        true => tracing::error!(error.code = code, error.chain = chain, "{what}"),
        false => tracing::info!(error.code = code, "{what}"),
    }
}
