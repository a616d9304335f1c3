//! What is reported against what was planted.
//!
//! Knows only what the women planted and did, the public API, and how deep the queues are; nothing of
//! how any of it is made.

use std::collections::BTreeMap;

use crate::calls::{QUEUES, depth, engines, get, list};
use crate::life::Life;
use crate::reported::{KINDS, Seen, dead_letters, is_continued, is_whole, scans, seen, told};
use crate::settle::Rested;
use crate::soak::Soak;

/// The engines that are paid, and how many searches a scan makes of each for a picture, at most.
const PAID: [(&str, u64); 4] = [("tineye", 1), ("vision", 1), ("serpapi", 3), (BY_FACE, 1)];

/// The one that is asked about portraits only, and at which pictures lie meanwhile.
const BY_FACE: &str = "facecheck";

/// Whose death costs a search at most.
const SEARCHER: &str = "queue-image-scan";

/// What came of it.
#[derive(Default)]
pub(crate) struct Checked {
    pub(crate) breaches: Vec<String>,
    /// Copies that were reported, and those more than once.
    pub(crate) found: usize,
    pub(crate) doubled: usize,
    pub(crate) lost: usize,
    /// Scans by how they ended.
    pub(crate) ended: BTreeMap<String, u32>,
    /// Letters by their reasons.
    pub(crate) dead: BTreeMap<String, u32>,
    /// Engine, searches that were paid, searches that had to be made, and what is bearable.
    pub(crate) paid: Vec<(&'static str, u64, u64, u64)>,
    /// Pictures that lie at the engine that searches by face, and how many are noted as such.
    pub(crate) left: (usize, usize),
    /// Pictures that were searched for, and how many of them by face.
    searched: u64,
    by_face: u64,
}

impl Checked {
    fn breach(&mut self, what: String) {
        self.breaches.push(what);
    }
}

/// Everything, once it is at rest.
pub(crate) async fn check(soak: &Soak, lives: &[Life], rested: &Rested) -> Checked {
    let mut checked = Checked::default();
    if lives.is_empty() {
        checked.breach("nobody came to the end".to_owned());
        return checked;
    }
    for life in lives {
        findings(soak, life, &mut checked).await;
        for kind in KINDS {
            ends(soak, life, kind, &mut checked).await;
        }
    }
    queues(soak, lives, &mut checked).await;
    payments(soak, &mut checked).await;
    let copied = soak.tally.sum("copy");
    if soak.tally.sum("kill") == 0 || copied == 0 {
        checked.breach(format!("nothing was tried: {copied} copies of messages"));
    }
    if rested.breaches.is_empty() && checked.found == 0 {
        checked.breach("nothing was found at all".to_owned());
    }
    checked
}

/// Each copy has one finding and one alert, and nothing else has any.
async fn findings(soak: &Soak, life: &Life, checked: &mut Checked) {
    let told = told(soak, life).await;
    let mut planted: BTreeMap<&str, u64> = BTreeMap::new();
    for copy in &life.copies {
        *planted.entry(&copy.image).or_default() += 1;
        let counts = [&told.matches, &told.alerts].map(|it| it.get(&seen(copy)).copied());
        let [matches, alerts] = counts.map(Option::unwrap_or_default);
        checked.found += usize::from(matches > 0 && alerts > 0);
        checked.lost += usize::from(matches == 0 || alerts == 0);
        checked.doubled += usize::from(matches > 1 || alerts > 1);
        if (matches, alerts) != (1, 1) {
            let page = &copy.page;
            checked.breach(format!("{page} has {matches} findings and {alerts} alerts"));
        }
    }
    let known: Vec<Seen> = life.copies.iter().map(seen).collect();
    for (what, list) in [("a finding", &told.matches), ("an alert", &told.alerts)] {
        for seen in list.keys().filter(|it| !known.contains(it)) {
            checked.breach(format!("{what} of what nobody planted: {seen:?}"));
        }
    }
    if told.breaches != 1 {
        let (id, count) = (&life.id, told.breaches);
        checked.breach(format!("{id} is told {count} times of her one breach"));
    }
    for alert in told.others {
        checked.breach(format!("an alert of something else: {alert}"));
    }
    for image in &life.images {
        let body = get(&soak.world, &life.token, &format!("/api/v1/images/{image}")).await;
        let count = body["data"]["matchCount"].as_u64();
        let expected = planted.get(image.as_str()).copied();
        if count != expected {
            checked.breach(format!(
                "picture {image} counts {count:?} findings of {expected:?}"
            ));
        }
    }
}

/// Every scan has ended, well or with a reason, and the last of each kind was whole.
async fn ends(soak: &Soak, life: &Life, kind: &str, checked: &mut Checked) {
    let all = list(&soak.world, &life.token, &scans(kind)).await;
    for scan in &all {
        let id = scan["id"].as_str().unwrap();
        let status = scan["status"].as_str().unwrap().to_owned();
        let has_reason = scan["errorMessage"]
            .as_str()
            .is_some_and(|it| !it.is_empty());
        let is_over = scan["completedAt"].is_string();
        match status.as_str() {
            "COMPLETED" if is_over => {}
            "FAILED" if is_over && has_reason => {}
            _ => checked.breach(format!("scan {id} ended badly: {scan}")),
        }
        let partly = ["", " in part"][usize::from(status == "COMPLETED" && !is_whole(scan))];
        *checked
            .ended
            .entry(format!("{status}{partly}"))
            .or_default() += 1;
        if kind == KINDS[0] {
            let one = scan["protectedImageId"].is_string();
            let all = u64::from(soak.settings.pictures);
            checked.searched += if one { 1 } else { all };
            let portrait = life.portrait.as_deref();
            let shown =
                portrait.is_some() && (!one || scan["protectedImageId"].as_str() == portrait);
            checked.by_face += u64::from(shown);
        }
    }
    let last = all.iter().find(|it| !is_continued(it));
    if !last.is_some_and(is_whole) {
        let id = &life.id;
        checked.breach(format!("the last {kind} of {id} is not whole: {last:?}"));
    }
    let listed = |id: &&String| !all.iter().any(|it| it["id"] == **id);
    if kind == KINDS[0] {
        let checks = list(&soak.world, &life.token, &scans(KINDS[1])).await;
        let missing = life.scans.iter().filter(listed);
        for id in missing.filter(|id| !checks.iter().any(|it| it["id"] == **id)) {
            checked.breach(format!("scan {id} was promised and is not there"));
        }
    }
}

/// No message is anywhere but among the dead, each with a reason.
async fn queues(soak: &Soak, lives: &[Life], checked: &mut Checked) {
    for queue in QUEUES {
        let left = depth(&soak.world, &format!("{queue}Queue")).await;
        if left > 0 {
            checked.breach(format!("{left} messages are left in {queue}"));
        }
    }
    for queue in dead_letters(soak, lives).await {
        let letters = queue["messages"].as_array().unwrap();
        for letter in letters {
            let reason = letter["reason"].as_str().unwrap_or_default();
            if reason.is_empty() {
                checked.breach(format!("a dead letter without a reason: {letter}"));
            }
            let place = queue["name"].as_str().unwrap();
            *checked
                .dead
                .entry(format!("{place}: {reason}"))
                .or_default() += 1;
        }
        if letters.is_empty() && queue["count"] != 0 {
            checked.breach(format!("dead letters that nobody is shown: {queue}"));
        }
    }
    let poison = soak.tally.sum("poison");
    let unread = checked
        .dead
        .iter()
        .filter(|it| it.0.contains("not a message of ours"));
    let unread: u32 = unread.map(|it| it.1).sum();
    if unread != poison {
        checked.breach(format!(
            "{poison} messages nobody can read, {unread} of them among the dead"
        ));
    }
}

/// A search is paid once, and once more at most for each kill that hit it.
async fn payments(soak: &Soak, checked: &mut Checked) {
    let calls = engines(&soak.world, "/_calls").await;
    let kills = u64::from(soak.tally.of("kill", SEARCHER));
    for (engine, each) in PAID {
        let paid = calls[engine]["answered"].as_u64().unwrap();
        let pictures = if engine == BY_FACE {
            checked.by_face
        } else {
            checked.searched
        };
        let needed = pictures * each;
        checked.paid.push((engine, paid, needed, needed + kills));
        if paid > needed + kills {
            let what =
                format!("{engine} was paid {paid} searches; {needed} were needed, {kills} kills");
            checked.breach(what);
        }
        if paid == 0 {
            checked.breach(format!("{engine} was never asked"));
        }
    }
    // The schedule removes what is noted, which is all but one for each worker that was killed before it
    // could note where a picture lies.
    let left = engines(&soak.world, "/_uploads").await;
    let left = left.as_array().map_or(0, Vec::len);
    let noted = soak.world.behind().left_at_engines().await;
    if left as u64 > noted as u64 + kills {
        checked.breach(format!(
            "{left} pictures lie at {BY_FACE}, {noted} of which are noted; {kills} kills"
        ));
    }
    checked.left = (left, noted);
}
