//! One open WebSocket: its messages in both directions, and when it ends.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{
    Error, Message,
    protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
};

use super::events::{self, ConnectionInfo};
use super::open::{FRAME_LIMIT, MESSAGE_LIMIT, OutgoingMessage, Sockets};

/// How long a client may take to take a message.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// A WebSocket.
pub(super) struct SocketConnection {
    pub(super) api: Arc<Sockets>,
    pub(super) info: ConnectionInfo,
    /// Where answers to its messages go.
    pub(super) sender: mpsc::Sender<OutgoingMessage>,
}

type Socket = WebSocketStream<TokioIo<Upgraded>>;

impl SocketConnection {
    /// Carries messages until one side ends it.
    pub(super) async fn run(self, upgraded: OnUpgrade, outgoing: mpsc::Receiver<OutgoingMessage>) {
        if let Ok(upgraded) = upgraded.await {
            let config = WebSocketConfig::default()
                .max_message_size(Some(MESSAGE_LIMIT))
                .max_frame_size(Some(FRAME_LIMIT));
            let io = TokioIo::new(upgraded);
            let socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
            self.carry(socket, outgoing).await;
        }
        self.api.forget(&self.info.id);
        self.api.ask(self.info.disconnect_event()).await;
    }

    async fn carry(&self, mut socket: Socket, mut outgoing: mpsc::Receiver<OutgoingMessage>) {
        let limits = self.api.limits;
        let ends_at = Instant::now() + limits.life;
        let mut idle_at = Instant::now() + limits.idle;
        let code = loop {
            tokio::select! {
                () = self.api.shutdown.clone().wait() => break CloseCode::Away,
                () = tokio::time::sleep_until(ends_at.min(idle_at)) => break CloseCode::Away,
                sent = outgoing.recv() => {
                    let Some(OutgoingMessage::Text(text)) = sent else { break CloseCode::Normal };
                    let sent = socket.send(Message::text(text));
                    match tokio::time::timeout(SEND_TIMEOUT, sent).await {
                        Ok(Ok(())) => {}
                        Ok(Err(_)) | Err(_) => return,
                    }
                }
                received = socket.next() => match received {
                    Some(Ok(Message::Text(text))) => self.take(text.as_str()),
                    // API Gateway passes on text only.
                    Some(Ok(Message::Binary(_))) => break CloseCode::Unsupported,
                    Some(Ok(Message::Close(_))) | None => return,
                    Some(Ok(_)) => {}
                    Some(Err(Error::Capacity(_))) => break CloseCode::Size,
                    Some(Err(_)) => return,
                },
            }
            idle_at = Instant::now() + limits.idle;
        };
        let reason = CloseFrame {
            code,
            reason: "".into(),
        };
        let closed = socket.close(Some(reason));
        let _ = tokio::time::timeout(SEND_TIMEOUT, closed).await;
    }

    /// Gives a message to the function, and its answer to the client. Messages do not wait for one another.
    fn take(&self, text: &str) {
        let event = self.info.message_event(text);
        let (api, sender) = (Arc::clone(&self.api), self.sender.clone());
        tokio::spawn(async move {
            let outcome = api.ask(event).await;
            let answer = events::answered(outcome).filter(|_| api.api.answers);
            if let Some(answer) = answer {
                // Nobody hears it who has gone since.
                let _ = sender.send(OutgoingMessage::Text(answer)).await;
            }
        });
    }
}
