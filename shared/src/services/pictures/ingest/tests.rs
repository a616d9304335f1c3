//! Intake: what is stored of an upload, what is refused, twice and interrupted.

use super::*;
use crate::clock;
use crate::domain::Preferences;
use crate::services::people::preferences::UserPreferences;
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
    let seen = UserPreferences::new(world.store.clone(), testing::event_log(&world.store))
        .get(world.user)
        .await
        .unwrap();
    assert!(seen.face_recognition_since.is_some());
    let after = taken_in(&world, photo("collins")).await;
    assert!(prints(after).await.faces.is_some_and(|it| it.len() == 1));

    let no = Preferences::default();
    let preferences = UserPreferences::new(world.store.clone(), testing::event_log(&world.store));
    let set = preferences
        .set(&testing::caller(world.user), &seen, no, clock::now())
        .await;
    assert_eq!(set.unwrap().face_recognition_since, None);
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
    world.purger().purge(&image, None).await.unwrap();
    assert_eq!(world.store.prints(world.user, id).await.unwrap(), None);

    let id = taken_in(&world, photo("collins")).await;
    assert!(
        world
            .store
            .erase_all_rows(world.user, usize::MAX)
            .await
            .unwrap()
            .0
            > 1
    );
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
        world.purger().purge(&image, None).await.unwrap();
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

#[tokio::test]
async fn a_first_picture_is_searched_for_again_whatever_becomes_of_its_first_scan() {
    let world = World::new().await;
    testing::agree_to_faces(&world.store, world.user).await;
    let kind = ScanType::ImageScan;
    let planned = async || {
        let planned = world.store.planned_scan(world.user, kind).await;
        planned.unwrap()
    };
    assert_eq!(planned().await, None);
    let before = clock::now();
    taken_in(&world, photo("collins")).await;
    let next = planned().await.expect("a rescan is planned");
    assert!(next > before.plus_seconds(3600));
    taken_in(&world, photo("grace-hopper")).await;
    assert_eq!(planned().await, Some(next), "once for all her pictures");
}
