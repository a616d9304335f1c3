//! What the API reports of what the women planted and did: findings, alerts, scans, dead letters.

use std::collections::BTreeMap;

use serde_json::Value;
use vara::domain::Role;

use crate::calls::{get, list};
use crate::life::{Copy, Life};
use crate::soak::Soak;

/// The kinds of scan there are here.
pub(crate) const KINDS: [&str; 2] = ["IMAGE_SCAN", "BREACH_CHECK"];

/// The list of all her scans of a kind, newest first.
pub(crate) fn scans(kind: &str) -> String {
    format!("/api/v1/scans?type={kind}&shape=array")
}

/// What one woman is told.
pub(crate) struct Told {
    pub(crate) matches: BTreeMap<Seen, usize>,
    pub(crate) alerts: BTreeMap<Seen, usize>,
    pub(crate) breaches: usize,
    pub(crate) others: Vec<Value>,
}

/// A picture of hers, and where it was found.
pub(crate) type Seen = (String, String);

pub(crate) fn seen(copy: &Copy) -> Seen {
    (copy.image.clone(), copy.page.clone())
}

pub(crate) async fn told(soak: &Soak, life: &Life) -> Told {
    let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    let (mut matches, mut alerts) = (BTreeMap::new(), BTreeMap::new());
    for image in &life.images {
        let path = format!("/api/v1/images/{image}/matches");
        for found in list(&soak.world, &life.token, &path).await {
            let seen = (text(&found["protectedImageId"]), text(&found["sourceUrl"]));
            *matches.entry(seen).or_default() += 1;
        }
    }
    let (mut breaches, mut others) = (0, Vec::new());
    for alert in list(&soak.world, &life.token, "/api/v1/alerts").await {
        match alert["type"].as_str() {
            Some("IMAGE_MISUSE") => {
                let facts = &alert["metadata"];
                let seen = (text(&facts["imageId"]), text(&facts["sourceUrl"]));
                *alerts.entry(seen).or_default() += 1;
            }
            Some("DATA_BREACH") => breaches += 1,
            _ => others.push(alert),
        }
    }
    Told {
        matches,
        alerts,
        breaches,
        others,
    }
}

/// Whether a scan looked at everything with every engine.
pub(crate) fn is_whole(scan: &Value) -> bool {
    scan["status"] == "COMPLETED" && scan["result"]["partial"] != true
}

/// Whether another scan goes on with what this one left undone.
pub(crate) fn is_continued(scan: &Value) -> bool {
    scan["result"]["continues"] == true
}

/// Copies that a scan must have seen which says it saw everything, and of which nothing is told.
pub(crate) async fn unseen(soak: &Soak, lives: &[Life]) -> Vec<String> {
    let mut lost = Vec::new();
    for life in lives {
        let told = told(soak, life).await;
        let all = list(&soak.world, &life.token, &scans(KINDS[0])).await;
        for copy in &life.copies {
            let of = |scan: &Value| {
                let target = &scan["protectedImageId"];
                target.is_null() || *target == copy.image
            };
            let must = |scan: &&Value| {
                is_whole(scan) && of(scan) && scan["createdAt"].as_str() > copy.since.as_str()
            };
            let Some(scan) = all.iter().find(must) else {
                continue;
            };
            for (what, list) in [("finding", &told.matches), ("alert", &told.alerts)] {
                if !list.contains_key(&seen(copy)) {
                    let (page, scan) = (&copy.page, &scan["id"]);
                    lost.push(format!(
                        "lost: no {what} of {page}, though scan {scan} is whole"
                    ));
                }
            }
        }
    }
    lost
}

/// What the dead-letter queues hold, as an admin is shown it.
pub(crate) async fn dead_letters(soak: &Soak, lives: &[Life]) -> Vec<Value> {
    let token = admin(soak, lives).await;
    let path = "/api/v1/admin/dead-letters";
    let body = get(&soak.world, &token, path).await;
    body["data"].as_array().unwrap().clone()
}

pub(crate) async fn admin(soak: &Soak, lives: &[Life]) -> String {
    let behind = soak.world.behind();
    behind.token_as(&lives[0].id, Role::Admin).await
}
