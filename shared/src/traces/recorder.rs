//! Keeps the spans of an event until they are sent.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, filter::LevelFilter};
use uuid::Uuid;

use crate::clock;

/// Under which spans are made that only traces show. In the log lines they would hide the spans around
/// them, which carry the names of the work.
pub const TARGET: &str = "traces";

/// The most spans of one event that are kept.
const MAX_SPANS: usize = 8192;

/// The field that names the trace of a whole piece of work, as X-Ray does.
const TRACE: &str = "trace";

/// A span that is over.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) trace: u128,
    pub(super) id: u64,
    pub(super) parent: Option<u64>,
    pub(super) name: &'static str,
    /// Nanoseconds since 1970.
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) fields: Map<String, Value>,
    pub(super) failed: bool,
}

/// Spans that are over and not yet sent, and how many there was no room for.
#[derive(Clone, Default)]
pub(super) struct Spans(Arc<Mutex<(Vec<Span>, usize)>>);

impl Spans {
    pub(super) fn take(&self) -> (Vec<Span>, usize) {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, span: Span) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0.len() < MAX_SPANS {
            kept.0.push(span);
        } else {
            kept.1 += 1;
        }
    }
}

/// The layer that records.
pub struct Recorder {
    spans: Spans,
}

impl Recorder {
    pub(super) fn new(spans: Spans) -> Self {
        Self { spans }
    }

    /// With what is worth recording: our own spans, and the calls of AWS.
    pub fn filtered<S>(self) -> impl Layer<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let aws = ["dynamodb", "kms", "s3", "sesv2", "sqs"];
        let aws = aws.map(|it| (format!("aws_sdk_{it}::operation"), LevelFilter::DEBUG));
        let ours = ["vara", TARGET].map(|it| (it.to_owned(), LevelFilter::INFO));
        self.with_filter(aws.into_iter().chain(ours).collect::<Targets>())
    }
}

impl<S> Layer<S> for Recorder
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = SpanFields::default();
        attributes.record(&mut fields);
        let above = span.parent();
        let above = above.and_then(|it| it.extensions().get::<Span>().map(|it| (it.trace, it.id)));
        let named = fields.0.remove(TRACE);
        let named = named.as_ref().and_then(Value::as_str).and_then(trace);
        let trace = named.or(above.map(|it| it.0));
        let started = Span {
            trace: trace.unwrap_or_else(|| Uuid::new_v4().as_u128()),
            id: Uuid::new_v4().as_u64_pair().1,
            // A span that was begun within the work of another trace is no part of it.
            parent: above.filter(|it| trace == Some(it.0)).map(|it| it.1),
            name: span.name(),
            start: clock::nanos(),
            end: 0,
            fields: fields.0,
            failed: false,
        };
        span.extensions_mut().insert(started);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(open) = span.extensions_mut().get_mut::<Span>()
        {
            let mut fields = SpanFields(std::mem::take(&mut open.fields));
            values.record(&mut fields);
            open.fields = fields.0;
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if *event.metadata().level() == Level::ERROR
            && let Some(span) = context.event_span(event)
            && let Some(open) = span.extensions_mut().get_mut::<Span>()
        {
            open.failed = true;
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(span) = context.span(&id)
            && let Some(mut over) = span.extensions_mut().remove::<Span>()
        {
            over.end = clock::nanos();
            self.spans.put(over);
        }
    }
}

/// X-Ray's `1-<8 hex>-<24 hex>` as the number that OpenTelemetry has for it.
fn trace(root: &str) -> Option<u128> {
    let (time, rest) = root.strip_prefix("1-")?.split_once('-')?;
    let is_whole = time.len() == 8 && rest.len() == 24;
    let number = is_whole.then(|| u128::from_str_radix(&format!("{time}{rest}"), 16).ok())?;
    number.filter(|it| *it != 0)
}

#[derive(Default)]
struct SpanFields(Map<String, Value>);

impl SpanFields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for SpanFields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use tracing::{error, info, info_span};
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";

    /// The spans that this work makes, in the order of their ends.
    fn recorded(work: impl FnOnce()) -> Vec<Span> {
        let spans = Spans::default();
        let layer = Recorder::new(spans.clone()).filtered();
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            // What other tests decided about these places of the code does not hold here.
            tracing::callsite::rebuild_interest_cache();
            work();
        });
        spans.take().0
    }

    #[test]
    fn parts_are_in_the_trace_of_the_whole() {
        let spans = recorded(|| {
            let _whole = info_span!(
                "request",
                trace = ROOT,
                correlation = "c",
                status = tracing::field::Empty
            )
            .entered();
            info_span!(target: "traces", "engine", engine = "tineye").in_scope(|| info!("asked"));
            info_span!(target: "somebody_elses", "x").in_scope(|| ());
            tracing::debug_span!(target: "aws_sdk_s3::operation::get_object", "S3.GetObject", rpc.method = "GetObject")
                .in_scope(|| ());
            tracing::Span::current().record("status", 503_u64);
        });
        let names: Vec<_> = spans.iter().map(|it| it.name).collect();
        assert_eq!(names, ["engine", "S3.GetObject", "request"]);
        let whole = &spans[2];
        assert_eq!(
            format!("{:032x}", whole.trace),
            "5759e988bd862e3fe1be46a994272793"
        );
        assert_eq!(whole.parent, None);
        assert_eq!(
            Value::Object(whole.fields.clone()),
            serde_json::json!({ "correlation": "c", "status": 503 })
        );
        for part in &spans[..2] {
            assert_eq!((part.trace, part.parent), (whole.trace, Some(whole.id)));
            assert!(part.start >= whole.start && part.end >= part.start && part.end <= whole.end);
            assert!(part.id != whole.id && part.id != 0);
        }
    }

    #[test]
    fn work_of_another_trace_is_no_part_and_work_without_one_has_its_own() {
        let spans = recorded(|| {
            let _outer = info_span!("message", trace = "").entered();
            info_span!("scan", trace = ROOT).in_scope(|| ());
            info_span!("part").in_scope(|| ());
        });
        let [scan, part, message] = spans.as_slice() else {
            panic!("{spans:?}")
        };
        assert!(scan.trace != message.trace && scan.parent.is_none());
        assert_eq!((part.trace, part.parent), (message.trace, Some(message.id)));
    }

    #[test]
    fn an_error_is_of_the_span_in_which_it_is_told() {
        let spans = recorded(|| {
            let _outer = info_span!("message").entered();
            info_span!("good").in_scope(|| tracing::warn!("not so good"));
            info_span!("bad").in_scope(|| error!("bad"));
        });
        let failed: Vec<_> = spans
            .iter()
            .filter(|it| it.failed)
            .map(|it| it.name)
            .collect();
        assert_eq!(failed, ["bad"]);
    }

    #[test]
    fn only_so_many_are_kept() {
        let spans = Spans::default();
        let span = recorded(|| info_span!("x").in_scope(|| ())).remove(0);
        for _ in 0..MAX_SPANS + 3 {
            spans.put(span.clone());
        }
        let (kept, lost) = spans.take();
        assert_eq!((kept.len(), lost), (MAX_SPANS, 3));
        assert_eq!(spans.take().1, 0);
    }

    #[test]
    fn names_of_traces() {
        assert!(trace(ROOT).is_some());
        for bad in [
            "",
            "5759e988-bd862e3fe1be46a994272793",
            "1-5759e988",
            "1-5759e98-bd862e3fe1be46a994272793",
            "1-5759e98z-bd862e3fe1be46a994272793",
            "1-00000000-000000000000000000000000",
        ] {
            assert_eq!(trace(bad), None, "{bad}");
        }
    }
}
