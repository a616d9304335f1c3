//! EventBridge's clock: invokes a function at a fixed rate.

use bytes::Bytes;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::{MissedTickBehavior, interval_at};
use uuid::Uuid;

use crate::{
    lambda::Invoke,
    shutdown::Shutdown,
    template::{Schedule, names},
};

/// Ticks until `shutdown`, the first time after one period. A tick is not held up
/// by the one before it.
pub(crate) async fn run(schedule: Schedule, invoke: Invoke, shutdown: Shutdown) {
    let mut ticks = interval_at(tokio::time::Instant::now() + schedule.every, schedule.every);
    // After the machine slept there is one tick, not hundreds.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    while shutdown.or(ticks.tick()).await.is_some() {
        let payload = Bytes::from(event(&schedule).to_string());
        let invocation = invoke(payload);
        let name = schedule.name.clone();
        tokio::spawn(async move {
            if let Some(reason) = invocation.await.failure() {
                tracing::warn!(schedule = name, reason, "a scheduled run failed");
            }
        });
    }
}

fn event(schedule: &Schedule) -> Value {
    if let Some(input) = &schedule.input {
        return input.clone();
    }
    let now = OffsetDateTime::now_utc();
    json!({
        "version": "0",
        "id": Uuid::new_v4(),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": names::ACCOUNT,
        "time": now.truncate_to_second().format(&Rfc3339).unwrap_or_default(),
        "region": names::REGION,
        "resources": [format!(
            "arn:aws:events:{}:{}:rule/{}",
            names::REGION,
            names::ACCOUNT,
            schedule.name
        )],
        "detail": {},
    })
}

#[cfg(test)]
mod tests {

    use std::{
        sync::{Arc, Mutex},
        time::Duration,
    };

    use bytes::Bytes;
    use serde_json::{Value, json};
    use tokio::time::sleep;

    use super::{Schedule, event, run};
    use crate::{
        lambda::{InvocationOutcome, Invoke},
        shutdown::switch,
    };

    const MINUTE: Duration = Duration::from_secs(60);

    fn schedule(input: Option<Value>) -> Schedule {
        Schedule {
            name: "tick".to_owned(),
            every: MINUTE,
            input,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn ticks_after_each_period() {
        let events = Arc::new(Mutex::new(Vec::<Value>::new()));
        let seen = Arc::clone(&events);
        let invoke: Invoke = Arc::new(move |payload: Bytes| {
            let event = serde_json::from_slice(&payload).unwrap();
            seen.lock().unwrap().push(event);
            Box::pin(async { InvocationOutcome::Answer(Bytes::from_static(b"{}")) })
        });
        let (_switch, shutdown) = switch();
        tokio::spawn(run(schedule(None), invoke, shutdown));
        sleep(MINUTE / 2).await;
        assert_eq!(events.lock().unwrap().len(), 0, "not at once");
        sleep(3 * MINUTE).await;
        let events = events.lock().unwrap();
        assert_eq!(events.len(), 3);
        assert_eq!(events[0]["detail-type"], "Scheduled Event");
        assert_eq!(events[0]["source"], "aws.events");
        assert_eq!(
            events[0]["resources"][0],
            "arn:aws:events:us-east-1:000000000000:rule/tick"
        );
        let time = events[0]["time"].as_str().unwrap();
        assert_eq!((time.len(), time.ends_with('Z')), (20, true), "{time}");
    }

    #[test]
    fn an_input_of_its_own_replaces_the_event() {
        assert_eq!(event(&schedule(Some(json!({"a": 1})))), json!({"a": 1}));
    }
}
