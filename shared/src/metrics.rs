//! Measurements: one JSON line each on standard output, in the embedded metric format of AWS's logs.
//! Metrics are made of them there, without a call and without a right of ours.
//!
//! *Invariant:* what tells lines apart comes from closed sets, so that there are few metrics; and
//! nothing here is about anybody.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Map, Value, json};

use crate::clock;

/// Under which all of them are found.
pub const NAMESPACE: &str = "Vara";

/// The names of all of them.
pub const NAMES: [&str; 11] = [
    "BrokenRecords",
    "ColdStarts",
    "DueLag",
    "EngineErrors",
    "EngineSpent",
    "EngineTime",
    "Findings",
    "LimitedCalls",
    "ScanTime",
    "ScansFailed",
    "UnreadableRows",
];

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// An event of a record is not what was recorded.
    BrokenRecord,
    /// An environment takes its first event.
    ColdStart,
    /// A call was one too many.
    LimitedCall,
    /// An engine was asked.
    Engine {
        /// Its name.
        engine: &'static str,
        /// What came of it.
        outcome: QuestionOutcome,
        /// How long it took, in milliseconds.
        ms: u64,
    },
    /// A scan came to its end.
    Scan {
        /// Its type.
        kind: &'static str,
        /// How it ended.
        outcome: &'static str,
        /// How long it took, in milliseconds.
        ms: u64,
    },
    /// A new finding.
    Finding {
        /// How sure it is.
        tier: &'static str,
    },
    /// How long the oldest work of a kind has been due.
    DueLag {
        /// Which work.
        work: &'static str,
        /// For how long, in seconds.
        seconds: u64,
    },
    /// A stored row could not be read.
    UnreadableRow,
}

/// What came of asking an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuestionOutcome {
    /// An answer.
    Answered,
    /// The engine is well and does not want this question, or not now.
    Declined,
    /// What was bought is used up.
    Spent,
    /// The engine refuses us, is broken or is silent.
    Failed,
}

impl QuestionOutcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Declined => "declined",
            Self::Spent => "spent",
            Self::Failed => "failed",
        }
    }
}

/// Which deployment this is, and which of its functions.
#[derive(Debug)]
struct Deployment {
    stage: String,
    function: String,
}

static PLACE: LazyLock<Deployment> = LazyLock::new(|| {
    let read = |name| std::env::var(name).unwrap_or_else(|_| "-".to_owned());
    Deployment {
        stage: read("STAGE"),
        function: read("AWS_LAMBDA_FUNCTION_NAME"),
    }
});

/// Notes a measurement.
pub fn note(it: Measure) {
    println!("{}", line(&PLACE, it, clock::now().epoch_millis()));
}

/// Notes the first event this environment takes; the others are none.
pub fn note_start() {
    static STARTED: AtomicBool = AtomicBool::new(false);
    if !STARTED.swap(true, Ordering::Relaxed) {
        note(Measure::ColdStart);
    }
}

/// A metric's name, unit and value.
type Metric = (&'static str, &'static str, u64);

/// The line of a measurement: its metrics, as a whole and by what tells them apart.
fn line(place: &Deployment, it: Measure, millis: i64) -> Value {
    let (apart, metrics) = parts(place, it);
    let names: Vec<&str> = std::iter::once("Stage")
        .chain(apart.iter().map(|it| it.0))
        .collect();
    let mut sets = vec![json!(["Stage"])];
    if !apart.is_empty() {
        sets.push(json!(names));
    }
    let told = metrics
        .iter()
        .map(|(name, unit, _)| json!({ "Name": name, "Unit": unit }));
    let about = json!({
        "Timestamp": millis,
        "CloudWatchMetrics": [{
            "Namespace": NAMESPACE, "Dimensions": sets, "Metrics": told.collect::<Vec<_>>(),
        }],
    });
    let mut line = Map::new();
    line.insert("_aws".to_owned(), about);
    line.insert("Stage".to_owned(), json!(place.stage));
    line.extend(
        apart
            .into_iter()
            .map(|(name, value)| (name.to_owned(), json!(value))),
    );
    line.extend(
        metrics
            .iter()
            .map(|(name, _, value)| ((*name).to_owned(), json!(value))),
    );
    Value::Object(line)
}

fn parts(place: &Deployment, it: Measure) -> (Vec<(&'static str, &str)>, Vec<Metric>) {
    match it {
        Measure::ColdStart => (
            vec![("Function", place.function.as_str())],
            vec![("ColdStarts", "Count", 1)],
        ),
        Measure::LimitedCall => (vec![], vec![("LimitedCalls", "Count", 1)]),
        Measure::Engine {
            engine,
            outcome,
            ms,
        } => {
            let is = |it| u64::from(outcome == it);
            (
                vec![("Engine", engine), ("Outcome", outcome.as_str())],
                vec![
                    ("EngineTime", "Milliseconds", ms),
                    ("EngineErrors", "Count", is(QuestionOutcome::Failed)),
                    ("EngineSpent", "Count", is(QuestionOutcome::Spent)),
                ],
            )
        }
        Measure::Scan { kind, outcome, ms } => (
            vec![("Type", kind), ("Outcome", outcome)],
            vec![
                ("ScanTime", "Milliseconds", ms),
                ("ScansFailed", "Count", u64::from(outcome == "failed")),
            ],
        ),
        Measure::Finding { tier } => (vec![("Tier", tier)], vec![("Findings", "Count", 1)]),
        Measure::DueLag { work, seconds } => {
            (vec![("Work", work)], vec![("DueLag", "Seconds", seconds)])
        }
        Measure::BrokenRecord => (vec![], vec![("BrokenRecords", "Count", 1)]),
        Measure::UnreadableRow => (vec![], vec![("UnreadableRows", "Count", 1)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(it: Measure) -> Value {
        let place = Deployment {
            stage: "prod".into(),
            function: "vara-api-scans".into(),
        };
        line(&place, it, 1_800_000_000_123)
    }

    #[test]
    fn a_line_is_what_aws_reads() {
        let engine = Measure::Engine {
            engine: "tineye",
            outcome: QuestionOutcome::Failed,
            ms: 42,
        };
        assert_eq!(
            told(engine),
            json!({
                "_aws": { "Timestamp": 1_800_000_000_123_u64, "CloudWatchMetrics": [{
                    "Namespace": "Vara",
                    "Dimensions": [["Stage"], ["Stage", "Engine", "Outcome"]],
                    "Metrics": [
                        { "Name": "EngineTime", "Unit": "Milliseconds" },
                        { "Name": "EngineErrors", "Unit": "Count" },
                        { "Name": "EngineSpent", "Unit": "Count" },
                    ],
                }] },
                "Stage": "prod", "Engine": "tineye", "Outcome": "failed",
                "EngineTime": 42, "EngineErrors": 1, "EngineSpent": 0,
            })
        );
    }

    /// AWS drops a line in which a dimension or a metric that is named is not there.
    #[test]
    fn everything_that_is_named_is_there() {
        let scan = |outcome| Measure::Scan {
            kind: "FULL_SCAN",
            outcome,
            ms: 7,
        };
        for it in [
            Measure::ColdStart,
            Measure::LimitedCall,
            Measure::UnreadableRow,
            Measure::BrokenRecord,
            scan("failed"),
            scan("completed"),
            Measure::Finding { tier: "HIGH" },
            Measure::Engine {
                engine: "hibp",
                outcome: QuestionOutcome::Spent,
                ms: 1,
            },
        ] {
            let line = told(it);
            let set = &line["_aws"]["CloudWatchMetrics"][0];
            for names in set["Dimensions"].as_array().unwrap() {
                for name in names.as_array().unwrap() {
                    assert!(line[name.as_str().unwrap()].is_string(), "{name} of {line}");
                }
            }
            for metric in set["Metrics"].as_array().unwrap() {
                let name = metric["Name"].as_str().unwrap();
                assert!(NAMES.contains(&name) && line[name].is_u64(), "{line}");
            }
        }
        assert_eq!(told(scan("failed"))["ScansFailed"], 1);
        assert_eq!(told(scan("partial"))["ScansFailed"], 0);
    }
}
