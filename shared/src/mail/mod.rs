//! Mail to her, through SES.
//!
//! *Invariant:* only the texts of [`Mail`] are sent, and nothing in them says what Vara does for her:
//! somebody else may read her mailbox, or see it on her locked screen.

mod texts;

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::{DisplayErrorContext, SdkError};
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageHeader};

pub use texts::{
    LinkPage, Mail, STOP_PAGE, STOPPED_PAGE, USED_LINK_PAGE, answered_page, question_page,
    update_event,
};

use crate::domain::{Error, Result};

/// Sends mail from one address. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Mailer {
    client: Client,
    from: String,
    /// The configuration set by which the mail service tells what became of a mail.
    settings: Option<String>,
}

impl Mailer {
    /// Mail from `from`.
    #[must_use]
    pub fn new(client: Client, from: impl Into<String>) -> Self {
        Self {
            client,
            from: from.into(),
            settings: None,
        }
    }

    /// The same with the configuration set of this name.
    #[must_use]
    pub fn with_settings(self, settings: Option<String>) -> Self {
        Self { settings, ..self }
    }

    /// Hands a mail over for delivery.
    pub async fn send(&self, to: &str, mail: &Mail) -> Result<()> {
        let message = Message::builder()
            .subject(content(mail.subject())?)
            .body(Body::builder().text(content(&mail.text())?).build())
            .set_headers(stop_headers(mail)?)
            .build();
        self.client
            .send_email()
            .from_email_address(&self.from)
            .set_configuration_set_name(self.settings.clone())
            .destination(Destination::builder().to_addresses(to).build())
            .content(EmailContent::builder().simple(message).build())
            .send()
            .await
            .map_err(|err| failure(&err))?;
        Ok(())
    }
}

/// What lets a mail program stop these mails with one click (RFC 8058).
fn stop_headers(mail: &Mail) -> Result<Option<Vec<MessageHeader>>> {
    let Some(stop) = mail.stop() else {
        return Ok(None);
    };
    let header = |name: &str, value: String| {
        MessageHeader::builder()
            .name(name)
            .value(value)
            .build()
            .map_err(|err| Error::bug("writing a mail", err))
    };
    Ok(Some(vec![
        header("List-Unsubscribe", format!("<{stop}>"))?,
        header(
            "List-Unsubscribe-Post",
            "List-Unsubscribe=One-Click".to_owned(),
        )?,
    ]))
}

fn content(text: &str) -> Result<Content> {
    Content::builder()
        .charset("UTF-8")
        .data(text)
        .build()
        .map_err(|err| Error::bug("writing a mail", err))
}

fn failure<E>(err: &SdkError<E>) -> Error
where
    E: std::error::Error + Send + Sync + 'static,
{
    let refused = matches!(err, SdkError::ServiceError(it) if matches!(it.raw().status().as_u16(), 400 | 403 | 404 | 413));
    // The service's own words can quote the address, so only the kind of failure is told.
    let kind = match err {
        SdkError::ServiceError(it) => {
            format!("the service answered {}", it.raw().status().as_u16())
        }
        _ => DisplayErrorContext(err).to_string(),
    };
    if refused {
        Error::bug("sending a mail", kind)
    } else {
        Error::unavailable("sending a mail", kind)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_sdk_sesv2::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};

    use super::*;
    use crate::domain::Kind;

    fn mailer(endpoint: &str) -> Mailer {
        let config = aws_sdk_sesv2::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("eu-central-1"))
            .credentials_provider(Credentials::for_tests())
            .retry_config(RetryConfig::disabled())
            .endpoint_url(endpoint)
            .build();
        Mailer::new(Client::from_conf(config), "hello@example.net")
    }

    async fn service(status: u16) -> Mailer {
        use axum::http::StatusCode;
        let answer = (
            StatusCode::from_u16(status).unwrap(),
            r#"{"MessageId":"1"}"#,
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            axum::serve(listener, axum::Router::new().fallback(async move || answer)).await
        });
        mailer(&endpoint)
    }

    #[tokio::test]
    async fn a_mail_is_handed_over_or_the_trouble_is_told_without_the_address() {
        service(200)
            .await
            .send("ana@example.net", &Mail::PasswordChanged)
            .await
            .unwrap();
        let refused = service(400)
            .await
            .send("ana@example.net", &Mail::PasswordChanged)
            .await
            .unwrap_err();
        assert_eq!(refused.kind, Kind::Bug);
        for down in [
            service(503).await,
            service(429).await,
            mailer("http://127.0.0.1:9"),
        ] {
            let err = down
                .send("ana@example.net", &Mail::PasswordChanged)
                .await
                .unwrap_err();
            assert_eq!(err.kind, Kind::Unavailable);
            assert!(!err.chain().contains("ana@"), "{}", err.chain());
        }
    }

    /// Without the configuration set nobody would hear of a bounce.
    #[tokio::test]
    async fn a_mail_names_its_configuration_set() {
        let (took, mut taken) = tokio::sync::mpsc::unbounded_channel();
        let take = async move |body: String| {
            took.send(body).unwrap();
            r#"{"MessageId":"1"}"#
        };
        let routes = axum::Router::new().fallback(take);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        for settings in [Some("vara-mail".to_owned()), None] {
            let mailer = mailer(&endpoint).with_settings(settings.clone());
            let sent = mailer.send("ana@example.net", &Mail::PasswordChanged);
            sent.await.unwrap();
            let body: serde_json::Value =
                serde_json::from_str(&taken.recv().await.unwrap()).unwrap();
            assert_eq!(body["ConfigurationSetName"].as_str(), settings.as_deref());
        }
    }
}
