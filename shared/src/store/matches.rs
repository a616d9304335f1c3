//! Finding rows: create with alert and totals, list, update.

use serde::Serialize;

use super::known_findings::KnownFinding;
use super::tx::{Change, Condition, Tx, TxOutcome};
use super::{Key, Listing, Row, Store};
use crate::domain::feed::{FeedChange, FeedTopic};
use crate::domain::{Alert, Error, Image, ImageId, Match, MatchId, Page, Result, UserId};

/// What storing a finding came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// It is new, or news again, and she is told.
    New,
    /// It was known; only its last sighting is.
    Known,
    /// Her picture or the scan is gone; nothing is stored.
    Gone,
}

pub(super) fn key(user: UserId, image: ImageId, id: MatchId) -> Key {
    Key::user(user, format!("MATCH#{image}#{id}"))
}

pub(super) fn run(image: ImageId) -> String {
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
        // Findings only ever come: as many of them are the same.
        let state = image.match_count;
        self.page((image.user_id, state), run(image.id), page, state)
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

    /// The address of the picture of a finding, if it is known.
    pub(crate) async fn picture_of_finding(
        &self,
        user: UserId,
        found: &Match,
    ) -> Result<Option<String>> {
        #[derive(serde::Deserialize)]
        struct PictureOfMatch {
            #[serde(default)]
            picture: Option<String>,
        }
        let key = key(user, found.protected_image_id, found.id);
        let row: Option<PictureOfMatch> = self.get_readable(&key).await?;
        Ok(row.and_then(|it| it.picture))
    }

    /// Stores a finding with its alert, if it raises one, and all totals, or, if it was known, when it
    /// was last seen. One that raised no alert raises it once there is reason to, and one that was gone
    /// is told of again.
    pub async fn store_finding(
        &self,
        user: UserId,
        found: &Match,
        alert: Option<&Alert>,
    ) -> Result<WriteOutcome> {
        self.store_known(user, (found, None), alert, None).await
    }

    /// The same, where `known` is what the scan has read of the finding. One that is only seen again costs
    /// one write of its row; all that may tell her something reads the row anew first.
    pub(crate) async fn store_known(
        &self,
        user: UserId,
        (found, picture): (&Match, Option<&str>),
        alert: Option<&Alert>,
        known: Option<&KnownFinding>,
    ) -> Result<WriteOutcome> {
        let scan = found
            .scan_job_id
            .ok_or_else(|| Error::bug("storing a finding", "it names no scan"))?;
        if let Some(known) = known {
            let is_seen =
                !known.may_be_news(alert) && self.note_sighting(found, known, user).await?;
            return match is_seen {
                true => Ok(WriteOutcome::Known),
                false => self.see_again(user, found, scan, alert).await,
            };
        }
        let kept = Finding {
            found,
            picture,
            quiet: alert.is_none().then_some(true),
        };
        let row =
            Row::new(key(user, found.protected_image_id, found.id), kept).listed(place(found));
        let tx = self.tx().create(&row).named(Condition::IsNew);
        let tx = tx.point_to_finding(user, found);
        let tx = tx.found_image(user, found.protected_image_id);
        let tx = tx.publish(user, changed(found.id));
        let tx = match alert {
            Some(alert) => tx.count_finding(user, scan).raise(alert),
            None => tx.count_quiet_finding(user, scan),
        };
        match tx.commit().await? {
            TxOutcome::Done => Ok(WriteOutcome::New),
            TxOutcome::Refused(failed) if failed.contains(&Condition::IsNew) => {
                self.see_again(user, found, scan, alert).await
            }
            TxOutcome::Refused(_) => Ok(WriteOutcome::Gone),
        }
    }
}

/// What open apps are told of a change of a finding.
pub(super) fn changed(id: MatchId) -> FeedChange {
    FeedChange::of(FeedTopic::Finding, id)
}

/// A finding as it is stored.
#[derive(Serialize)]
struct Finding<'a> {
    #[serde(flatten)]
    found: &'a Match,
    /// The address of the picture itself. It is not shown, and a capture needs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<&'a str>,
    /// It raised no alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    quiet: Option<bool>,
}

impl Tx<'_> {
    /// Counts a new finding on its picture; refused if the picture is gone.
    fn found_image(self, user: UserId, image: ImageId) -> Self {
        let change = Change::default().add("matchCount", 1).if_exists();
        self.update(&Key::user(user, format!("IMAGE#{image}")), change)
    }
}

#[cfg(test)]
pub(super) mod tests;
