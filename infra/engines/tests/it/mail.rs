//! The mail service and its mailbox.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, Engines};

/// A mail as the SDK sends it.
pub(crate) fn request() -> Value {
    json!({
        "FromEmailAddress": "Vara <no-reply@vara.test>",
        "Destination": {"ToAddresses": ["ana@example.org"]},
        "Content": {"Simple": {
            "Subject": {"Data": "Confirm your address", "Charset": "UTF-8"},
            "Body": {
                "Text": {"Data": "Open https://vara.test/verify?token=t&type=signup to go on."},
                "Html": {"Data": "<a href=\"https://vara.test/verify?token=t&amp;type=signup\">Go on</a>"},
            },
        }},
        "EmailTags": [{"Name": "kind", "Value": "confirm"}],
    })
}

async fn send(engines: &Engines, request: &Value) -> Answer {
    engines.post("/ses/v2/email/outbound-emails", request).await
}

#[tokio::test]
async fn a_sent_mail_is_in_the_mailbox() {
    let engines = Engines::new();
    let answer = send(&engines, &request()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert!(
        answer.json()["MessageId"]
            .as_str()
            .unwrap()
            .ends_with("-000000")
    );
    assert!(!answer.header("x-amzn-requestid").is_empty());

    let mails = engines.get("/_mail").await.json();
    let mail = &mails[0];
    assert_eq!(mail["to"], "ana@example.org");
    assert_eq!(mail["from"], "Vara <no-reply@vara.test>");
    assert_eq!(mail["subject"], "Confirm your address");
    assert!(mail["text"].as_str().unwrap().starts_with("Open https://"));
    assert!(mail["html"].as_str().unwrap().starts_with("<a href"));
    assert_eq!(
        mail["links"],
        json!(["https://vara.test/verify?token=t&type=signup"])
    );
    assert!(mail["at"].as_str().unwrap().contains('T'));
}

#[tokio::test]
async fn mail_is_listed_newest_last_filtered_and_cleared() {
    let engines = Engines::new();
    for (at, to) in [
        "ana@example.org",
        "Bea <bea@example.org>",
        "ANA@example.org",
    ]
    .iter()
    .enumerate()
    {
        let mut mail = request();
        mail["Destination"]["ToAddresses"] = json!([to]);
        mail["Content"]["Simple"]["Subject"]["Data"] = json!(format!("mail {at}"));
        send(&engines, &mail).await;
    }
    let subjects = |mails: Value| -> Vec<String> {
        let mails = mails.as_array().unwrap().iter();
        mails
            .map(|it| it["subject"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = engines.get("/_mail").await.json();
    assert_eq!(subjects(all), ["mail 0", "mail 1", "mail 2"]);
    let hers = engines.get("/_mail?to=ana%40example.org").await.json();
    assert_eq!(subjects(hers), ["mail 0", "mail 2"]);
    let hers = engines.get("/_mail?to=bea@example.org").await.json();
    assert_eq!(subjects(hers), ["mail 1"]);
    assert_eq!(engines.delete("/_mail").await.json(), json!({"cleared": 3}));
    assert_eq!(engines.get("/_mail").await.json(), json!([]));
}

#[tokio::test]
async fn a_mail_may_have_one_body_only() {
    let engines = Engines::new();
    let mut mail = request();
    mail["Content"]["Simple"]["Body"] = json!({"Text": {"Data": "Hello"}});
    assert_eq!(send(&engines, &mail).await.status, StatusCode::OK);
    let mails = engines.get("/_mail").await.json();
    assert_eq!(
        (&mails[0]["html"], &mails[0]["links"]),
        (&json!(""), &json!([]))
    );
}

#[tokio::test]
async fn a_malformed_mail_is_refused_as_aws_does() {
    let engines = Engines::new();
    let faults: [fn(&mut Value); 7] = [
        |mail| mail["FromEmailAddress"] = json!(null),
        |mail| mail["FromEmailAddress"] = json!("nobody"),
        |mail| mail["Destination"] = json!({}),
        |mail| mail["Destination"]["ToAddresses"] = json!(["nobody"]),
        |mail| mail["Content"] = json!({"Template": {"TemplateName": "t"}}),
        |mail| mail["Content"]["Simple"]["Subject"] = json!(null),
        |mail| mail["Content"]["Simple"]["Body"] = json!({}),
    ];
    for (at, fault) in faults.into_iter().enumerate() {
        let mut mail = request();
        fault(&mut mail);
        let answer = send(&engines, &mail).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "fault {at}");
        assert_eq!(
            answer.header("x-amzn-errortype"),
            "BadRequestException",
            "fault {at}"
        );
        assert!(answer.json()["message"].is_string(), "fault {at}");
    }
    let answer = engines
        .call(Method::POST, "/ses/v2/email/outbound-emails", "{")
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(engines.get("/_mail").await.json(), json!([]));
}

#[tokio::test]
async fn another_operation_is_unknown() {
    let answer = Engines::new().get("/ses/v2/email/account").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(
        answer.header("x-amzn-errortype"),
        "UnknownOperationException"
    );
}
