mod links;

use super::*;
use crate::clock;
use crate::domain::Role;
use crate::testing;

async fn documents() -> (Documents, Caller) {
    let log = EventLog::new(testing::store().await, testing::vault());
    (Documents::new(log), caller())
}

fn caller() -> Caller {
    Caller {
        user: UserId::random(),
        email: "ana@example.net".into(),
        session: None,
        role: Role::User,
        confirmed_at: None,
    }
}

fn note(body: &str) -> NewDocument {
    NewDocument {
        kind: DocumentKind::Note,
        title: Some("What he said".into()),
        language: "en".into(),
        body: body.into(),
        template_id: None,
        fields: Map::new(),
        links: Vec::new(),
        searchable: true,
    }
}

#[tokio::test]
async fn every_change_has_its_event_and_nothing_she_wrote_is_in_clear() {
    let (store, client) = testing::table().await;
    let documents = Documents::new(EventLog::new(store, testing::vault()));
    let caller = caller();
    let (user, now) = (caller.user, clock::now());
    let made = documents
        .create(&caller, note("He wrote to my sister."), now)
        .await
        .unwrap();
    let id = made.document.id;
    documents
        .save(&caller, id, Some(1), "He called her.", now)
        .await
        .unwrap();
    documents
        .restore_version(&caller, id, 1, now)
        .await
        .unwrap();
    let patch = DocumentPatch {
        title: Some("Another name".into()),
        ..DocumentPatch::default()
    };
    documents
        .patch(&caller, id, None, patch, now)
        .await
        .unwrap();
    documents.trash(&caller, id, now).await.unwrap();
    documents.trash(&caller, id, now).await.unwrap();
    documents.take_back(&caller, id, now).await.unwrap();
    let rows = client.scan().table_name("vara").send().await.unwrap();
    let rows = format!("{:?}", rows.items());
    for hers in [
        "sister",
        "called",
        "What he said",
        "Another name",
        &made.document.sha256,
    ] {
        assert!(!rows.contains(hers), "{hers} is stored in clear");
    }
    documents.erase(&caller, id, now).await.unwrap();
    let stream = StreamName::document(id);
    let events = documents
        .log
        .read(
            (user, &stream),
            None,
            crate::services::record::event_log::Direction::Forward,
            20,
            now,
        )
        .await
        .unwrap()
        .events;
    let kinds: Vec<String> = events.iter().map(|it| it.kind.to_string()).collect();
    let wanted = [
        "created", "edited", "edited", "changed", "trashed", "restored", "erased",
    ];
    assert_eq!(kinds, wanted.map(|it| format!("document.{it}")));
    assert_eq!(events[0].data["sha256"], made.document.sha256.as_str());
    assert!(documents.log.verify(user).await.unwrap().ok);
}

#[tokio::test]
async fn of_a_draft_the_last_versions_stay_and_the_first_of_each_day() {
    let (documents, caller) = documents().await;
    let start = clock::now();
    let id = documents
        .create(&caller, note("0"), start)
        .await
        .unwrap()
        .document
        .id;
    // Three a day, so that the limit of writes a minute is not met.
    for at in 1..80_u64 {
        let now = start.plus_seconds(i64::try_from(at).unwrap() * 8 * 3600);
        documents
            .save(&caller, id, Some(at), &at.to_string(), now)
            .await
            .unwrap();
    }
    let versions = documents.versions(caller.user, id).await.unwrap();
    let numbers: Vec<u64> = versions.iter().map(|it| it.number).collect();
    assert!((31..=80).all(|it| numbers.contains(&it)), "{numbers:?}");
    let old: Vec<_> = versions.iter().filter(|it| it.number <= 30).collect();
    assert!(old.iter().all(|it| it.is_first_of_day));
    assert!((9..=11).contains(&old.len()), "{numbers:?}");
    let head = documents.head(caller.user, id).await.unwrap();
    assert_eq!(head.kept, versions.len() as u64);
}

#[tokio::test]
async fn documents_made_side_by_side_have_numbers_of_their_own() {
    let (documents, caller) = documents().await;
    let now = clock::now();
    let makes = (0..5).map(|_| documents.create(&caller, note("a"), now));
    let made = futures_util::future::try_join_all(makes).await.unwrap();
    let mut numbers: Vec<u32> = made.iter().map(|it| it.document.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn so_many_writes_a_minute_and_no_more() {
    let (documents, caller) = documents().await;
    let now = clock::now();
    for _ in 0..MAX_WRITES_A_MINUTE {
        documents.count(caller.user, now).await.unwrap();
    }
    let err = documents.create(&caller, note("a"), now).await.unwrap_err();
    assert_eq!(err.code, "TOO_MANY_WRITES");
    assert!(err.retry_after.is_some());
}

#[tokio::test]
async fn what_is_signed_stays_signed_and_is_signed_once() {
    let (store, _) = testing::table().await;
    let documents = Documents::new(EventLog::new(store, testing::vault()));
    let (caller, now) = (caller(), clock::now());
    let letter = NewDocument {
        kind: DocumentKind::Letter,
        ..note("Dear Ms A")
    };
    let made = documents.create(&caller, letter, now).await.unwrap();
    let id = made.document.id;
    let signing = |name: &str| DocumentSigning {
        version: 1,
        sha256: made.document.sha256.to_uppercase(),
        signed_name: name.into(),
        statements: Vec::new(),
        role: crate::templates::SignerRole::Herself,
    };
    for name in ["", " ", "two\nlines"] {
        let refused = documents.sign(&caller, id, signing(name), now).await;
        assert_eq!(refused.unwrap_err().code, "VALIDATION_ERROR", "{name:?}");
    }
    let signed = documents.sign(&caller, id, signing("Ana"), now);
    let signed = signed.await.unwrap().document;
    assert_eq!(
        (signed.signed_at, signed.signed_name.as_deref()),
        (Some(now), Some("Ana"))
    );
    let again = documents.sign(&caller, id, signing("Ana"), now.plus_seconds(9));
    assert_eq!(again.await.unwrap().document, signed, "told twice");
    let other = documents.sign(&caller, id, signing("Ben"), now).await;
    assert_eq!(other.unwrap_err().code, "FROZEN");
    for (status, shown) in [
        (DocumentStatus::Archived, DocumentStatus::Archived),
        (DocumentStatus::Draft, DocumentStatus::Signed),
    ] {
        let patch = DocumentPatch {
            status: Some(status),
            ..DocumentPatch::default()
        };
        let changed = documents.patch(&caller, id, None, patch, now).await;
        assert_eq!(changed.unwrap().document.status, shown);
    }
    let restored = documents.restore_version(&caller, id, 1, now).await;
    assert_eq!(restored.unwrap_err().code, "FROZEN");
    let copy = documents.copy(&caller, id, now).await.unwrap().document;
    assert_eq!((copy.frozen, copy.signed_name), (false, None));
}
