//! Archives from end to end: what is in one, what is not, and workers that are killed or at it together.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use serde_json::{Value, json};

use super::*;
use crate::auth::Caller;
use crate::clock;
use crate::domain::event::StreamName;
use crate::domain::takedown::ReplyKind;
use crate::domain::{
    Account, ArchiveScope, Download, DownloadId, DownloadState, Image, ImageId, ImageState,
    LinkedKind, Match, MatchId, Platform, Preferences, Result, Scan, ScanId, ScanOrigin, ScanType,
    TakedownId, UserId, linked::Linked,
};
use crate::objects::key;
use crate::queues::QueueDelivery;
use crate::services::documents::{DocumentFiles, Documents, NewDocument};
use crate::services::evidence::{EvidenceRecords, NewEvidence};
use crate::services::people::users::AccountEraser;
use crate::services::record::event_log::{Direction, EventLog};
use crate::services::takedowns::sealed::{RequestSealer, SealedMail};
use crate::services::takedowns::{NewTakedown, TakedownQueues, Takedowns};
use crate::store::{
    BesideTakedown, LinkedRow, PreferencesRow, RowKind, Store, TakedownMailRow, TakedownRow,
};
use crate::testing::{self, Cloud, TableClient};

const QUEUE: &str = "http://localhost/000000000000/render";
const WEBHOOK_SECRET: &str = "whsec_c2VjcmV0LW9mLWhlci13ZWJob29r";
const PASSWORD_HASH: &str = "$argon2id$v=19$m=19456$hash-of-her-password";
const TOKENS: &str = "sealed-tokens-of-a-network";

struct House {
    cloud: Cloud,
    store: Store,
    client: TableClient,
    log: EventLog,
    documents: Documents,
    files: DocumentFiles,
    caller: Caller,
}

async fn house() -> House {
    let cloud = Cloud::start().await;
    let (store, client) = testing::table().await;
    let log = testing::event_log(&store);
    let documents = Documents::new(log.clone());
    let queues = cloud.queues();
    let account = Account::new(UserId::random(), "ana@example.net", clock::now());
    let made = store.create_account(&account, PASSWORD_HASH, None).await;
    assert!(made.unwrap());
    House {
        files: DocumentFiles::new(documents.clone(), cloud.objects(), queues, QUEUE.into()),
        documents,
        log,
        store,
        client,
        caller: Caller {
            confirmed_at: Some(clock::now()),
            ..testing::caller(account.id())
        },
        cloud,
    }
}

impl House {
    fn worker(&self) -> DownloadWorker {
        let own = (self.cloud.queues(), QUEUE.to_owned());
        DownloadWorker::new(self.log.clone(), self.cloud.objects(), own)
    }

    async fn picture(&self, bytes: usize) -> ImageId {
        let (user, id) = (self.caller.user, ImageId::next());
        let image = Image {
            state: ImageState::Ready,
            ..Image::expected(id, user, "s".into(), clock::now())
        };
        assert!(self.store.announce_image(&image, None).await.unwrap());
        let copy = vec![0xd8; bytes].into();
        let place = key::display(user, id);
        let put = self.cloud.objects().put(&place, "image/jpeg", copy).await;
        put.unwrap();
        id
    }

    async fn letter(&self, body: &str) {
        let new = json!({ "kind": "LETTER", "language": "en", "body": body, "title": "To Ms A" });
        let new: NewDocument = serde_json::from_value(new).unwrap();
        let made = self.documents.create(&self.caller, new, clock::now()).await;
        let id = made.unwrap().document.id;
        let saved = self
            .documents
            .save(&self.caller, id, Some(1), "Another text", clock::now());
        saved.await.unwrap();
    }

    /// One thing of most kinds.
    async fn fill(&self) -> ImageId {
        let (user, now) = (self.caller.user, clock::now());
        let preferences = PreferencesRow {
            preferences: Preferences::default(),
            webhook_secret: Some(WEBHOOK_SECRET.to_owned()),
            edition: "1".into(),
            ..PreferencesRow::first(now)
        };
        let set = self
            .store
            .set_preferences(user, None, &preferences, None)
            .await;
        assert!(set.unwrap());
        let account = Linked::new(user, Platform::Instagram, LinkedKind::OAuth, "ana", now);
        let linked = LinkedRow {
            tokens: Some(TOKENS.to_owned()),
            ..LinkedRow::from(account)
        };
        self.store.link_up(&linked).await.unwrap();
        let image = self.picture(3000).await;
        let scan = Scan::pending(ScanId::next(), user, ScanType::ImageScan, None, now);
        assert!(
            self.store
                .create_scan(&scan, ScanOrigin::User)
                .await
                .unwrap()
        );
        testing::fill(&self.store, user, (image, scan.id), 3, now)
            .await
            .unwrap();
        self.letter("He wrote to my sister.").await;
        let found = self
            .store
            .rows_of_kind::<Match>(user, RowKind::Match, None, 1);
        let found = found.await.unwrap().rows.remove(0).1.id;
        self.evidence_and_request(found).await;
        image
    }

    /// A capture that is asked for, and a draft of a request to remove.
    async fn evidence_and_request(&self, found: MatchId) {
        let of = (self.log.clone(), self.cloud.objects());
        let signer = Cloud::signer_at("http://127.0.0.1:9");
        let queue = (self.cloud.queues(), "http://q/1/capture".to_owned());
        let new = json!({ "findingId": found, "everybodyIsAdult": true });
        let new: NewEvidence = serde_json::from_value(new).unwrap();
        let asked = EvidenceRecords::new(of, signer, queue)
            .request(&self.caller, new, clock::now())
            .await;
        let place = key::evidence(self.caller.user, asked.unwrap().id);
        let page = format!("{place}page");
        let objects = self.cloud.objects();
        let put = objects.put(&page, "text/plain", "sealed".into()).await;
        put.unwrap();
        let queues = TakedownQueues {
            queues: self.cloud.queues(),
            urgent: "http://q/1/takedown-urgent".into(),
            other: "http://q/1/takedown".into(),
        };
        let new = json!({
            "findingId": found, "recipientId": "bing", "law": "TERMS", "route": 1, "facts": {},
        });
        let new: NewTakedown = serde_json::from_value(new).unwrap();
        let takedowns = Takedowns::new(self.log.clone(), queues);
        let made = takedowns.create(&self.caller, new, clock::now()).await;
        self.mail_about(made.unwrap().takedown.id).await;
    }

    /// A mail of the recipient about a request.
    async fn mail_about(&self, id: TakedownId) {
        let (user, now) = (self.caller.user, clock::now());
        let before = self.store.takedown(user, id).await.unwrap().unwrap();
        let after = TakedownRow {
            revision: before.revision + 1,
            mails: 1,
            ..before.clone()
        };
        let mut mail = TakedownMailRow {
            takedown_id: id,
            id: "0f".repeat(16),
            received_at: now,
            kind: ReplyKind::Other,
            is_verified: true,
            attachments: 0,
            sealed: String::new(),
        };
        let said = SealedMail {
            from: "abuse@bing.example".into(),
            subject: "Your report".into(),
            text: "Please tell us where it is.".into(),
        };
        let key = self.log.data_key(user, now).await.unwrap();
        let sealer = RequestSealer { user, key: &key };
        mail.sealed = sealer.close_mail(&mail, &said).unwrap();
        let beside = BesideTakedown {
            mail: Some(&mail),
            ..BesideTakedown::default()
        };
        let change = (&before, &after, None);
        let changed = self.store.change_takedown(user, change, beside, None);
        assert!(changed.await.unwrap());
    }

    async fn ask(&self, scope: ArchiveScope) -> Download {
        let asked = self.files.ask_archive(&self.caller, scope, clock::now());
        asked.await.unwrap()
    }

    async fn get(&self, id: DownloadId) -> Download {
        let got = self.files.get(self.caller.user, id, clock::now());
        got.await.unwrap()
    }

    /// Has workers take what was sent, each for one step, until nothing is sent any more; how many messages there were.
    async fn work(&self, side_by_side: usize) -> usize {
        let workers: Vec<DownloadWorker> = (0..side_by_side).map(|_| self.worker()).collect();
        let mut taken = 0;
        loop {
            let mut messages = self.cloud.told("SendMessage");
            messages.retain(|it| it["QueueUrl"] == QUEUE);
            let Some(message) = messages.get(taken) else {
                return taken;
            };
            taken += 1;
            let body = message["MessageBody"].as_str().unwrap();
            let all = workers.iter().map(|it| async move {
                it.take(&delivered(body, false)).await.unwrap();
            });
            futures_util::future::join_all(all).await;
        }
    }

    /// The file, fetched part by part.
    async fn fetch(&self, made: &Download) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in 1..=made.parts.unwrap_or(1) {
            let part = made.parts.map(|_| part);
            let address = self
                .files
                .address(&self.caller, (made.id, part), clock::now());
            let url = address.await.unwrap().url;
            let token = url.rsplit('/').next().unwrap();
            bytes.extend(self.files.fetch(token, clock::now()).await.unwrap().bytes);
            let again = self.files.fetch(token, clock::now()).await;
            assert_eq!(again.unwrap_err().code, "FILE_NOT_FOUND", "good once");
        }
        assert_eq!(Some(bytes.len() as u64), made.bytes);
        bytes
    }
}

/// A delivery whose worker has time for one step only.
fn delivered(body: &str, last: bool) -> QueueDelivery {
    QueueDelivery {
        id: "m1".into(),
        queue: "render".into(),
        body: body.to_owned(),
        receipt: "r1".into(),
        attempt: 1,
        last,
        trace: None,
        deadline: clock::now(),
    }
}

fn unzip(bytes: Vec<u8>) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip_reader(bytes);
    let mut files = BTreeMap::new();
    for at in 0..zip.len() {
        let mut entry = zip.by_index(at).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let name = entry.name().unwrap().into_owned();
        assert!(!files.contains_key(&name), "{name} is there twice");
        files.insert(name, bytes);
    }
    files
}

fn zip_reader(bytes: Vec<u8>) -> ::zip::ZipArchive<Cursor<Vec<u8>>> {
    ::zip::ZipArchive::new(Cursor::new(bytes)).unwrap()
}

fn json_of(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Value {
    let bytes = files.get(name).unwrap_or_else(|| panic!("no {name}"));
    serde_json::from_slice(bytes).unwrap()
}

/// How many things and how many left out ones the index counts in a folder.
fn counted(index: &Value, folder: &str) -> (u64, u64) {
    let sections = index["sections"].as_array().unwrap();
    let of = sections.iter().find(|it| it["folder"] == folder).unwrap();
    (
        of["items"].as_u64().unwrap(),
        of["leftOut"].as_u64().unwrap(),
    )
}

#[tokio::test]
async fn everything_of_hers_is_in_it_and_no_secret() {
    let house = house().await;
    let image = house.fill().await;
    let asked = house.ask(ArchiveScope::Everything).await;
    assert_eq!(asked.state, DownloadState::Waiting);
    let again = house.ask(ArchiveScope::Everything).await;
    assert_eq!(again, asked, "asked twice, it is one");
    house.work(1).await;
    let made = house.get(asked.id).await;
    assert_eq!(made.state, DownloadState::Ready);

    let files = unzip(house.fetch(&made).await);
    let index = json_of(&files, "index.json");
    assert_eq!(index["userId"], json!(house.caller.user));
    for (folder, items) in [
        ("account", 1),
        ("preferences", 1),
        ("pictures", 1),
        ("picture-files", 1),
        ("findings", 3),
        ("alerts", 3),
        ("scans", 1),
        ("linked-accounts", 1),
        ("documents", 1),
        ("document-versions", 2),
        ("evidence", 1),
        ("requests", 1),
        ("request-mails", 1),
    ] {
        assert_eq!(counted(&index, folder), (items, 0), "{folder}");
    }
    assert_eq!(
        json_of(&files, "account/0001.json")[0]["email"],
        "ana@example.net"
    );
    assert_eq!(
        files[&format!("picture-files/{image}.jpg")],
        vec![0xd8; 3000]
    );
    let versions = json_of(&files, "document-versions/0001.json");
    assert_eq!(versions[0]["body"], "He wrote to my sister.");
    assert_eq!(versions[1]["body"], "Another text");
    let mail = &json_of(&files, "request-mails/0001.json")[0];
    assert_eq!(mail["contents"]["from"], "abuse@bing.example");
    assert_eq!(mail["contents"]["text"], "Please tell us where it is.");
    let events = String::from_utf8(files["events/0001.jsonl"].clone()).unwrap();
    assert!(events.contains("document.created"));
    assert_eq!(events.matches("account.archive_requested").count(), 1);
    assert!(events.contains("access.read"), "{events}");
    for (name, bytes) in &files {
        let text = String::from_utf8_lossy(bytes);
        for secret in [WEBHOOK_SECRET, PASSWORD_HASH, TOKENS, "sealed"] {
            assert!(!text.contains(secret), "{secret} is in {name}");
        }
    }
}

#[tokio::test]
async fn an_archive_of_documents_has_nothing_else() {
    let house = house().await;
    house.fill().await;
    let asked = house.ask(ArchiveScope::Documents).await;
    house.work(1).await;
    let files = unzip(house.fetch(&house.get(asked.id).await).await);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "document-versions/0001.json",
            "documents/0001.json",
            "index.json"
        ]
    );
}

#[tokio::test]
async fn a_large_one_is_made_in_steps_whoever_is_at_it_and_read_in_parts() {
    let house = house().await;
    let large = 5 * 1024 * 1024;
    let mut images = Vec::new();
    for _ in 0..4 {
        images.push(house.picture(large).await);
    }
    let asked = house.ask(ArchiveScope::Everything).await;
    // Each message comes to three workers at once: of each step, two are lost.
    let messages = house.work(3).await;
    assert!(messages >= 3, "{messages}");
    let made = house.get(asked.id).await;
    assert_eq!(made.state, DownloadState::Ready);
    assert!(made.parts.unwrap() >= 5, "{made:?}");
    let prefix = key::download(house.caller.user, made.id);
    for place in house.cloud.objects_under(&prefix) {
        let stored = house.cloud.objects().get(&place, 64 << 20).await;
        let stored = stored.unwrap().unwrap();
        assert!(!stored.starts_with(b"PK"), "it is sealed");
    }
    let files = unzip(house.fetch(&made).await);
    for id in images {
        let copy = &files[&format!("picture-files/{id}.jpg")];
        assert!(copy.len() == large && copy.iter().all(|it| *it == 0xd8));
    }
    let beyond = (made.id, Some(made.parts.unwrap() + 1));
    let beyond = house.files.address(&house.caller, beyond, clock::now());
    assert_eq!(beyond.await.unwrap_err().code, "PART_NOT_FOUND");
}

#[tokio::test]
async fn what_cannot_be_read_is_counted_and_hides_nothing() {
    let house = house().await;
    let image = house.fill().await;
    let user = house.caller.user;
    let row = format!("IMAGE#{image}");
    testing::spoil(&house.client, user, &row, "uploadedAt").await;
    let event = format!("EVENT#{}#{:012}", StreamName::access(), 0);
    let asked = house.ask(ArchiveScope::Everything).await;
    testing::set_text(&house.client, user, &event, "sealed", "damaged").await;
    house.work(1).await;
    let made = house.get(asked.id).await;
    let files = unzip(house.fetch(&made).await);
    let index = json_of(&files, "index.json");
    assert_eq!(counted(&index, "pictures"), (0, 1));
    assert_eq!(counted(&index, "findings"), (3, 0));
    assert_eq!(counted(&index, "events").1, 1);
}

#[tokio::test]
async fn only_who_entered_the_password_lately_gets_it_and_it_is_recorded_before() {
    let house = house().await;
    let asked = house.ask(ArchiveScope::Documents).await;
    house.work(1).await;
    let finder = Caller {
        confirmed_at: None,
        ..house.caller.clone()
    };
    let refused = house.files.address(&finder, (asked.id, None), clock::now());
    assert_eq!(refused.await.unwrap_err().code, "STEP_UP_REQUIRED");
    let of = (house.caller.user, &StreamName::access());
    let log = house
        .log
        .read(of, None, Direction::Forward, 10, clock::now());
    assert_eq!(log.await.unwrap().events[0].data["what"], "EXPORT");
}

#[tokio::test]
async fn given_up_on_it_says_so_and_can_be_asked_for_again() {
    let house = house().await;
    house.fill().await;
    let asked = house.ask(ArchiveScope::Everything).await;
    let nowhere = DownloadWorker::new(
        house.log.clone(),
        Cloud::silent_objects(),
        (house.cloud.queues(), QUEUE.to_owned()),
    );
    let mut messages = house.cloud.told("SendMessage");
    messages.retain(|it| it["QueueUrl"] == QUEUE);
    let body = messages[0]["MessageBody"].clone();
    for (last, state) in [
        (false, DownloadState::Waiting),
        (true, DownloadState::Failed),
    ] {
        let taken: Result<()> = nowhere.take(&delivered(body.as_str().unwrap(), last)).await;
        assert!(taken.is_err());
        assert_eq!(house.get(asked.id).await.state, state);
    }
    let again = house.ask(ArchiveScope::Everything).await;
    assert_eq!(again.state, DownloadState::Waiting);
    house.work(1).await;
    assert_eq!(house.get(asked.id).await.state, DownloadState::Ready);
}

#[tokio::test]
async fn an_erasure_takes_documents_evidence_requests_and_archives_with_it() {
    let house = house().await;
    house.fill().await;
    let user = house.caller.user;
    let asked = house.ask(ArchiveScope::Everything).await;
    house.work(1).await;
    let late = house.ask(ArchiveScope::Documents).await;
    let account = house.store.account(user).await.unwrap().unwrap();
    let now = clock::now();
    let begun = house.store.begin_erasure(&account, "ana", &[], now);
    assert!(begun.await.unwrap());
    let eraser = AccountEraser::new(house.store.clone(), house.cloud.objects());
    eraser.finish(user, now).await.unwrap();
    // What was under way finds nothing to do.
    house.work(1).await;
    let all = house.client.scan().table_name("vara").send().await;
    let rows = all.unwrap().items.unwrap();
    let hers = rows
        .iter()
        .filter(|it| it["pk"].as_s().unwrap().ends_with(&user.to_string()));
    let left: Vec<&String> = hers.map(|it| it["sk"].as_s().unwrap()).collect();
    assert_eq!(left, ["ERASED"]);
    for prefix in key::all_of(user) {
        assert_eq!(house.cloud.objects_under(&prefix), Vec::<String>::new());
    }
    for id in [asked.id, late.id] {
        let got = house.files.get(user, id, clock::now()).await;
        assert_eq!(got.unwrap_err().code, "FILE_NOT_FOUND");
    }
}
