//! The face search of `FaceCheck` finds pages that show the same face. A picture is uploaded, asked
//! about until the search is done, and must be removed, whatever became of that: who uploads keeps the
//! [`FaceCheckUpload`].

use std::time::Duration;

use bytes::Bytes;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use super::answer::{Candidate, CandidateKind, SearchResult};
use super::asking::{self, EngineError, read_up_to, retry_after};
use super::reading::{list, maybe, parsed};
use crate::domain::BoxError;

/// Where the service is.
const BASE: &str = "https://facecheck.id/";

/// How long one question may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// An answer holds a small copy of every picture it names, none of which is kept.
const MAX_ANSWER: usize = 32 * 1024 * 1024;

/// How alike the faces must be, by the service's score.
const MIN_SCORE: f64 = 70.0;

/// How often it is asked to remove a picture before that is given up.
const REMOVALS: u32 = 3;

/// Between two questions about the same search.
const POLL_INTERVAL: Duration = Duration::from_secs(3);

/// A picture that lies at the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaceCheckUpload {
    /// The name of the search.
    search: String,
    /// The names of the pictures in it.
    pictures: Vec<String>,
}

impl FaceCheckUpload {
    /// The name of the search it is uploaded for, and of no other.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.search
    }
}

/// How far a search is.
#[derive(Clone, Debug, PartialEq)]
pub enum Poll {
    /// Not done.
    Pending,
    /// It says it is done and names nothing, which it may yet take back.
    Doubtful,
    /// Done.
    Done(SearchResult),
}

/// The service, with a key.
#[derive(Clone)]
pub struct FaceCheck {
    client: Client,
    base: Url,
    key: String,
    pause: Duration,
    testing: bool,
}

impl std::fmt::Debug for FaceCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FaceCheck")
            .field("testing", &self.testing)
            .finish_non_exhaustive()
    }
}

impl FaceCheck {
    /// Its name in stored things.
    pub const NAME: &'static str = "facecheck";

    /// The service at `base`, or where it really is.
    pub fn new(key: String, base: Option<&str>) -> Result<Self, BoxError> {
        Ok(Self {
            client: asking::patient(TIMEOUT)?,
            base: Url::parse(base.unwrap_or(BASE))?,
            key,
            pause: POLL_INTERVAL,
            testing: false,
        })
    }

    /// The same in testing mode: a small part of the faces is searched, and nothing is paid.
    #[must_use]
    pub fn in_testing_mode(self) -> Self {
        Self {
            testing: true,
            ..self
        }
    }

    /// How long to wait between two questions about the same search.
    pub(crate) fn pause(&self) -> Duration {
        self.pause
    }

    /// Uploads a JPEG. Nothing if the service sees no face in it.
    ///
    /// Never tried again here: the service may have kept a picture whose name did not reach us, and a
    /// second one would not remove the first.
    pub async fn upload(&self, picture: &Bytes) -> Result<Option<FaceCheckUpload>, EngineError> {
        let part = Part::stream_with_length(picture.clone(), picture.len() as u64)
            .file_name("picture.jpg")
            .mime_str("image/jpeg");
        let part = part.map_err(|_| EngineError::Silent)?;
        let form = Form::new().part("images", part).text("id_search", "");
        let reply = self
            .ask(self.post("api/upload_pic")?.multipart(form))
            .await?;
        match reply.meaning() {
            Some(FaceCheckMeaning::NoFace) => Ok(None),
            Some(meaning) => Err(meaning.trouble()),
            None => {
                let search = reply.id_search.filter(|it| !it.is_empty());
                let search = search.ok_or(EngineError::Garbage("no search"))?;
                let pictures = reply.input.into_iter().filter_map(|it| it.id_pic).collect();
                Ok(Some(FaceCheckUpload { search, pictures }))
            }
        }
    }

    /// Starts the search, or asks how far it is. The service counts one search for each upload.
    pub async fn poll(&self, upload: &FaceCheckUpload) -> Result<Poll, EngineError> {
        asking::asked(Self::NAME, || self.try_poll(upload)).await
    }

    /// Removes the picture from the service.
    pub async fn delete(&self, upload: &FaceCheckUpload) -> Result<(), EngineError> {
        for attempt in 1.. {
            match self.try_delete(upload).await {
                Err(err) if attempt < REMOVALS && !err.is_for_all() => {
                    tracing::info!(engine = Self::NAME, error = %err, "removing the picture again");
                    tokio::time::sleep(self.pause).await;
                }
                done => return done,
            }
        }
        Err(EngineError::Silent)
    }

    async fn try_poll(&self, upload: &FaceCheckUpload) -> Result<Poll, EngineError> {
        let question = json!({
            "id_search": upload.search,
            "with_progress": true,
            "status_only": false,
            "demo": self.testing,
        });
        let request = self.post("api/search")?;
        let request = request.header("content-type", "application/json");
        let reply = self.ask(request.body(question.to_string())).await?;
        match reply.meaning() {
            Some(FaceCheckMeaning::NoFace) => Ok(Poll::Done(SearchResult::unsuitable())),
            Some(meaning) => Err(meaning.trouble()),
            None => Ok(reply.poll()),
        }
    }

    async fn try_delete(&self, upload: &FaceCheckUpload) -> Result<(), EngineError> {
        // Without a picture's name the whole search is meant.
        let one_by_one = upload.pictures.iter().map(|it| Some(it.as_str()));
        let all = upload.pictures.is_empty().then_some(None);
        for picture in one_by_one.chain(all) {
            let query = [("id_search", upload.search.as_str())];
            let request = self.post("api/delete_pic")?.query(&query);
            let request = match picture {
                Some(picture) => request.query(&[("id_pic", picture)]),
                None => request,
            };
            match self.ask(request).await?.meaning() {
                // It is gone already: somebody removed it and was stopped before that was noted.
                None | Some(FaceCheckMeaning::Unknown) => {}
                Some(meaning) => return Err(meaning.trouble()),
            }
        }
        Ok(())
    }

    /// How many credits are left. Asking costs none.
    pub async fn remaining(&self) -> Result<u64, EngineError> {
        asking::asked(Self::NAME, || async {
            let bytes = self.bytes(self.post("api/info")?).await?;
            let info: Info = parsed(&bytes)?;
            info.remaining_credits
                .ok_or(EngineError::Garbage("no count"))
        })
        .await
    }

    fn post(&self, path: &str) -> Result<RequestBuilder, EngineError> {
        let address = self.base.join(path);
        let address = address.map_err(|_| EngineError::Garbage("no address"))?;
        Ok(self.client.post(address))
    }

    async fn ask(&self, request: RequestBuilder) -> Result<FaceCheckReply, EngineError> {
        parsed(&self.bytes(request).await?)
    }

    async fn bytes(&self, request: RequestBuilder) -> Result<Bytes, EngineError> {
        let request = request.header("accept", "application/json");
        // The bare key: the service knows no scheme before it.
        let sent = request.header("authorization", &self.key).send().await;
        let reply = sent.map_err(|_| EngineError::Silent)?;
        let (status, after) = (reply.status().as_u16(), retry_after(&reply));
        match status {
            200 => read_up_to(reply, MAX_ANSWER).await,
            401 | 403 => Err(EngineError::Refused(status)),
            402 => Err(EngineError::Spent),
            429 | 500.. => Err(EngineError::Busy { status, after }),
            400..=499 => Err(EngineError::Rejected(status)),
            _ => Err(EngineError::Garbage("an unknown status")),
        }
    }
}

#[derive(Deserialize)]
struct Info {
    remaining_credits: Option<u64>,
}

/// What every method but one answers. Small copies of pictures in it are never read.
#[derive(Deserialize)]
struct FaceCheckReply {
    #[serde(default, deserialize_with = "maybe")]
    id_search: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    message: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    error: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    code: Option<String>,
    #[serde(default, deserialize_with = "list")]
    input: Vec<Input>,
    output: Option<Output>,
}

#[derive(Deserialize)]
struct Input {
    id_pic: Option<String>,
}

#[derive(Deserialize)]
struct Output {
    #[serde(default, deserialize_with = "list")]
    items: Vec<FaceCheckItem>,
}

#[derive(Deserialize)]
struct FaceCheckItem {
    #[serde(default, deserialize_with = "maybe")]
    score: Option<f64>,
    #[serde(default, deserialize_with = "maybe")]
    url: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    image_url: Option<String>,
}

impl FaceCheckReply {
    /// What an error in the answer means. Nothing if there is none.
    fn meaning(&self) -> Option<FaceCheckMeaning> {
        let error = self.error.as_deref().filter(|it| !it.is_empty())?;
        let words = format!("{error} {}", self.code.as_deref().unwrap_or_default());
        let words = words.to_lowercase();
        let say = |any: &[&str]| any.iter().any(|it| words.contains(it));
        Some(match () {
            () if say(&["no face", "no_face", "face not found"]) => FaceCheckMeaning::NoFace,
            () if say(&["not known", "not found", "not_found"]) => FaceCheckMeaning::Unknown,
            () if say(&["credit"]) => FaceCheckMeaning::Spent,
            () if say(&["token", "unauthori", "api key"]) => FaceCheckMeaning::WrongKey,
            () if say(&["too many", "rate limit"]) => FaceCheckMeaning::TooFast,
            () => FaceCheckMeaning::Other,
        })
    }

    fn poll(self) -> Poll {
        let says_done = |it: &String| it.to_lowercase().contains("complete");
        match self.output {
            Some(output) if !output.items.is_empty() => Poll::Done(output.answer()),
            Some(_) => Poll::Doubtful,
            None if self.message.as_ref().is_some_and(says_done) => Poll::Doubtful,
            None => Poll::Pending,
        }
    }
}

impl Output {
    fn answer(self) -> SearchResult {
        let alike = |it: &FaceCheckItem| it.score.is_some_and(|score| score >= MIN_SCORE);
        let found = self.items.into_iter().filter(alike);
        SearchResult::of(found.map(|it| Candidate {
            picture: it.image_url,
            page: it.url,
            score: it.score,
            kind: CandidateKind::Face,
            ..Candidate::default()
        }))
    }
}

/// What the words of an error stand for.
enum FaceCheckMeaning {
    NoFace,
    Spent,
    WrongKey,
    TooFast,
    Unknown,
    Other,
}

impl FaceCheckMeaning {
    fn trouble(self) -> EngineError {
        match self {
            Self::NoFace => EngineError::Rejected(400),
            Self::Spent => EngineError::Spent,
            Self::WrongKey => EngineError::Refused(401),
            Self::TooFast => busy(429),
            Self::Unknown => EngineError::Rejected(404),
            Self::Other => busy(500),
        }
    }
}

fn busy(status: u16) -> EngineError {
    EngineError::Busy {
        status,
        after: None,
    }
}

#[cfg(test)]
impl FaceCheck {
    /// The same for a service that needs no time, or does not answer at all.
    #[allow(clippy::unwrap_used)]
    pub(crate) fn hasty(self) -> Self {
        Self {
            client: asking::patient(super::script::SHORT).unwrap(),
            pause: Duration::from_millis(1),
            ..self
        }
    }
}

#[cfg(test)]
mod tests;
