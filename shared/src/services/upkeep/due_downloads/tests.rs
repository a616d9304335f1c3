use crate::clock;
use crate::domain::{ArchiveScope, DOWNLOAD_LIFE_SECONDS, Download, DownloadId, DownloadState};
use crate::objects::key;
use crate::store::{ArchiveProgress, DownloadOf, DownloadRow};
use crate::testing::{self, World};

#[tokio::test]
async fn a_file_nobody_makes_is_asked_for_again_and_one_that_is_over_is_removed() {
    let world = World::new().await;
    let (user, now) = (world.user, clock::now());
    let id = DownloadId::of_archive(user, ArchiveScope::Everything);
    let row = DownloadRow {
        download: Download {
            id,
            state: DownloadState::Waiting,
            name: "archive.zip".into(),
            created_at: now,
            gone_at: now.plus_seconds(DOWNLOAD_LIFE_SECONDS),
            bytes: None,
            parts: None,
            failure: None,
        },
        of: DownloadOf::Archive(ArchiveProgress::first(ArchiveScope::Everything)),
    };
    assert!(world.store.put_download(user, &row, None).await.unwrap());
    let other = key::download(user, DownloadId::of_archive(user, ArchiveScope::Documents));
    let piece = format!("{}/1", key::download(user, id));
    for place in [&other, &piece] {
        let put = world.objects.put(place, "text/plain", "sealed".into());
        put.await.unwrap();
    }
    let worker = world.due_worker();
    let files = async |at| worker.run(at).await.unwrap().done["files"];
    let asked = || {
        let mut told = world.cloud.told("SendMessage");
        told.retain(|it| it["QueueUrl"] == "render");
        told.len()
    };
    assert_eq!((files(now).await, asked()), (0, 0));
    let late = now.plus_seconds(300);
    assert_eq!((files(late).await, asked()), (1, 1));
    assert_eq!((files(late).await, asked()), (0, 1), "told twice");
    let over = row.download.gone_at;
    assert_eq!((files(over).await, asked()), (1, 1));
    assert!(world.store.due_download(user, id).await.unwrap().is_none());
    assert!(!world.cloud.has_object(&piece));
    assert!(world.cloud.has_object(&other));
}

#[tokio::test]
async fn a_file_whose_row_cannot_be_read_is_removed_with_it() {
    let (store, client) = testing::table().await;
    let world = World::new().await;
    let worker = crate::services::upkeep::due_work::DueWorker {
        store: store.clone(),
        ..world.due_worker()
    };
    let (user, now) = (world.user, clock::now());
    let id = DownloadId::of_archive(user, ArchiveScope::Documents);
    let row = format!("DOWNLOAD#{id}");
    testing::spoil(&client, user, &row, "goneAt").await;
    testing::set_text(&client, user, &row, "due_kind", "DOWNLOAD").await;
    testing::set_text(&client, user, &row, "due_at", &now.to_string()).await;
    let place = key::download(user, id);
    let put = world.objects.put(&place, "text/plain", "sealed".into());
    put.await.unwrap();
    assert_eq!(worker.run(now).await.unwrap().done["files"], 1);
    assert!(!world.cloud.has_object(&place));
    assert_eq!(worker.run(now).await.unwrap().done["files"], 0);
}
