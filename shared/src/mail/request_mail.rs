//! Mails of requests to remove, to recipients: exactly the text that she approved, as plain text, once.

use std::time::Duration;

use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::config::timeout::TimeoutConfig;
use aws_sdk_sesv2::error::{DisplayErrorContext, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Destination, EmailContent, Message, MessageHeader, MessageTag};

use super::{Mailer, content, failure};
use crate::domain::{Error, ErrorKind, Result, TakedownId, UserId};

/// How long the mail service may take.
const TIMEOUT: Duration = Duration::from_secs(15);

/// A mail to a recipient.
#[derive(Clone, Debug)]
pub(crate) struct RequestMail {
    /// The recipient's mailbox.
    pub(crate) to: String,
    /// Where answers go.
    pub(crate) reply_to: Option<String>,
    pub(crate) subject: String,
    pub(crate) text: String,
    /// The mail service's ids of the mails that this one follows.
    pub(crate) answers: Vec<String>,
    /// An id of our own for the thread, which answers name as well, even those to another address.
    pub(crate) thread: Option<String>,
    /// Whose request it is, which, and which attempt: by these the mail service tells what became of it.
    pub(crate) user: UserId,
    pub(crate) takedown: TakedownId,
    pub(crate) attempt: u32,
}

/// Why a mail was not handed over, or may have been.
#[derive(Debug)]
pub(crate) enum RequestMailFault {
    /// It was refused and can be tried again.
    Later(Error),
    /// It was refused for good.
    Never(Error),
    /// Nobody knows: it must not be sent again.
    Unknown(Error),
}

impl Mailer {
    /// Hands a mail over once, without a second try of the client's own. The mail service's id of it.
    pub(crate) async fn send_request(
        &self,
        mail: &RequestMail,
    ) -> std::result::Result<String, RequestMailFault> {
        let message = message(mail).map_err(RequestMailFault::Never)?;
        let tags = tags(mail).map_err(RequestMailFault::Never)?;
        let once = aws_sdk_sesv2::config::Builder::new()
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(TIMEOUT).build());
        let sent = self
            .client
            .send_email()
            .from_email_address(bare(&self.from))
            .set_reply_to_addresses(mail.reply_to.clone().map(|it| vec![it]))
            .set_configuration_set_name(self.settings.clone())
            .destination(Destination::builder().to_addresses(&mail.to).build())
            .set_email_tags(Some(tags))
            .content(EmailContent::builder().simple(message).build())
            .customize()
            .config_override(once)
            .send()
            .await;
        match sent {
            Ok(sent) => Ok(sent.message_id.unwrap_or_default()),
            Err(err) => Err(fault(&err)),
        }
    }
}

fn message(mail: &RequestMail) -> Result<Message> {
    Ok(Message::builder()
        .subject(content(&mail.subject)?)
        .body(Body::builder().text(content(&mail.text)?).build())
        .set_headers(thread(mail)?)
        .build())
}

/// What has a mail program show it below the mails before. The mail service writes its own `Message-ID`.
fn thread(mail: &RequestMail) -> Result<Option<Vec<MessageHeader>>> {
    let header = |name: &str, value: String| {
        let header = MessageHeader::builder().name(name).value(value);
        header
            .build()
            .map_err(|err| Error::bug("writing a mail", err))
    };
    let id = |it: &String| format!("<{it}@email.amazonses.com>");
    let own = mail.thread.iter().map(|it| format!("<{it}>"));
    let all: Vec<String> = own.chain(mail.answers.iter().map(id)).collect();
    let mut headers = Vec::new();
    if let Some(last) = mail.answers.last() {
        headers.push(header("In-Reply-To", id(last))?);
    }
    if !all.is_empty() {
        headers.push(header("References", all.join(" "))?);
    }
    Ok((!headers.is_empty()).then_some(headers))
}

fn tags(mail: &RequestMail) -> Result<Vec<MessageTag>> {
    let tag = |name: &str, value: String| {
        let tag = MessageTag::builder().name(name).value(value);
        tag.build().map_err(|err| Error::bug("writing a mail", err))
    };
    Ok(vec![
        tag("user", mail.user.to_string())?,
        tag("takedown", mail.takedown.to_string())?,
        tag("attempt", mail.attempt.to_string())?,
    ])
}

/// The address alone: no name of ours stands before it.
fn bare(from: &str) -> &str {
    let inside = from.rsplit_once('<').and_then(|it| it.1.split_once('>'));
    inside.map_or(from, |it| it.0).trim()
}

fn fault(err: &SdkError<SendEmailError>) -> RequestMailFault {
    match err {
        SdkError::ConstructionFailure(_) => {
            let why = DisplayErrorContext(err).to_string();
            RequestMailFault::Never(Error::bug("writing a mail", why))
        }
        // An answer of its own that is a refusal. What a server broke while it answered may have been done.
        SdkError::ServiceError(it) if it.raw().status().as_u16() < 500 => {
            let told = failure(err);
            match told.kind {
                ErrorKind::Bug => RequestMailFault::Never(told),
                _ => RequestMailFault::Later(told),
            }
        }
        SdkError::ServiceError(it) if it.raw().status().as_u16() == 503 => {
            RequestMailFault::Later(failure(err))
        }
        _ => {
            let why = DisplayErrorContext(err).to_string();
            RequestMailFault::Unknown(Error::unavailable("sending a mail", why))
        }
    }
}
