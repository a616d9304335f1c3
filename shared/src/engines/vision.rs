//! Google Cloud Vision: pages and pictures that match, and what the picture shows. Asked with the
//! picture's bytes, so that no address of hers is shown.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::Client;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::answer::{Candidate, CandidateKind, SafeSearch, SearchResult};
use super::asking::{self, EngineError, TIMEOUT, read, retry_after};
use super::reading::{list, maybe, parsed};
use crate::domain::BoxError;

/// Where the service is.
const BASE: &str = "https://vision.googleapis.com/";

/// How many of each sort are asked for.
const MATCHES: u32 = 50;

/// The largest picture whose question stays under the service's ten megabytes.
const MAX_PICTURE: usize = 7 * 1024 * 1024;

/// The service, with a key.
#[derive(Clone)]
pub struct Vision {
    client: Client,
    annotate: Url,
    key: String,
}

impl std::fmt::Debug for Vision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vision").finish_non_exhaustive()
    }
}

impl Vision {
    /// Its name in stored things.
    pub const NAME: &'static str = "google-vision";

    /// The service at `base`, or where it really is.
    pub fn new(key: String, base: Option<&str>) -> Result<Self, BoxError> {
        Self::patient(key, base, TIMEOUT)
    }

    fn patient(key: String, base: Option<&str>, timeout: Duration) -> Result<Self, BoxError> {
        // With an address around it, or `v1:` would be read as one.
        let annotate = Url::parse(base.unwrap_or(BASE))?.join("./v1/images:annotate")?;
        Ok(Self {
            client: asking::patient(timeout)?,
            annotate,
            key,
        })
    }

    /// Searches for a picture.
    pub async fn search(&self, picture: &Bytes) -> Result<SearchResult, EngineError> {
        if picture.len() > MAX_PICTURE {
            return Ok(SearchResult::unsuitable());
        }
        let question = json!({ "requests": [{
            "image": { "content": STANDARD.encode(picture) },
            "features": [
                { "type": "WEB_DETECTION", "maxResults": MATCHES },
                { "type": "SAFE_SEARCH_DETECTION" },
            ],
            "imageContext": { "webDetectionParams": { "includeGeoResults": false } },
        }] });
        let question = Bytes::from(question.to_string());
        asking::asked(Self::NAME, || self.ask(question.clone())).await
    }

    async fn ask(&self, question: Bytes) -> Result<SearchResult, EngineError> {
        let sent = self
            .client
            .post(self.annotate.clone())
            // In a header and not in the address, which others may write down.
            .header("x-goog-api-key", &self.key)
            .header("content-type", "application/json")
            .body(question)
            .send()
            .await;
        let reply = sent.map_err(|_| EngineError::Silent)?;
        let (status, after) = (reply.status().as_u16(), retry_after(&reply));
        let text = read(reply).await?;
        let whole: Result<VisionReply, _> = parsed(&text);
        if status != 200 {
            let trouble = whole.ok().and_then(|it| it.error).unwrap_or_default();
            return Err(trouble.of_the_call(status, after));
        }
        let whole = whole?;
        if let Some(trouble) = whole.error {
            return Err(trouble.of_the_call(trouble.http(), after));
        }
        let of_picture = whole.responses.into_iter().next();
        of_picture
            .ok_or(EngineError::Garbage("no responses"))?
            .answer()
    }
}

#[derive(Deserialize)]
struct VisionReply {
    #[serde(default)]
    responses: Vec<PictureReply>,
    #[serde(default, deserialize_with = "maybe")]
    error: Option<VisionStatus>,
}

/// The answer about one picture. Whatever is empty is left out.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PictureReply {
    web_detection: Option<WebDetection>,
    #[serde(default, deserialize_with = "maybe")]
    safe_search_annotation: Option<SafeSearch>,
    #[serde(default, deserialize_with = "maybe")]
    error: Option<VisionStatus>,
}

impl PictureReply {
    fn answer(self) -> Result<SearchResult, EngineError> {
        let named = match (self.web_detection, self.error) {
            // What was found before something failed is as good as ever.
            (Some(web), _) => web.candidates(),
            (None, Some(trouble)) => return trouble.of_the_picture(),
            (None, None) => Vec::new(),
        };
        Ok(SearchResult {
            safe_search: self.safe_search_annotation,
            ..SearchResult::of(named)
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WebDetection {
    #[serde(default, deserialize_with = "list")]
    full_matching_images: Vec<WebPicture>,
    #[serde(default, deserialize_with = "list")]
    partial_matching_images: Vec<WebPicture>,
    #[serde(default, deserialize_with = "list")]
    pages_with_matching_images: Vec<WebPage>,
    #[serde(default, deserialize_with = "list")]
    visually_similar_images: Vec<WebPicture>,
}

#[derive(Deserialize)]
struct WebPicture {
    url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WebPage {
    url: String,
    #[serde(default, deserialize_with = "maybe")]
    page_title: Option<String>,
    #[serde(default, deserialize_with = "list")]
    full_matching_images: Vec<WebPicture>,
    #[serde(default, deserialize_with = "list")]
    partial_matching_images: Vec<WebPicture>,
}

impl WebDetection {
    /// Pages first: they say more of a picture than its bare address does.
    fn candidates(self) -> Vec<Candidate> {
        let bare = |pictures: Vec<WebPicture>, kind| {
            pictures.into_iter().map(move |it| Candidate {
                picture: Some(it.url),
                kind,
                ..Candidate::default()
            })
        };
        let pages = self.pages_with_matching_images.into_iter();
        pages
            .flat_map(WebPage::candidates)
            .chain(bare(self.full_matching_images, CandidateKind::Full))
            .chain(bare(self.partial_matching_images, CandidateKind::Partial))
            .chain(bare(self.visually_similar_images, CandidateKind::Similar))
            .collect()
    }
}

impl WebPage {
    /// One for each picture on the page, or the page alone if the service names none.
    fn candidates(self) -> Vec<Candidate> {
        let page = Candidate {
            page: Some(self.url),
            title: self.page_title,
            kind: CandidateKind::Page,
            ..Candidate::default()
        };
        let of = |pictures: Vec<WebPicture>, kind| {
            let page = page.clone();
            pictures.into_iter().map(move |it| Candidate {
                picture: Some(it.url),
                kind,
                ..page.clone()
            })
        };
        let mut all: Vec<_> = of(self.full_matching_images, CandidateKind::Full).collect();
        all.extend(of(self.partial_matching_images, CandidateKind::Partial));
        if all.is_empty() {
            all.push(page);
        }
        all
    }
}

/// An error as the service writes it, of the whole call or of one picture. Zeros are left out.
#[derive(Default, Deserialize)]
struct VisionStatus {
    #[serde(default)]
    code: u16,
    #[serde(default, deserialize_with = "list")]
    details: Vec<VisionStatusDetail>,
}

#[derive(Deserialize)]
struct VisionStatusDetail {
    #[serde(default, deserialize_with = "maybe")]
    reason: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    metadata: Option<VisionQuotaMetadata>,
}

#[derive(Deserialize)]
struct VisionQuotaMetadata {
    quota_limit: Option<String>,
}

impl VisionStatus {
    /// The status of HTTP that the code stands for: of a call it is one, of a picture it is an RPC's.
    fn http(&self) -> u16 {
        match self.code {
            3 | 9 | 11 => 400,
            16 => 401,
            7 => 403,
            5 => 404,
            8 => 429,
            14 => 503,
            4 => 504,
            code @ 400..600 => code,
            _ => 500,
        }
    }

    fn of_the_call(&self, status: u16, after: Option<Duration>) -> EngineError {
        match status {
            // A bad key is a bad request to this service.
            400 if self.has_reason("API_KEY") => EngineError::Refused(400),
            400 | 404 | 405 | 411 | 413 => EngineError::Rejected(status),
            401..=403 => EngineError::Refused(status),
            429 if self.is_of_the_day() => EngineError::Spent,
            408 => EngineError::Silent,
            429 | 500.. => EngineError::Busy { status, after },
            _ => EngineError::Garbage("an unknown status"),
        }
    }

    /// What an error about the picture means: bad data is no failure of the service.
    fn of_the_picture(&self) -> Result<SearchResult, EngineError> {
        match self.http() {
            400 => Ok(SearchResult::unsuitable()),
            status => Err(self.of_the_call(status, None)),
        }
    }

    fn has_reason(&self, start: &str) -> bool {
        let mut named = self.details.iter().filter_map(|it| it.reason.as_ref());
        named.any(|it| it.starts_with(start))
    }

    /// Whether it is the quota of a day and not that of a minute that is used up.
    fn is_of_the_day(&self) -> bool {
        let limit = |it: &VisionStatusDetail| it.metadata.as_ref()?.quota_limit.clone();
        let mut limits = self.details.iter().filter_map(limit);
        limits.any(|it| it.contains("PerDay"))
    }
}

#[cfg(test)]
mod tests;
