//! Time-stamp authorities (RFC 3161 over HTTP): asks one for a stamp over a hash, and checks the answer.

use std::time::Duration;

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Client;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde::Deserialize;
use vara_evidence::timestamp::{
    self, Authority, MAX_ANSWER_BYTES, MAX_EARLY_SECONDS, StampFault, VerifiedStamp, certificates,
};

use super::asking::{EngineError, asked, read_up_to};
use crate::clock;
use crate::domain::{BoxError, Timestamp};

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// An authority as the setting `TIME_STAMP_AUTHORITIES` has it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Setting {
    name: String,
    url: String,
    /// Certificates in DER, in Base64.
    roots: Vec<String>,
    #[serde(default)]
    intermediates: Vec<String>,
    policies: Vec<String>,
}

/// A time-stamp authority that is believed.
#[derive(Clone, Debug)]
pub struct TimeStampAuthority {
    name: String,
    url: String,
    authority: Authority,
    client: Client,
}

/// A time stamp that was checked, with what is needed to check it again.
#[derive(Clone, Debug)]
pub struct TimeStamp {
    /// What it says.
    pub verified: VerifiedStamp,
    /// The request, in DER.
    pub request: Vec<u8>,
    /// The answer, in DER.
    pub answer: Vec<u8>,
}

impl TimeStampAuthority {
    /// The authorities of the setting.
    ///
    /// # Errors
    /// It is not JSON of this form, or what it holds are no certificates.
    pub fn read(setting: &str) -> Result<Vec<Self>, BoxError> {
        let settings: Vec<Setting> = serde_json::from_str(setting)?;
        settings.into_iter().map(Self::of).collect()
    }

    fn of(setting: Setting) -> Result<Self, BoxError> {
        let der = |all: Vec<String>| -> Result<Vec<Vec<u8>>, BoxError> {
            let mut read = Vec::new();
            for text in all {
                let bytes = STANDARD.decode(text)?;
                read.extend(certificates(&bytes).ok_or("not a certificate")?);
            }
            Ok(read)
        };
        let is_name = setting
            .name
            .bytes()
            .all(|it| it.is_ascii_lowercase() || it.is_ascii_digit());
        if setting.name.is_empty() || setting.name.len() > 20 || !is_name {
            return Err("the name of an authority is lower-case letters and digits".into());
        }
        if setting.policies.is_empty() || setting.roots.is_empty() {
            return Err("an authority needs a root and a policy".into());
        }
        Ok(Self {
            name: setting.name,
            url: setting.url,
            authority: Authority {
                roots: der(setting.roots)?,
                intermediates: der(setting.intermediates)?,
                policies: setting.policies,
            },
            client: Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .timeout(TIMEOUT)
                .build()?,
        })
    }

    /// Our name for it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its stamps lead to.
    #[must_use]
    pub fn roots(&self) -> &[Vec<u8>] {
        &self.authority.roots
    }

    /// A stamp over a hash of something that there was at `since`.
    ///
    /// # Errors
    /// The authority cannot be reached, refuses, or answers what is not believed.
    pub async fn stamp(&self, hash: &[u8; 32], since: Timestamp) -> Result<TimeStamp, EngineError> {
        asked("time-stamp", || self.ask(hash, since)).await
    }

    async fn ask(&self, hash: &[u8; 32], since: Timestamp) -> Result<TimeStamp, EngineError> {
        let mut nonce = [0; 8];
        rand::fill(&mut nonce).map_err(|_| EngineError::Silent)?;
        let request = timestamp::request(hash, nonce).ok_or(EngineError::Garbage("request"))?;
        let asked = self
            .client
            .post(&self.url)
            .header(CONTENT_TYPE, "application/timestamp-query")
            .header(ACCEPT, "application/timestamp-reply")
            .body(request.clone());
        let reply = asked.send().await.map_err(|_| EngineError::Silent)?;
        let status = reply.status();
        if !status.is_success() {
            let status = status.as_u16();
            return Err(EngineError::Busy {
                status,
                after: None,
            });
        }
        let answer = read_up_to(reply, MAX_ANSWER_BYTES).await?.to_vec();
        let verified = timestamp::verify(&request, &answer, &self.authority);
        let verified = verified.and_then(|it| plausible(it, since, clock::now()));
        let verified = verified.map_err(|fault| {
            tracing::warn!(authority = self.name, error = %fault, "a time stamp is not believed");
            EngineError::Garbage("a time stamp that is not believed")
        })?;
        Ok(TimeStamp {
            verified,
            request,
            answer,
        })
    }
}

/// Nothing is stamped before it is there, nor in the future.
fn plausible(
    stamp: VerifiedStamp,
    since: Timestamp,
    now: Timestamp,
) -> Result<VerifiedStamp, StampFault> {
    let is_early = stamp.at < since.minus_seconds(MAX_EARLY_SECONDS);
    let is_late = stamp.at > now.plus_seconds(MAX_EARLY_SECONDS);
    match is_early || is_late {
        true => Err(StampFault::WrongTime),
        false => Ok(stamp),
    }
}

#[cfg(test)]
mod tests;
