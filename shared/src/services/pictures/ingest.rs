//! Image intake (queue image-ingest): decode, strip metadata, copy, fingerprint, start the first scan.
//!
//! Told twice, killed between any two steps or out of order, the result is the same: derivatives
//! first, then one transaction (picture ready, first scan made), then the scan's message, and the
//! file she sent, with all it gave away, last of all is removed.

use bytes::Bytes;
use tracing::Instrument;
use vara_imaging::{DecodeError, Limits};

use crate::comparison::{self, FaceComparison, ImageAnalyzer};
use crate::domain::{
    Error, ErrorKind, Image, ImageId, ImageState, ImageStatus, Result, Scan, ScanId, ScanOrigin,
    ScanType, Timestamp, UserId, scan,
};
use crate::objects::{Object, Objects, created_objects, key};
use crate::queues::{Queues, ScanMessage};
use crate::services::pictures::images::MAX_TICKET;
use crate::services::pictures::upload_form;
use crate::store::{Arrival, Store};
use crate::traces::TARGET;

/// The longest side of the copy that is shown and searched with.
const DISPLAY: u32 = 2048;

/// The longest side of the small copy.
const THUMBNAIL: u32 = 512;

/// How well the copies are kept, 1 to 100.
const QUALITY: u8 = 90;

/// What the intake needs.
pub struct Intake {
    /// The table.
    pub store: Store,
    /// The bucket.
    pub objects: Objects,
    /// The queue service.
    pub queues: Queues,
    /// Where first scans go.
    pub scan_queue: String,
    /// What looks at pictures.
    pub analyzer: ImageAnalyzer,
}

/// What was made of a file.
struct Derived {
    display: Vec<u8>,
    thumbnail: Vec<u8>,
    arrival: Arrival,
}

impl Intake {
    /// A file has arrived.
    pub async fn take(&self, user: UserId, id: ImageId, now: Timestamp) -> Result<()> {
        let upload = key::upload(user, id);
        let Some(row) = self.store.image(user, id).await? else {
            // Nobody announced it, or it or its account was deleted: it is not ours to keep. An intake that
            // was interrupted may have put copies after the deletion.
            self.delete_copies(user, id).await?;
            return self.objects.delete(&upload).await;
        };
        let image = row.image;
        if matches!(image.state, ImageState::Expected | ImageState::Pending) {
            // Should she change her mind from here on, keeping it is refused and the next delivery knows.
            let faces = FaceComparison::by_consent(self.store.may_recognise(user).await?);
            match self.open(&upload, faces).await? {
                Ok(derived) => self.keep(&image, derived, now).await?,
                Err(reason) => self.reject(&image, &reason, now).await?,
            }
        } else if image.is_searchable() {
            self.send_first_scan(user, id, now).await?;
        }
        self.objects.delete(&upload).await
    }

    /// The file's bytes made into copies and fingerprints, or why that cannot be, in words for her.
    async fn open(&self, upload: &str, faces: FaceComparison) -> Result<Result<Derived, String>> {
        let limit = usize::try_from(MAX_TICKET).unwrap_or(usize::MAX);
        let object = match self.objects.read(upload, limit).await {
            Ok(Some(object)) => object,
            Ok(None) => {
                return Err(Error::unavailable(
                    "taking a picture in",
                    "its file is not there",
                ));
            }
            Err(err) if err.kind == ErrorKind::Invalid => return Ok(Err(err.message.into_owned())),
            Err(err) => return Err(err),
        };
        let bytes = match picture_file(object).await {
            Ok(bytes) => bytes,
            Err(err) => return Ok(Err(err.message.into_owned())),
        };
        let analyzer = self.analyzer.clone();
        let span = tracing::info_span!(target: TARGET, "fingerprint");
        let derived = tokio::task::spawn_blocking(move || derive(&bytes, &analyzer, faces));
        let derived = derived.instrument(span).await;
        let derived = derived.map_err(|err| Error::bug("taking a picture in", err))??;
        Ok(derived.map_err(|err| err.to_string()))
    }

    async fn keep(&self, image: &Image, derived: Derived, now: Timestamp) -> Result<()> {
        let (user, id) = (image.user_id, image.id);
        self.objects
            .put(
                &key::display(user, id),
                "image/jpeg",
                Bytes::from(derived.display),
            )
            .await?;
        self.objects
            .put(
                &key::thumbnail(user, id),
                "image/jpeg",
                Bytes::from(derived.thumbnail),
            )
            .await?;
        let mut tx = self.store.tx().ready_image(image, &derived.arrival);
        let scanned = image.status == ImageStatus::Active;
        if scanned {
            tx = tx.start_scan(&Scan::first_of(user, id, now), ScanOrigin::System);
        }
        if !tx.commit().await?.is_done() {
            if self.store.image(user, id).await?.is_none() {
                // Deleted for good meanwhile, so nothing else would ever delete the copies.
                return self.delete_copies(user, id).await;
            }
            // It was put away or taken in by somebody else meanwhile; the next delivery sees which.
            return Err(Error::conflict(
                "IMAGE_CHANGED",
                "The picture changed during its intake.",
            ));
        }
        tracing::info!(user.id = %user, image.id = %id, image.quality = derived.arrival.quality, "picture taken in");
        if scanned {
            self.send_first_scan(user, id, now).await
        } else {
            Ok(())
        }
    }

    async fn delete_copies(&self, user: UserId, id: ImageId) -> Result<()> {
        self.objects.delete(&key::display(user, id)).await?;
        self.objects.delete(&key::thumbnail(user, id)).await
    }

    async fn reject(&self, image: &Image, reason: &str, now: Timestamp) -> Result<()> {
        if !self.store.reject_image(image, reason, now).await? {
            return Err(Error::conflict(
                "IMAGE_CHANGED",
                "The picture changed during its intake.",
            ));
        }
        tracing::info!(user.id = %image.user_id, image.id = %image.id, "picture rejected");
        Ok(())
    }

    /// Sends the first scan of a picture, once the next is planned: should the first be lost for good, the
    /// picture is searched for all the same.
    async fn send_first_scan(&self, user: UserId, id: ImageId, now: Timestamp) -> Result<()> {
        if let Some(risk) = self.store.risk_level(user).await? {
            let next = now.plus_seconds(scan::rescan_after(risk));
            let kind = ScanType::ImageScan;
            self.store.plan_scans(user, kind, next).await?;
        }
        let message = ScanMessage {
            scan_job_id: ScanId::first_of(id),
            user_id: user,
            target_id: Some(id),
            correlation_id: Some(id.to_string()),
        };
        self.queues.send(&self.scan_queue, &message).await
    }
}

/// Whose uploads a message of S3 tells of. S3's test message tells of none.
pub fn uploads(message: &str) -> Result<Vec<(UserId, ImageId)>> {
    let found = created_objects(message)?.into_iter().map(|key| {
        key::parse_upload(&key)
            .ok_or_else(|| Error::bug("reading a message of the bucket", "not an upload of ours"))
    });
    found.collect()
}

/// The picture file of an upload. A form is stored as it was sent, and refused for the same reasons and
/// in the same words as where it is read at once; anything else is the file itself.
async fn picture_file(object: Object) -> Result<Bytes> {
    if !upload_form::is_form(&object.content_type) {
        return Ok(object.bytes);
    }
    let boundary = upload_form::boundary(&object.content_type)?;
    let file = upload_form::only_file(object.bytes, boundary).await?;
    upload_form::picture_format(&file)?;
    Ok(file)
}

/// `Err` in the inner result is a file that is no picture, in the outer one our own trouble.
fn derive(
    bytes: &[u8],
    analyzer: &ImageAnalyzer,
    faces: FaceComparison,
) -> Result<Result<Derived, DecodeError>> {
    let found = vara_imaging::read_metadata(bytes);
    let picture = match vara_imaging::decode(bytes, &Limits::DEFAULT) {
        Ok(picture) => picture,
        Err(err) => return Ok(Err(err)),
    };
    let display = vara_imaging::shrink(&picture, DISPLAY);
    let thumbnail = vara_imaging::shrink(&display, THUMBNAIL);
    let hashes = vara_imaging::pdq_dihedral(&picture);
    // The models look at the copy that is kept, so that places are in its pixels.
    drop(picture);
    let (prints, face) = analyzer.look(&display, found, faces);
    let encode = |it| {
        vara_imaging::encode_jpeg(it, QUALITY).map_err(|err| Error::bug("encoding a copy", err))
    };
    Ok(Ok(Derived {
        display: encode(&display)?,
        thumbnail: encode(&thumbnail)?,
        arrival: Arrival {
            quality: hashes.as_ref().map_or(0, |it| it[0].quality),
            dihedral: hashes.iter().flatten().map(comparison::text).collect(),
            location_found: found.gps,
            face,
            prints,
        },
    }))
}

#[cfg(test)]
mod tests;
