//! Her record: a note of hers, and what a scan of hers gave to engines, in her access log.

use serde_json::{Value, json};
use uuid::Uuid;
use vara_tests::World;
use vara_tests::pictures::mine_and_found;

pub(crate) async fn notes_and_shares_are_in_her_record(world: &World) {
    let _whole = world.whole().await;
    let (mine, _) = mine_and_found();
    let her = world.woman().await;
    let note = format!("/api/v1/events/streams/note-{}", Uuid::new_v4());
    let event = json!({
        "eventId": Uuid::new_v4(), "eventType": "note.written", "data": { "text": "He wrote to my sister." },
    });
    let append = json!({ "events": [event], "expectedVersion": "none" });
    for _ in 0..2 {
        let stored = her.post(&note, append.clone()).await;
        assert_eq!(
            stored.expect(201).data()["first"],
            0,
            "once, however often it is sent"
        );
    }
    let other = json!({ "events": [{ "eventType": "note.amended", "data": {} }], "expectedVersion": "none" });
    her.post(&note, other)
        .await
        .refused(409, "WRONG_EXPECTED_VERSION");
    let page = her.get(&note).await;
    assert_eq!(
        page.expect(200).data()[0]["data"]["text"],
        "He wrote to my sister."
    );
    assert_eq!(page.json["meta"]["endOfStream"], true);
    let nothing_new = her.get(&format!("{note}?wait=0")).await;
    nothing_new.expect(304);

    // Two scans: the one that follows the upload, and hers, which takes answers that the first has just got.
    her.upload(mine).await;
    her.scan().await;
    let log = her.get("/api/v1/events/access?kind=shared&limit=200").await;
    let shared = log.expect(200).data().as_array().unwrap();
    let given: Vec<(&Value, &Value)> = shared
        .iter()
        .map(|it| (&it["data"]["recipient"], &it["data"]["scanId"]))
        .collect();
    assert!(given.iter().any(|it| it.0 == "tineye"), "{shared:#?}");
    for (at, it) in shared.iter().enumerate() {
        assert!(!given[..at].contains(&given[at]), "told twice: {it}");
        let sentence = it["sentence"].as_str().unwrap();
        assert!(sentence.contains("Vara sent"), "{sentence}");
    }
    let reads = her.get("/api/v1/events/access?kind=read").await;
    assert_eq!(reads.expect(200).data()[0]["actor"]["kind"], "USER");
    let verified = her.get("/api/v1/events/verify").await;
    assert_eq!(verified.expect(200).data()["ok"], true);
    let export = her.get("/api/v1/events/export").await;
    let lines = String::from_utf8(export.expect(200).bytes.clone()).unwrap();
    assert!(lines.contains("He wrote to my sister.") && lines.ends_with("{\"end\":true}\n"));
    her.delete(&note).await.expect(200);
    her.get(&note).await.refused(404, "STREAM_NOT_FOUND");
}
