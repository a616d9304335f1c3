//! Addresses given out before the intake is done, and the wait for it.

use std::collections::HashMap;

use serde_json::{Value, json};
use url::Url;

use super::*;
use crate::auth::{Caller, Keys};
use crate::clock;
use crate::domain::{
    Account, ImageFilter, ImageId, Page, Role, Session, SessionId, SignInMethod, UserId,
};
use crate::services::pictures::image_addresses::ImageAddresses;
use crate::testing::{self, World, photo, scene};

const PAGE: Page = Page {
    number: 1,
    limit: 50,
};

fn images(world: &World) -> Images {
    let addresses = ImageAddresses {
        keys: Keys::derive("a-secret-of-more-than-thirty-two-characters", None).unwrap(),
        public_url: "https://vara.example".into(),
    };
    Images::new(
        world.store.clone(),
        world.objects.clone(),
        addresses,
        testing::event_log(&world.store),
    )
}

/// A signed address as a browser keeps it.
struct Kept {
    image: ImageId,
    parameters: HashMap<String, String>,
}

impl Kept {
    fn of(image: &Value) -> Self {
        let url = Url::parse(image["signedUrl"].as_str().unwrap()).unwrap();
        Self {
            image: ImageId::parse(image["id"].as_str().unwrap()).unwrap(),
            parameters: url.query_pairs().into_owned().collect(),
        }
    }

    fn address(&self) -> SignedAddress<'_> {
        SignedAddress {
            user: UserId::parse(&self.parameters["user"]).unwrap(),
            image: self.image,
            size: self.parameters["size"].parse().unwrap(),
            session: self
                .parameters
                .get("session")
                .and_then(|it| SessionId::parse(it)),
            expires: self.parameters["expires"].parse().unwrap(),
            signature: &self.parameters["signature"],
        }
    }
}

/// Somebody who just signed up.
async fn signed_up(world: &World) -> (Account, Caller) {
    let account = Account::new(UserId::random(), "ana@example.net", clock::now());
    let session = Session::new(account.id(), SignInMethod::Password, clock::now());
    let made = world.store.create_account(&account, "hash", Some(&session));
    assert!(made.await.unwrap());
    let caller = Caller {
        user: account.id(),
        email: "ana@example.net".into(),
        session: Some(session.id),
        role: Role::User,
        confirmed_at: None,
    };
    (account, caller)
}

async fn sent(images: &Images, caller: &Caller, file: Vec<u8>) -> Value {
    let image = images.upload(caller, file.into(), clock::now()).await;
    json!(image.unwrap())
}

async fn listed(images: &Images, caller: &Caller, filter: ImageFilter) -> Value {
    let page = images.list(caller, filter, PAGE, clock::now()).await;
    json!(page.unwrap().items)
}

async fn fetch(images: &Images, kept: &Kept, is_embedded: bool) -> Result<Bytes> {
    images
        .file(&kept.address(), is_embedded, clock::now())
        .await
}

fn longest_side(jpeg: &[u8]) -> u32 {
    let limits = vara_imaging::Limits::DEFAULT;
    let (_, width, height) = vara_imaging::read_dimensions(jpeg, &limits).unwrap();
    width.max(height)
}

#[tokio::test]
async fn a_new_picture_is_shown_when_its_intake_is_done() {
    let world = World::new().await;
    let images = images(&world);
    let (_, caller) = signed_up(&world).await;
    let image = sent(&images, &caller, photo("grace-hopper")).await;
    assert_eq!(image["state"], "PENDING");
    let full = Kept::of(&image);
    let tile = Kept::of(&listed(&images, &caller, ImageFilter::All).await[0]);
    assert_eq!(full.parameters["size"], "display");
    assert_eq!(tile.parameters["size"], "gallery");

    let intake = world.intake();
    let taken = intake.take(caller.user, full.image, clock::now());
    let (shown, in_page, taken) = tokio::join!(
        fetch(&images, &full, true),
        fetch(&images, &tile, true),
        taken
    );
    taken.unwrap();
    assert_eq!(longest_side(&shown.unwrap()), 600, "the whole picture");
    assert_eq!(longest_side(&in_page.unwrap()), 512, "the thumbnail");
    let in_tab = fetch(&images, &tile, false).await.unwrap();
    assert_eq!(longest_side(&in_tab), 600, "the same address in a tab");
}

#[tokio::test]
async fn what_is_rejected_meanwhile_is_not_there() {
    let world = World::new().await;
    let images = images(&world);
    let (_, caller) = signed_up(&world).await;
    // The header of a PNG, and nothing behind it.
    let mut broken = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x40\0\0\0\x40\x08\x02\0\0\0".to_vec();
    broken.extend_from_slice(&[0; 64]);
    let image = sent(&images, &caller, broken).await;
    let kept = Kept::of(&image);
    let intake = world.intake();
    let taken = intake.take(caller.user, kept.image, clock::now());
    let (shown, taken) = tokio::join!(fetch(&images, &kept, true), taken);
    taken.unwrap();
    assert_eq!(shown.unwrap_err().code, "IMAGE_NOT_FOUND");
    let listed = listed(&images, &caller, ImageFilter::Archived).await;
    assert_eq!(
        (&listed[0]["state"], &listed[0]["signedUrl"]),
        (&json!("REJECTED"), &Value::Null)
    );
}

#[tokio::test]
async fn the_wait_ends_and_a_late_intake_is_not_waited_for() {
    let world = World::new().await;
    let images = images(&world);
    let now = clock::now();
    let new = world.announce(ImageState::Pending, now).await;
    let wait = |image: &Image, wait| images.wait_for_intake(image.clone(), wait, now);
    let over = wait(&new, Duration::from_millis(250)).await.unwrap_err();
    assert_eq!((over.code, over.kind), (NOT_READY, ErrorKind::Unavailable));

    let before = now.minus_seconds(INTAKE_WAIT_MAX_AGE_SECONDS + 1);
    let late = world.announce(ImageState::Pending, before).await;
    // An hour: this test would hang if it were waited for.
    let refused = wait(&late, Duration::from_secs(3600)).await.unwrap_err();
    assert_eq!(refused.code, NOT_READY);
    world.store.forget_image(&new, None).await.unwrap();
    let gone = wait(&new, INTAKE_WAIT).await.unwrap_err();
    assert_eq!(gone.code, "IMAGE_NOT_FOUND");
}

#[tokio::test]
async fn an_address_is_good_for_what_was_signed_only() {
    let world = World::new().await;
    let images = images(&world);
    let (_, caller) = signed_up(&world).await;
    let kept = Kept::of(&sent(&images, &caller, scene(1)).await);
    let address = kept.address();
    let changed = [
        SignedAddress {
            size: Size::Gallery,
            ..address
        },
        SignedAddress {
            user: UserId::random(),
            ..address
        },
        SignedAddress {
            image: ImageId::next(),
            ..address
        },
        SignedAddress {
            session: Some(SessionId::random()),
            ..address
        },
        SignedAddress {
            session: None,
            ..address
        },
        SignedAddress {
            expires: address.expires + 1,
            ..address
        },
        SignedAddress {
            signature: "",
            ..address
        },
    ];
    for it in changed {
        let refused = images.file(&it, true, clock::now()).await.unwrap_err();
        assert_eq!(refused.code, "URL_EXPIRED", "{it:?}");
    }
    let later = Timestamp::from_epoch_seconds(address.expires + 1).unwrap();
    let late = images.file(&address, true, later).await.unwrap_err();
    assert_eq!(late.code, "URL_EXPIRED");
}

#[tokio::test]
async fn an_address_ends_with_the_sign_in_it_was_given_to() {
    let world = World::new().await;
    let images = images(&world);
    let (account, caller) = signed_up(&world).await;
    let session = caller.session.unwrap();
    let elsewhere = Caller {
        session: None,
        ..caller.clone()
    };
    let image = sent(&images, &caller, scene(1)).await;
    let here = Kept::of(&image);
    let intake = world.intake();
    let taken = intake.take(caller.user, here.image, clock::now());
    taken.await.unwrap();
    let there = Kept::of(&listed(&images, &elsewhere, ImageFilter::All).await[0]);
    for kept in [&here, &there] {
        assert!(fetch(&images, kept, true).await.is_ok());
    }

    // Signed out here: another sign-in of hers goes on, as one of an external issuer does.
    let ended = world.store.end_sessions(caller.user, &[session]).await;
    ended.unwrap();
    let refused = fetch(&images, &here, true).await.unwrap_err();
    assert_eq!(refused.code, "URL_EXPIRED");
    assert!(fetch(&images, &there, true).await.is_ok());

    // She leaves: refused at once, though the picture is removed only a little later.
    let left = world.store.begin_erasure(&account, "x", &[], clock::now());
    assert!(left.await.unwrap());
    let refused = fetch(&images, &there, true).await.unwrap_err();
    assert_eq!(refused.code, "URL_EXPIRED");
}

#[tokio::test]
async fn an_archived_picture_is_shown_until_it_is_purged() {
    let world = World::new().await;
    let images = images(&world);
    let (_, caller) = signed_up(&world).await;
    let kept = Kept::of(&sent(&images, &caller, scene(1)).await);
    let intake = world.intake();
    let taken = intake.take(caller.user, kept.image, clock::now());
    taken.await.unwrap();
    let delete = async || images.delete(&caller, kept.image, clock::now()).await;
    delete().await.unwrap();
    assert!(fetch(&images, &kept, true).await.is_ok());
    // The bytes alone do not bring it back: its row decides.
    let bytes = fetch(&images, &kept, true).await.unwrap();
    delete().await.unwrap();
    let object = key::display(caller.user, kept.image);
    let put = world.objects.put(&object, "image/jpeg", bytes).await;
    put.unwrap();
    let gone = fetch(&images, &kept, true).await.unwrap_err();
    assert_eq!(gone.code, "IMAGE_NOT_FOUND");
}
