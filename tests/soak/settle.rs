//! Coming to rest: the trouble is over, and what an operator would do is done.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::calls::{self, QUEUES, depth, get, list, post};
use crate::life::Life;
use crate::reported::{KINDS, admin, dead_letters, is_continued, is_whole, scans, unseen};
use crate::soak::Soak;

/// A queue that was empty so often in a row, with nothing under way, has come to rest.
const QUIET: u32 = 3;

/// How it came to rest.
#[derive(Default)]
pub(crate) struct Rested {
    pub(crate) breaches: Vec<String>,
    /// Dead letters that were sent back.
    pub(crate) sent_back: u64,
    /// Scans that women had begin again, as they told that they were not whole.
    pub(crate) retried: u32,
}

/// Waits, sends the dead letters back as the runbook says, waits, and has women try again what says
/// that it is not whole.
pub(crate) async fn settle(soak: &Soak, lives: &[Life]) -> Rested {
    let mut rested = Rested::default();
    rest(soak, lives, "after the trouble", &mut rested).await;
    rested.sent_back = send_back(soak, lives).await;
    rest(soak, lives, "after sending dead letters back", &mut rested).await;
    // Before anybody tries anything again, which would find what was lost.
    rested.breaches.extend(unseen(soak, lives).await);
    for life in lives {
        for kind in KINDS {
            rested.retried += u32::from(retry(soak, life, kind).await);
        }
    }
    rest(soak, lives, "after trying again", &mut rested).await;
    rested
}

/// Waits until no message and no scan is under way.
async fn rest(soak: &Soak, lives: &[Life], when: &str, rested: &mut Rested) {
    let (began, mut quiet) = (Instant::now(), 0);
    while quiet < QUIET {
        let under_way = under_way(soak, lives).await;
        if began.elapsed() > soak.settings.patience() {
            let breach = format!("it does not come to rest {when}: {}", under_way.join(", "));
            rested.breaches.push(breach);
            return;
        }
        quiet = if under_way.is_empty() { quiet + 1 } else { 0 };
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    eprintln!("at rest {when}, {:.0} s", began.elapsed().as_secs_f64());
}

async fn under_way(soak: &Soak, lives: &[Life]) -> Vec<String> {
    let mut found = Vec::new();
    for queue in QUEUES {
        match depth(&soak.world, &format!("{queue}Queue")).await {
            0 => {}
            count => found.push(format!("{count} messages in {queue}")),
        }
    }
    // Asking is not free.
    if !found.is_empty() {
        return found;
    }
    for life in lives {
        for kind in KINDS {
            let path = format!("/api/v1/scans?type={kind}&status=RUNNING,PENDING&limit=1");
            let body = get(&soak.world, &life.token, &path).await;
            match body["meta"]["pagination"]["total"].as_u64() {
                Some(0) => {}
                count => found.push(format!("{count:?} scans of {}", life.id)),
            }
        }
    }
    found
}

async fn send_back(soak: &Soak, lives: &[Life]) -> u64 {
    let mut moved = 0;
    for queue in dead_letters(soak, lives).await {
        if queue["count"] == 0 {
            continue;
        }
        let name = queue["name"].as_str().unwrap();
        let path = format!("/api/v1/admin/dead-letters/{name}/redrive");
        let token = admin(soak, lives).await;
        let (status, body) = post(&soak.world, &token, &path, &json!({})).await;
        assert_eq!(status, 200, "{}: {body}", Method::POST);
        moved += body["data"]["moved"].as_u64().unwrap();
    }
    moved
}

/// Her last scan of a kind once more, if it failed or some engine did not answer.
async fn retry(soak: &Soak, life: &Life, kind: &str) -> bool {
    let all = list(&soak.world, &life.token, &scans(kind)).await;
    let mut last = all.iter().filter(|it| !is_continued(it));
    let Some(last) = last.next().filter(|it| !is_whole(it)) else {
        return false;
    };
    let path = format!("/api/v1/scans/{}/retry", last["id"].as_str().unwrap());
    let (status, body) = calls::post(&soak.world, &life.token, &path, &json!({})).await;
    assert_eq!(status, 202, "{body}");
    true
}
