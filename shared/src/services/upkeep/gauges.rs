//! Metrics at `/metrics`: queue depths and engine states as `OpenMetrics` text.
//!
//! Open to all, because it tells the numbers that `/api/v1/scans/health` tells everybody by the contract:
//! nothing of anybody, and nothing of the engines' budgets. What does not answer is said not to, or left
//! out; the rest is told all the same.

use std::fmt::Write;

use futures_util::future::join_all;

use crate::clock;
use crate::domain::{EngineStanding, Timestamp};
use crate::engines::{FaceCheck, SerpApi, TinEye, Vision};
use crate::queues::Depth;
use crate::services::upkeep::health::Dependencies;

/// The engines that are asked within allowances.
const ENGINES: [&str; 4] = [TinEye::NAME, Vision::NAME, SerpApi::NAME, FaceCheck::NAME];

/// What they can be at.
const STATES: [&str; 3] = ["closed", "open", "half-open"];

/// The kind of text this is.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What a queue told of itself: how much is in it, and how much it has given up on, if we may know.
type QueueReading = Option<(Depth, Option<u64>)>;

impl Dependencies {
    /// All gauges, as of the last moments.
    pub async fn gauges(&self) -> String {
        self.gauges.or_ask(clock::now(), self.ask_gauges()).await
    }

    async fn ask_gauges(&self) -> String {
        let asked = self.queue_urls.iter().map(async |(name, url)| {
            let told = tokio::try_join!(self.queues.depth(url), self.queues.dead(url));
            (*name, told.ok())
        });
        let engines = ENGINES.map(async |name| (name, self.store.engine(name).await.ok()));
        let (queues, engines) = tokio::join!(join_all(asked), join_all(engines));
        let mut text = of_queues(&queues);
        text.push_str(&of_engines(&engines, clock::now()));
        text.push_str("# EOF\n");
        text
    }
}

fn of_engines(engines: &[(&'static str, Option<EngineStanding>)], now: Timestamp) -> String {
    let mut text = String::new();
    let known = engines
        .iter()
        .filter_map(|(name, it)| Some((name, it.as_ref()?)));
    family(
        &mut text,
        "vara_engine_breaker",
        "Whether an engine is asked: closed is yes.",
    );
    for (name, standing) in known {
        for state in STATES {
            let labels = [("engine", *name), ("state", state)];
            let is = u64::from(standing.state(now) == state);
            sample(&mut text, "vara_engine_breaker", &labels, is);
        }
    }
    text
}

fn of_queues(queues: &[(&'static str, QueueReading)]) -> String {
    let mut text = String::new();
    let known = queues
        .iter()
        .filter_map(|(name, told)| Some((name, (*told)?)));
    family(&mut text, "vara_queue_up", "Whether a queue answers.");
    for (name, told) in queues {
        sample(
            &mut text,
            "vara_queue_up",
            &[("queue", name)],
            told.is_some().into(),
        );
    }
    family(
        &mut text,
        "vara_queue_messages",
        "Messages of a queue, by state.",
    );
    for (name, (depth, _)) in known.clone() {
        for (state, count) in [
            ("waiting", depth.waiting),
            ("active", depth.active),
            ("delayed", depth.delayed),
        ] {
            let labels = [("queue", *name), ("state", state)];
            sample(&mut text, "vara_queue_messages", &labels, count);
        }
    }
    family(
        &mut text,
        "vara_dead_letters",
        "Messages a queue has given up on.",
    );
    for (name, (_, dead)) in known {
        if let Some(dead) = dead {
            sample(&mut text, "vara_dead_letters", &[("queue", name)], dead);
        }
    }
    text
}

fn family(text: &mut String, name: &str, help: &str) {
    // Writing to a String does not fail.
    let _ = writeln!(text, "# TYPE {name} gauge\n# HELP {name} {help}");
}

fn sample(text: &mut String, name: &str, labels: &[(&str, &str)], value: u64) {
    let labels: Vec<_> = labels
        .iter()
        .map(|(label, it)| format!("{label}=\"{it}\""))
        .collect();
    let _ = writeln!(text, "{name}{{{}}} {value}", labels.join(","));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Allowance, Ending};

    #[test]
    fn each_queue_that_answers_is_told_in_full() {
        let depth = Depth {
            waiting: 3,
            active: 1,
            delayed: 0,
        };
        let queues = [
            ("image-scan", Some((depth, Some(2)))),
            ("breach-check", Some((Depth::default(), None))),
            ("profile-scan", None),
        ];
        let want = r#"# TYPE vara_queue_up gauge
# HELP vara_queue_up Whether a queue answers.
vara_queue_up{queue="image-scan"} 1
vara_queue_up{queue="breach-check"} 1
vara_queue_up{queue="profile-scan"} 0
# TYPE vara_queue_messages gauge
# HELP vara_queue_messages Messages of a queue, by state.
vara_queue_messages{queue="image-scan",state="waiting"} 3
vara_queue_messages{queue="image-scan",state="active"} 1
vara_queue_messages{queue="image-scan",state="delayed"} 0
vara_queue_messages{queue="breach-check",state="waiting"} 0
vara_queue_messages{queue="breach-check",state="active"} 0
vara_queue_messages{queue="breach-check",state="delayed"} 0
# TYPE vara_dead_letters gauge
# HELP vara_dead_letters Messages a queue has given up on.
vara_dead_letters{queue="image-scan"} 2
"#;
        assert_eq!(of_queues(&queues), want);
    }

    #[test]
    fn each_engine_is_in_one_state_and_one_that_is_not_known_in_none() {
        let (mut tried, now) = (EngineStanding::default(), clock::now());
        tried.ask(Allowance::default(), true, now);
        let text = of_engines(&[("tineye", Some(tried)), ("facecheck", None)], now);
        for line in [
            r#"vara_engine_breaker{engine="tineye",state="closed"} 1"#,
            r#"vara_engine_breaker{engine="tineye",state="open"} 0"#,
            r#"vara_engine_breaker{engine="tineye",state="half-open"} 0"#,
        ] {
            assert!(text.lines().any(|it| it == line), "{text}");
        }
        assert!(!text.contains("facecheck"));
        assert!(!text.contains("questions"), "strangers see no budgets");
    }

    /// What is told of an engine that is down follows from the same words.
    #[test]
    fn the_states_are_those_of_the_engines() {
        let (mut down, now) = (EngineStanding::default(), clock::now());
        let mut seen = vec![down.state(now)];
        down.learn(Ending::Refused, now);
        seen.push(down.state(now));
        seen.push(down.state(now.plus_seconds(24 * 3600)));
        assert_eq!(seen, STATES);
    }
}
