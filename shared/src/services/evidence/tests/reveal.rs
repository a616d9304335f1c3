use super::*;
use crate::services::record::access_log::{AccessFilter, AccessLog};

#[tokio::test]
async fn what_is_revealed_is_fetched_once_and_told_of_before() {
    let desk = Desk::new().await;
    let id = desk.ask(EvidenceKeep::Full).await;
    desk.take(EvidenceTask::EvidenceId(id), false)
        .await
        .unwrap();
    let reveal = async || {
        let role = EvidenceRole::Image;
        let given = desk.records.reveal(&desk.caller, id, role, clock::now());
        let given = given.await.unwrap().url;
        given
            .strip_prefix("/api/v1/evidence/files/")
            .unwrap()
            .to_owned()
    };
    let token = reveal().await;
    let kinds = desk.kinds(id).await;
    assert_eq!(kinds.last().map(String::as_str), Some("evidence.revealed"));
    let access = AccessLog::new(desk.records.files.log.clone());
    let listed = async || {
        let filter = AccessFilter::default();
        let listed = access.list(desk.caller.user, &filter, None, 10, clock::now());
        listed.await.unwrap().entries
    };
    let entries = listed().await;
    assert_eq!(entries[0].data["subject"], json!(id));
    let file = desk.records.fetch(&token, clock::now()).await.unwrap();
    let item = desk
        .get(id)
        .await
        .items
        .into_iter()
        .find(|it| it.role == EvidenceRole::Image);
    assert_eq!(vara_evidence::sha256_hex(&file.bytes), item.unwrap().sha256);
    assert!(file.kind.starts_with("image/"));
    let again = desk.records.fetch(&token, clock::now()).await;
    assert_eq!(again.unwrap_err().code, "FILE_NOT_FOUND");
    // Each time it is revealed is told of; an address that is too old gives nothing.
    let token = reveal().await;
    assert_eq!(listed().await.len(), entries.len() + 1);
    let late = desk
        .records
        .fetch(&token, clock::now().plus_seconds(61))
        .await;
    assert_eq!(late.unwrap_err().code, "FILE_NOT_FOUND");
}

#[tokio::test]
async fn what_is_not_kept_or_erased_or_of_somebody_else_is_not_revealed() {
    let desk = Desk::new().await;
    let id = desk.ask(EvidenceKeep::Blurred).await;
    desk.take(EvidenceTask::EvidenceId(id), false)
        .await
        .unwrap();
    let reveal = async |role| {
        desk.records
            .reveal(&desk.caller, id, role, clock::now())
            .await
    };
    let refused = reveal(EvidenceRole::Image).await;
    assert_eq!(refused.unwrap_err().code, "NOTHING_KEPT");
    let given = reveal(EvidenceRole::Headers).await.unwrap().url;
    let stranger = Caller {
        user: UserId::random(),
        ..desk.caller.clone()
    };
    let refused = desk
        .records
        .reveal(&stranger, id, EvidenceRole::Blurred, clock::now());
    assert_eq!(refused.await.unwrap_err().code, "EVIDENCE_NOT_FOUND");
    desk.records
        .erase(&desk.caller, id, clock::now())
        .await
        .unwrap();
    let token = given.rsplit('/').next().unwrap();
    let gone = desk.records.fetch(token, clock::now()).await;
    assert_eq!(gone.unwrap_err().code, "FILE_NOT_FOUND");
}
