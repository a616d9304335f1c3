//! Image intake (queue image-ingest): decode, strip metadata, copy, fingerprint, start the first scan.
//!
//! Told twice, killed between any two steps or out of order, the result is the same: derivatives
//! first, then one transaction (picture ready, first scan made), then the scan's message, and the
//! file she sent, with all it gave away, last of all is removed.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use tracing::Instrument;
use vara_imaging::{DecodeError, Limits};

use crate::comparison::{self, FaceComparison, ImageAnalyzer};
use crate::domain::{
    Error, ErrorKind, Image, ImageId, ImageState, ImageStatus, Result, Scan, ScanId, ScanOrigin,
    Timestamp, UserId,
};
use crate::objects::{Object, Objects, key};
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
            self.send_first_scan(user, id).await?;
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
            self.send_first_scan(user, id).await
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

    async fn send_first_scan(&self, user: UserId, id: ImageId) -> Result<()> {
        let message = ScanMessage {
            scan_job_id: ScanId::first_of(id),
            user_id: user,
            target_id: Some(id),
            correlation_id: Some(id.to_string()),
        };
        self.queues.send(&self.scan_queue, &message).await
    }
}

/// Of what S3 tells, the little that is needed.
#[derive(Deserialize)]
struct BucketEvent {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    s3: S3Entity,
}

#[derive(Deserialize)]
struct S3Entity {
    object: Named,
}

#[derive(Deserialize)]
struct Named {
    key: String,
}

/// Whose uploads a message of S3 tells of. S3's test message tells of none.
pub fn uploads(message: &str) -> Result<Vec<(UserId, ImageId)>> {
    let unreadable = |err: serde_json::Error| Error::bug("reading a message of the bucket", err);
    let value: Value = serde_json::from_str(message).map_err(unreadable)?;
    if value.get("Event").is_some_and(|it| it == "s3:TestEvent") {
        return Ok(vec![]);
    }
    let event: BucketEvent = serde_json::from_value(value).map_err(unreadable)?;
    let keys = event.records.into_iter().map(|it| it.s3.object.key);
    let found = keys.map(|key| {
        // S3 writes keys as in a query string, with `+` for a space.
        let key: String = url::form_urlencoded::parse(format!("k={key}").as_bytes())
            .map(|(_, it)| it.into_owned())
            .collect();
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
    let found = vara_imaging::metadata(bytes);
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
mod tests {
    use super::*;
    use crate::clock;
    use crate::domain::Preferences;
    use crate::services::people::preferences;
    use crate::services::pictures::upload_form::tests::form;
    use crate::testing;
    use crate::testing::{World, photo};

    const FORM: &str = "multipart/form-data; boundary=x";

    async fn taken_in(world: &World, file: Vec<u8>) -> ImageId {
        sent_as(world, "image/jpeg", file.into()).await
    }

    async fn sent_as(world: &World, content_type: &str, body: Bytes) -> ImageId {
        let intake = world.intake();
        let image = world.announce(ImageState::Pending, clock::now()).await;
        let upload = key::upload(world.user, image.id);
        let sent = intake.objects.put(&upload, content_type, body).await;
        sent.unwrap();
        intake
            .take(world.user, image.id, clock::now())
            .await
            .unwrap();
        image.id
    }

    #[tokio::test]
    async fn a_portrait_is_stored_with_all_it_is_recognised_by() {
        let world = World::new().await;
        testing::agree_to_faces(&world.store, world.user).await;
        let id = taken_in(&world, photo("grace-hopper")).await;
        let row = world.image(id).await;
        assert_eq!(row.dihedral.len(), 8);
        assert_eq!(row.image.state, ImageState::Ready);
        assert!(row.image.face_detected);
        assert!(row.image.face_confidence.unwrap() >= 0.8);
        let told = row.image.face_metadata.unwrap();
        assert!(told["facialArea"]["h"].as_i64().unwrap() > 50);
        assert!(told["processingTimeMs"].is_u64());

        let prints = world.store.prints(world.user, id).await.unwrap().unwrap();
        assert_eq!((prints.width, prints.height), (512, 600));
        let faces = prints.faces.unwrap();
        assert!(faces[0].vector.model.starts_with("sface"));
        assert!(prints.vector.is_some() && prints.intimate.is_some());
        assert!(!prints.traces.gps);
    }

    #[tokio::test]
    async fn a_picture_of_a_phone_of_fifty_megapixels_is_taken_in() {
        let world = World::new().await;
        let (width, height) = (8160, 6144);
        let rgb = vec![90; width as usize * height as usize * 3];
        let picture = vara_imaging::Picture::from_rgb(width, height, rgb).unwrap();
        let file = vara_imaging::encode_jpeg(&picture, 50).unwrap();
        let id = taken_in(&world, file).await;
        assert_eq!(world.image(id).await.image.state, ImageState::Ready);
        let prints = world.store.prints(world.user, id).await.unwrap().unwrap();
        assert_eq!((prints.width, prints.height), (2048, 1542));
    }

    #[tokio::test]
    async fn a_picture_without_a_face_says_so() {
        let world = World::new().await;
        testing::agree_to_faces(&world.store, world.user).await;
        let id = taken_in(&world, crate::testing::scene(1)).await;
        let image = world.image(id).await.image;
        assert!(!image.face_detected && image.face_metadata.is_none());
        let prints = world.store.prints(world.user, id).await.unwrap().unwrap();
        assert_eq!(prints.faces, Some(vec![]), "looked for, and none there");
    }

    #[tokio::test]
    async fn faces_are_kept_from_when_she_agrees_until_she_takes_it_back() {
        let world = World::new().await;
        let prints = async |id| world.store.prints(world.user, id).await.unwrap().unwrap();
        let before = taken_in(&world, photo("collins")).await;
        assert_eq!(prints(before).await.faces, None);
        assert!(prints(before).await.vector.is_some(), "it names nobody");
        let image = world.image(before).await.image;
        assert!(image.face_detected, "that there is a face says not whose");

        testing::agree_to_faces(&world.store, world.user).await;
        let seen = preferences::get(&world.store, world.user).await.unwrap();
        assert!(seen.face_recognition_since.is_some());
        let after = taken_in(&world, photo("collins")).await;
        assert!(prints(after).await.faces.is_some_and(|it| it.len() == 1));

        let no = Preferences::default();
        let set = preferences::set(&world.store, world.user, &seen, no, None, clock::now());
        assert_eq!(set.await.unwrap().face_recognition_since, None);
        assert_eq!(prints(after).await.faces, None);
        assert!(prints(after).await.vector.is_some());
        let row = world.store.preferences(world.user).await.unwrap().unwrap();
        assert!(row.face_withdrawn_at.is_some() && !row.has_faces_left);
    }

    #[tokio::test]
    async fn a_form_is_read_for_its_one_picture() {
        let world = World::new().await;
        let file = photo("collins");
        let body = form(&[
            ("note", None, "text/plain", b"hi"),
            ("file", Some("me.jpg"), "image/jpeg", &file),
        ]);
        let id = sent_as(&world, FORM, body).await;
        let sent = world.image(id).await;
        assert_eq!(sent.image.state, ImageState::Ready);
        let plain = world.image(taken_in(&world, file).await).await;
        assert_eq!(sent.dihedral, plain.dihedral, "the file and nothing else");
    }

    #[tokio::test]
    async fn a_form_without_a_picture_we_take_is_rejected_in_the_words_of_the_route() {
        let world = World::new().await;
        let file = photo("collins");
        let part = ("file", Some("me.jpg"), "image/jpeg", &file[..]);
        let large = vec![0xff; upload_form::MAX_UPLOAD + 1];
        for (content_type, body, word) in [
            (FORM, form(&[]), "no picture in this request"),
            (FORM, form(&[part, part]), "one picture at a time"),
            (
                FORM,
                form(&[("file", Some("a.pdf"), "application/pdf", b"%PDF")]),
                "JPEG, PNG or WebP",
            ),
            (
                FORM,
                form(&[(
                    "file",
                    Some("a.gif"),
                    "image/jpeg",
                    b"GIF89a\x40\0\x40\0\0\0\0",
                )]),
                "JPEG, PNG or WebP",
            ),
            (
                FORM,
                form(&[("file", Some("a.jpg"), "image/jpeg", &large)]),
                "larger than 10 MB",
            ),
            (
                FORM,
                Bytes::from_static(b"--x\r\nbroken"),
                "could not be read",
            ),
            ("multipart/form-data", form(&[part]), "multipart/form-data"),
        ] {
            let image = world
                .image(sent_as(&world, content_type, body).await)
                .await
                .image;
            assert_eq!(
                (image.state, image.status),
                (ImageState::Rejected, ImageStatus::Archived),
                "{word}"
            );
            let reason = image.rejected_reason.unwrap();
            assert!(reason.contains(word), "{reason}");
            let upload = key::upload(world.user, image.id);
            assert!(!world.objects.exists(&upload).await.unwrap());
        }
    }

    #[tokio::test]
    async fn what_it_is_recognised_by_goes_with_the_picture() {
        let world = World::new().await;
        let id = taken_in(&world, photo("collins")).await;
        let image = world.image(id).await.image;
        crate::services::pictures::images::purge(&world.store, &world.objects, &image)
            .await
            .unwrap();
        assert_eq!(world.store.prints(world.user, id).await.unwrap(), None);

        let id = taken_in(&world, photo("collins")).await;
        assert!(world.store.empty(world.user, usize::MAX).await.unwrap().0 > 1);
        assert_eq!(world.store.prints(world.user, id).await.unwrap(), None);
    }

    #[tokio::test]
    async fn no_copies_stay_of_a_picture_that_was_deleted_during_its_intake() {
        let world = World::new().await;
        let intake = world.intake();
        let (user, jpeg) = (world.user, "image/jpeg");
        for interrupted in [false, true] {
            let image = world.announce(ImageState::Pending, clock::now()).await;
            let upload = key::upload(user, image.id);
            let file = Bytes::from(crate::testing::scene(1));
            intake.objects.put(&upload, jpeg, file).await.unwrap();
            let derived = intake
                .open(&upload, FaceComparison::by_consent(false))
                .await;
            let derived = derived.unwrap().unwrap();
            let purged =
                crate::services::pictures::images::purge(&world.store, &world.objects, &image);
            purged.await.unwrap();
            let copies = [key::display(user, image.id), key::thumbnail(user, image.id)];
            if interrupted {
                for copy in &copies {
                    let put = intake.objects.put(copy, jpeg, Bytes::from_static(b"x"));
                    put.await.unwrap();
                }
                let again = intake.take(user, image.id, clock::now());
                again.await.unwrap();
            } else {
                let kept = intake.keep(&image, derived, clock::now()).await;
                kept.unwrap();
            }
            for copy in &copies {
                assert!(!world.objects.exists(copy).await.unwrap(), "{copy}");
            }
        }
    }

    #[test]
    fn messages_of_the_bucket() {
        let (user, image) = (UserId::random(), ImageId::next());
        let told = |key: &str| {
            serde_json::json!({ "Records": [{ "s3": { "object": { "key": key } } }] }).to_string()
        };
        assert_eq!(
            uploads(&told(&format!("uploads/{user}/{image}"))).unwrap(),
            [(user, image)]
        );
        assert_eq!(
            uploads(&told(&format!("uploads%2F{user}%2F{image}"))).unwrap(),
            [(user, image)]
        );
        assert!(
            uploads(r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}"#)
                .unwrap()
                .is_empty()
        );
        for bad in [
            "",
            "not json",
            "{}",
            "[]",
            &told("uploads/x/y"),
            &told("pictures/a/b"),
        ] {
            assert!(uploads(bad).is_err(), "{bad}");
        }
    }
}
