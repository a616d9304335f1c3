//! The decision on one upload, and the answer that API Gateway understands.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use vara::auth::Gate;
use vara::correlation::Correlation;
use vara::domain::{BoxError, ErrorKind, ImageState, Timestamp};
use vara::http::{ClientAddress, Edge};
use vara::metrics::{self, Measure};
use vara::services::pictures::image_addresses::{ImageAddresses, ImageView, Size};
use vara::services::pictures::images::ImageAnnouncer;
use vara::services::pictures::upload_form;
use vara::services::upkeep::rate_limits::{self, RateClass, RateLimiter};
use vara::{Error, Result};

/// What a REST API asks a REQUEST authorizer, as far as it is needed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthorizerRequest {
    method_arn: String,
    #[serde(default)]
    headers: Option<HashMap<String, String>>,
    request_context: RequestContext,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    #[serde(default)]
    request_id: String,
    identity: UploadIdentity,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UploadIdentity {
    #[serde(default)]
    source_ip: String,
}

impl AuthorizerRequest {
    /// A REST API leaves the case of names as the caller wrote them.
    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter().flatten();
        headers
            .find(|(it, _)| it.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The id the caller gave, or the gateway's.
    pub(crate) fn correlation_id(&self) -> &str {
        self.header("x-correlation-id")
            .filter(|it| Correlation::is_sane(it))
            .unwrap_or(&self.request_context.request_id)
    }
}

/// Decides who may upload, and under which name.
pub(crate) struct UploadAuthorizer {
    pub(crate) gate: Gate,
    pub(crate) limits: RateLimiter,
    pub(crate) edge: Edge,
    pub(crate) announcer: ImageAnnouncer,
    pub(crate) addresses: ImageAddresses,
}

impl UploadAuthorizer {
    /// Announces the picture and allows the upload, or denies it in words for her.
    ///
    /// Fails where we cannot tell; API Gateway then answers 500.
    pub(crate) async fn decide(
        &self,
        request: &AuthorizerRequest,
        now: Timestamp,
    ) -> Result<Value, BoxError> {
        match self.announce(request, now).await {
            Ok(view) => {
                let image = view.image();
                tracing::info!(user.id = %image.user_id, image.id = %image.id, "a large upload may come");
                Ok(allowed(request, &view))
            }
            Err(err) if matches!(err.kind, ErrorKind::Bug | ErrorKind::Unavailable) => {
                tracing::error!(
                    error.code = err.code,
                    error.chain = err.chain(),
                    "an upload could not be decided on"
                );
                Err(err.into())
            }
            Err(err) => {
                tracing::info!(error.code = err.code, "a large upload is denied");
                Ok(denied(request, &err))
            }
        }
    }

    async fn announce(&self, request: &AuthorizerRequest, now: Timestamp) -> Result<ImageView> {
        let authorization = request.header("authorization");
        let gateway = request.request_context.identity.source_ip.clone();
        let ClientAddress(address) = self
            .edge
            .client_address(|name| request.header(name), gateway);
        let subject = self.gate.subject(authorization, now).await;
        let standing = self
            .limits
            .standing(&address, subject, RateClass::Plain, now);
        if standing.await.is_some_and(|it| it.is_over) {
            metrics::note(Measure::LimitedCall);
            return Err(rate_limits::too_many_calls());
        }
        let caller = self.gate.identify(authorization, now).await?;
        upload_form::boundary(request.header("content-type").unwrap_or_default())?;
        let image = self
            .announcer
            .announce(&caller, ImageState::Pending, now)
            .await?;
        Ok(self.addresses.view(image, &caller, Size::Display, now))
    }
}

/// `answer` is in base64, because API Gateway takes plain text only and its templates escape nothing.
fn allowed(request: &AuthorizerRequest, view: &ImageView) -> Value {
    let image = view.image();
    let answer = STANDARD.encode(json!({ "data": view }).to_string());
    let context = json!({ "user": image.user_id, "image": image.id, "answer": answer });
    decision(request, "Allow", &image.user_id.to_string(), &context)
}

fn denied(request: &AuthorizerRequest, err: &Error) -> Value {
    let context = json!({ "code": err.code, "message": err.message });
    decision(request, "Deny", "nobody", &context)
}

fn decision(request: &AuthorizerRequest, effect: &str, principal: &str, context: &Value) -> Value {
    json!({
        "principalId": principal,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{
                "Action": "execute-api:Invoke",
                "Effect": effect,
                "Resource": request.method_arn,
            }],
        },
        "context": context,
    })
}
