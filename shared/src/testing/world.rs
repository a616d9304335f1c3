//! What the tests of scans share: a table, a bucket and a queue service on this machine, the stand-in
//! engines, and pictures.

use std::pin::pin;
use std::sync::LazyLock;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use reqwest::multipart::{Form, Part};
use serde_json::Value;
use vara_imaging::{Limits, Picture};

use crate::auth::Keys;
use crate::clock;
use crate::comparison::ImageAnalyzer;
use crate::domain::{
    Alert, AlertStatus, Breaker, Image, ImageId, ImageState, Intimacy, Page, Prints, Scan, ScanId,
    ScanOrigin, ScanResult, ScanType, Timestamp, UserId,
};
use crate::engines::{FaceCheck, Fetcher, TinEye, Vision};
use crate::mail::Mailer;
use crate::objects::{Objects, key};
use crate::queues::QueueDelivery;
use crate::queues::Queues;
use crate::services::people::users::AccountEraser;
use crate::services::pictures::images::ImagePurger;
use crate::services::pictures::ingest::Intake;
use crate::services::pictures::proxy::Proxy;
use crate::services::record::access_log::AccessLog;
use crate::services::record::event_log::EventLog;
use crate::services::scans::image::Scanner;
use crate::services::scans::scan_queues::ScanQueues;
use crate::services::search::engines::Engines;
use crate::services::search::governor::Governor;
use crate::services::takedowns::TakedownQueues;
use crate::services::upkeep::due_work::DueWorker;
use crate::store::{Arrival, ImageRow, ScanRow, Store};
use crate::testing::{self, Cloud};

pub(crate) const QUEUE: &str = "http://queues/1/vara-image-scan";
pub(crate) const BACKGROUND: &str = "http://queues/1/vara-background-scan";
pub(crate) const TAKEDOWNS: &str = "http://queues/1/vara-takedown";
pub(crate) const TAKEDOWNS_URGENT: &str = "http://queues/1/vara-takedown-urgent";
pub(crate) const SWEEP: &str = "http://queues/1/vara-sweep";
pub(crate) const INGEST: &str = "http://queues/1/vara-image-ingest";

pub(crate) const PROFILES: &str = "http://queues/1/vara-profile-scan";
pub(crate) const BREACHES: &str = "http://queues/1/vara-breach-check";

/// The queues of scans.
pub(crate) fn lanes() -> ScanQueues {
    ScanQueues {
        images: QUEUE.into(),
        background: BACKGROUND.into(),
        profiles: PROFILES.into(),
        breaches: BREACHES.into(),
    }
}

/// The models, loaded once for all tests.
static EYES: LazyLock<ImageAnalyzer> = LazyLock::new(ImageAnalyzer::open);

/// Everything, with one user.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) objects: Objects,
    pub(crate) queues: Queues,
    pub(crate) user: UserId,
    pub(crate) cloud: Cloud,
    engines: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        let cloud = Cloud::start().await;
        let engines = vara_engines::start().await.unwrap();
        Self {
            store: testing::store().await,
            objects: cloud.objects(),
            queues: cloud.queues(),
            user: UserId::random(),
            cloud,
            engines,
        }
    }

    pub(crate) fn scanner(&self) -> Scanner {
        let base = format!("{}/tineye/rest/", self.engines);
        let host = self.engines.strip_prefix("http://").unwrap();
        Scanner {
            store: self.store.clone(),
            objects: self.objects.clone(),
            queues: self.queues.clone(),
            fetcher: Fetcher::new(Some(host)).unwrap(),
            engines: Engines {
                tineye: Some(TinEye::new("local-key".into(), Some(&base)).unwrap()),
                vision: None,
                serpapi: None,
                facecheck: None,
                proxy: Proxy {
                    store: self.store.clone(),
                    objects: self.objects.clone(),
                    keys: Keys::none(),
                    public_url: self.engines.clone(),
                },
                governor: Governor::new(self.store.clone(), None).unwrap(),
                access: self.access(),
            },
            queue: QUEUE.into(),
            background: BACKGROUND.into(),
            analyzer: EYES.clone(),
            // No test but those of the limit meets it.
            answer_within: Duration::from_secs(24 * 3600),
        }
    }

    /// Her access log.
    pub(crate) fn access(&self) -> AccessLog {
        let vault = Cloud::vault_at(&self.at("/kms"));
        AccessLog::new(EventLog::new(self.store.clone(), vault))
    }

    /// The same with an engine that finds copies by their own addresses, and look-alikes.
    pub(crate) fn scanner_with_vision(&self) -> Scanner {
        let mut scanner = self.scanner();
        let vision = Vision::new("local-key".into(), Some(&self.at("/vision/"))).unwrap();
        scanner.engines.vision = Some(vision);
        scanner
    }

    pub(crate) fn purger(&self) -> ImagePurger {
        ImagePurger::new(self.store.clone(), self.objects.clone())
    }

    /// Deals with what is due, and may ask no engine.
    pub(crate) fn due_worker(&self) -> DueWorker {
        DueWorker {
            store: self.store.clone(),
            objects: self.objects.clone(),
            purger: self.purger(),
            eraser: AccountEraser::new(self.store.clone(), self.objects.clone()),
            queues: self.queues.clone(),
            sweep: SWEEP.into(),
            ingest: INGEST.into(),
            capture: "capture".into(),
            render: "render".into(),
            lanes: lanes(),
            takedowns: TakedownQueues {
                queues: self.queues.clone(),
                urgent: TAKEDOWNS_URGENT.into(),
                other: TAKEDOWNS.into(),
            },
            has_profile_directory: true,
            facecheck: None,
        }
    }

    pub(crate) fn facecheck(&self) -> FaceCheck {
        FaceCheck::new("local-key".into(), Some(&self.at("/facecheck/"))).unwrap()
    }

    /// How many pictures lie at the search by face.
    pub(crate) async fn uploads(&self) -> usize {
        let lie = reqwest::get(self.at("/_uploads")).await.unwrap();
        let lie: Vec<Value> = serde_json::from_str(&lie.text().await.unwrap()).unwrap();
        lie.len()
    }

    pub(crate) fn intake(&self) -> Intake {
        Intake {
            store: self.store.clone(),
            objects: self.objects.clone(),
            queues: self.queues.clone(),
            scan_queue: BACKGROUND.into(),
            analyzer: EYES.clone(),
        }
    }

    /// A picture of hers, taken in and ready.
    pub(crate) async fn picture(&self, seed: u32) -> ImageId {
        self.picture_of(scene(seed)).await
    }

    /// This picture of hers, taken in and ready.
    pub(crate) async fn picture_of(&self, jpeg: Vec<u8>) -> ImageId {
        let harmless = Intimacy {
            model: "m@0".into(),
            score: 0.0,
        };
        let prints = Prints {
            intimate: Some(harmless),
            ..Prints::default()
        };
        self.picture_with(jpeg, prints).await
    }

    /// This picture of hers, of which this is known.
    pub(crate) async fn picture_with(&self, jpeg: Vec<u8>, prints: Prints) -> ImageId {
        let image = self.announce(ImageState::Pending, clock::now()).await;
        let picture = vara_imaging::decode(&jpeg, &Limits::DEFAULT).unwrap();
        let hashes = vara_imaging::pdq_dihedral(&picture).unwrap();
        let arrival = Arrival {
            dihedral: hashes.iter().map(|it| it.pdq.to_string()).collect(),
            quality: hashes[0].quality,
            location_found: false,
            face: None,
            prints,
        };
        assert!(
            self.store
                .tx()
                .ready_image(&image, &arrival)
                .commit()
                .await
                .unwrap()
                .is_done()
        );
        self.objects
            .put(
                &key::display(self.user, image.id),
                "image/jpeg",
                jpeg.into(),
            )
            .await
            .unwrap();
        image.id
    }

    /// The copy of it that is shown and searched for.
    pub(crate) async fn display(&self, image: ImageId) -> Bytes {
        let name = key::display(self.user, image);
        let copy = self.objects.get(&name, usize::MAX).await;
        copy.unwrap().unwrap()
    }

    /// A picture that has not been taken in.
    pub(crate) async fn announce(&self, state: ImageState, at: Timestamp) -> Image {
        let image = Image {
            state,
            ..Image::expected(ImageId::next(), self.user, "s".into(), at)
        };
        assert!(self.store.announce_image(&image, None).await.unwrap());
        image
    }

    pub(crate) async fn image(&self, id: ImageId) -> ImageRow {
        self.store.image(self.user, id).await.unwrap().unwrap()
    }

    /// Plants a copy of a picture on a page of the tiny web.
    pub(crate) async fn plant(&self, seed: u32, page: &str) {
        self.plant_file(scene(seed), None, page).await;
    }

    /// Plants a picture on a page, which by now may show another one.
    pub(crate) async fn plant_file(&self, file: Vec<u8>, now: Option<Vec<u8>>, page: &str) {
        let image = Part::bytes(file).file_name("a.jpg");
        let mut form = Form::new()
            .part("image", image)
            .text("page_url", page.to_owned());
        if let Some(now) = now {
            form = form.part("image_now", Part::bytes(now).file_name("b.jpg"));
        }
        let planted = reqwest::Client::new()
            .post(format!("{}/_web", self.engines))
            .multipart(form)
            .send()
            .await
            .unwrap();
        assert!(planted.status().is_success());
    }

    /// Takes everything off the tiny web.
    pub(crate) async fn take_down(&self) {
        let sent = reqwest::Client::new().delete(self.at("/_web")).send().await;
        assert!(sent.unwrap().status().is_success());
    }

    /// Breaks a stand-in.
    pub(crate) async fn fault(&self, fault: Value) {
        let sent = reqwest::Client::new()
            .post(format!("{}/_fault", self.engines))
            .body(fault.to_string())
            .send()
            .await;
        assert!(sent.unwrap().status().is_success());
    }

    /// Nothing is held against the engines any more, as after a while.
    pub(crate) async fn rested(&self) {
        for engine in ["tineye", "google-vision", "hibp"] {
            let rest = |it: &mut Breaker| *it = Breaker::default();
            self.store.change_breaker(engine, rest).await.unwrap();
        }
    }

    /// Repairs everything, and lets enough time pass that nothing is held against the engines.
    pub(crate) async fn repair(&self) {
        let sent = reqwest::Client::new()
            .delete(format!("{}/_fault", self.engines))
            .send()
            .await;
        assert!(sent.unwrap().status().is_success());
        self.rested().await;
    }

    /// Mail that goes to the stand-in.
    pub(crate) fn mailer(&self) -> Mailer {
        Cloud::mailer_at(&self.at("/ses"))
    }

    /// An address of the stand-ins.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.engines)
    }

    /// Plants something that is not a picture.
    pub(crate) async fn post(&self, path: &str, body: Value) {
        let sent = reqwest::Client::new()
            .post(self.at(path))
            .body(body.to_string())
            .send()
            .await;
        assert!(sent.unwrap().status().is_success());
    }

    /// How often a stand-in was asked.
    pub(crate) async fn calls(&self, engine: &str) -> u64 {
        let (answered, refused) = self.answers(engine).await;
        answered + refused
    }

    /// How many searches were answered, and how many were refused.
    pub(crate) async fn searches(&self) -> (u64, u64) {
        self.answers("tineye").await
    }

    pub(crate) async fn answers(&self, engine: &str) -> (u64, u64) {
        let calls = reqwest::get(self.at("/_calls")).await.unwrap();
        let calls: Value = serde_json::from_str(&calls.text().await.unwrap()).unwrap();
        let count = |of: &str| calls[engine][of].as_u64().unwrap();
        (count("answered"), count("refused"))
    }

    /// A scan begun a while ago, so that no test waits for it to be shown.
    pub(crate) async fn begun(
        &self,
        kind: ScanType,
        origin: ScanOrigin,
        target: Option<ImageId>,
    ) -> Scan {
        let at = clock::now().minus_seconds(5);
        let scan = Scan::pending(ScanId::next(), self.user, kind, target, at);
        assert!(self.store.create_scan(&scan, origin).await.unwrap());
        scan
    }

    pub(crate) async fn row(&self, id: ScanId) -> ScanRow {
        self.store.scan(self.user, id).await.unwrap().unwrap()
    }

    pub(crate) async fn alerts(&self) -> Vec<Alert> {
        let page = Page {
            number: 1,
            limit: 100,
        };
        let found = self
            .store
            .alerts(self.user, &AlertStatus::ALL, page)
            .await
            .unwrap();
        assert_eq!(found.pagination.total, found.items.len() as u64);
        found.items
    }
}

/// Polls `work` so often and then drops it, as a kill would; whether it ended before.
pub(crate) async fn killed_after<T>(polls: usize, work: impl Future<Output = T>) -> bool {
    let mut work = pin!(work);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        work.as_mut().poll(context).map(|_| true)
    })
    .await
}

/// Polls `first` so often, then does `second`, then the rest of `first`.
pub(crate) async fn polled_before<A, B>(
    polls: usize,
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> (A, B) {
    let mut first = pin!(first);
    let (mut left, mut done) = (polls, None);
    std::future::poll_fn(|context| {
        if left == 0 || done.is_some() {
            return Poll::Ready(());
        }
        left -= 1;
        if let Poll::Ready(it) = first.as_mut().poll(context) {
            done = Some(it);
            return Poll::Ready(());
        }
        Poll::Pending
    })
    .await;
    let second = second.await;
    match done {
        Some(first) => (first, second),
        None => (first.await, second),
    }
}

/// A delivery of this body.
pub(crate) fn delivered(body: impl Into<String>, attempt: u32) -> QueueDelivery {
    QueueDelivery {
        id: "m1".into(),
        trace: None,
        body: body.into(),
        queue: "vara-image-scan".into(),
        receipt: "receipt".into(),
        attempt,
        last: attempt >= 3,
        deadline: clock::now().plus_seconds(300),
    }
}

/// A portrait of the imaging crate's tests.
pub(crate) fn photo(name: &str) -> Vec<u8> {
    let manifest = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::read(manifest.join(format!("imaging/tests/pictures/{name}.jpg"))).unwrap()
}

/// A JPEG with enough in it to be recognised; no two seeds alike.
pub(crate) fn scene(seed: u32) -> Vec<u8> {
    let (width, height) = (320_u32, 240_u32);
    let mut state = u64::from(seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut roll = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u32::try_from(state >> 40).unwrap()
    };
    let blobs: Vec<[u32; 6]> = (0..40)
        .map(|_| {
            [
                roll() % width,
                roll() % height,
                8 + roll() % 50,
                roll() % 256,
                roll() % 256,
                roll() % 256,
            ]
        })
        .collect();
    let mut rgb = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let hit = blobs
                .iter()
                .rev()
                .find(|it| x.abs_diff(it[0]).pow(2) + y.abs_diff(it[1]).pow(2) < it[2].pow(2));
            let colour = hit.map_or([60, 60 + y / 2, 90], |it| [it[3], it[4], it[5]]);
            rgb.extend(colour.map(|it| u8::try_from(it).unwrap()));
        }
    }
    vara_imaging::encode_jpeg(&Picture::from_rgb(width, height, rgb).unwrap(), 88).unwrap()
}

/// The result of a scan as she is shown it.
pub(crate) trait ShownResult {
    fn shown(&self) -> Value;
}

impl ShownResult for Option<ScanResult> {
    fn shown(&self) -> Value {
        let result = self.as_ref().expect("the scan has a result");
        serde_json::to_value(result).unwrap()
    }
}
