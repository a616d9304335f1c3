//! Settings from Secrets Manager: secrets, and settings that are JSON.
//!
//! The variable holds `secret:<ARN>`, or `secret:<ARN>#<key>` where the secret is a JSON object. The
//! function fetches all values in one call while it starts, so its configuration shows names only.
//!
//! *Invariant:* `tests/template_secrets.rs` holds that no setting in `template.yaml` shows a secret.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use serde_json::{Map, Value};

use crate::domain::BoxError;

/// Prefix of a setting that refers to a secret.
const PREFIX: &str = "secret:";

/// Most secrets that one `BatchGetSecretValue` can name.
const MAX_SECRETS_PER_CALL: usize = 20;

/// Timeouts of one attempt and of all: Lambda gives the initialisation ten seconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(8);

/// A reference to a secret, or to one key of a secret that is a JSON object.
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

    /// The referenced value within the text of the secret.
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

/// Replaces references to secrets in `settings` with their values.
pub(super) async fn resolve(
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
    let values = fetch_values(&client(aws), named).await?;
    substitute(&mut settings, &values)?;
    Ok(settings)
}

fn client(aws: &SdkConfig) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let config = aws_sdk_secretsmanager::config::Builder::from(aws).timeout_config(timeouts);
    Client::from_conf(config.build())
}

/// The value of each secret, or its error code, by ARN.
type SecretValues = HashMap<String, Result<String, String>>;

async fn fetch_values(client: &Client, named: BTreeSet<String>) -> Result<SecretValues, BoxError> {
    let named: Vec<_> = named.into_iter().collect();
    let mut values = SecretValues::new();
    for some in named.chunks(MAX_SECRETS_PER_CALL) {
        let asked = client
            .batch_get_secret_value()
            .set_secret_id_list(Some(some.to_vec()));
        let reply = asked.send().await.map_err(|err| {
            let said = DisplayErrorContext(err).to_string();
            format!("this function cannot start: its secrets cannot be read: {said}")
        })?;
        for refused in reply.errors.unwrap_or_default() {
            let code = refused.error_code.unwrap_or_default();
            values.extend(refused.secret_id.map(|it| (it, Err(code))));
        }
        for found in reply.secret_values.unwrap_or_default() {
            let text = found.secret_string.ok_or("it is not a text".to_owned());
            values.extend(found.arn.map(|it| (it, text)));
        }
    }
    Ok(values)
}

/// Fails with the names of all settings whose secret cannot be read; never quotes a value.
fn substitute(
    settings: &mut HashMap<String, String>,
    values: &SecretValues,
) -> Result<(), BoxError> {
    let mut problems = Vec::new();
    for (name, value) in settings.iter_mut() {
        let Some(reference) = Reference::parse(value) else {
            continue;
        };
        let found = match values.get(reference.secret) {
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
mod tests;
