//! Connections of the WebSocket gateway: send to one, close one.

use aws_config::SdkConfig;
use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::config::Builder;
use aws_sdk_apigatewaymanagement::error::{DisplayErrorContext, SdkError};
use aws_sdk_apigatewaymanagement::primitives::Blob;

use crate::domain::{Error, Result};

/// What came of sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// It is on its way.
    Done,
    /// The connection is not open any more.
    Gone,
}

/// The connections of a WebSocket gateway.
#[derive(Clone, Debug)]
pub struct Connections {
    client: Client,
}

impl Connections {
    /// Those of the gateway whose clients connect to `url`, which begins with `wss:` or `ws:`.
    #[must_use]
    pub fn new(aws: &SdkConfig, url: &str) -> Self {
        // What is managed is beside what is connected to, in HTTP.
        let endpoint = match url.strip_prefix("ws") {
            Some(rest) => format!("http{rest}"),
            None => url.to_owned(),
        };
        let config = Builder::from(aws).endpoint_url(endpoint).build();
        Self {
            client: Client::from_conf(config),
        }
    }

    /// Sends a text to a connection.
    ///
    /// # Errors
    ///
    /// If the gateway does not take it now.
    pub async fn post(&self, connection: &str, text: String) -> Result<Posted> {
        let sent = self
            .client
            .post_to_connection()
            .connection_id(connection)
            .data(Blob::new(text))
            .send()
            .await;
        posted("sending to a WebSocket", sent)
    }

    /// Closes a connection, open or not.
    ///
    /// # Errors
    ///
    /// If the gateway does not take it now.
    pub async fn close(&self, connection: &str) -> Result<()> {
        let closed = self.client.delete_connection().connection_id(connection);
        posted("closing a WebSocket", closed.send().await).map(drop)
    }
}

fn posted<T, E>(what: &'static str, sent: Result<T, SdkError<E>>) -> Result<Posted>
where
    E: std::error::Error + Send + Sync + 'static,
{
    match sent {
        Ok(_) => Ok(Posted::Done),
        // By its status: an answer without a body is not told apart by its type.
        Err(SdkError::ServiceError(it)) if it.raw().status().as_u16() == 410 => Ok(Posted::Gone),
        Err(err) => Err(Error::unavailable(
            what,
            DisplayErrorContext(&err).to_string(),
        )),
    }
}
