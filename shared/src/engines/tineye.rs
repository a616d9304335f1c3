//! TinEye: reverse image search. Her own picture is asked with by its bytes, so that no address of hers
//! is shown; pictures that other engines found are asked with by their addresses.

use std::time::Duration;

use bytes::Bytes;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde::Deserialize;
use url::Url;

use super::answer::{Candidate, CandidateKind, MAX_ADDRESS, SearchResult};
use super::asking::{self, EngineError, read, retry_after};
use super::reading::{list, maybe, parsed};
use crate::domain::BoxError;

/// Where the service is.
const BASE: &str = "https://api.tineye.com/rest/";

/// How many matches are asked for, and how many pages of each.
const MATCHES: &str = "50";
const PAGES: &str = "10";

/// How many matches are asked for a picture that another engine found.
const MATCHES_BY_ADDRESS: &str = "20";

/// From which score on a match is the whole picture, and from which a part of it or an altered one.
const FULL_COPY_SCORE: f64 = 50.0;
const PARTIAL: f64 = 30.0;

/// The service, with a key.
#[derive(Clone)]
pub struct TinEye {
    client: Client,
    base: Url,
    key: String,
}

impl std::fmt::Debug for TinEye {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TinEye").finish_non_exhaustive()
    }
}

impl TinEye {
    /// Its name in stored things.
    pub const NAME: &'static str = "tineye";

    /// The service at `base`, or where it really is.
    pub fn new(key: String, base: Option<&str>) -> Result<Self, BoxError> {
        Ok(Self {
            client: asking::client()?,
            base: Url::parse(base.unwrap_or(BASE))?,
            key,
        })
    }

    /// Searches for a JPEG.
    pub async fn search(&self, picture: &Bytes) -> Result<SearchResult, EngineError> {
        asking::asked(Self::NAME, || self.by_bytes(picture)).await
    }

    /// Searches for the picture at this address, which the engine fetches itself.
    pub async fn search_address(&self, picture: &str) -> Result<SearchResult, EngineError> {
        asking::asked(Self::NAME, || self.by_address(picture)).await
    }

    /// How many searches are left. Asking costs none.
    pub async fn remaining(&self) -> Result<u64, EngineError> {
        asking::asked(Self::NAME, || self.try_remaining()).await
    }

    async fn by_bytes(&self, picture: &Bytes) -> Result<SearchResult, EngineError> {
        let part = Part::stream_with_length(picture.clone(), picture.len() as u64)
            .file_name("picture.jpg");
        let part = part
            .mime_str("image/jpeg")
            .map_err(|_| EngineError::Silent)?;
        let form = Form::new().part("image_upload", part);
        let request = self.client.post(self.search_at(MATCHES, None)?);
        self.ask(request.multipart(form)).await
    }

    async fn by_address(&self, picture: &str) -> Result<SearchResult, EngineError> {
        let address = self.search_at(MATCHES_BY_ADDRESS, Some(picture))?;
        self.ask(self.client.get(address)).await
    }

    fn search_at(&self, matches: &str, picture: Option<&str>) -> Result<Url, EngineError> {
        let mut address = self.method("search/")?;
        let mut query = address.query_pairs_mut();
        if let Some(picture) = picture {
            query.append_pair("image_url", picture);
        }
        query
            .append_pair("limit", matches)
            .append_pair("backlink_limit", PAGES)
            .append_pair("sort", "score")
            .append_pair("order", "desc");
        drop(query);
        Ok(address)
    }

    fn method(&self, name: &str) -> Result<Url, EngineError> {
        let address = self.base.join(name);
        address.map_err(|_| EngineError::Garbage("no address"))
    }

    async fn ask(&self, request: RequestBuilder) -> Result<SearchResult, EngineError> {
        match self.results(request).await? {
            Some(results) => answer(results),
            None => Ok(SearchResult::unsuitable()),
        }
    }

    async fn try_remaining(&self) -> Result<u64, EngineError> {
        let request = self.client.get(self.method("remaining_searches/")?);
        let results = self.results(request).await?;
        let results = results.ok_or(EngineError::Rejected(400))?;
        let left = results.get("total_remaining_searches");
        let left = left.and_then(serde_json::Value::as_u64);
        left.ok_or(EngineError::Garbage("no count"))
    }

    /// What an answer holds. Nothing if the engine cannot search for the picture.
    async fn results(
        &self,
        request: RequestBuilder,
    ) -> Result<Option<serde_json::Value>, EngineError> {
        let sent = request.header("x-api-key", &self.key).send().await;
        let reply = sent.map_err(|_| EngineError::Silent)?;
        let (status, after) = (reply.status(), retry_after(&reply));
        // Old servers say "no signature" with a 500, so the body is read in any case.
        let text = read(reply).await?;
        let envelope: Result<Envelope, _> = parsed(&text);
        if envelope.as_ref().is_ok_and(Envelope::has_no_signature) {
            return Ok(None);
        }
        judge(status.as_u16(), after)?;
        let envelope = envelope?;
        let code = envelope.code.ok_or(EngineError::Garbage("no code"))?;
        judge(code, after)?;
        let bad = StatusCode::BAD_REQUEST;
        Ok((code != bad.as_u16() && status != bad).then_some(envelope.results))
    }
}

/// What a status, or a code in the answer, means.
fn judge(code: u16, after: Option<Duration>) -> Result<(), EngineError> {
    match code {
        200 | 400 => Ok(()),
        402 => Err(EngineError::Spent),
        401 | 403 => Err(EngineError::Refused(code)),
        429 | 500.. => Err(EngineError::Busy {
            status: code,
            after,
        }),
        _ => Err(EngineError::Garbage("an unknown status")),
    }
}

#[derive(Deserialize)]
struct Envelope {
    code: Option<u16>,
    #[serde(default)]
    messages: Vec<serde_json::Value>,
    /// `{matches}` of a success, `[]` of an error.
    #[serde(default)]
    results: serde_json::Value,
}

impl Envelope {
    fn has_no_signature(&self) -> bool {
        let said = |it: &serde_json::Value| it.as_str() == Some("NO_SIGNATURE_ERROR");
        self.messages.iter().any(said)
    }
}

#[derive(Deserialize)]
struct TinEyeResults {
    #[serde(deserialize_with = "list")]
    matches: Vec<TinEyeMatch>,
}

#[derive(Deserialize)]
struct TinEyeMatch {
    #[serde(default, deserialize_with = "maybe")]
    image_url: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    score: Option<f64>,
    #[serde(default, deserialize_with = "list")]
    backlinks: Vec<Backlink>,
}

#[derive(Deserialize)]
struct Backlink {
    #[serde(default, deserialize_with = "maybe")]
    url: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    backlink: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    crawl_date: Option<String>,
}

/// The candidates of an answer: one for each page that shows a match.
fn answer(results: serde_json::Value) -> Result<SearchResult, EngineError> {
    let results: TinEyeResults =
        serde_json::from_value(results).map_err(|_| EngineError::Garbage("no matches"))?;
    Ok(SearchResult::of(
        results.matches.into_iter().flat_map(candidates_of),
    ))
}

fn candidates_of(found: TinEyeMatch) -> Vec<Candidate> {
    let own = found.image_url.filter(|it| !it.is_empty());
    let of_match = Candidate {
        picture: own,
        score: found.score,
        kind: kind(found.score),
        ..Candidate::default()
    };
    let mut candidates: Vec<Candidate> = found
        .backlinks
        .into_iter()
        .map(|link| Candidate {
            picture: link
                .url
                .filter(|it| it.len() <= MAX_ADDRESS && !it.is_empty())
                .or_else(|| of_match.picture.clone()),
            page: link.backlink,
            seen_on: link.crawl_date,
            ..of_match.clone()
        })
        .collect();
    if candidates.is_empty() {
        candidates.push(of_match);
    }
    candidates
}

fn kind(score: Option<f64>) -> CandidateKind {
    match score {
        Some(it) if it >= FULL_COPY_SCORE => CandidateKind::Full,
        Some(it) if it >= PARTIAL => CandidateKind::Partial,
        _ => CandidateKind::Similar,
    }
}

#[cfg(test)]
mod tests;
