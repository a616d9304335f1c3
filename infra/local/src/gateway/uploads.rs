//! Uploads that are too large for a function, as the distribution and the REST API behind it treat them:
//! the choice by length, the authorizer, the integration that stores the body, and the API's own answers.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{
    HeaderValue, Response, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE, ORIGIN},
    request::Parts,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    errors::{GatewayRefusal, readable},
    event::{self, EventContext},
};
use crate::{
    lambda::{InvocationOutcome, Invoke},
    servers::s3::{NewObject, StoreObject},
    template::{GatewayAnswer, LargeUploads, names},
};

/// The route of large uploads, with what is behind it.
pub(super) struct UploadRoute {
    pub(super) uploads: LargeUploads,
    pub(super) authorizer: Invoke,
    pub(super) store: StoreObject,
}

/// What an authorizer returns.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Decision {
    policy_document: Policy,
    #[serde(default)]
    context: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    statement: Vec<PolicyStatement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyStatement {
    action: String,
    effect: String,
    resource: String,
}

impl Decision {
    fn allows(&self, arn: &str) -> bool {
        let statements = &self.policy_document.statement;
        !statements.is_empty()
            && statements.iter().all(|it| {
                it.effect == "Allow" && it.action == "execute-api:Invoke" && it.resource == arn
            })
    }

    /// API Gateway takes text, numbers and truth values; a list or an object makes the decision invalid.
    fn is_valid(&self) -> bool {
        self.context
            .values()
            .all(|it| it.is_string() || it.is_number() || it.is_boolean())
    }

    fn entry(&self, name: &str) -> String {
        match self.context.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        }
    }

    /// Puts the context's entries in place of `$context.authorizer.…`. Escapes nothing, as API Gateway.
    fn fill(&self, template: &str) -> String {
        let fill = |text: String, name: &String| {
            text.replace(&format!("$context.authorizer.{name}"), &self.entry(name))
        };
        self.context.keys().fold(template.to_owned(), fill)
    }
}

impl UploadRoute {
    /// Whether the distribution sends a request this way.
    pub(super) fn takes(&self, parts: &Parts) -> bool {
        let length = parts.headers.get(CONTENT_LENGTH);
        let length = length.and_then(|it| it.to_str().ok()?.parse::<u64>().ok());
        let route = format!("{} {}", parts.method, parts.uri.path());
        length.is_some_and(|it| it > self.uploads.above_bytes) && route == self.uploads.route
    }

    /// Answers one request.
    pub(super) async fn answer(
        &self,
        parts: &Parts,
        body: Result<Bytes, GatewayRefusal>,
        context: &EventContext<'_>,
    ) -> Response<Bytes> {
        let answer = self.store(parts, body, context).await;
        let answer = answer.unwrap_or_else(|answer| answer);
        let mut response = Response::new(Bytes::from(answer.body));
        *response.status_mut() =
            StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        readable(headers, &self.uploads.cors, parts.headers.get(ORIGIN));
        response
    }

    async fn store(
        &self,
        parts: &Parts,
        body: Result<Bytes, GatewayRefusal>,
        context: &EventContext<'_>,
    ) -> Result<GatewayAnswer, GatewayAnswer> {
        let body = body.map_err(|refusal| match refusal {
            GatewayRefusal::TooLarge => self.own("REQUEST_TOO_LARGE"),
            _ => self.own("DEFAULT_4XX"),
        })?;
        let arn = format!(
            "arn:aws:execute-api:{}:{}:local/uploads/{}{}",
            names::REGION,
            names::ACCOUNT,
            parts.method,
            parts.uri.path()
        );
        let decision = self.decide(&authorizer_event(parts, &arn, context)).await?;
        if !decision.allows(&arn) {
            let GatewayAnswer { status, body } = self.own("ACCESS_DENIED");
            let body = decision.fill(&body);
            return Err(GatewayAnswer { status, body });
        }
        let variables = self.uploads.key_parts.iter();
        let key = variables.fold(self.uploads.key.clone(), |key, (variable, entry)| {
            key.replace(&format!("{{{variable}}}"), &decision.entry(entry))
        });
        let object = NewObject {
            bucket: self.uploads.bucket.clone(),
            key,
            content_type: event::text(parts, CONTENT_TYPE),
            body,
        };
        (self.store)(object).await.map_err(|reason| {
            tracing::warn!(reason, "a large upload could not be stored");
            self.uploads.failure.clone()
        })?;
        let body = STANDARD
            .decode(decision.entry(&self.uploads.answer))
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| self.own("DEFAULT_5XX"))?;
        Ok(GatewayAnswer {
            status: self.uploads.status,
            body,
        })
    }

    async fn decide(&self, event: &Value) -> Result<Decision, GatewayAnswer> {
        let outcome = (self.authorizer)(Bytes::from(event.to_string())).await;
        let decision = match &outcome {
            InvocationOutcome::Answer(answer) => serde_json::from_slice(answer).ok(),
            failed => {
                let reason = failed.failure();
                tracing::warn!(reason, "the upload authorizer failed");
                None
            }
        };
        decision
            .filter(Decision::is_valid)
            .ok_or_else(|| self.own("DEFAULT_5XX"))
    }

    fn own(&self, kind: &str) -> GatewayAnswer {
        let answer = self.uploads.answers.get(kind);
        answer.cloned().unwrap_or_default()
    }
}

/// What a REST API asks a REQUEST authorizer.
fn authorizer_event(parts: &Parts, arn: &str, context: &EventContext<'_>) -> Value {
    let path = parts.uri.path();
    json!({
        "type": "REQUEST",
        "methodArn": arn,
        "resource": path,
        "path": path,
        "httpMethod": parts.method.as_str(),
        "headers": event::headers(&parts.headers),
        "queryStringParameters": {},
        "pathParameters": {},
        "stageVariables": {},
        "requestContext": {
            "accountId": names::ACCOUNT,
            "apiId": "local",
            "httpMethod": parts.method.as_str(),
            "identity": { "sourceIp": context.peer.ip().to_string() },
            "path": format!("/uploads{path}"),
            "requestId": context.request_id,
            "resourcePath": path,
            "stage": "uploads",
        },
    })
}

#[cfg(test)]
mod tests;
