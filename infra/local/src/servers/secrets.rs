//! Secrets Manager, as far as functions ask it: the values of several secrets in one call.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

/// How many secrets one call may name.
const MOST: usize = 20;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SecretsRequest {
    secret_id_list: Vec<String>,
}

/// Answers with these values, by ARN.
pub(crate) fn router(values: BTreeMap<String, String>) -> Router {
    Router::new()
        .route("/", post(answer))
        .with_state(Arc::new(values))
}

async fn answer(
    State(values): State<Arc<BTreeMap<String, String>>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = headers.get("x-amz-target").and_then(|it| it.to_str().ok());
    let said = match (target, serde_json::from_slice(&body)) {
        (Some("secretsmanager.BatchGetSecretValue"), Ok(request)) => read(&values, &request),
        (Some("secretsmanager.BatchGetSecretValue"), Err(_)) => Err("InvalidParameterException"),
        _ => Err("UnknownOperationException"),
    };
    let (status, body) = match said {
        Ok(body) => (StatusCode::OK, body),
        Err(name) => (StatusCode::BAD_REQUEST, json!({ "__type": name })),
    };
    let kind = [("content-type", "application/x-amz-json-1.1")];
    (status, kind, body.to_string()).into_response()
}

fn read(
    values: &BTreeMap<String, String>,
    request: &SecretsRequest,
) -> Result<Value, &'static str> {
    let named = &request.secret_id_list;
    if named.is_empty() || named.len() > MOST {
        return Err("InvalidParameterException");
    }
    let (known, unknown): (Vec<_>, Vec<_>) = named.iter().partition(|it| values.contains_key(*it));
    let found = known.into_iter().map(|arn| {
        let name = arn.rsplit(':').next();
        json!({ "ARN": arn, "Name": name, "SecretString": values[arn] })
    });
    let refused = unknown.into_iter().map(
        |arn| json!({ "SecretId": arn, "ErrorCode": "ResourceNotFoundException", "Message": "" }),
    );
    Ok(json!({
        "SecretValues": found.collect::<Vec<_>>(),
        "Errors": refused.collect::<Vec<_>>(),
    }))
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn what_is_there_is_told_and_what_is_not_is_named() {
        let values = BTreeMap::from([("a:b".to_owned(), "v".to_owned())]);
        let request = |named: &[&str]| SecretsRequest {
            secret_id_list: named.iter().map(|it| (*it).to_owned()).collect(),
        };
        let told = read(&values, &request(&["a:b", "a:c"])).unwrap();
        assert_eq!(told["SecretValues"][0]["SecretString"], "v");
        assert_eq!(told["SecretValues"].as_array().unwrap().len(), 1);
        assert_eq!(told["Errors"][0]["SecretId"], "a:c");
        assert!(read(&values, &request(&[])).is_err());
        assert!(read(&values, &request(&["a"; 21])).is_err());
    }
}
