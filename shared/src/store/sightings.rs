//! Findings over time: seen again, gone after two missed scans, reappeared; count of open findings.
//!
//! A finding is gone once two scans in a row that asked the engine which had found it, and were told
//! everything, did not see it: `missedBy` on its row is the first of them, `goneAt` is when the second
//! ended. One that is then seen again is told of anew, unless she has said that it does not matter.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::known_findings::{KnownFinding, KnownFindings};
use super::retry::retry_on_conflict;
use super::tx::Change;
use super::{Key, RowState, Store, WriteOutcome, alerts, matches};
use crate::domain::{
    Alert, AlertId, AlertStatus, Error, Image, ImageId, Match, MatchId, MatchStatus, Result,
    ReviewStatus, Scan, ScanId, Tier, Timestamp, UserId, finding,
};

/// The names of what is read of a finding to see whether it is missed.
const PARTS: &str =
    "id, lastSeenAt, scanJobId, discoveryEngine, parentCandidateId, goneAt, missedBy";

/// What decides whether a finding that a scan did not see is missed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Unseen {
    id: MatchId,
    last_seen_at: Timestamp,
    scan_job_id: Option<ScanId>,
    discovery_engine: Option<String>,
    parent_candidate_id: Option<MatchId>,
    gone_at: Option<Timestamp>,
    missed_by: Option<ScanId>,
}

/// The names of what decides whether a finding is open.
const STANDING: &str = "id, lastSeenAt, goneAt, missedBy, reviewStatus";

/// What decides whether a finding is open.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FindingState {
    id: MatchId,
    last_seen_at: Timestamp,
    #[serde(default)]
    gone_at: Option<Timestamp>,
    #[serde(default)]
    missed_by: Option<ScanId>,
    review_status: ReviewStatus,
}

impl Store {
    /// All readable findings of a picture, in one query.
    pub(crate) async fn known_findings(
        &self,
        user: UserId,
        image: ImageId,
    ) -> Result<KnownFindings> {
        let start = Key::user(user, format!("{}#", matches::run(image)));
        let all: Vec<KnownFinding> = self.rows_under(start).await?;
        Ok(all.into_iter().map(|it| (it.found.id, it)).collect())
    }

    /// Notes that a finding which is as it was read was seen again. `false`: it changed meanwhile.
    pub(super) async fn note_sighting(
        &self,
        found: &Match,
        known: &KnownFinding,
        user: UserId,
    ) -> Result<bool> {
        let key = matches::key(user, found.protected_image_id, found.id);
        self.change_row(&key, seen_again(found, known)).await
    }

    /// Notes that a finding whose place is as it was, is still there; its verdict stays.
    pub(crate) async fn see_unchanged(
        &self,
        user: UserId,
        found: &Match,
        known: &KnownFinding,
    ) -> Result<WriteOutcome> {
        let key = matches::key(user, found.protected_image_id, found.id);
        if self.change_row(&key, still_there(found, known)).await? {
            return Ok(WriteOutcome::Known);
        }
        let scan = found.scan_job_id;
        let scan = scan.ok_or_else(|| Error::bug("seeing a finding again", "it names no scan"))?;
        self.see_again(user, found, scan, None).await
    }

    /// A known finding is seen again; with its alert, if there is reason for one.
    pub(super) async fn see_again(
        &self,
        user: UserId,
        found: &Match,
        scan: ScanId,
        alert: Option<&Alert>,
    ) -> Result<WriteOutcome> {
        let key = matches::key(user, found.protected_image_id, found.id);
        retry_on_conflict("seeing a finding again", || async {
            let known = match self.get_state::<KnownFinding>(&key).await? {
                RowState::Readable(known) => known,
                RowState::Absent => return Ok(Some(WriteOutcome::Gone)),
                // It stays as it is, and the scan goes on with the other findings.
                RowState::Unreadable(_) => return Ok(Some(WriteOutcome::Known)),
            };
            let review = known.found.review_status;
            let may_tell = alert.filter(|_| review != ReviewStatus::Dismissed);
            let is_news = match may_tell {
                Some(_) if known.quiet => review == ReviewStatus::FlaggedForReview,
                Some(alert) if known.found.gone_at.is_some() => self.matters(user, alert).await?,
                _ => false,
            };
            let done = match may_tell.filter(|_| is_news) {
                Some(alert) if known.quiet => self.wake(user, found, (scan, &known), alert).await?,
                Some(alert) => self.come_back(user, found, (scan, &known), alert).await?,
                None => self.note_sighting(found, &known, user).await?,
            };
            match (done, is_news) {
                (true, true) => return Ok(Some(WriteOutcome::New)),
                (true, false) => return Ok(Some(WriteOutcome::Known)),
                (false, _) => {}
            }
            Ok::<_, Error>(None)
        })
        .await
    }

    /// Whether she has not put this alert aside. Of an unreadable one nobody can say that.
    async fn matters(&self, user: UserId, alert: &Alert) -> Result<bool> {
        let key = alerts::key(user, alert.id);
        Ok(match self.get_state::<Alert>(&key).await? {
            RowState::Absent => true,
            RowState::Readable(it) => it.status != AlertStatus::Dismissed,
            RowState::Unreadable(_) => false,
        })
    }

    /// Raises the alert of a finding that was quiet till now. `false`: it was not, or she has judged it.
    async fn wake(
        &self,
        user: UserId,
        found: &Match,
        (scan, known): (ScanId, &KnownFinding),
        alert: &Alert,
    ) -> Result<bool> {
        let change = seen_again(found, known)
            .remove("quiet")
            .when("quiet", "=", true)
            .when("reviewStatus", "=", ReviewStatus::FlaggedForReview);
        let key = matches::key(user, found.protected_image_id, found.id);
        let tx = self.tx().update(&key, change).count_finding(user, scan);
        let tx = tx.publish(user, matches::changed(found.id));
        Ok(tx.raise(alert).commit().await?.is_done())
    }

    /// Tells anew of a finding that was gone. `false`: it or its alert changed meanwhile.
    async fn come_back(
        &self,
        user: UserId,
        found: &Match,
        (scan, known): (ScanId, &KnownFinding),
        alert: &Alert,
    ) -> Result<bool> {
        let change = seen_again(found, known).apply(|it| {
            let is_done = [MatchStatus::Reviewed, MatchStatus::Actioned];
            match is_done.contains(&known.found.status) {
                true => it.set("status", MatchStatus::New),
                false => it,
            }
        });
        let key = matches::key(user, found.protected_image_id, found.id);
        let tx = self.tx().update(&key, change).count_finding(user, scan);
        let tx = tx.publish(user, matches::changed(found.id));
        let news = finding::reappeared(alert);
        let tx = match self.alert(user, alert.id).await? {
            None => tx.raise(&news),
            Some(before) => tx
                .move_alert(&before, &news)
                .tell(user, news.kind, news.created_at),
        };
        Ok(tx.commit().await?.is_done())
    }

    /// Notes that a scan that was told everything by `engines` did not see what they had found of this
    /// picture before; how much of it is gone with that.
    pub async fn miss_findings(
        &self,
        scan: &Scan,
        image: &Image,
        engines: &[&str],
        now: Timestamp,
    ) -> Result<u32> {
        let mut gone = 0;
        for unseen in self.unseen(image, scan, engines).await? {
            let change = match unseen.missed_by {
                None => Change::default()
                    .if_absent("missedBy")
                    .set("missedBy", scan.id),
                Some(first) => Change::default()
                    .remove("missedBy")
                    .set("goneAt", now)
                    .when("missedBy", "=", first),
            };
            let change = change.when("lastSeenAt", "=", unseen.last_seen_at);
            let key = matches::key(image.user_id, image.id, unseen.id);
            let is_missed = match unseen.missed_by {
                None => self.change_row(&key, change).await?,
                Some(_) => {
                    let tx = self.tx().update(&key, change);
                    let tx = tx.publish(image.user_id, matches::changed(unseen.id));
                    tx.commit().await?.is_done()
                }
            };
            gone += u32::from(is_missed && unseen.missed_by.is_some());
        }
        Ok(gone)
    }

    /// How many findings of these pictures are open after a scan: those it saw, and those known from
    /// before that no scan has missed since. She has dismissed neither the finding nor its alert.
    ///
    /// Counted from the rows, so that a worker that takes the scan over counts the same.
    pub async fn open_findings(&self, scan: &Scan, images: &[ImageId]) -> Result<usize> {
        let is_open = |it: &FindingState| {
            let is_seen = it.last_seen_at >= scan.created_at;
            let is_there = it.gone_at.is_none() && it.missed_by.is_none();
            (is_seen || is_there) && it.review_status != ReviewStatus::Dismissed
        };
        let mut alerts = BTreeSet::new();
        for image in images {
            let start = format!("{}#", matches::run(*image));
            let all: Vec<FindingState> =
                self.parts(Key::user(scan.user_id, start), STANDING).await?;
            let open = all.iter().filter(|it| is_open(it));
            alerts.extend(open.map(|it| AlertId::of_match(it.id)));
        }
        Ok(self.without_dismissed(scan.user_id, alerts).await?.len())
    }

    /// What of these engines' findings this scan has not seen, nor missed before.
    async fn unseen(&self, image: &Image, scan: &Scan, engines: &[&str]) -> Result<Vec<Unseen>> {
        let is_unseen = |it: &Unseen| {
            let by = it.discovery_engine.as_deref();
            it.last_seen_at < scan.created_at
                && it.scan_job_id != Some(scan.id)
                && it.missed_by != Some(scan.id)
                && it.gone_at.is_none()
                // Where other pictures of her are is not asked each time.
                && it.parent_candidate_id.is_none()
                && by.is_some_and(|it| engines.contains(&it))
        };
        let start = format!("{}#", matches::run(image.id));
        let mut all: Vec<Unseen> = self.parts(Key::user(image.user_id, start), PARTS).await?;
        all.retain(is_unseen);
        Ok(all)
    }
}

/// What a new sighting changes of a finding that is as it was read.
fn seen_again(found: &Match, known: &KnownFinding) -> Change {
    surer(still_there(found, known), found)
}

/// The same where nothing new was learnt of it.
fn still_there(found: &Match, known: &KnownFinding) -> Change {
    let change = Change::default()
        .if_exists()
        .remove("missedBy")
        .set("lastSeenAt", found.last_seen_at)
        .set("scanJobId", found.scan_job_id);
    match known.found.gone_at {
        None => change.when_or_absent("goneAt", "=", None::<Timestamp>),
        Some(gone) => change.remove("goneAt").when("goneAt", "=", gone),
    }
}

/// A sighting that is certain takes the place of what was known; any other leaves it, so that what we
/// once saw outlasts the page. What she was asked and told stays.
fn surer(change: Change, found: &Match) -> Change {
    if found.confidence != Some(Tier::High) {
        return change;
    }
    change
        .set("confidence", found.confidence)
        .set("similarity", found.similarity)
        .set("matchType", found.match_type)
        .set("verificationEngine", &found.verification_engine)
        .set("evidence", &found.evidence)
}

#[cfg(test)]
mod tests;
