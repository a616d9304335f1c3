//! Reads of the table without the machinery of the SDK, whose work for one call costs a function several
//! times what the call itself does: the same requests over the SDK's own kind of connection, signed by its
//! own signer. Whatever does not simply succeed is asked again through the SDK, which knows what to do
//! about it; reads may be repeated.

mod attributes;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_http_client::default_connector;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::{Instrument, debug_span};

use self::attributes::Attributes;
use super::row::{Item, Key};
use crate::clock;
use crate::domain::BoxError;

/// Under which spans the SDK tells its calls, so that traces have ours among them.
const SDK: &str = "aws_sdk_dynamodb::operation";

/// How long a call may take before the SDK asks instead.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long before their end credentials are fetched anew.
const CREDENTIALS_MARGIN: Duration = Duration::from_secs(300);

/// How long credentials that name no end are used.
const CREDENTIALS_LIFE: Duration = Duration::from_secs(600);

/// The most bytes of an answer; the table sends at most one megabyte, as JSON somewhat more.
const ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// Which rows are of a run of a list.
pub(super) const RUN_CONDITION: &str = "pk = :pk AND begins_with(#list, :run)";

/// Reads rows of a table. Cheap to clone.
#[derive(Clone)]
pub(crate) struct DirectReads(Arc<TableConnection>);

struct TableConnection {
    connector: SharedHttpConnector,
    /// Where the table is, with a path.
    url: String,
    region: String,
    credentials: SharedCredentialsProvider,
    identity: Mutex<Option<(Identity, SystemTime)>>,
}

impl std::fmt::Debug for DirectReads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DirectReads")
    }
}

/// The question for one row.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetItem<'a> {
    table_name: &'a str,
    key: KeyOf<'a>,
    consistent_read: bool,
}

#[derive(Serialize)]
struct KeyOf<'a> {
    pk: TextOf<'a>,
    sk: TextOf<'a>,
}

/// A text as DynamoDB writes it.
#[derive(Serialize)]
struct TextOf<'a> {
    #[serde(rename = "S")]
    text: &'a str,
}

#[derive(serde::Deserialize)]
struct OneRow<'a> {
    #[serde(rename = "Item", borrow)]
    row: Option<Attributes<'a>>,
}

/// The question for rows of a list.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RowsQuery<'a> {
    table_name: &'a str,
    index_name: &'a str,
    consistent_read: bool,
    scan_index_forward: bool,
    key_condition_expression: &'a str,
    expression_attribute_names: Names,
    expression_attribute_values: QueryValues<'a>,
    limit: i32,
}

#[derive(Serialize)]
struct Names {
    #[serde(rename = "#list")]
    list: &'static str,
}

#[derive(Serialize)]
struct QueryValues<'a> {
    #[serde(rename = ":pk")]
    pk: TextOf<'a>,
    #[serde(rename = ":run")]
    run: TextOf<'a>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ManyRows<'a> {
    #[serde(rename = "Items", borrow)]
    rows: Vec<Attributes<'a>>,
    last_evaluated_key: Option<serde_dynamo::Item>,
}

/// Rows of a list, each with its place in it, and the key after which more follow.
pub(super) type ListRows<T> = (Vec<(String, T)>, Option<Item>);

impl DirectReads {
    /// By these settings; `None` if they ask for what only the SDK knows. `endpoint` is the table's own.
    pub(crate) fn new(aws: &SdkConfig, endpoint: Option<&str>) -> Option<Self> {
        if aws.use_fips() == Some(true) || aws.use_dual_stack() == Some(true) {
            return None;
        }
        let region = aws.region()?.to_string();
        let url = match endpoint.or(aws.endpoint_url()) {
            Some(given) => format!("{}/", given.trim_end_matches('/')),
            // Other partitions have other domains.
            None if ["cn-", "us-iso", "us-gov", "eu-iso", "eusc-"]
                .iter()
                .any(|it| region.starts_with(it)) =>
            {
                return None;
            }
            None => format!("https://dynamodb.{region}.amazonaws.com/"),
        };
        let settings = HttpConnectorSettings::builder()
            .connect_timeout(PATIENCE)
            .read_timeout(PATIENCE)
            .build();
        Some(Self(Arc::new(TableConnection {
            connector: default_connector(&settings, aws.sleep_impl())?,
            url,
            region,
            credentials: aws.credentials_provider()?,
            identity: Mutex::default(),
        })))
    }

    /// One row as its type, read consistently. The outer `None`: ask the SDK.
    pub(super) async fn row<T: DeserializeOwned>(
        &self,
        table: &str,
        key: &Key,
    ) -> Option<Option<T>> {
        let question = GetItem {
            table_name: table,
            key: KeyOf {
                pk: TextOf { text: &key.pk },
                sk: TextOf { text: &key.sk },
            },
            consistent_read: true,
        };
        let span = debug_span!(target: SDK, "DynamoDB.GetItem", rpc.service = "DynamoDB", rpc.method = "GetItem");
        let answer = self.ask("DynamoDB_20120810.GetItem", &question);
        let answer = answer.instrument(span).await?;
        match serde_json::from_slice::<OneRow<'_>>(&answer).ok()?.row {
            Some(row) => Some(Some(row.read()?)),
            None => Some(None),
        }
    }

    /// The first `most` rows of a run of a list of hers, by the local index. `None`: ask the SDK.
    pub(super) async fn run<T: DeserializeOwned>(
        &self,
        table: &str,
        (pk, run): (&str, &str),
        forward: bool,
        most: i32,
    ) -> Option<ListRows<T>> {
        let question = RowsQuery {
            table_name: table,
            index_name: "list",
            consistent_read: true,
            scan_index_forward: forward,
            key_condition_expression: RUN_CONDITION,
            expression_attribute_names: Names { list: "list" },
            expression_attribute_values: QueryValues {
                pk: TextOf { text: pk },
                run: TextOf { text: run },
            },
            limit: most,
        };
        let span = debug_span!(target: SDK, "DynamoDB.Query", rpc.service = "DynamoDB", rpc.method = "Query");
        let answer = self.ask("DynamoDB_20120810.Query", &question);
        let answer = answer.instrument(span).await?;
        let answer: ManyRows<'_> = serde_json::from_slice(&answer).ok()?;
        let rows = answer.rows.into_iter().map(|row| {
            let list = row.text("list")?.to_owned();
            Some((list, row.read()?))
        });
        Some((
            rows.collect::<Option<_>>()?,
            answer.last_evaluated_key.map(Into::into),
        ))
    }

    async fn ask(&self, target: &'static str, question: &impl Serialize) -> Option<Bytes> {
        let answered = tokio::time::timeout(PATIENCE, self.0.ask(target, question)).await;
        let why: BoxError = match answered {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(why)) => why,
            Err(why) => why.into(),
        };
        tracing::debug!(why = %why, "the SDK asks the table again");
        None
    }
}

impl TableConnection {
    async fn ask(
        &self,
        target: &'static str,
        question: &impl Serialize,
    ) -> Result<Bytes, BoxError> {
        let body = serde_json::to_vec(question)?;
        let request = self.signed(target, body).await?;
        let reply = self.connector.call(request).await?;
        if !reply.status().is_success() {
            return Err(format!("it answered {}", reply.status().as_u16()).into());
        }
        let body = Limited::new(reply.into_body(), ANSWER_BYTES);
        Ok(body.collect().await?.to_bytes())
    }

    async fn signed(&self, target: &'static str, body: Vec<u8>) -> Result<HttpRequest, BoxError> {
        let identity = self.identity().await?;
        let params = SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("dynamodb")
            .time(now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let headers = [
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", target),
        ];
        let signable = SignableRequest::new(
            "POST",
            self.url.as_str(),
            headers.into_iter(),
            SignableBody::Bytes(&body),
        )?;
        let (instructions, _) = sign(signable, &params)?.into_parts();
        let mut request = HttpRequest::new(body.into());
        request.set_method("POST")?;
        request.set_uri(self.url.as_str())?;
        for (name, value) in headers {
            request.headers_mut().insert(name, value);
        }
        for (name, value) in instructions.headers() {
            request
                .headers_mut()
                .insert(name.to_owned(), value.to_owned());
        }
        Ok(request)
    }

    /// Who we are, fetched anew before it ends.
    async fn identity(&self) -> Result<Identity, BoxError> {
        let now = now();
        let known = self.lock().clone();
        if let Some((identity, until)) = known
            && now < until
        {
            return Ok(identity);
        }
        let credentials = self.credentials.provide_credentials().await?;
        let until = match credentials.expiry() {
            Some(end) => end.checked_sub(CREDENTIALS_MARGIN),
            None => now.checked_add(CREDENTIALS_LIFE),
        };
        let identity = Identity::from(credentials);
        *self.lock() = Some((identity.clone(), until.unwrap_or(now)));
        Ok(identity)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(Identity, SystemTime)>> {
        self.identity.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(clock::nanos())
}

#[cfg(test)]
mod tests;
