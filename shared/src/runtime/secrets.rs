//! Settings that do not stand in a function's configuration: secrets, and settings that are JSON.
//!
//! Their variable holds `secret:<ARN>`, or `secret:<ARN>#<key>` where the secret is a JSON object of
//! several; the values are fetched from Secrets Manager while the function starts, all in one call.
//! Whoever may look at a function's configuration sees names only.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use serde_json::{Map, Value};

use crate::domain::BoxError;

/// How a value begins that is to be fetched.
const PREFIX: &str = "secret:";

/// How many secrets one call can name.
const AT_ONCE: usize = 20;

/// How long a try may take, and all of them: Lambda gives a start ten seconds.
const ATTEMPT: Duration = Duration::from_secs(3);
const ALL_ATTEMPTS: Duration = Duration::from_secs(8);

/// A value that is to be fetched.
struct Reference<'a> {
    secret: &'a str,
    key: Option<&'a str>,
}

impl<'a> Reference<'a> {
    fn parse(value: &'a str) -> Option<Self> {
        let named = value.strip_prefix(PREFIX)?;
        Some(match named.split_once('#') {
            Some((secret, key)) => Self {
                secret,
                key: Some(key),
            },
            None => Self {
                secret: named,
                key: None,
            },
        })
    }

    /// What it refers to in the text of its secret.
    fn value_in(&self, text: &str) -> Result<String, BoxError> {
        let Some(key) = self.key else {
            return Ok(text.to_owned());
        };
        // A parser's message would quote the secret.
        let object: Map<String, Value> =
            serde_json::from_str(text).map_err(|_| "its secret is not a JSON object")?;
        match object.get(key) {
            Some(Value::String(value)) => Ok(value.clone()),
            Some(_) => Err(format!("{key} of its secret is not a text").into()),
            None => Err(format!("its secret has no {key}").into()),
        }
    }
}

/// These settings, with what they refer to in its place.
pub(super) async fn fetched(
    settings: impl IntoIterator<Item = (String, String)>,
    aws: &SdkConfig,
) -> Result<HashMap<String, String>, BoxError> {
    let mut settings: HashMap<_, _> = settings.into_iter().collect();
    let named: BTreeSet<_> = settings
        .values()
        .filter_map(|it| Reference::parse(it))
        .map(|it| it.secret.to_owned())
        .collect();
    if named.is_empty() {
        return Ok(settings);
    }
    let texts = texts(&client(aws), named).await?;
    put_in_place(&mut settings, &texts)?;
    Ok(settings)
}

fn client(aws: &SdkConfig) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(ALL_ATTEMPTS)
        .build();
    let config = aws_sdk_secretsmanager::config::Builder::from(aws).timeout_config(timeouts);
    Client::from_conf(config.build())
}

/// What became of each secret, by ARN: its text, or why there is none.
type Texts = HashMap<String, Result<String, String>>;

async fn texts(client: &Client, named: BTreeSet<String>) -> Result<Texts, BoxError> {
    let named: Vec<_> = named.into_iter().collect();
    let mut texts = Texts::new();
    for some in named.chunks(AT_ONCE) {
        let asked = client
            .batch_get_secret_value()
            .set_secret_id_list(Some(some.to_vec()));
        let reply = asked.send().await.map_err(|err| {
            let said = DisplayErrorContext(err).to_string();
            format!("this function cannot start: its secrets cannot be read: {said}")
        })?;
        for refused in reply.errors.unwrap_or_default() {
            let code = refused.error_code.unwrap_or_default();
            texts.extend(refused.secret_id.map(|it| (it, Err(code))));
        }
        for found in reply.secret_values.unwrap_or_default() {
            let text = found.secret_string.ok_or("it is not a text".to_owned());
            texts.extend(found.arn.map(|it| (it, text)));
        }
    }
    Ok(texts)
}

/// Fails naming every setting that there is no value for, never a value.
fn put_in_place(settings: &mut HashMap<String, String>, texts: &Texts) -> Result<(), BoxError> {
    let mut problems = Vec::new();
    for (name, value) in settings.iter_mut() {
        let Some(reference) = Reference::parse(value) else {
            continue;
        };
        let found = match texts.get(reference.secret) {
            Some(Ok(text)) => reference.value_in(text),
            Some(Err(code)) => Err(format!("its secret cannot be read ({code})").into()),
            None => Err("its secret was not answered".into()),
        };
        match found {
            Ok(found) => *value = found,
            Err(why) => problems.push(format!("{name}: {why}")),
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    problems.sort();
    Err(format!("this function cannot start: {}", problems.join("; ")).into())
}

#[cfg(test)]
#[path = "secrets_tests.rs"]
mod tests;
