//! Her documents: written, saved side by side, taken back, exported, erased.

use reqwest::Method;
use serde_json::{Value, json};
use vara_tests::world::eventually;
use vara_tests::{Reply, Woman, World};

const DOCUMENTS: &str = "/api/v1/documents";

async fn save(her: &Woman<'_>, path: &str, tag: &str, text: &str) -> Reply {
    let body: Value = json!({ "body": text });
    let request = her
        .world
        .http
        .request(Method::PUT, format!("{}{path}", her.world.gateway))
        .bearer_auth(&her.token)
        .header("content-type", "application/json")
        .header("if-match", tag)
        .body(body.to_string());
    Reply::to(request).await
}

pub(crate) async fn a_letter_from_draft_to_erasure(world: &World) {
    let her = world.woman().await;
    let letter = json!({ "kind": "LETTER", "language": "en", "title": "To the school", "body": "# Dear Ms A\n\nOne" });
    let made = her.post(DOCUMENTS, letter).await;
    let tag = made.expect(201).header("etag").to_owned();
    let path = made.header("location").to_owned();
    let number = made.data()["number"].as_u64().unwrap();

    let (one, two) = tokio::join!(
        save(&her, &path, &tag, "# Dear Ms A\n\nTwo"),
        save(&her, &path, &tag, "# Dear Ms A\n\nThree"),
    );
    let mut both = [one.status, two.status];
    both.sort_unstable();
    assert_eq!(both, [200, 412], "one is told that the other was faster");
    her.call(Method::PUT, &path, Some(json!({ "body": "x" })))
        .await
        .refused(428, "PRECONDITION_REQUIRED");

    let versions = her.get(&format!("{path}/versions")).await;
    assert_eq!(versions.expect(200).data().as_array().unwrap().len(), 2);
    let diff = her.get(&format!("{path}/diff?from=1&to=2&by=word")).await;
    let ops = diff.expect(200).data().as_array().unwrap().clone();
    assert!(
        ops.iter()
            .any(|it| it["op"] == "DELETE" && it["text"] == "One")
    );
    let restored = her
        .post(&format!("{path}/versions/1/restore"), json!({}))
        .await;
    assert_eq!(restored.expect(200).data()["sha256"], made.data()["sha256"]);

    let file = her.get(&format!("{path}/export?format=txt")).await;
    assert_eq!(file.expect(200).bytes, b"Dear Ms A\n\nOne\n");
    let name = format!("attachment; filename=\"document-{number:04}.txt\"");
    assert_eq!(file.header("content-disposition"), name);
    assert_eq!(file.header("cache-control"), "no-store");

    for (format, magic) in [("pdf", &b"%PDF-1.7"[..]), ("docx", &b"PK"[..])] {
        let asked = her.get(&format!("{path}/export?format={format}")).await;
        let place = asked.expect(202).header("location").to_owned();
        eventually("the file is made", || async {
            let file = her.get(&place).await;
            (file.expect(200).data()["state"] == "READY").then_some(())
        })
        .await;
        let address = her.post(&format!("{place}/address"), json!({})).await;
        let url = address.expect(201).data()["url"]
            .as_str()
            .unwrap()
            .to_owned();
        let file = world.call(Method::GET, &url, None).await;
        assert!(file.expect(200).bytes.starts_with(magic), "{format}");
        let name = format!("attachment; filename=\"document-{number:04}.{format}\"");
        assert_eq!(file.header("content-disposition"), name);
        let again = world.call(Method::GET, &url, None).await;
        again.refused(404, "FILE_NOT_FOUND");
    }

    let listed = her.get(&format!("{DOCUMENTS}?kind=LETTER")).await;
    assert_eq!(listed.total(), 1);
    her.delete(&path).await.expect(200);
    assert_eq!(her.get(DOCUMENTS).await.total(), 0);
    her.post(&format!("{path}/take-back"), json!({}))
        .await
        .expect(200);
    assert_eq!(her.get(DOCUMENTS).await.total(), 1);

    let shown = her.get(&path).await;
    let mut signing = shown.expect(200).data().clone();
    signing["signedName"] = json!("Ana Kovač");
    let sign = format!("{path}/sign");
    let mut other = signing.clone();
    other["sha256"] = json!("0".repeat(64));
    let unread = her.post(&sign, other).await;
    unread.refused(412, "VERSION_CONFLICT");
    for _ in 0..2 {
        let signed = her.post(&sign, signing.clone()).await;
        let signed = signed.expect(200).data().clone();
        assert_eq!(
            (&signed["status"], &signed["frozen"]),
            (&json!("SIGNED"), &json!(true))
        );
        assert_eq!(signed["signedName"], "Ana Kovač");
    }
    let tag = her.get(&path).await.expect(200).header("etag").to_owned();
    let late = save(&her, &path, &tag, "# Dear Ms A\n\nFour").await;
    assert_eq!(
        (late.status, &late.json["error"]["code"]),
        (409, &json!("FROZEN"))
    );
    let copied = her.post(&format!("{path}/copy"), json!({})).await;
    assert_eq!(copied.expect(201).data()["status"], "DRAFT");

    let id = made.data()["id"].as_str().unwrap();
    let events = her
        .get(&format!("/api/v1/events/streams/document-{id}"))
        .await;
    let kinds: Vec<&str> = events
        .expect(200)
        .data()
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "document.created",
            "document.edited",
            "document.edited",
            "document.trashed",
            "document.restored",
            "document.signed",
        ]
    );
    let verified = her.get("/api/v1/events/verify").await;
    assert_eq!(verified.expect(200).data()["ok"], true);
    her.post(&format!("{path}/erase"), json!({}))
        .await
        .expect(200);
    her.get(&path).await.refused(404, "DOCUMENT_NOT_FOUND");
}

pub(crate) async fn everything_of_hers_is_made_into_one_file(world: &World) {
    let her = world.woman().await;
    let letter =
        json!({ "kind": "LETTER", "language": "en", "title": "To the school", "body": "One" });
    her.post(DOCUMENTS, letter).await.expect(201);
    let asked = her.post(&format!("{DOCUMENTS}/archives"), json!({})).await;
    assert_eq!(asked.expect(202).data()["name"], "archive.zip");
    let place = asked.header("location").to_owned();
    eventually("an archive is made", || async {
        let file = her.get(&place).await;
        (file.expect(200).data()["state"] == "READY").then_some(())
    })
    .await;
    let other = world.woman().await;
    other.get(&place).await.refused(404, "FILE_NOT_FOUND");
    let address = her.post(&format!("{place}/address"), json!({})).await;
    let url = address.expect(201).data()["url"].clone();
    let file = world.call(Method::GET, url.as_str().unwrap(), None).await;
    assert!(file.expect(200).bytes.starts_with(b"PK\x03\x04"));
    assert_eq!(file.header("content-type"), "application/zip");
    let again = world.call(Method::GET, url.as_str().unwrap(), None).await;
    again.refused(404, "FILE_NOT_FOUND");
    let documents = her.get(&format!("{DOCUMENTS}/export")).await;
    assert_ne!(
        documents.expect(202).data()["id"],
        asked.data()["id"],
        "the documents alone are another archive"
    );
}
