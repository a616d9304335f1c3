use serde_json::json;

use super::*;
use crate::auth::Caller;
use crate::domain::Role;
use crate::domain::document::{DocumentKind, PageSize};
use crate::services::documents::NewDocument;
use crate::testing::{self, Cloud};

const QUEUE: &str = "http://localhost/000000000000/render";
const PDF: ExportedAs = ExportedAs::Pdf(PageSize::A4);

fn delivered(body: String, last: bool) -> QueueDelivery {
    QueueDelivery {
        id: "m1".into(),
        queue: "render".into(),
        body,
        receipt: "r1".into(),
        attempt: 1,
        last,
        trace: None,
        deadline: clock::now().plus_seconds(60),
    }
}

struct House {
    cloud: Cloud,
    documents: Documents,
    files: DocumentFiles,
    worker: RenderWorker,
    caller: Caller,
}

async fn house() -> House {
    let cloud = Cloud::start().await;
    let log = EventLog::new(testing::store().await, testing::vault());
    let documents = Documents::new(log.clone());
    House {
        files: DocumentFiles::new(
            documents.clone(),
            cloud.objects(),
            cloud.queues(),
            QUEUE.to_owned(),
        ),
        worker: RenderWorker::new(log, cloud.objects()),
        documents,
        cloud,
        caller: Caller {
            user: UserId::random(),
            email: "ana@example.net".into(),
            session: None,
            role: Role::User,
            confirmed_at: None,
        },
    }
}

impl House {
    async fn letter(&self, body: &str) -> DocumentId {
        let new = serde_json::from_value::<NewDocument>(
            json!({ "kind": DocumentKind::Letter, "language": "en", "body": body, "title": "To the school" }),
        );
        let made = self
            .documents
            .create(&self.caller, new.unwrap(), clock::now());
        made.await.unwrap().document.id
    }

    async fn ask(&self, id: DocumentId, form: ExportedAs) -> Download {
        let asked = self.files.ask(self.caller.user, id, form, clock::now());
        asked.await.unwrap()
    }

    /// Gives the worker every message, the last one as its last delivery.
    async fn deliver(&self, last: bool) -> Vec<Result<()>> {
        let mut done = Vec::new();
        for message in self.cloud.told("SendMessage") {
            let delivered = delivered(message["MessageBody"].as_str().unwrap().to_owned(), last);
            done.push(self.worker.take(&delivered).await);
        }
        done
    }

    async fn get(&self, id: DownloadId) -> Download {
        let got = self.files.get(self.caller.user, id, clock::now());
        got.await.unwrap()
    }
}

#[tokio::test]
async fn a_file_is_made_once_sealed_and_fetched_once() {
    let house = house().await;
    let user = house.caller.user;
    let id = house.letter("# Dear Ms A\n\nHe wrote to my sister.").await;
    let asked = house.ask(id, PDF).await;
    assert_eq!(
        (asked.state, asked.name.as_str()),
        (DownloadState::Waiting, "document-0001.pdf")
    );
    assert_eq!(
        house.ask(id, PDF).await.id,
        asked.id,
        "asked twice, it is one file"
    );
    let early = house
        .files
        .address(&house.caller, (asked.id, None), clock::now())
        .await;
    assert_eq!(early.unwrap_err().code, "FILE_NOT_READY");
    // Both messages, and once more: the second finds it made.
    assert!(house.deliver(false).await.iter().all(Result::is_ok));
    let ready = house.get(asked.id).await;
    assert_eq!(ready.state, DownloadState::Ready);
    let place = key::download(user, asked.id);
    assert!(house.cloud.has_object(&place));
    let stored = house
        .cloud
        .objects()
        .get(&place, 1 << 20)
        .await
        .unwrap()
        .unwrap();
    assert!(!stored.starts_with(b"%PDF"), "it is sealed");

    let address = house
        .files
        .address(&house.caller, (asked.id, None), clock::now())
        .await
        .unwrap();
    let token = address.url.rsplit('/').next().unwrap();
    let file = house.files.fetch(token, clock::now()).await.unwrap();
    assert!(file.bytes.starts_with(b"%PDF-1.7"));
    assert_eq!(
        (file.kind, file.bytes.len() as u64),
        ("application/pdf", ready.bytes.unwrap())
    );
    let again = house.files.fetch(token, clock::now()).await;
    assert_eq!(again.unwrap_err().code, "FILE_NOT_FOUND");
    assert_eq!(
        house
            .files
            .fetch("made-up", clock::now())
            .await
            .unwrap_err()
            .code,
        "FILE_NOT_FOUND"
    );

    let late = house
        .files
        .address(&house.caller, (asked.id, None), clock::now())
        .await
        .unwrap();
    let token = late.url.rsplit('/').next().unwrap();
    let after = clock::now().plus_seconds(FILE_ADDRESS_LIFE_SECONDS);
    assert_eq!(
        house.files.fetch(token, after).await.unwrap_err().code,
        "FILE_NOT_FOUND"
    );
    let gone = clock::now().plus_seconds(DOWNLOAD_LIFE_SECONDS);
    assert!(house.files.get(user, asked.id, gone).await.is_err());
    let other = UserId::random();
    assert!(
        house
            .files
            .get(other, asked.id, clock::now())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn what_cannot_be_made_says_why_and_can_be_asked_for_again() {
    let house = house().await;
    let arabic = house.letter("مرحبا").await;
    let asked = house.ask(arabic, PDF).await;
    assert!(house.deliver(false).await.iter().all(Result::is_ok));
    assert_eq!(
        house.get(asked.id).await.failure,
        Some(DownloadFailure::Script)
    );
    let docx = house.ask(arabic, ExportedAs::Docx(PageSize::Letter)).await;
    assert_ne!(docx.id, asked.id);
    house.deliver(false).await;
    assert_eq!(house.get(docx.id).await.state, DownloadState::Ready);
    assert_eq!(
        house.ask(arabic, PDF).await.state,
        DownloadState::Waiting,
        "tried anew"
    );

    let letter = house.letter("One").await;
    let asked = house.ask(letter, PDF).await;
    house
        .documents
        .erase(&house.caller, letter, clock::now())
        .await
        .unwrap();
    house.deliver(false).await;
    assert_eq!(
        house.get(asked.id).await.failure,
        Some(DownloadFailure::Gone)
    );
}

#[tokio::test]
async fn given_up_on_it_says_so() {
    let house = house().await;
    let letter = house.letter("One").await;
    let asked = house.ask(letter, PDF).await;
    let log = house.documents.log.clone();
    let nowhere = RenderWorker::new(log, Cloud::silent_objects());
    let message = RenderMessage {
        user_id: house.caller.user,
        download_id: asked.id,
    };
    for last in [false, true] {
        let delivered = delivered(serde_json::to_string(&message).unwrap(), last);
        assert!(nowhere.take(&delivered).await.is_err());
        let wanted = if last {
            DownloadState::Failed
        } else {
            DownloadState::Waiting
        };
        assert_eq!(house.get(asked.id).await.state, wanted);
    }
}
