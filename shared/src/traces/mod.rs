//! Traces: what a piece of work consisted of and how long each part took, sent to an OpenTelemetry
//! collector (OTLP over HTTP, as JSON) if one is configured.
//!
//! Written here because a function's process is stopped between two events: the exporters of the
//! OpenTelemetry crates send from a thread or a task of their own, which then does not run. Here the
//! spans of an event are sent before the event is over, so a collector should be near: an extension of
//! the function, or in its network. One that is down is left alone for a while.
//!
//! The trace's id is the one X-Ray gave, so what one request set going in other functions is in the
//! same trace. What may not enter: what a span says. That is where the work is done.

mod recorder;
mod wire;

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use aws_smithy_http_client::default_connector;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::http::Headers;

use crate::domain::BoxError;
pub use recorder::TARGET;
use recorder::{Recorder, Spans};

/// How long a collector has to take the spans of an event.
const COLLECTOR_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a collector that did not take them is left alone.
const COLLECTOR_BACKOFF: Duration = Duration::from_secs(30);

static EXPORTER: OnceLock<Exporter> = OnceLock::new();

/// Where spans go, as OpenTelemetry's own variables say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceSettings {
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: the collector's address, without `/v1/traces`.
    pub endpoint: String,
    /// `OTEL_EXPORTER_OTLP_HEADERS`: what is sent along, as `name=value,name=value`.
    pub headers: String,
    /// `AWS_LAMBDA_FUNCTION_NAME`.
    pub function: String,
}

impl TraceSettings {
    /// Those of a function; `None`: no collector is configured.
    #[must_use]
    pub fn read(setting: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let read = |name| setting(name).unwrap_or_default();
        let endpoint = read("OTEL_EXPORTER_OTLP_ENDPOINT");
        let endpoint = endpoint.trim_end_matches('/');
        (!endpoint.is_empty()).then(|| Self {
            endpoint: endpoint.to_owned(),
            headers: read("OTEL_EXPORTER_OTLP_HEADERS"),
            function: read("AWS_LAMBDA_FUNCTION_NAME"),
        })
    }
}

/// Starts recording for this process; the layer is to be put into the subscriber.
pub fn start(settings: &TraceSettings) -> Result<Recorder, BoxError> {
    let exporter = EXPORTER.get_or_init(|| Exporter::new(settings));
    exporter.check()?;
    Ok(Recorder::new(exporter.spans.clone()))
}

/// Sends what was recorded. Never fails: work is not worth less because nobody could watch.
pub async fn flush() {
    if let Some(exporter) = EXPORTER.get() {
        exporter.flush().await;
    }
}

struct Exporter {
    url: String,
    headers: Vec<(String, String)>,
    function: String,
    connector: Option<SharedHttpConnector>,
    spans: Spans,
    /// When it last failed.
    failed: Mutex<Option<Instant>>,
}

impl Exporter {
    fn new(settings: &TraceSettings) -> Self {
        Self {
            url: format!("{}/v1/traces", settings.endpoint),
            headers: headers(&settings.headers),
            function: settings.function.clone(),
            connector: default_connector(&HttpConnectorSettings::default(), None),
            spans: Spans::default(),
            failed: Mutex::default(),
        }
    }

    /// Whether the settings can be used.
    fn check(&self) -> Result<(), BoxError> {
        self.request(b"{}").map(drop)
    }

    async fn flush(&self) {
        let (spans, lost) = self.spans.take();
        if spans.is_empty() || self.is_left_alone() {
            return;
        }
        let body = wire::request(&self.function, &spans).to_string();
        let sent = tokio::time::timeout(COLLECTOR_TIMEOUT, self.send(body.as_bytes())).await;
        let sent = sent.unwrap_or_else(|err| Err(err.into()));
        if let Err(err) = &sent {
            tracing::warn!(spans = spans.len(), error = %err, "traces were not taken");
        }
        if lost > 0 {
            tracing::warn!(lost, "an event had more spans than are kept");
        }
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) =
            sent.is_err().then(Instant::now);
    }

    fn is_left_alone(&self) -> bool {
        let failed = *self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.is_some_and(|it| it.elapsed() < COLLECTOR_BACKOFF)
    }

    fn request(&self, body: &[u8]) -> Result<HttpRequest, BoxError> {
        let mut request = HttpRequest::new(body.to_vec().into());
        request.set_method("POST")?;
        request.set_uri(self.url.as_str())?;
        let mut all = Headers::new();
        all.try_insert("content-type", "application/json")?;
        for (name, value) in &self.headers {
            all.try_insert(name.clone(), value.clone())?;
        }
        *request.headers_mut() = all;
        Ok(request)
    }

    async fn send(&self, body: &[u8]) -> Result<(), BoxError> {
        let connector = self.connector.as_ref().ok_or("there is no HTTP client")?;
        let reply = connector.call(self.request(body)?).await?;
        if !reply.status().is_success() {
            return Err(format!("the collector answered {}", reply.status().as_u16()).into());
        }
        Ok(())
    }
}

/// `name=value,name=value`, the values percent-encoded.
fn headers(text: &str) -> Vec<(String, String)> {
    text.split(',')
        .filter_map(|it| it.split_once('='))
        .map(|(name, value)| {
            let value = percent_encoding::percent_decode_str(value.trim());
            (
                name.trim().to_ascii_lowercase(),
                value.decode_utf8_lossy().into_owned(),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests;
