//! Tickets for the browser to send a file straight to the bucket: a signed POST policy.
//!
//! The SDK signs URLs but not POST policies, and only a policy can limit the size.

use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};

use super::Objects;
use crate::domain::{Error, Result, Timestamp};

/// What a browser needs to send a file: POST `fields` and then the file, as `file`, to `url`.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    /// Where to.
    pub url: String,
    /// Form fields, to be sent before the file.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, String>))]
    pub fields: serde_json::Map<String, Value>,
    /// The most bytes the file may have.
    pub max_bytes: u64,
    /// Until when.
    pub expires_at: Timestamp,
}

impl Objects {
    /// A ticket for one picture of at most `max_bytes` at `key`, good for `seconds`.
    pub async fn ticket(
        &self,
        key: &str,
        max_bytes: u64,
        seconds: i64,
        now: Timestamp,
    ) -> Result<Ticket> {
        let provider = self
            .aws
            .credentials_provider()
            .ok_or_else(|| Error::bug("signing a ticket", "no credentials"))?;
        let who = provider
            .provide_credentials()
            .await
            .map_err(|err| Error::unavailable("signing a ticket", err))?;
        let region = self.aws.region().map_or("us-east-1", |it| it.as_ref());
        let expires_at = now.plus_seconds(seconds);
        let date: String = now
            .to_string()
            .chars()
            .filter(|it| !matches!(it, '-' | ':'))
            .take(15)
            .collect::<String>()
            + "Z";
        let day = &date[..8];

        let mut fields = serde_json::Map::new();
        fields.insert("key".into(), key.into());
        fields.insert("x-amz-algorithm".into(), "AWS4-HMAC-SHA256".into());
        fields.insert(
            "x-amz-credential".into(),
            format!("{}/{day}/{region}/s3/aws4_request", who.access_key_id()).into(),
        );
        fields.insert("x-amz-date".into(), date.clone().into());
        if let Some(token) = who.session_token() {
            fields.insert("x-amz-security-token".into(), token.into());
        }
        let mut conditions: Vec<Value> = fields
            .iter()
            .map(|(name, value)| json!({ name: value }))
            .collect();
        conditions.push(json!({ "bucket": self.bucket }));
        conditions.push(json!(["content-length-range", 1, max_bytes]));
        conditions.push(json!(["starts-with", "$Content-Type", "image/"]));
        let policy = STANDARD
            .encode(json!({ "expiration": expires_at, "conditions": conditions }).to_string());
        let signature = sign(&policy, who.secret_access_key(), region, now);
        fields.insert("x-amz-signature".into(), signature.into());
        fields.insert("policy".into(), policy.into());
        Ok(Ticket {
            url: self.url(region),
            fields,
            max_bytes,
            expires_at,
        })
    }

    fn url(&self, region: &str) -> String {
        match &self.endpoint {
            Some(endpoint) => format!("{}/{}", endpoint.trim_end_matches('/'), self.bucket),
            None => format!("https://{}.s3.{region}.amazonaws.com/", self.bucket),
        }
    }
}

/// The policy is what is signed; there is no canonical request.
fn sign(policy: &str, secret: &str, region: &str, now: Timestamp) -> String {
    let key = generate_signing_key(secret, now.into(), region, "s3");
    calculate_signature(key, policy.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of the S3 documentation, "Examples: Browser-Based Upload using HTTP POST".
    #[test]
    fn signs_as_documented() {
        let policy = "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9";
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let day = Timestamp::parse("2015-12-29T23:59:59Z").unwrap();
        assert_eq!(
            sign(policy, secret, "us-east-1", day),
            "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"
        );
    }
}
