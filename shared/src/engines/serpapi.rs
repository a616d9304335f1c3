//! `SerpApi` client: Google Lens, Google and Bing reverse image search. It is asked by an address from
//! which the engines fetch the picture, so only with one that is short-lived.
//!
//! The key travels in the query, as the service wants it; no address of it may be logged or told.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Client;
use serde::Deserialize;
use url::Url;

use super::answer::{Candidate, CandidateKind, SearchResult};
use super::asking::{self, EngineError, read, retry_after};
use super::reading::{list, maybe, parsed};
use crate::domain::BoxError;

/// Where the service is.
const BASE: &str = "https://serpapi.com/";

/// It asks others before it answers.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Hosts of the engines themselves: a link to them leads to no page that shows the picture.
const ENGINES: [&str; 7] = [
    "bing.com",
    "google.com",
    "images.google.com",
    "lens.google.com",
    "serpapi.com",
    "www.bing.com",
    "www.google.com",
];

/// What can be asked for. Each costs one search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SearchProvider {
    /// Google Lens: what looks alike, the same person too.
    GoogleLens,
    /// Google Lens: pages that show this picture.
    GoogleLensExact,
    /// Google's older search by picture.
    GoogleReverseImage,
    /// Bing's search by picture.
    BingReverseImage,
}

impl SearchProvider {
    /// All of them, in the order in which they are worth asking.
    pub const ALL: [Self; 4] = [
        Self::GoogleLens,
        Self::GoogleLensExact,
        Self::GoogleReverseImage,
        Self::BingReverseImage,
    ];

    /// Its name in stored things.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::GoogleLens => "google_lens",
            Self::GoogleLensExact => "google_lens_exact",
            Self::GoogleReverseImage => "google_reverse_image",
            Self::BingReverseImage => "bing_reverse_image",
        }
    }

    /// How the service is asked for it. Nothing is left out to spare anybody's eyes: what she looks for
    /// may be just that.
    fn question(self, picture: &str) -> Vec<(&'static str, &str)> {
        let lens = |kind| {
            vec![
                ("engine", "google_lens"),
                ("url", picture),
                ("type", kind),
                ("hl", "en"),
                ("country", "us"),
                ("safe", "off"),
            ]
        };
        match self {
            Self::GoogleLens => lens("visual_matches"),
            Self::GoogleLensExact => lens("exact_matches"),
            Self::GoogleReverseImage | Self::BingReverseImage => {
                vec![("engine", self.name()), ("image_url", picture)]
            }
        }
    }
}

/// The service, with a key.
#[derive(Clone)]
pub struct SerpApi {
    client: Client,
    base: Url,
    key: String,
    leaves_no_trace: bool,
}

impl std::fmt::Debug for SerpApi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SerpApi").finish_non_exhaustive()
    }
}

impl SerpApi {
    /// Its name in stored things.
    pub const NAME: &'static str = "serpapi";

    /// The service at `base`, or where it really is.
    pub fn new(key: String, base: Option<&str>) -> Result<Self, BoxError> {
        Self::patient(key, base, TIMEOUT)
    }

    fn patient(key: String, base: Option<&str>, timeout: Duration) -> Result<Self, BoxError> {
        Ok(Self {
            client: asking::patient(timeout)?,
            base: Url::parse(base.unwrap_or(BASE))?,
            key,
            leaves_no_trace: false,
        })
    }

    /// The same, and the service keeps nothing of what it was asked. Its larger plans allow that.
    #[must_use]
    pub fn leaving_no_trace(self) -> Self {
        Self {
            leaves_no_trace: true,
            ..self
        }
    }

    /// What `provider` finds for the picture at this address. The service keeps an answer for an hour,
    /// so asking again after trouble is not paid for twice.
    pub async fn search(
        &self,
        provider: SearchProvider,
        picture: &str,
    ) -> Result<SearchResult, EngineError> {
        asking::asked(provider.name(), || self.try_search(provider, picture)).await
    }

    /// How many searches are left. Asking costs none.
    pub async fn remaining(&self) -> Result<u64, EngineError> {
        asking::asked(Self::NAME, || self.try_remaining()).await
    }

    async fn try_search(
        &self,
        provider: SearchProvider,
        picture: &str,
    ) -> Result<SearchResult, EngineError> {
        let mut question = provider.question(picture);
        if self.leaves_no_trace {
            question.push(("zero_trace", "true"));
        }
        let said = self.ask("search.json", &question).await?;
        match said.status {
            200 => said.reply()?.answer(),
            429 => Err(self.throttled_or_spent(&said).await),
            _ => Err(said.trouble()),
        }
    }

    /// The same status stands for "slower" and for "used up": the words tell, or the account.
    async fn throttled_or_spent(&self, said: &Said) -> EngineError {
        let words = said.reply().ok().and_then(|it| it.error);
        match words.as_deref().map(meaning) {
            Some(SerpApiMeaning::Spent) => return EngineError::Spent,
            Some(SerpApiMeaning::TooFast) => return said.trouble(),
            _ => {}
        }
        match self.try_remaining().await {
            Ok(0) => EngineError::Spent,
            _ => said.trouble(),
        }
    }

    async fn try_remaining(&self) -> Result<u64, EngineError> {
        let said = self.ask("account.json", &[]).await?;
        if said.status != 200 {
            return Err(said.trouble());
        }
        // Nothing else of it is read: it holds the key and an address.
        let account: AccountReply = parsed(&said.text)?;
        let left = account.total_searches_left;
        left.ok_or(EngineError::Garbage("no count"))
    }

    async fn ask(&self, path: &str, question: &[(&str, &str)]) -> Result<Said, EngineError> {
        let address = self.base.join(path);
        let mut address = address.map_err(|_| EngineError::Garbage("no address"))?;
        address
            .query_pairs_mut()
            .extend_pairs(question)
            .append_pair("api_key", &self.key);
        // The error would name the address and so the key.
        let sent = self.client.get(address).send().await;
        let reply = sent.map_err(|_| EngineError::Silent)?;
        Ok(Said {
            status: reply.status().as_u16(),
            after: retry_after(&reply),
            text: read(reply).await?,
        })
    }
}

/// An answer as it came.
struct Said {
    status: u16,
    after: Option<Duration>,
    text: Bytes,
}

impl Said {
    fn reply(&self) -> Result<SerpApiReply, EngineError> {
        parsed(&self.text)
    }

    fn trouble(&self) -> EngineError {
        let (status, after) = (self.status, self.after);
        match status {
            401 | 403 => EngineError::Refused(status),
            402 => EngineError::Spent,
            400 | 404 | 410 => EngineError::Rejected(status),
            429 | 500.. => EngineError::Busy { status, after },
            _ => EngineError::Garbage("an unknown status"),
        }
    }
}

#[derive(Deserialize)]
struct AccountReply {
    total_searches_left: Option<u64>,
}

#[derive(Deserialize)]
struct SerpApiReply {
    #[serde(default, deserialize_with = "maybe")]
    error: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    search_metadata: Option<About>,
    #[serde(default, deserialize_with = "list")]
    exact_matches: Vec<SerpApiResult>,
    #[serde(default, deserialize_with = "list")]
    visual_matches: Vec<SerpApiResult>,
    #[serde(default, deserialize_with = "list")]
    image_results: Vec<SerpApiResult>,
    #[serde(default, deserialize_with = "list")]
    inline_images: Vec<SerpApiResult>,
    #[serde(default, deserialize_with = "list")]
    images_results: Vec<SerpApiResult>,
    #[serde(default, deserialize_with = "list")]
    related_content: Vec<SerpApiResult>,
}

#[derive(Deserialize)]
struct About {
    status: Option<String>,
}

/// One result of any of the lists. Most of it may be missing.
#[derive(Deserialize)]
struct SerpApiResult {
    #[serde(default, deserialize_with = "maybe")]
    title: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    link: Option<String>,
    /// The page's address in some lists, the site's name in others.
    #[serde(default, deserialize_with = "maybe")]
    source: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    image: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    original: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    cdn_original: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    thumbnail: Option<String>,
    /// A day, or words like "2 years ago".
    #[serde(default, deserialize_with = "maybe")]
    date: Option<String>,
}

impl SerpApiReply {
    fn answer(self) -> Result<SearchResult, EngineError> {
        let state = self.search_metadata.and_then(|it| it.status);
        let is_done = state.as_deref() == Some("Success");
        let meaning = self.error.as_deref().map(meaning);
        match (state.as_deref(), &meaning) {
            (_, Some(SerpApiMeaning::Spent)) => return Err(EngineError::Spent),
            (_, Some(SerpApiMeaning::WrongKey)) => return Err(EngineError::Refused(401)),
            (_, Some(SerpApiMeaning::TooFast)) => return Err(busy(429)),
            // Nothing was found, which is said as an error.
            (_, Some(SerpApiMeaning::Nothing)) => {}
            (Some("Queued" | "Processing"), _) => {
                return Err(EngineError::Garbage("not finished"));
            }
            (Some("Error"), _) => return Err(busy(503)),
            (_, Some(SerpApiMeaning::Other)) if !is_done => return Err(busy(503)),
            (None, None) => return Err(EngineError::Garbage("no state")),
            _ => {}
        }
        let lists = [
            (self.exact_matches, CandidateKind::Full),
            (self.image_results, CandidateKind::Page),
            (self.visual_matches, CandidateKind::Similar),
            (self.inline_images, CandidateKind::Similar),
            (self.images_results, CandidateKind::Similar),
            (self.related_content, CandidateKind::Similar),
        ];
        let candidates = lists
            .into_iter()
            .flat_map(|(found, kind)| found.into_iter().map(move |it| it.candidate(kind)));
        Ok(SearchResult::of(candidates))
    }
}

fn busy(status: u16) -> EngineError {
    EngineError::Busy {
        status,
        after: None,
    }
}

impl SerpApiResult {
    fn candidate(self, kind: CandidateKind) -> Candidate {
        let mut pages = [self.source, self.link].into_iter().flatten();
        let page = pages.find(|it| is_a_page(it));
        let large = self.image.or(self.original).or(self.cdn_original);
        // A small copy will do to look at, but not to stand for a page that is not known.
        let small = self.thumbnail.filter(|_| page.is_some());
        Candidate {
            picture: large.or(small),
            page,
            kind,
            title: self.title,
            seen_on: self.date,
            score: None,
        }
    }
}

fn is_a_page(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.host_str().is_some_and(|it| !ENGINES.contains(&it))
    })
}

/// What the words of an error stand for. The service has no codes for them.
#[derive(Debug, PartialEq, Eq)]
enum SerpApiMeaning {
    Nothing,
    Spent,
    TooFast,
    WrongKey,
    Other,
}

fn meaning(words: &str) -> SerpApiMeaning {
    let words = words.to_lowercase();
    let say = |any: &[&str]| any.iter().any(|it| words.contains(it));
    let too_fast = say(&["throughput", "too many requests", "rate limit"]);
    let spent = say(&["run out of searches", "exhausted"]);
    match (too_fast, spent) {
        // One text names both reasons.
        (true, true) => SerpApiMeaning::Other,
        (true, false) => SerpApiMeaning::TooFast,
        (false, true) => SerpApiMeaning::Spent,
        _ if say(&["invalid api key"]) => SerpApiMeaning::WrongKey,
        _ if say(&["any results", "no results"]) => SerpApiMeaning::Nothing,
        _ => SerpApiMeaning::Other,
    }
}

#[cfg(test)]
mod tests;
