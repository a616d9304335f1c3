//! A woman's life in the soak: she uploads her pictures, copies of them turn up, and she scans and scans.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vara::clock;
use vara_tests::Random;
use vara_tests::pictures::{mine_and_found_of, photo, saved_and_found};

use crate::calls::{self, get, post};
use crate::soak::Soak;

/// How long anything of hers may take while everything is being broken.
const PATIENCE: Duration = Duration::from_secs(600);

/// One of her scans in so many is a check of her address.
const BREACH_CHECKS: u32 = 8;

/// Pictures with a face, each of one woman, who has it searched for by face as well.
const PORTRAITS: [&str; 4] = ["collins", "grace-hopper", "obama-2009", "biden-2010"];
const WITH_PORTRAIT: u32 = 5;

/// The message of a scan is copied once in so many times, and at most so often.
const COPIED: u32 = 3;
const COPIES: u32 = 4;

/// A woman, before anything of hers is there.
pub(crate) struct Her {
    number: u32,
    id: String,
    token: String,
}

/// What she did, and what there was to be found.
pub(crate) struct Life {
    pub(crate) id: String,
    pub(crate) token: String,
    /// Her pictures.
    pub(crate) images: Vec<String>,
    /// The one that is searched for by face.
    pub(crate) portrait: Option<String>,
    /// Scans that were promised to her.
    pub(crate) scans: Vec<String>,
    pub(crate) copies: Vec<Copy>,
}

/// A copy of a picture of hers.
pub(crate) struct Copy {
    /// Whose copy it is.
    pub(crate) image: String,
    /// Where it is.
    pub(crate) page: String,
    /// Since when; what is this old or older did not have to find it.
    pub(crate) since: Value,
}

/// Everybody signs up, and is in a breach.
pub(crate) async fn arrive(soak: &Soak) -> Vec<Her> {
    let mut all = Vec::new();
    for number in 0..soak.settings.users {
        let woman = soak.world.woman().await;
        woman.confirm().await;
        soak.world.breach(&woman.email, "ExampleShop").await;
        let (id, token) = (woman.id, woman.token);
        all.push(Her { number, id, token });
    }
    all
}

/// Her life, for as long as the soak goes on.
pub(crate) async fn live(soak: Arc<Soak>, her: Her) -> Life {
    let mut random = Random::of(soak.settings.seed * 10_000 + u64::from(her.number));
    let mut life = Life {
        id: her.id,
        token: her.token,
        images: Vec::new(),
        portrait: None,
        scans: Vec::new(),
        copies: Vec::new(),
    };
    let mut later = upload(&soak, her.number, &mut life).await;
    for round in 0.. {
        if later.is_empty() && !soak.goes_on() {
            break;
        }
        if random.once_in(2)
            && let Some(place) = later.pop()
        {
            place.plant(&soak, &mut life).await;
        }
        let is_check = round == 0 || later.is_empty() && random.once_in(BREACH_CHECKS);
        let kind = ["IMAGE_SCAN", "BREACH_CHECK"][usize::from(is_check)];
        let scan = trigger(&soak, &life, kind).await;
        if random.once_in(COPIED) {
            copy(&soak, &life, kind, &scan, &mut random).await;
        }
        life.scans.push(scan);
    }
    // What turned up last is looked for at least once more.
    let last = trigger(&soak, &life, "IMAGE_SCAN").await;
    life.scans.push(last);
    life
}

/// A copy that turns up later.
struct Place {
    image: String,
    picture: Vec<u8>,
    page: String,
}

impl Place {
    async fn plant(self, soak: &Soak, life: &mut Life) {
        soak.world.plant_at(self.picture, &self.page).await;
        life.copies.push(Copy {
            image: self.image,
            page: self.page,
            since: json!(clock::now()),
        });
    }
}

/// All her pictures, each with a copy that is there before; the places of the other copies.
async fn upload(soak: &Soak, number: u32, life: &mut Life) -> Vec<Place> {
    let (seed, mut later) = (soak.settings.seed, Vec::new());
    let mut portrait = portrait(number);
    if portrait.is_some() {
        let consent = json!({ "engines": { "facecheck": "ALSO_INTIMATE" } });
        let path = "/api/v1/users/me/preferences";
        calls::patch(&soak.world, &life.token, path, &consent).await;
    }
    for at in 0..soak.settings.pictures {
        let shows_her = portrait.is_some();
        let (mine, found) = portrait.take().unwrap_or_else(|| {
            mine_and_found_of((seed * 10_000 + u64::from(number)) * 100 + u64::from(at))
        });
        let page = |page| format!("https://forum-{seed}-{number}-{at}-{page}.example.net/t/42");
        soak.world.plant_at(found.clone(), &page(0)).await;
        let since = json!(clock::now());
        let image = calls::upload(&soak.world, &life.token, &mine).await;
        life.copies.push(Copy {
            image: image.clone(),
            page: page(0),
            since,
        });
        life.portrait = life.portrait.take().or(shows_her.then(|| image.clone()));
        later.extend((1..soak.settings.pages).map(|it| Place {
            image: image.clone(),
            picture: found.clone(),
            page: page(it),
        }));
        life.images.push(image);
    }
    for image in &life.images {
        ready(soak, &life.token, image).await;
    }
    later
}

/// The first picture of some women.
fn portrait(number: u32) -> Option<(Vec<u8>, Vec<u8>)> {
    let place = usize::try_from(number / WITH_PORTRAIT).ok()?;
    let name = PORTRAITS
        .get(place)
        .filter(|_| number % WITH_PORTRAIT == 1)?;
    Some(saved_and_found(&photo(name)))
}

/// Waits until a picture has been taken in.
async fn ready(soak: &Soak, token: &str, image: &str) {
    let began = Instant::now();
    loop {
        let body = get(&soak.world, token, &format!("/api/v1/images/{image}")).await;
        match body["data"]["state"].as_str() {
            Some("READY") => return,
            state => assert!(
                began.elapsed() < PATIENCE && state != Some("REJECTED"),
                "a picture is never taken in: {body}"
            ),
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Starts a scan as soon as there is none of its kind; its id.
pub(crate) async fn trigger(soak: &Soak, life: &Life, kind: &str) -> String {
    let (began, wanted) = (Instant::now(), json!({ "type": kind }));
    loop {
        let path = "/api/v1/scans/trigger";
        match post(&soak.world, &life.token, path, &wanted).await {
            (202, body) => {
                soak.tally.count("scan", kind);
                return body["data"]["id"].as_str().unwrap().to_owned();
            }
            (409, body) => assert!(began.elapsed() < PATIENCE, "a scan never ends: {body}"),
            (status, body) => panic!("a scan cannot be started: {status} {body}"),
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Sends a scan's message again: several times, at once and late.
async fn copy(soak: &Soak, life: &Life, kind: &str, scan: &str, random: &mut Random) {
    let queue = match kind {
        "BREACH_CHECK" => "BreachCheck",
        _ => *random.any(&["ImageScan", "BackgroundScan"]),
    };
    let message = json!({ "scanJobId": scan, "userId": life.id }).to_string();
    for _ in 0..=random.below(COPIES) {
        calls::send(&soak.world, queue, &message, random.below(6)).await;
        soak.tally.count("copy", queue);
    }
}
