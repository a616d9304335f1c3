use super::*;
use crate::clock;
use crate::testing;

fn head(user_number: u32, now: Timestamp) -> DocumentRow {
    DocumentRow {
        id: DocumentId::next(),
        number: user_number,
        kind: DocumentKind::Note,
        language: "en".into(),
        status: DocumentStatus::Trashed,
        status_before: Some(DocumentStatus::Draft),
        version: 3,
        kept: 3,
        revision: 5,
        bytes: 1,
        searchable: true,
        created_at: now,
        updated_at: now,
        edited_at: now,
        signed_at: None,
        trashed_at: Some(now),
        is_erased: false,
        sealed: "x".into(),
    }
}

#[tokio::test]
async fn what_expires_is_taken_once_and_removed_with_its_totals_however_often() {
    let (store, user, now) = (testing::store().await, UserId::random(), clock::now());
    let trashed = head(1, now);
    let counts = [
        (ALL.to_owned(), 1),
        (counter((trashed.status, trashed.kind)), 1),
    ];
    let row = head_row(user, &trashed, trashed.erase_at());
    let mut tx = store.tx().create(&row).count(user, &counts);
    for number in 1..=3_u64 {
        // Unreadable on purpose: they go all the same.
        tx = tx.create(&Row::new(
            version_key(user, trashed.id, number),
            serde_json::json!({ "number": "x" }),
        ));
    }
    assert!(tx.commit().await.unwrap().is_done());
    let due_at = now.plus_seconds(TRASH_SECONDS);
    assert!(
        store
            .due(DUE_DOCUMENT, due_at.minus_seconds(1), 9)
            .await
            .unwrap()
            .is_empty()
    );
    let due = store.due(DUE_DOCUMENT, due_at, 9).await.unwrap();
    assert_eq!(
        due.first().and_then(crate::store::Due::document),
        Some(trashed.id)
    );

    store
        .remove_erased_document(user, trashed.id)
        .await
        .unwrap();
    assert!(
        store.document(user, trashed.id).await.unwrap().is_some(),
        "it is not erased yet"
    );
    assert!(store.expire_document(user, &trashed, due_at).await.unwrap());
    assert!(!store.expire_document(user, &trashed, due_at).await.unwrap());
    assert_eq!(store.document(user, trashed.id).await.unwrap(), None);
    for _ in 0..2 {
        store
            .remove_erased_document(user, trashed.id)
            .await
            .unwrap();
    }
    assert_eq!(store.document_totals(user).await.unwrap().all, 0);
    assert_eq!(store.due_document(user, trashed.id).await.unwrap(), None);
    let left = store
        .rows_starting(Key::user(user, "DOCV#"))
        .send()
        .await
        .unwrap();
    assert_eq!(left.count(), 0);
}
