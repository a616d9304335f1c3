use super::*;
use crate::domain::MatchId;
use crate::domain::document::DocumentLinkType;
use crate::testing::polled_before;

fn link(kind: DocumentLinkType, id: impl Into<uuid::Uuid>) -> DocumentLink {
    DocumentLink {
        kind,
        id: id.into(),
        sha256: None,
    }
}

#[tokio::test]
async fn links_lead_to_things_of_hers_only() {
    let (documents, caller) = documents().await;
    let now = clock::now();
    let made = documents.create(&caller, note("a"), now).await.unwrap();
    let own = link(DocumentLinkType::Document, made.document.id);
    let with = |links: Vec<DocumentLink>| NewDocument { links, ..note("b") };
    let second = documents.create(&caller, with(vec![own.clone()]), now);
    let second = second.await.unwrap().document.id;
    let stranger = super::caller();
    let refused = documents
        .create(&stranger, with(vec![own.clone()]), now)
        .await;
    assert_eq!(refused.unwrap_err().code, "VALIDATION_ERROR");
    for kind in DocumentLinkType::ALL {
        let unknown = link(*kind, MatchId::from(uuid::Uuid::from_u128(7)));
        let patch = DocumentPatch {
            links: Some(vec![own.clone(), unknown]),
            ..DocumentPatch::default()
        };
        let refused = documents.patch(&caller, second, None, patch, now).await;
        assert_eq!(refused.unwrap_err().code, "VALIDATION_ERROR", "{kind:?}");
    }
    // What it led to may be gone; the link may stay, and go.
    documents
        .erase(&caller, made.document.id, now)
        .await
        .unwrap();
    for links in [vec![own], Vec::new()] {
        let patch = DocumentPatch {
            links: Some(links.clone()),
            ..DocumentPatch::default()
        };
        let changed = documents.patch(&caller, second, None, patch, now).await;
        assert_eq!(changed.unwrap().document.links, links);
    }
}

#[tokio::test]
async fn a_text_that_is_saved_while_another_is_checked_is_not_called_ready() {
    let mut refused = 0;
    for polls in 0..40 {
        let (documents, caller) = documents().await;
        let now = clock::now();
        let made = documents.create(&caller, note("a"), now).await.unwrap();
        let id = made.document.id;
        let patch = DocumentPatch {
            status: Some(DocumentStatus::Ready),
            ..DocumentPatch::default()
        };
        let checked = documents.patch(&caller, id, None, patch, now);
        let saved = documents.save(&caller, id, Some(1), "b", now);
        let (checked, saved) = polled_before(polls, checked, saved).await;
        // Where the check had ended before, the save is the late one.
        if let (Ok(_), Err(err)) = (saved, checked) {
            assert_eq!(err.code, "VERSION_CONFLICT", "{polls}");
            refused += 1;
        }
    }
    assert!(refused > 0, "a save between check and change is seen");
}
