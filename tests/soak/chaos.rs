//! What goes wrong.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use vara_tests::Random;

use crate::calls;
use crate::settings::{BROKEN, MODES};
use crate::soak::Soak;

/// What is killed; the more often it is named, the more often.
const KILLED: [&str; 11] = [
    "queue-image-scan",
    "queue-image-scan",
    "queue-image-scan",
    "queue-image-scan",
    "queue-image-scan",
    "queue-image-ingest",
    "queue-breach-check",
    "queue-sweep",
    "schedule-due",
    "api-scans",
    "api-proxy",
];

/// How often the schedule runs: each minute would be long to wait.
const TICK: Duration = Duration::from_secs(2);

/// Messages that nobody can read, in the way of all others.
pub(crate) async fn poison(soak: &Soak) {
    for queue in ["ImageScan", "BackgroundScan", "BreachCheck"] {
        calls::send(&soak.world, queue, "not a message", 0).await;
        soak.tally.count("poison", queue);
    }
}

/// Kills processes without warning, whatever they do.
pub(crate) async fn kills(soak: Arc<Soak>) {
    let mut random = Random::of(soak.settings.seed ^ 0x6b69_6c6c);
    let [least, most] = soak.settings.between_kills();
    loop {
        tokio::time::sleep(random.between(least, most)).await;
        if soak.tally.sum("kill") >= soak.settings.kills_by(soak.tally.sum("scan")) {
            continue;
        }
        let function = *random.any(&KILLED);
        let processes = soak.world.stack().process_ids(function);
        if processes.is_empty() {
            continue;
        }
        let process = random.any(&processes).to_string();
        let killed = Command::new("kill").args(["-9", &process]).status();
        if killed.unwrap().success() {
            soak.tally.count("kill", function);
        }
    }
}

/// Breaks one engine after the other, each in every way, again and again.
pub(crate) async fn faults(soak: Arc<Soak>) {
    let mut random = Random::of(soak.settings.seed ^ 0x0066_6175_6c74);
    let [least, most] = soak.settings.faults_last();
    for round in 0..soak.settings.rounds() {
        let first = usize::from(random.byte());
        for (at, mode) in MODES.into_iter().enumerate() {
            for engine in 0..BROKEN.len() {
                let engine = BROKEN[(first + at + engine + round) % BROKEN.len()];
                let status = *random.any(&[500, 502, 503]);
                let mut fault = json!({ "engine": engine, "mode": mode, "status": status });
                if mode == "off" {
                    fault["delay_ms"] = json!(200 + random.below(2000));
                }
                soak.world.fault(fault).await;
                soak.tally.count("fault", format!("{engine} {mode}"));
                tokio::time::sleep(random.between(least, most)).await;
                let whole = json!({ "engine": engine, "mode": "off" });
                soak.world.fault(whole).await;
                tokio::time::sleep(random.between(least, most) * 2).await;
                if !soak.settings.is_long() {
                    break;
                }
            }
        }
    }
}

/// Holds DynamoDB, S3 and SQS for a while, now and then.
pub(crate) async fn holds(soak: Arc<Soak>) {
    let mut random = Random::of(soak.settings.seed ^ 0x686f_6c64);
    let [least, most] = soak.settings.holds_last();
    for _ in 0..soak.settings.rounds() * 4 {
        tokio::time::sleep(random.between(least, most) * 4).await;
        soak.world.stack().hold(true);
        tokio::time::sleep(random.between(least, most)).await;
        soak.world.stack().hold(false);
        soak.tally.count("hold", "DynamoDB, S3 and SQS");
    }
}

/// Runs what runs each minute, and says how far everything is.
pub(crate) async fn ticks(soak: Arc<Soak>) {
    let tally = &soak.tally;
    for tick in 1.. {
        tokio::time::sleep(TICK).await;
        // It may be killed, too; the next one comes soon.
        let done = soak.world.stack().invoke("schedule-due", json!({})).await;
        tally.count("tick", if done.is_ok() { "done" } else { "failed" });
        if tick % 10 == 0 {
            let (scans, kills) = (tally.sum("scan"), tally.sum("kill"));
            let (faults, copies) = (tally.sum("fault"), tally.sum("copy"));
            eprintln!("{scans} scans, {kills} kills, {faults} faults, {copies} messages copied");
        }
    }
}
