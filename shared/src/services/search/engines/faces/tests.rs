//! Her picture at the search by face: it does not stay there.

use std::pin::pin;
use std::time::Duration;

use serde_json::json;

use super::*;
use bytes::Bytes;

use crate::domain::event::SearchBasis;
use crate::domain::search_pace::AnswersSince;
use crate::domain::{ImageId, Scan, ScanOrigin, ScanType};
use crate::engines::script::{Script, ok};
use crate::services::search::governor::Asker;
use crate::store::DUE_AWAY;
use crate::testing::{World, killed_after};

/// Longer than the engine takes, and not as long as anybody waits.
const SOON: Duration = Duration::from_millis(1500);

/// A scan of a picture that is nowhere.
struct Search {
    world: World,
    scan: Scan,
    image: ImageId,
    copy: Bytes,
}

impl Search {
    async fn new() -> Self {
        let world = World::new().await;
        let image = world.picture(5).await;
        let scan = world
            .begun(ScanType::ImageScan, ScanOrigin::User, None)
            .await;
        let copy = world.display(image).await;
        Self {
            world,
            scan,
            image,
            copy,
        }
    }

    async fn run(&self) -> Result<SearchAnswer, SearchError> {
        self.run_with(&self.world.facecheck().hasty()).await
    }

    /// Stopped while her picture lies at the engine.
    async fn run_killed(&self) {
        let engine = self.world.facecheck();
        let run = pin!(self.run_with(&engine));
        assert!(tokio::time::timeout(SOON, run).await.is_err());
    }

    async fn run_with(&self, engine: &FaceCheck) -> Result<SearchAnswer, SearchError> {
        let now = clock::now();
        let query = Query {
            scan: self.scan.clone(),
            asker: Asker {
                user: self.scan.user_id,
                is_new: false,
                is_scheduled: false,
            },
            basis: SearchBasis::Started,
            image: self.image,
            copy: self.copy.clone(),
            digest: "d".into(),
            has_face: true,
            since: AnswersSince::same(now),
            until: now.plus_seconds(60),
            limit: None,
        };
        let engines = self.world.scanner().engines;
        engines.by_face(&self.world.store, &query, engine).await
    }

    /// How many pictures the schedule would remove.
    async fn due(&self) -> usize {
        let later = clock::now().plus_seconds(3600);
        self.world
            .store
            .due(DUE_AWAY, later, 9)
            .await
            .unwrap()
            .len()
    }
}

#[tokio::test]
async fn it_is_removed_when_the_search_is_done() {
    let search = Search::new().await;
    let found = search.run().await.unwrap();
    assert_eq!(found.origin, AnswerOrigin::Fresh);
    assert_eq!((search.world.uploads().await, search.due().await), (0, 0));
}

#[tokio::test]
async fn after_a_kill_the_same_picture_is_gone_on_with() {
    let search = Search::new().await;
    search.run_killed().await;
    assert_eq!((search.world.uploads().await, search.due().await), (1, 1));
    let (before, _) = search.world.answers("facecheck").await;
    search.run().await.unwrap();
    assert_eq!((search.world.uploads().await, search.due().await), (0, 0));
    let (after, _) = search.world.answers("facecheck").await;
    assert_eq!(after, before, "no second search was paid for");
}

/// Dropped in the middle of the upload, as by the time limit of a scan, it is noted that it lies there.
#[tokio::test]
async fn an_upload_is_noted_though_nobody_waits_for_it() {
    let search = Search::new().await;
    let engine = search.world.facecheck();
    for polls in 1.. {
        let run = search.run_with(&engine);
        assert!(!killed_after(polls, run).await);
        let mut waited = 0;
        while search.world.uploads().await == 0 && waited < 20 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            waited += 1;
        }
        if search.world.uploads().await > 0 {
            break;
        }
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!((search.world.uploads().await, search.due().await), (1, 1));
    let (before, _) = search.world.answers("facecheck").await;
    search.run().await.unwrap();
    assert_eq!(search.world.answers("facecheck").await.0, before);
}

#[tokio::test]
async fn after_a_failure_it_is_gone_on_with_and_not_paid_again() {
    let search = Search::new().await;
    search.run_killed().await;
    let (before, _) = search.world.answers("facecheck").await;
    for mode in ["error", "garbage"] {
        let fault = json!({ "engine": "facecheck", "mode": mode, "status": 503 });
        search.world.fault(fault).await;
        assert!(search.run().await.is_err());
        assert_eq!((search.world.uploads().await, search.due().await), (1, 1));
    }
    search.world.repair().await;
    search.run().await.unwrap();
    assert_eq!((search.world.uploads().await, search.due().await), (0, 0));
    assert_eq!(search.world.answers("facecheck").await.0, before);
}

#[tokio::test]
async fn one_that_is_no_longer_there_is_not_waited_for() {
    let search = Search::new().await;
    search.run_killed().await;
    let cleared = reqwest::Client::new()
        .delete(search.world.at("/_uploads"))
        .send()
        .await;
    assert!(cleared.unwrap().status().is_success());
    assert!(search.run().await.is_err());
    assert_eq!(search.due().await, 0);
    search.run().await.unwrap();
    assert_eq!((search.world.uploads().await, search.due().await), (0, 0));
}

#[tokio::test]
async fn done_without_a_find_is_doubted_and_then_believed() {
    let search = Search::new().await;
    let uploaded = json!({ "id_search": "s-1", "input": [{ "id_pic": "p-1" }] });
    let nothing = json!({ "message": "Search Completed", "output": { "items": [] } });
    let mut lines = vec![ok(uploaded)];
    lines.extend((0..=DOUBTS).map(|_| ok(nothing.clone())));
    lines.push(ok(json!({ "message": "Deleted" })));
    let script = Script::new(lines).await;
    let engine = FaceCheck::new("k".into(), Some(&script.base)).unwrap();
    let found = search.run_with(&engine.hasty()).await.unwrap();
    assert_eq!(found.answer, SearchResult::default());
    assert_eq!(script.asked().len(), 3 + DOUBTS as usize);
    assert_eq!(search.due().await, 0);
}

#[tokio::test]
async fn what_was_found_is_told_though_the_picture_cannot_be_removed() {
    let search = Search::new().await;
    let uploaded = json!({ "id_search": "s-1", "input": [{ "id_pic": "p-1" }] });
    let found = json!({ "output": { "items": [{ "score": 93, "url": "https://a.example/1" }] } });
    let broken = || (500, "", String::new());
    let lines = [ok(uploaded), ok(found), broken(), broken(), broken()];
    let script = Script::new(lines).await;
    let engine = FaceCheck::new("k".into(), Some(&script.base)).unwrap();
    let engine = engine.hasty();
    let found = search.run_with(&engine).await.unwrap();
    assert_eq!(found.answer.candidates.len(), 1);
    assert_eq!((script.asked().len(), search.due().await), (5, 1));
    // Told again without being asked or paid for again.
    let again = search.run_with(&engine).await.unwrap();
    assert_eq!((again.answer, script.asked().len()), (found.answer, 5));
}

#[tokio::test]
async fn what_takes_too_long_is_left_and_the_picture_removed() {
    let search = Search::new().await;
    let engine = search.world.facecheck();
    let upload = engine.upload(&search.copy).await.unwrap().unwrap();
    let at = clock::now().minus_seconds(MAX_SEARCH_SECONDS + 1);
    let store = &search.world.store;
    store.note_away(upload.name(), &upload, at).await.unwrap();
    let lies = Some(Uploaded { upload, at });
    let noted = store.keep_search(&search.scan, search.image, UPLOADED, &lies, at);
    assert!(noted.await.unwrap());
    assert!(search.run().await.is_err());
    assert_eq!((search.world.uploads().await, search.due().await), (0, 0));
}
