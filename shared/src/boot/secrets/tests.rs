use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use serde_json::json;
use tokio::net::TcpListener;

use super::*;
use crate::testing::aws;

const KEYS: &str = "arn:aws:secretsmanager:eu-central-1:1:secret:Keys-AbCdEf";
const ROOT: &str = "arn:aws:secretsmanager:eu-central-1:1:secret:Root-GhIjKl";

fn settings(values: &[(&str, &str)]) -> Vec<(String, String)> {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    values.iter().map(pair).collect()
}

/// A service that has two secrets, and does not let one be read.
async fn service() -> SdkConfig {
    let answer = async |headers: HeaderMap, body: Bytes| {
        // Not `application/json`, which the extractor would ask for.
        let request: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            headers["x-amz-target"],
            "secretsmanager.BatchGetSecretValue"
        );
        let ids = request["SecretIdList"].as_array().unwrap().clone();
        assert!(ids.len() <= MAX_SECRETS_PER_CALL);
        let known = |arn: &str| {
            [(KEYS, r#"{"a":"1","b":"","n":2}"#), (ROOT, "r00t")]
                .into_iter()
                .find_map(|(it, text)| (it == arn).then_some(text))
        };
        let mut reply = json!({ "SecretValues": [], "Errors": [] });
        for id in ids {
            let arn = id.as_str().unwrap();
            match known(arn) {
                Some(text) => reply["SecretValues"].as_array_mut().unwrap().push(
                    json!({ "ARN": arn, "Name": "n", "SecretString": text, "CreatedDate": 1.0 }),
                ),
                None => reply["Errors"].as_array_mut().unwrap().push(
                    json!({ "SecretId": arn, "ErrorCode": "AccessDeniedException", "Message": "m" }),
                ),
            }
        }
        Json(reply)
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::new().route("/", post(answer));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    aws(&endpoint)
}

#[tokio::test]
async fn settings_are_fetched_whole_and_in_parts() {
    let aws = service().await;
    let read = settings(&[
        ("TABLE", "t"),
        ("SECRET", &format!("secret:{ROOT}")),
        ("A", &format!("secret:{KEYS}#a")),
        ("B", &format!("secret:{KEYS}#b")),
    ]);
    let read = resolve(read, &aws).await.unwrap();
    let wanted = settings(&[("TABLE", "t"), ("SECRET", "r00t"), ("A", "1"), ("B", "")]);
    assert_eq!(read, wanted.into_iter().collect());
}

#[tokio::test]
async fn who_names_no_secret_asks_nobody() {
    let nobody = aws("http://127.0.0.1:1");
    let read = resolve(settings(&[("TABLE", "t")]), &nobody).await.unwrap();
    assert_eq!(read["TABLE"], "t");
}

#[tokio::test]
async fn every_setting_without_a_value_is_named_and_no_value_is_told() {
    let aws = service().await;
    let read = settings(&[
        ("A", &format!("secret:{KEYS}#absent")),
        ("N", &format!("secret:{KEYS}#n")),
        ("R", &format!("secret:{ROOT}#x")),
        ("X", "secret:arn:of-nobody"),
    ]);
    let said = resolve(read, &aws).await.unwrap_err().to_string();
    assert_eq!(
        said,
        "this function cannot start: A: its secret has no absent; N: n of its secret is not a text; \
         R: its secret is not a JSON object; X: its secret cannot be read (AccessDeniedException)"
    );
}

#[tokio::test]
async fn more_than_one_call_can_name_are_asked_for_in_several() {
    let aws = service().await;
    let mut read: Vec<_> = (0..MAX_SECRETS_PER_CALL)
        .map(|it| (format!("X{it}"), format!("secret:arn:{it}")))
        .collect();
    read.push(("Z".to_owned(), format!("secret:{ROOT}")));
    let said = resolve(read, &aws).await.unwrap_err().to_string();
    assert_eq!(said.matches("AccessDenied").count(), MAX_SECRETS_PER_CALL);
    assert!(!said.contains("Z:"), "{said}");
}
