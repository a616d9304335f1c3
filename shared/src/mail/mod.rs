//! Mail through SES: to her, requests of hers to recipients, and what recipients answer.
//!
//! *Invariant:* only the texts of [`Mail`] are sent to her, and nothing in them says what Vara does for her:
//! somebody else may read her mailbox, or see it on her locked screen. To others goes only what she approved
//! (`request_mail`).

mod inbound;
mod request_mail;
mod texts;

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageHeader};

pub use inbound::{DeliveryReport, InboundMail, MAX_MAIL_BYTES, MailVerdicts};
pub(crate) use request_mail::{RequestMail, RequestMailFault};
pub use texts::{
    ADDRESS_UNDO_PAGE, ADDRESS_UNDONE_PAGE, LinkPage, Mail, OBJECTION_TAKEN_PAGE, ObjectionPage,
    PASSWORD_UNDO_PAGE, PASSWORD_UNDONE_PAGE, RESTORE_PAGE, RESTORE_TAKEN_PAGE, RESTORED_PAGE,
    STOP_PAGE, STOPPED_PAGE, USED_LINK_PAGE, answered_page, question_page, update_event,
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

/// How SES begins its refusal of a mail because of an address that nobody verified: the sender's, or any
/// while the account is in the sandbox.
const UNVERIFIED: &str = "Email address is not verified";

fn failure(err: &SdkError<SendEmailError>) -> Error {
    let SdkError::ServiceError(refusal) = err else {
        return Error::unavailable("sending a mail", DisplayErrorContext(err).to_string());
    };
    // The service's own words can quote the address, so only the kind of failure is told.
    let (status, code) = (refusal.raw().status().as_u16(), refusal.err().code());
    let kind = format!("the service answered {status} {}", code.unwrap_or_default());
    if is_of_the_mail(refusal.err(), status) {
        Error::bug("sending a mail", kind)
    } else {
        Error::unavailable("sending a mail", kind)
    }
}

/// Whether this mail is refused for good. What holds of the account or its settings is mended by whoever
/// runs it, and the mail is sent then.
fn is_of_the_mail(err: &SendEmailError, status: u16) -> bool {
    match err {
        SendEmailError::AccountSuspendedException(_)
        | SendEmailError::LimitExceededException(_)
        | SendEmailError::MailFromDomainNotVerifiedException(_)
        | SendEmailError::NotFoundException(_)
        | SendEmailError::SendingPausedException(_) => false,
        SendEmailError::MessageRejected(it) => {
            !it.message().is_some_and(|it| it.starts_with(UNVERIFIED))
        }
        _ => matches!(status, 400 | 404 | 413),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sesv2::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};

    use super::*;
    use crate::domain::ErrorKind;

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
        service_that(status, "", r#"{"MessageId":"1"}"#).await
    }

    async fn service_that(status: u16, error: &'static str, body: &'static str) -> Mailer {
        use axum::http::StatusCode;
        let status = StatusCode::from_u16(status).unwrap();
        let answer = (status, [("x-amzn-errortype", error)], body);
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
        assert_eq!(refused.kind, ErrorKind::Bug);
        for down in [
            service(503).await,
            service(429).await,
            mailer("http://127.0.0.1:9"),
        ] {
            let err = down
                .send("ana@example.net", &Mail::PasswordChanged)
                .await
                .unwrap_err();
            assert_eq!(err.kind, ErrorKind::Unavailable);
            assert!(!err.chain().contains("ana@"), "{}", err.chain());
        }
    }

    /// Else everybody's address would count as refused while the account is paused.
    #[tokio::test]
    async fn a_refusal_of_the_account_is_not_one_of_the_mail() {
        let rejected = r#"{"message":"Address blacklisted."}"#;
        let unverified = r#"{"message":"Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: ana@example.net"}"#;
        for (status, error, body, kind) in [
            (400, "SendingPausedException", "{}", ErrorKind::Unavailable),
            (
                400,
                "AccountSuspendedException",
                "{}",
                ErrorKind::Unavailable,
            ),
            (
                400,
                "MailFromDomainNotVerifiedException",
                "{}",
                ErrorKind::Unavailable,
            ),
            (404, "NotFoundException", "{}", ErrorKind::Unavailable),
            (403, "AccessDeniedException", "{}", ErrorKind::Unavailable),
            (400, "MessageRejected", unverified, ErrorKind::Unavailable),
            (400, "MessageRejected", rejected, ErrorKind::Bug),
            (400, "BadRequestException", "{}", ErrorKind::Bug),
        ] {
            let mailer = service_that(status, error, body).await;
            let sent = mailer.send("ana@example.net", &Mail::PasswordChanged);
            let err = sent.await.unwrap_err();
            assert_eq!(err.kind, kind, "{error} {body}");
            assert!(err.chain().contains(error), "{}", err.chain());
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
