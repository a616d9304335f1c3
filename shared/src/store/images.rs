//! Picture rows: announce, list, state changes, archive, purge, the limit of fifty.
//!
//! A picture takes one of fifty places from the moment it is announced until it is put away, rejected
//! or never arrives. It is listed once it has been sent. Work that may be lost on the way (an upload
//! that never came, a fingerprint that was never made, a purge) is named in the `due` index.

use serde::{Deserialize, Serialize};

use super::list::Counters;
use super::tx::{Change, Condition, Tx, TxOutcome};
use super::{Append, Key, Listing, Row, Store};
use crate::domain::feed::{FeedChange, FeedTopic};
use crate::domain::{
    Error, Image, ImageFilter, ImageId, ImageState, ImageStatus, MAX_ACTIVE_IMAGES, Page,
    PictureNames, Prints, Result, Timestamp, UserId,
};

/// How long an announced or arrived picture may wait for its intake before it is looked after, in seconds.
const INTAKE_STUCK_AFTER: i64 = 20 * 60;

/// How long a picture is kept after it was put away, in seconds.
const PURGE_AFTER_SECONDS: i64 = 7 * 24 * 3600;

/// Kinds of work in the `due` index.
pub(crate) const DUE_INTAKE: &str = "INTAKE";
pub(crate) const DUE_PURGE: &str = "PURGE";

/// A picture with what is known of it and never shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageRow {
    /// What she is shown.
    #[serde(flatten)]
    pub image: Image,
    /// How trustworthy the fingerprint is, 0 to 100.
    #[serde(default)]
    pub pdq_quality: Option<u8>,
    /// Fingerprints of the eight ways to turn and mirror the picture; the first is `hash`.
    #[serde(default)]
    pub dihedral: Vec<String>,
    /// An engine's budget did not reach it in the last scan; the next scan begins with it.
    #[serde(default)]
    pub awaits_budget: bool,
}

/// What the intake learnt of a picture.
#[derive(Clone, Debug, Default)]
pub struct Arrival {
    /// The eight fingerprints; none if the picture is too small to have one.
    pub dihedral: Vec<String>,
    /// How trustworthy they are.
    pub quality: u8,
    /// Whether the file carried the place it was taken.
    pub location_found: bool,
    /// The clearest of the large faces, as she is shown it.
    pub face: Option<ShownFace>,
    /// All else that it is recognised by.
    pub prints: Prints,
}

/// What she is shown of a face.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownFace {
    /// How sure it is that this is a face, 0 to 1.
    pub confidence: f64,
    /// Where it is, and how long the search took.
    pub metadata: serde_json::Value,
}

pub(super) fn key(user: UserId, id: ImageId) -> Key {
    Key::user(user, format!("IMAGE#{id}"))
}

/// The filter a listed picture falls under.
fn run(image: &Image) -> &'static str {
    match (image.status, image.last_scanned) {
        (ImageStatus::Archived, _) => "IMAGE#ARCHIVED",
        (ImageStatus::Active, Some(_)) => "IMAGE#SCANNED",
        (ImageStatus::Active, None) => "IMAGE#NEW",
    }
}

fn counter(run: &str) -> String {
    run.replace("IMAGE#", "image.")
}

fn place(image: &Image) -> String {
    format!(
        "{}#{}.{}",
        run(image),
        image.uploaded_at.newest_first(),
        image.id
    )
}

fn runs(filter: ImageFilter) -> Vec<String> {
    let runs: &[&str] = match filter {
        ImageFilter::All => &["IMAGE#SCANNED", "IMAGE#NEW"],
        ImageFilter::Scanned => &["IMAGE#SCANNED"],
        ImageFilter::NotScanned => &["IMAGE#NEW"],
        ImageFilter::Archived => &["IMAGE#ARCHIVED"],
    };
    runs.iter().map(|it| (*it).to_owned()).collect()
}

/// How many pictures she has under protection.
pub(super) fn active(counters: &Counters) -> u64 {
    let runs = runs(ImageFilter::All);
    runs.iter().map(|run| counters.get(&counter(run))).sum()
}

/// What open apps are told of a change of a picture.
fn changed(id: ImageId) -> FeedChange {
    FeedChange::of(FeedTopic::Image, id)
}

impl Store {
    /// One picture of hers, if it has arrived.
    pub async fn image(&self, user: UserId, id: ImageId) -> Result<Option<ImageRow>> {
        self.get(&key(user, id)).await
    }

    /// A page of her pictures.
    pub async fn images(
        &self,
        user: UserId,
        filter: ImageFilter,
        page: Page,
    ) -> Result<Listing<ImageRow>> {
        self.listing(user, page, |counters| {
            let counted = |run: String| {
                let total = counters.get(&counter(&run));
                (run, total)
            };
            runs(filter).into_iter().map(counted).collect()
        })
        .await
    }

    /// All her pictures that a scan searches for.
    pub async fn searchable_images(&self, user: UserId) -> Result<Vec<ImageRow>> {
        let mut found = Vec::new();
        for run in runs(ImageFilter::All) {
            let rows = self.run(user, &run, MAX_ACTIVE_IMAGES as usize).await?;
            found.extend(super::read_all::<ImageRow>(rows));
        }
        found.retain(|row| row.image.is_searchable());
        found.sort_by_key(|row| row.image.id);
        Ok(found)
    }

    /// The names of her pictures, as alerts say them.
    pub(crate) async fn picture_names(&self, user: UserId, now: Timestamp) -> Result<PictureNames> {
        let preferences = self.preferences(user).await?;
        let offset = preferences.map_or(0, |it| it.preferences.utc_offset_minutes);
        let images = self.searchable_images(user).await?;
        let uploaded = images.iter().map(|it| (it.image.id, it.image.uploaded_at));
        Ok(PictureNames::of(uploaded, offset, now))
    }

    /// Takes a place for a picture that will arrive. `false`: all fifty are taken.
    ///
    /// A picture that comes through us is listed at once; one that has a ticket only when it is there.
    pub async fn announce_image(&self, image: &Image, event: Option<Append>) -> Result<bool> {
        let user = image.user_id;
        let it = ImageRow {
            image: image.clone(),
            pdq_quality: None,
            dihedral: Vec::new(),
            awaits_budget: false,
        };
        let stuck_at = image.uploaded_at.plus_seconds(INTAKE_STUCK_AFTER);
        let row = Row::new(key(user, image.id), it);
        let mut row = row.due(DUE_INTAKE, stuck_at);
        let mut moves = vec![("image.places".to_owned(), 1)];
        if image.state != ImageState::Expected {
            row.list = Some(place(image));
            moves.push((counter(run(image)), 1));
        }
        let tx = self
            .tx()
            .create(&row)
            .count(user, &moves)
            .room("image.places", MAX_ACTIVE_IMAGES)
            .publish(user, changed(image.id));
        let tx = tx.append_all(event);
        match tx.commit().await? {
            TxOutcome::Done => Ok(true),
            TxOutcome::Refused(failed) if failed == [Condition::HasRoom] => Ok(false),
            TxOutcome::Refused(_) => Err(Error::bug("announcing a picture", "its id is taken")),
        }
    }

    /// Takes back a picture that could not be stored, as if it had never been announced.
    pub async fn forget_image(&self, image: &Image, event: Option<Append>) -> Result<()> {
        let mut moves = vec![];
        if image.status == ImageStatus::Active {
            moves.push(("image.places".to_owned(), -1));
        }
        if image.state != ImageState::Expected {
            moves.push((counter(run(image)), -1));
        }
        let tx = self
            .tx()
            .delete_existing(&key(image.user_id, image.id))
            .drop_prints(image.user_id, image.id)
            .count(image.user_id, &moves)
            .publish(image.user_id, changed(image.id));
        tx.append_all(event).commit().await?;
        Ok(())
    }

    /// Puts a picture away, to be purged in seven days. `false`: it changed in between.
    pub async fn archive_image(
        &self,
        image: &Image,
        event: Option<Append>,
        now: Timestamp,
    ) -> Result<bool> {
        let after = Image {
            status: ImageStatus::Archived,
            archived_at: Some(now),
            ..image.clone()
        };
        let tx = self.tx().move_image(image, &after, |it| it);
        let tx = tx.append_all(event);
        Ok(tx.commit().await?.is_done())
    }

    /// Records that the bytes are no picture we can protect, and gives the place back.
    pub async fn reject_image(&self, image: &Image, reason: &str, now: Timestamp) -> Result<bool> {
        let after = Image {
            state: ImageState::Rejected,
            rejected_reason: Some(reason.to_owned()),
            status: ImageStatus::Archived,
            archived_at: image.archived_at.or(Some(now)),
            ..image.clone()
        };
        Ok(self
            .tx()
            .move_image(image, &after, |it| it.set("rejectedReason", reason))
            .commit()
            .await?
            .is_done())
    }
}

impl Tx<'_> {
    /// The intake of a picture is complete.
    pub(crate) fn ready_image(self, image: &Image, arrival: &Arrival) -> Self {
        let after = Image {
            state: ImageState::Ready,
            ..image.clone()
        };
        let face = arrival.face.as_ref();
        let moved = self.move_image(image, &after, |change| {
            change
                .set("hash", arrival.dihedral.first())
                .set("dihedral", &arrival.dihedral)
                .set("pdqQuality", arrival.quality)
                .set("locationFound", arrival.location_found)
                .set("faceDetected", face.is_some())
                .set("faceConfidence", face.map(|it| it.confidence))
                .set("faceMetadata", face.map(|it| &it.metadata))
        });
        moved.keep_prints(image.user_id, image.id, &arrival.prints)
    }

    /// A scan has looked for the picture.
    pub(crate) fn scanned_image(self, image: &Image, awaits_budget: bool, now: Timestamp) -> Self {
        let after = Image {
            last_scanned: Some(now),
            ..image.clone()
        };
        self.move_image(image, &after, |change| {
            let change = change.set("awaitsBudget", awaits_budget);
            change.set("lastScanned", now).add("scanCount", 1)
        })
    }

    /// A scan that goes on has asked more engines about the picture.
    pub(crate) fn rescanned_image(self, user: UserId, id: ImageId, awaits_budget: bool) -> Self {
        let change = Change::default()
            .if_exists()
            .set("awaitsBudget", awaits_budget);
        self.update(&key(user, id), change)
    }

    /// Takes a picture from one state to another, with its place in the list, its totals and what is due.
    fn move_image(
        self,
        before: &Image,
        after: &Image,
        more: impl FnOnce(Change) -> Change,
    ) -> Self {
        let due = match (after.status, after.state) {
            (ImageStatus::Archived, _) => after
                .archived_at
                .map(|at| (DUE_PURGE, at.plus_seconds(PURGE_AFTER_SECONDS))),
            (ImageStatus::Active, ImageState::Ready) => None,
            (ImageStatus::Active, _) => Some((
                DUE_INTAKE,
                after.uploaded_at.plus_seconds(INTAKE_STUCK_AFTER),
            )),
        };
        let change = Change::default()
            .set("status", after.status)
            .set("state", after.state)
            .set("archivedAt", after.archived_at)
            .set("list", place(after))
            .when("state", "=", before.state)
            .apply(|it| match before.state {
                ImageState::Expected => it.if_absent("list"),
                _ => it.when("list", "=", place(before)),
            })
            .apply(|it| match due {
                Some((kind, at)) => it.due(kind, &key(after.user_id, after.id), at),
                None => it.not_due(),
            })
            .apply(more);
        let mut moves = vec![(counter(run(after)), 1)];
        if before.state != ImageState::Expected {
            moves.push((counter(run(before)), -1));
        }
        if before.status == ImageStatus::Active && after.status == ImageStatus::Archived {
            moves.push(("image.places".to_owned(), -1));
        }
        // That a picture was searched for once more follows from the end of the scan.
        let is_news = before.state != after.state || run(before) != run(after);
        let tx = self
            .update(&key(after.user_id, after.id), change)
            .count(after.user_id, &moves);
        match is_news {
            true => tx.publish(after.user_id, changed(after.id)),
            false => tx,
        }
    }
}

#[cfg(test)]
mod tests;
