//! TinEye: reverse image search, asked with the picture's bytes so that no address of hers is shown.

use std::time::Duration;

use bytes::Bytes;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, StatusCode};
use serde::{Deserialize, Serialize};
use url::Url;

use super::asking::{self, EngineError, read, retry_after};
use crate::domain::BoxError;

/// Where the service is.
const BASE: &str = "https://api.tineye.com/rest/";

/// How many matches are asked for, and how many pages of each.
const MATCHES: &str = "50";
const PAGES: &str = "10";

/// How many candidates are kept, and how long their addresses may be: together they stay well inside
/// one row of the table.
const MAX_CANDIDATES: usize = 100;
const MAX_ADDRESS: usize = 1500;

/// A page that shows a picture the engine matched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// The picture's own address.
    pub picture: String,
    /// The page it is on, if the engine knows it.
    pub page: Option<String>,
    /// The engine's score, 0 to 100.
    pub score: Option<f64>,
}

/// What a search came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Best first.
    pub candidates: Vec<Candidate>,
    /// The engine cannot search for this picture, today or tomorrow.
    #[serde(default)]
    pub unsuitable: bool,
}

/// The service, with a key.
#[derive(Clone)]
pub struct TinEye {
    client: Client,
    search: Url,
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
        let mut search = Url::parse(base.unwrap_or(BASE))?.join("search/")?;
        search
            .query_pairs_mut()
            .append_pair("limit", MATCHES)
            .append_pair("backlink_limit", PAGES)
            .append_pair("sort", "score")
            .append_pair("order", "desc");
        Ok(Self {
            client: asking::client()?,
            search,
            key,
        })
    }

    /// Searches for a JPEG.
    pub async fn search(&self, picture: &Bytes) -> Result<Answer, EngineError> {
        asking::asked(Self::NAME, || self.try_search(picture)).await
    }

    async fn try_search(&self, picture: &Bytes) -> Result<Answer, EngineError> {
        let part = Part::stream_with_length(picture.clone(), picture.len() as u64)
            .file_name("picture.jpg");
        let part = part
            .mime_str("image/jpeg")
            .map_err(|_| EngineError::Silent)?;
        let form = Form::new().part("image_upload", part);
        let sent = self
            .client
            .post(self.search.clone())
            .header("x-api-key", &self.key)
            .multipart(form)
            .send()
            .await;
        let reply = sent.map_err(|_| EngineError::Silent)?;
        let (status, after) = (reply.status(), retry_after(&reply));
        // Old servers say "no signature" with a 500, so the body is read in any case.
        let text = read(reply).await?;
        let envelope: Result<Envelope, _> = serde_json::from_slice(&text);
        if let Ok(it) = &envelope
            && it
                .messages
                .iter()
                .any(|it| it.as_str() == Some("NO_SIGNATURE_ERROR"))
        {
            return Ok(Answer {
                unsuitable: true,
                ..Answer::default()
            });
        }
        judge(status.as_u16(), after)?;
        let envelope = envelope.map_err(|_| EngineError::Garbage("not the format"))?;
        let code = envelope.code.ok_or(EngineError::Garbage("no code"))?;
        judge(code, after)?;
        if code == StatusCode::BAD_REQUEST.as_u16() || status == StatusCode::BAD_REQUEST {
            return Ok(Answer {
                unsuitable: true,
                ..Answer::default()
            });
        }
        answer(envelope.results)
    }
}

/// What a status, or a code in the answer, means.
fn judge(code: u16, after: Option<Duration>) -> Result<(), EngineError> {
    match code {
        200 | 400 => Ok(()),
        401..=403 => Err(EngineError::Refused(code)),
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

#[derive(Deserialize)]
struct Results {
    matches: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    image_url: Option<String>,
    score: Option<f64>,
    #[serde(default)]
    backlinks: Vec<Backlink>,
}

#[derive(Deserialize)]
struct Backlink {
    url: Option<String>,
    backlink: Option<String>,
}

/// The candidates of an answer: one for each page that shows a match.
fn answer(results: serde_json::Value) -> Result<Answer, EngineError> {
    let results: Results =
        serde_json::from_value(results).map_err(|_| EngineError::Garbage("no matches"))?;
    let mut candidates: Vec<Candidate> = results
        .matches
        .into_iter()
        .flat_map(candidates_of)
        .collect();
    candidates.sort_by(|a, b| {
        b.score
            .unwrap_or_default()
            .total_cmp(&a.score.unwrap_or_default())
    });
    candidates.truncate(MAX_CANDIDATES);
    Ok(Answer {
        candidates,
        unsuitable: false,
    })
}

fn candidates_of(found: Found) -> Vec<Candidate> {
    let usable = |it: &String| !it.is_empty() && it.len() <= MAX_ADDRESS;
    let own = found.image_url.filter(usable);
    let score = found.score;
    let mut candidates: Vec<Candidate> = found
        .backlinks
        .into_iter()
        .filter_map(|link| {
            let page = link.backlink.filter(usable);
            let picture = link
                .url
                .filter(usable)
                .or_else(|| own.clone())
                .or_else(|| page.clone())?;
            Some(Candidate {
                picture,
                page,
                score,
            })
        })
        .collect();
    if candidates.is_empty() {
        candidates.extend(own.map(|picture| Candidate {
            picture,
            page: None,
            score,
        }));
    }
    candidates
}

#[cfg(test)]
#[path = "tineye_tests.rs"]
mod tests;
