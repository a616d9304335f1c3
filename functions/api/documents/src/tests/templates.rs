//! Documents made from templates.

use super::*;

fn notice() -> Value {
    json!({
        "kind": "NOTICE", "language": "en", "templateId": "notice-us-tida",
        "fields": {
            "reference": "V-17", "recipient": "Example", "items": ["https://site.example/p/1"],
            "item_kind": "PICTURE", "harm": "INTIMATE", "contact_name": "A. B.",
            "contact_email": "c-1@post.example", "signed_on": "2026-11-30",
        },
    })
}

async fn post(api: &TestApi, token: &str, uri: &str, body: &Value) -> (u16, Value) {
    let (status, reply, _) = call(api, (Method::POST, uri, token), None, body).await;
    (status.as_u16(), reply)
}

#[tokio::test]
async fn a_notice_is_filled_in_checked_and_signed_with_its_statements() {
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    let (status, made) = post(&api, &token, DOCUMENTS, &notice()).await;
    assert_eq!(status, 201, "{made}");
    let made = &made["data"];
    let uri = format!("{DOCUMENTS}/{}", made["id"].as_str().unwrap());
    let body = made["body"].as_str().unwrap();
    assert!(body.contains("<https://site.example/p/1>") && body.contains("48 hours"));
    assert!(body.contains("\\[\\[Signature\\]\\]"), "{body}");
    assert_eq!(made["template"]["missing"][0]["name"], "signature");
    assert_eq!(
        made["title"], "Document 0001",
        "a name that gives nothing away"
    );

    let (_, check) = post(&api, &token, &format!("{uri}/check"), &Value::Null).await;
    assert_eq!(check["data"]["ok"], false);
    let codes: Vec<&str> = check["data"]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["MISSING_FIELD", "PLACEHOLDER_LEFT"]);
    let ready = (Method::PATCH, &*uri, &*token);
    let (status, refused, _) = call(&api, ready.clone(), None, &json!({ "status": "READY" })).await;
    assert_eq!(
        (status.as_u16(), &refused["error"]["code"]),
        (409, &json!("MISSING_FIELDS"))
    );
    assert_eq!(refused["error"]["details"]["missing"], json!(["signature"]));

    let fields = json!({ "fields": { "signature": "Ana B", "facts": "It *is* public." } });
    let (status, filled) = post(&api, &token, &format!("{uri}/fields"), &fields).await;
    assert_eq!(status, 200, "{filled}");
    let filled = &filled["data"];
    assert!(
        filled["body"]
            .as_str()
            .unwrap()
            .contains("It \\*is\\* public.")
    );
    assert_eq!(filled["template"]["missing"], json!([]));
    let (status, ..) = call(&api, ready, None, &json!({ "status": "READY" })).await;
    assert_eq!(status, 200);

    let sign = format!("{uri}/sign");
    let mut signing =
        json!({ "version": filled["version"], "sha256": filled["sha256"], "signedName": "Ana B" });
    let (status, refused) = post(&api, &token, &sign, &signing).await;
    assert_eq!(
        (status, &refused["error"]["code"]),
        (409, &json!("STATEMENTS_NOT_TICKED"))
    );
    assert_eq!(
        refused["error"]["details"]["statements"],
        json!(["no-consent"])
    );
    signing["statements"] = json!([{ "id": "no-consent", "ticked": false }]);
    assert_eq!(post(&api, &token, &sign, &signing).await.0, 409);
    signing["statements"] = json!([{ "id": "no-consent", "ticked": true }]);
    for _ in 0..2 {
        let (status, signed) = post(&api, &token, &sign, &signing).await;
        assert_eq!(status, 200, "{signed}");
        let words = signed["data"]["signedStatements"][0]["text"]
            .as_str()
            .unwrap();
        assert!(words.starts_with("I state in good faith"));
    }
    let (status, refused) = post(&api, &token, &format!("{uri}/fields"), &fields).await;
    assert_eq!((status, &refused["error"]["code"]), (409, &json!("FROZEN")));
    let (status, copy) = post(&api, &token, &format!("{uri}/copy"), &Value::Null).await;
    assert_eq!(
        (status, &copy["data"]["template"]["id"]),
        (201, &json!("notice-us-tida"))
    );
    assert_eq!(copy["data"]["body"], filled["body"]);
}

#[tokio::test]
async fn what_the_law_needs_stays_and_her_own_words_stay() {
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    let (_, made) = post(&api, &token, DOCUMENTS, &notice()).await;
    let uri = format!("{DOCUMENTS}/{}", made["data"]["id"].as_str().unwrap());
    let text = made["data"]["body"].as_str().unwrap();
    let save = (Method::PUT, &*uri, &*token);
    let changed = json!({ "body": text.replace("48 hours", "two days") });
    let (status, refused, _) = call(&api, save.clone(), Some("\"1\""), &changed).await;
    assert_eq!(
        (status.as_u16(), &refused["error"]["code"]),
        (409, &json!("LOCKED_TEXT_CHANGED"))
    );
    let hers = json!({ "body": text.replace("To Example,", "Dear team,") });
    let (status, ..) = call(&api, save, Some("\"1\""), &hers).await;
    assert_eq!(status, 200);
    let fields = json!({ "fields": { "recipient": "Other", "reference": "V-18" } });
    let (_, filled) = post(&api, &token, &format!("{uri}/fields"), &fields).await;
    let filled = &filled["data"];
    assert_eq!(filled["template"]["kept"], json!(["who"]));
    let text = filled["body"].as_str().unwrap();
    assert!(
        text.contains("Dear team,") && text.contains("V-18"),
        "{text}"
    );
    let restored = post(
        &api,
        &token,
        &format!("{uri}/versions/1/restore"),
        &Value::Null,
    )
    .await
    .1;
    assert_eq!(restored["data"]["template"]["fields"]["reference"], "V-17");
}

#[tokio::test]
async fn templates_are_listed_and_read_and_bad_fields_are_told() {
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    let get = async |uri: &str, status| {
        TestApi::data(api.send(Method::GET, uri, &token, "").await, status)
    };
    let all = format!("{DOCUMENTS}/templates");
    let german = get(&format!("{all}?language=de&kind=NOTICE"), 200).await;
    let german = german.as_array().unwrap();
    assert_eq!(german.len(), 11);
    assert!(
        german
            .iter()
            .all(|it| it["language"] == "de" && it["checkedBy"].is_null())
    );
    let one = get(&format!("{all}/notice-eu-dsa?language=es"), 200).await;
    assert_eq!(
        (&one["law"], &one["language"]),
        (&json!("EU_DSA"), &json!("es"))
    );
    assert!(
        one["blocks"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["locked"] == true)
    );

    let refused = async |change: Value| {
        let mut body = notice();
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        let (status, reply) = post(&api, &token, DOCUMENTS, &body).await;
        (status, reply["error"].clone())
    };
    let (status, error) =
        refused(json!({ "fields": { "items": ["javascript:x"], "no_such": 1 } })).await;
    assert_eq!(status, 400);
    assert_eq!(error["details"][0]["path"], json!(["fields", "items"]));
    assert_eq!(error["details"][1]["path"], json!(["fields", "no_such"]));
    assert_eq!(
        refused(json!({ "templateId": "no-such" })).await.1["code"],
        "TEMPLATE_NOT_FOUND"
    );
    assert_eq!(refused(json!({ "language": "fr" })).await.0, 400);
    assert_eq!(refused(json!({ "kind": "LETTER" })).await.0, 400);
    assert_eq!(refused(json!({ "body": "mine" })).await.0, 400);
    assert_eq!(
        refused(json!({ "templateId": null })).await.0,
        400,
        "fields without a template"
    );
    let (note, uri) = made(&api, &token, "mine").await;
    assert!(note.get("template").is_none());
    let (status, error) = post(
        &api,
        &token,
        &format!("{uri}/fields"),
        &json!({ "fields": {} }),
    )
    .await;
    assert_eq!(
        (status, &error["error"]["code"]),
        (409, &json!("NOT_FROM_TEMPLATE"))
    );
}
