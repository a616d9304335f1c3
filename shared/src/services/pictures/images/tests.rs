//! What her record says of her pictures.

use serde_json::json;

use super::*;
use crate::auth::Keys;
use crate::clock;
use crate::testing::{self, World, scene};

fn images(world: &World) -> Images {
    let addresses = ImageAddresses {
        keys: Keys::none(),
        public_url: "https://vara.example".into(),
    };
    Images::new(
        world.store.clone(),
        world.objects.clone(),
        addresses,
        testing::event_log(&world.store),
    )
}

async fn told(world: &World, id: ImageId) -> Vec<String> {
    let told = testing::told(&world.store, world.user, &StreamName::image(id)).await;
    assert!(told.iter().all(|(_, data)| *data == json!({})));
    told.into_iter().map(|(name, _)| name).collect()
}

#[tokio::test]
async fn a_picture_has_its_story_from_announced_to_removed() {
    let world = World::new().await;
    let (images, caller) = (images(&world), testing::caller(world.user));
    let sent = images.upload(&caller, Bytes::from(scene(1)), clock::now());
    let id = sent.await.unwrap().image().id;
    assert_eq!(told(&world, id).await, ["image.announced"]);
    images.delete(&caller, id, clock::now()).await.unwrap();
    images.delete(&caller, id, clock::now()).await.unwrap();
    let gone = images.delete(&caller, id, clock::now()).await;
    assert_eq!(gone.unwrap_err().code, "IMAGE_NOT_FOUND");
    assert_eq!(
        told(&world, id).await,
        ["image.announced", "image.archived", "image.removed"]
    );
}

#[tokio::test]
async fn what_there_is_no_room_for_is_told_nowhere() {
    let world = World::new().await;
    let (images, caller) = (images(&world), testing::caller(world.user));
    for _ in 0..crate::domain::MAX_ACTIVE_IMAGES {
        images.ticket(&caller, clock::now()).await.unwrap();
    }
    let streams = async || {
        let log = testing::event_log(&world.store);
        log.streams(world.user).await.unwrap().len()
    };
    let before = streams().await;
    let refused = images.ticket(&caller, clock::now()).await;
    assert_eq!(refused.unwrap_err().code, "IMAGE_LIMIT_REACHED");
    assert_eq!(streams().await, before);
}
