//! Findings that wait for her review: the list `FLAGGED`.
//!
//! A finding lies with its picture, and is listed there. `FINDING#<id>` beside it leads from its id to
//! it, and is in the list `FLAGGED` for as long as the finding waits.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::tx::{Change, Tx};
use super::{Append, ImageRow, Key, Listing, Row, Store, images, matches};
use crate::domain::{Alert, Image, ImageId, Match, MatchId, Page, Result, ReviewStatus, UserId};

/// The run of the findings that wait, and their total.
const RUN: &str = "FLAGGED";
const TOTAL: &str = "match.FLAGGED";

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReviewPointer {
    id: MatchId,
    image_id: ImageId,
}

/// A finding that waits, with its picture, if that is still there.
#[derive(Clone, Debug)]
pub struct Flagged {
    /// The finding.
    pub found: Match,
    /// Her picture.
    pub image: Option<Image>,
}

/// What her word does to the finding's alert.
#[derive(Clone, Debug)]
pub enum AlertMove {
    /// There is none, and there will be none.
    None,
    /// There is none; this one is raised.
    Raise(Alert),
    /// The first becomes the second.
    Change(Alert, Alert),
}

impl AlertMove {
    /// The alert as it is after that.
    #[must_use]
    pub fn into_alert(self) -> Option<Alert> {
        match self {
            Self::None => None,
            Self::Raise(alert) | Self::Change(_, alert) => Some(alert),
        }
    }
}

fn key(user: UserId, id: MatchId) -> Key {
    Key::user(user, format!("FINDING#{id}"))
}

impl Store {
    /// One finding of hers, by its id alone.
    pub async fn finding_by_id(&self, user: UserId, id: MatchId) -> Result<Option<Match>> {
        match self.get::<ReviewPointer>(&key(user, id)).await? {
            Some(pointer) => self.finding(user, pointer.image_id, id).await,
            None => Ok(None),
        }
    }

    /// A page of her findings that wait, newest first.
    pub async fn flagged(&self, user: UserId, page: Page) -> Result<Listing<Flagged>> {
        let counters = self.counters(user).await?;
        let (total, list) = (counters.get(TOTAL), (user, counters.state()));
        let listing: Listing<ReviewPointer> = self.page(list, RUN.to_owned(), page, total).await?;
        let findings: Vec<Key> = listing
            .items
            .iter()
            .map(|it| matches::key(user, it.image_id, it.id))
            .collect();
        let mut pictures: Vec<ImageId> = listing.items.iter().map(|it| it.image_id).collect();
        pictures.sort_unstable();
        pictures.dedup();
        let pictures: Vec<Key> = pictures
            .into_iter()
            .map(|it| images::key(user, it))
            .collect();
        let (findings, pictures) =
            futures_util::try_join!(self.get_all(&findings), self.get_all(&pictures))?;
        let mut findings: HashMap<MatchId, Match> =
            findings.into_iter().map(|it: Match| (it.id, it)).collect();
        let pictures: HashMap<ImageId, Image> = pictures
            .into_iter()
            .map(|it: ImageRow| (it.image.id, it.image))
            .collect();
        let items = listing.items.iter().filter_map(|it| {
            let found = findings.remove(&it.id)?;
            if found.review_status != ReviewStatus::FlaggedForReview {
                // She judged it a moment ago.
                return None;
            }
            let image = pictures.get(&it.image_id).cloned();
            Some(Flagged { found, image })
        });
        Ok(Listing {
            items: items.collect(),
            pagination: listing.pagination,
        })
    }

    /// Records her word on a finding, with what follows for its alert. `false`: one of them changed.
    pub(crate) async fn judge(
        &self,
        (before, after): (&Match, &Match),
        alert: &AlertMove,
        event: Append,
        user: UserId,
    ) -> Result<bool> {
        let change = Change::default()
            .set("status", after.status)
            .set("reviewStatus", after.review_status)
            .set("reviewedAt", after.reviewed_at)
            .set("reviewedBy", &after.reviewed_by)
            .when("reviewStatus", "=", before.review_status);
        let delisted = Change::default().remove("list").if_exists();
        let tx = self
            .tx()
            .update(
                &matches::key(user, after.protected_image_id, after.id),
                change,
            )
            .update(&key(user, after.id), delisted)
            .count(user, &[(TOTAL.to_owned(), -1)])
            .publish(user, matches::changed(after.id))
            .append(event);
        let tx = match alert {
            AlertMove::None => tx,
            AlertMove::Raise(alert) => tx.raise(alert),
            AlertMove::Change(before, after) => tx.move_alert(before, after),
        };
        Ok(tx.commit().await?.is_done())
    }
}

impl Tx<'_> {
    /// Leads from a new finding's id to it, and has it wait for her word if it should.
    pub(super) fn point_to_finding(self, user: UserId, found: &Match) -> Self {
        let pointer = ReviewPointer {
            id: found.id,
            image_id: found.protected_image_id,
        };
        let row = Row::new(key(user, found.id), pointer);
        if found.review_status != ReviewStatus::FlaggedForReview {
            return self.put(&row);
        }
        let place = format!("{RUN}#{}.{}", found.detected_at.newest_first(), found.id);
        self.put(&row.listed(place))
            .count(user, &[(TOTAL.to_owned(), 1)])
    }
}
