//! Her findings.

use serde::Serialize;

use super::tx::{Change, Outcome, Tx};
use super::{Key, Listing, Row, Store};
use crate::domain::{
    Alert, Error, Image, ImageId, Match, MatchId, Page, Result, ReviewStatus, ScanId, Tier, UserId,
};

/// What storing a finding came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is new, and she is told.
    New,
    /// It was known; only its last sighting is.
    Known,
    /// Her picture or the scan is gone; nothing is stored.
    Gone,
}

pub(super) fn key(user: UserId, image: ImageId, id: MatchId) -> Key {
    Key::user(user, format!("MATCH#{image}#{id}"))
}

fn run(image: ImageId) -> String {
    format!("MATCH#{image}")
}

fn place(found: &Match) -> String {
    format!(
        "{}#{}.{}",
        run(found.protected_image_id),
        found.detected_at.newest_first(),
        found.id
    )
}

impl Store {
    /// A page of the findings of a picture of hers, newest first.
    pub async fn matches(&self, image: &Image, page: Page) -> Result<Listing<Match>> {
        self.page(image.user_id, run(image.id), page, image.match_count)
            .await
    }

    /// One finding of hers.
    pub async fn finding(
        &self,
        user: UserId,
        image: ImageId,
        id: MatchId,
    ) -> Result<Option<Match>> {
        self.get(&key(user, image, id)).await
    }

    /// Stores a finding with its alert, if it raises one, and all totals, or, if it was known, when it
    /// was last seen. One that raised no alert raises it once there is reason to.
    pub async fn store_finding(
        &self,
        user: UserId,
        found: &Match,
        alert: Option<&Alert>,
    ) -> Result<Stored> {
        let scan = found
            .scan_job_id
            .ok_or_else(|| Error::bug("storing a finding", "it names no scan"))?;
        let kept = Finding {
            found,
            quiet: alert.is_none().then_some(true),
        };
        let row =
            Row::new(key(user, found.protected_image_id, found.id), kept).listed(place(found));
        let tx = self.tx().create(&row).point_to_finding(user, found);
        let tx = tx.found_image(user, found.protected_image_id);
        let tx = match alert {
            Some(alert) => tx.count_finding(user, scan).raise(alert),
            None => tx.count_quiet_finding(user, scan),
        };
        match tx.commit().await? {
            Outcome::Done => Ok(Stored::New),
            Outcome::Refused(places) if places.contains(&0) => match alert {
                Some(alert) if self.wake(user, found, scan, alert).await? => Ok(Stored::New),
                _ => self.see_again(user, found).await,
            },
            Outcome::Refused(_) => Ok(Stored::Gone),
        }
    }

    /// Raises the alert of a finding that was quiet till now. `false`: it was not, or she has judged it.
    async fn wake(&self, user: UserId, found: &Match, scan: ScanId, alert: &Alert) -> Result<bool> {
        let change = seen_again(found)
            .map(|it| it.remove("quiet"))
            .and_then(|it| it.when("quiet", "=", true))
            .and_then(|it| it.when("reviewStatus", "=", ReviewStatus::FlaggedForReview));
        let tx = self
            .tx()
            .update(&key(user, found.protected_image_id, found.id), change)
            .count_finding(user, scan)
            .raise(alert);
        Ok(tx.commit().await?.is_done())
    }

    async fn see_again(&self, user: UserId, found: &Match) -> Result<Stored> {
        let change = seen_again(found).map(Change::if_exists);
        let tx = self
            .tx()
            .update(&key(user, found.protected_image_id, found.id), change);
        Ok(if tx.commit().await?.is_done() {
            Stored::Known
        } else {
            Stored::Gone
        })
    }
}

/// A finding as it is stored.
#[derive(Serialize)]
struct Finding<'a> {
    #[serde(flatten)]
    found: &'a Match,
    /// It raised no alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    quiet: Option<bool>,
}

fn seen_again(found: &Match) -> Result<Change> {
    let change = Change::default()
        .set("lastSeenAt", found.last_seen_at)
        .and_then(|it| it.set("scanJobId", found.scan_job_id))?;
    surer(change, found)
}

/// A sighting that is certain takes the place of what was known; any other leaves it, so that what we
/// once saw outlasts the page. What she was asked and told stays.
fn surer(change: Change, found: &Match) -> Result<Change> {
    if found.confidence != Some(Tier::High) {
        return Ok(change);
    }
    change
        .set("confidence", found.confidence)?
        .set("similarity", found.similarity)?
        .set("matchType", found.match_type)?
        .set("verificationEngine", &found.verification_engine)?
        .set("evidence", &found.evidence)
}

impl Tx<'_> {
    /// Counts a new finding on its picture; refused if the picture is gone.
    fn found_image(self, user: UserId, image: ImageId) -> Self {
        let change = Change::default().add("matchCount", 1).if_exists();
        self.update(&Key::user(user, format!("IMAGE#{image}")), Ok(change))
    }
}

#[cfg(test)]
#[path = "matches_tests.rs"]
mod tests;
