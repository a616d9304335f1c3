//! Rows of pictures: states, totals, what is due.

use super::*;
use crate::testing;

fn at(second: i64) -> Timestamp {
    Timestamp::from_epoch_seconds(1_800_000_000 + second).unwrap()
}

fn picture(user: UserId, state: ImageState) -> Image {
    Image {
        state,
        ..Image::expected(ImageId::next(), user, "s".into(), at(0))
    }
}

fn arrival() -> Arrival {
    Arrival {
        dihedral: vec![],
        quality: 80,
        location_found: true,
        face: Some(ShownFace {
            confidence: 0.93,
            metadata: serde_json::json!({ "facialArea": { "x": 1, "y": 2, "w": 3, "h": 4 } }),
        }),
        prints: Prints {
            width: 8,
            ..Prints::default()
        },
    }
}

async fn totals(store: &Store, user: UserId) -> [u64; 4] {
    let counters = store.counters(user).await.unwrap();
    [
        "image.places",
        "image.NEW",
        "image.SCANNED",
        "image.ARCHIVED",
    ]
    .map(|name| counters.get(name))
}

async fn read(store: &Store, image: &Image) -> Image {
    store
        .image(image.user_id, image.id)
        .await
        .unwrap()
        .unwrap()
        .image
}

#[tokio::test]
async fn the_way_of_a_picture_keeps_its_totals() {
    let (store, user) = (testing::store().await, UserId::random());
    let image = picture(user, ImageState::Pending);
    assert!(store.announce_image(&image, None).await.unwrap());
    assert_eq!(totals(&store, user).await, [1, 1, 0, 0]);
    assert!(store.searchable_images(user).await.unwrap().is_empty());

    assert!(
        store
            .tx()
            .ready_image(&image, &arrival())
            .commit()
            .await
            .unwrap()
            .is_done()
    );
    assert!(
        !store
            .tx()
            .ready_image(&image, &arrival())
            .commit()
            .await
            .unwrap()
            .is_done(),
        "it is ready once"
    );
    let image = read(&store, &image).await;
    assert_eq!(
        (image.state, image.location_found),
        (ImageState::Ready, Some(true))
    );
    assert_eq!(
        (image.face_detected, image.face_confidence),
        (true, Some(0.93))
    );
    assert_eq!(image.face_metadata.as_ref().unwrap()["facialArea"]["w"], 3);
    let prints = store.prints(user, image.id).await.unwrap();
    assert_eq!(prints.map(|it| it.width), Some(8));
    assert_eq!(store.searchable_images(user).await.unwrap().len(), 1);

    assert!(
        store
            .tx()
            .scanned_image(&image, false, at(5))
            .commit()
            .await
            .unwrap()
            .is_done()
    );
    let image = read(&store, &image).await;
    assert_eq!((image.last_scanned, image.scan_count), (Some(at(5)), 1));
    assert_eq!(totals(&store, user).await, [1, 0, 1, 0]);

    assert!(store.archive_image(&image, None, at(6)).await.unwrap());
    assert_eq!(totals(&store, user).await, [0, 0, 0, 1]);
    store
        .forget_image(&read(&store, &image).await, None)
        .await
        .unwrap();
    assert_eq!(totals(&store, user).await, [0, 0, 0, 0]);
    assert!(store.image(user, image.id).await.unwrap().is_none());
    assert_eq!(store.prints(user, image.id).await.unwrap(), None);
}

#[tokio::test]
async fn a_ticket_takes_a_place_but_is_not_listed() {
    let (store, user) = (testing::store().await, UserId::random());
    let image = picture(user, ImageState::Expected);
    assert!(store.announce_image(&image, None).await.unwrap());
    assert_eq!(totals(&store, user).await, [1, 0, 0, 0]);
    let page = Page {
        number: 1,
        limit: 20,
    };
    assert!(
        store
            .images(user, ImageFilter::All, page)
            .await
            .unwrap()
            .items
            .is_empty()
    );
    assert!(
        store
            .reject_image(&image, "no picture", at(1))
            .await
            .unwrap()
    );
    assert_eq!(totals(&store, user).await, [0, 0, 0, 1]);
    let put_away = store
        .images(user, ImageFilter::Archived, page)
        .await
        .unwrap();
    assert_eq!(
        put_away.items[0].image.rejected_reason.as_deref(),
        Some("no picture")
    );
}

#[tokio::test]
async fn fifty_places_and_no_more_also_at_once() {
    let (store, user) = (testing::store().await, UserId::random());
    let images: Vec<Image> = (0..54)
        .map(|_| picture(user, ImageState::Pending))
        .collect();
    let taken =
        futures_util::future::join_all(images.iter().map(|it| store.announce_image(it, None)))
            .await;
    assert_eq!(
        taken.into_iter().filter(|it| *it.as_ref().unwrap()).count(),
        50
    );
    assert_eq!(totals(&store, user).await, [50, 50, 0, 0]);
}

#[tokio::test]
async fn a_stale_move_is_refused() {
    let (store, user) = (testing::store().await, UserId::random());
    let image = picture(user, ImageState::Pending);
    store.announce_image(&image, None).await.unwrap();
    assert!(store.archive_image(&image, None, at(1)).await.unwrap());
    assert!(
        !store
            .tx()
            .ready_image(&image, &arrival())
            .commit()
            .await
            .unwrap()
            .is_done()
    );
    assert_eq!(store.prints(user, image.id).await.unwrap(), None);
    assert!(!store.archive_image(&image, None, at(2)).await.unwrap());
    assert_eq!(totals(&store, user).await, [0, 0, 0, 1]);
}
