//! Searching the web for one picture with every engine that may see it.
//!
//! What is paid for is kept before it is used, once, under the picture's bytes and with the scan that asked:
//! a scan that goes on, and a scan we start of a picture that was searched for lately, pay nothing again.

mod faces;
mod links;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use sha2::{Digest, Sha256};

use crate::clock;
use crate::domain::event::{AccessShared, SearchBasis};
use crate::domain::search_pace::AnswersSince;
use crate::domain::{EngineConsent, ImageId, Scan, Timestamp, Vendor};
use crate::engines::{EngineError, FaceCheck, SearchResult, SerpApi, TinEye, Vision};
use crate::services::pictures::proxy::Proxy;
use crate::services::record::access_log::AccessLog;
use crate::services::search::governor::{Asker, Governor, Unanswered};
use crate::services::search::time_limit::TimeLimit;
use crate::store::{KeptAnswer, Store};

/// The engines there are keys for.
#[derive(Clone)]
pub struct Engines {
    /// Copies.
    pub tineye: Option<TinEye>,
    /// Copies, and what looks alike.
    pub vision: Option<Vision>,
    /// Google and Bing, which fetch the picture from us.
    pub serpapi: Option<SerpApi>,
    /// Faces.
    pub facecheck: Option<FaceCheck>,
    /// Where the engines that fetch find the picture.
    pub proxy: Proxy,
    /// Who may be asked how much.
    pub governor: Governor,
    /// Where it is recorded that a company is given something of hers.
    pub access: AccessLog,
}

/// What is searched for, and for whom.
#[derive(Clone)]
pub(crate) struct Query {
    pub(crate) scan: Scan,
    /// On whose behalf.
    pub(crate) asker: Asker,
    /// Why her pictures are searched for.
    pub(crate) basis: SearchBasis,
    pub(crate) image: ImageId,
    /// The copy that engines are given.
    pub(crate) copy: Bytes,
    /// What they are asked about, told by its bytes.
    pub(crate) digest: String,
    /// Whether there is a face in it, as far as we know.
    pub(crate) has_face: bool,
    /// Answers to others' scans are taken if they are not older.
    pub(crate) since: AnswersSince,
    /// No new question is begun after this.
    pub(crate) until: Timestamp,
    /// The limit of the scan, if somebody waits for it.
    pub(crate) limit: Option<TimeLimit>,
}

impl Query {
    /// Asks an engine a question within the limit. One that hangs is silent, and is asked no more within
    /// the limit.
    async fn within_limit<T>(
        &self,
        engine: &str,
        question: impl Future<Output = Result<T, EngineError>>,
    ) -> Result<T, EngineError> {
        let Some(limit) = &self.limit else {
            return question.await;
        };
        let answer = tokio::time::timeout(limit.for_question(), question).await;
        let answer = answer.unwrap_or(Err(EngineError::Silent));
        if let Err(EngineError::Silent) = &answer {
            limit.give_up(engine);
        }
        answer
    }

    /// Asks a company a question once it is in her access log that it is given something. What cannot be recorded
    /// is not given.
    pub(crate) async fn recorded<T>(
        &self,
        access: &AccessLog,
        vendor: Vendor,
        question: impl Future<Output = Result<T, EngineError>>,
    ) -> Result<T, EngineError> {
        let scan = &self.scan;
        let one = scan.protected_image_id.is_some();
        let shared = AccessShared::of(vendor, scan.id, one, self.basis);
        // Boxed: it would make the futures of all engines larger, which are large as they are.
        let recorded = Box::pin(access.record_share(scan.user_id, &shared, clock::now()));
        if let Err(err) = recorded.await {
            tracing::warn!(
                error.chain = err.chain(),
                "an engine is not asked because the access could not be recorded"
            );
            return Err(EngineError::Busy {
                status: 503,
                after: None,
            });
        }
        question.await
    }

    /// Fails if the engine may not be asked any more.
    fn check(&self, engine: &str) -> Result<(), SearchError> {
        let limit = self.limit.as_ref();
        if limit.is_some_and(|it| it.has_given_up(engine)) {
            return Err(Unanswered::Failed(EngineError::Silent).into());
        }
        match clock::now() > self.until {
            true => Err(SearchError::Late),
            false => Ok(()),
        }
    }
}

/// How one engine did.
#[derive(Debug)]
pub(crate) struct EngineReply {
    /// The engine's name in stored things.
    pub(crate) engine: &'static str,
    pub(crate) vendor: Vendor,
    pub(crate) found: Result<SearchAnswer, SearchError>,
}

/// What an engine found.
#[derive(Debug)]
pub(crate) struct SearchAnswer {
    pub(crate) answer: SearchResult,
    pub(crate) origin: AnswerOrigin,
}

/// Where an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnswerOrigin {
    /// It was asked for now.
    Fresh,
    /// It was kept from an earlier attempt at this scan.
    Resumed,
    /// It was kept from another scan.
    Cached,
}

/// Why nothing was found.
#[derive(Clone, Debug)]
pub(crate) enum SearchError {
    /// The engine did not answer.
    Unanswered(Unanswered),
    /// The scan is gone.
    Lost,
    /// It takes longer than this invocation has; what was begun is kept.
    Late,
}

impl From<Unanswered> for SearchError {
    fn from(why: Unanswered) -> Self {
        Self::Unanswered(why)
    }
}

impl From<crate::domain::Error> for SearchError {
    fn from(err: crate::domain::Error) -> Self {
        Self::Unanswered(err.into())
    }
}

impl Engines {
    /// The companies that can be asked.
    pub(crate) fn vendors(&self) -> Vec<Vendor> {
        let is_on = |vendor: &Vendor| match vendor {
            Vendor::Tineye => self.tineye.is_some(),
            Vendor::GoogleVision => self.vision.is_some(),
            Vendor::Serpapi => self.serpapi.is_some(),
            Vendor::Facecheck => self.facecheck.is_some(),
        };
        Vendor::ALL.into_iter().filter(is_on).collect()
    }

    /// Asks every engine that may see the picture, side by side.
    pub(crate) async fn search(
        &self,
        store: &Store,
        query: &Query,
        sendings: &EngineConsent,
        intimate: Option<f32>,
    ) -> Vec<EngineReply> {
        let may = |vendor| sendings.allow(vendor, intimate);
        let tineye = self.tineye.as_ref().filter(|_| may(Vendor::Tineye));
        let tineye = tineye.map(|it| it.search(&query.copy).boxed_local());
        let vision = self.vision.as_ref().filter(|_| may(Vendor::GoogleVision));
        let vision = vision.map(|it| it.search(&query.copy).boxed_local());
        let (tineye, vision, links, faces) = tokio::join!(
            self.by_copy(store, query, (TinEye::NAME, Vendor::Tineye), tineye),
            self.by_copy(store, query, (Vision::NAME, Vendor::GoogleVision), vision),
            self.by_serpapi(store, query, may(Vendor::Serpapi)),
            self.by_facecheck(store, query, may(Vendor::Facecheck)),
        );
        tineye
            .into_iter()
            .chain(vision)
            .chain(links)
            .chain(faces)
            .collect()
    }

    // These are boxed where they are made: side by side in one future they would overflow a thread's stack.

    /// What an engine that is given a copy of the picture answers; nothing, if there is no question to it.
    fn by_copy<'a>(
        &'a self,
        store: &'a Store,
        query: &'a Query,
        (engine, vendor): (&'static str, Vendor),
        question: Option<LocalBoxFuture<'a, Result<SearchResult, EngineError>>>,
    ) -> LocalBoxFuture<'a, Option<EngineReply>> {
        async move {
            let question = query.recorded(&self.access, vendor, question?);
            let found = self.answer(store, query, (engine, vendor), question);
            Some(EngineReply {
                engine,
                vendor,
                found: found.await,
            })
        }
        .boxed_local()
    }

    fn by_serpapi<'a>(
        &'a self,
        store: &'a Store,
        query: &'a Query,
        may: bool,
    ) -> LocalBoxFuture<'a, Vec<EngineReply>> {
        async move {
            match self.serpapi.as_ref().filter(|_| may) {
                Some(engine) => self.by_link(store, query, engine).await,
                None => Vec::new(),
            }
        }
        .boxed_local()
    }

    fn by_facecheck<'a>(
        &'a self,
        store: &'a Store,
        query: &'a Query,
        may: bool,
    ) -> LocalBoxFuture<'a, Option<EngineReply>> {
        async move {
            let facecheck = self.facecheck.as_ref();
            let engine = facecheck.filter(|_| query.has_face && may)?;
            Some(EngineReply {
                engine: FaceCheck::NAME,
                vendor: Vendor::Facecheck,
                found: self.by_face(store, query, engine).await,
            })
        }
        .boxed_local()
    }

    /// An engine's answer: the kept one, or a new one that is kept before it is used.
    pub(crate) async fn answer(
        &self,
        store: &Store,
        query: &Query,
        (name, vendor): (&str, Vendor),
        question: impl Future<Output = Result<SearchResult, EngineError>>,
    ) -> Result<SearchAnswer, SearchError> {
        if let Some(found) = cached_answer(store, query, (name, vendor)).await? {
            return Ok(found);
        }
        let budget = vendor.name();
        query.check(budget)?;
        let question = query.within_limit(budget, question);
        let until = Some(query.until);
        let answer = self
            .governor
            .ask_until(query.asker, budget, until, question)
            .await?;
        tracing::info!(engine = name, image.id = %query.image, candidates = answer.candidates.len(), "searched");
        keep_answer(store, query, name, &answer).await?;
        Ok(SearchAnswer {
            answer,
            origin: AnswerOrigin::Fresh,
        })
    }
}

/// A name for bytes: their SHA-256.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// What is known already: of this scan, or of these bytes.
async fn cached_answer(
    store: &Store,
    query: &Query,
    (name, vendor): (&str, Vendor),
) -> Result<Option<SearchAnswer>, SearchError> {
    let (scan, image) = (&query.scan, query.image);
    let kept = store.found(scan.user_id, name, &query.digest).await?;
    if let Some(KeptAnswer {
        answer,
        at,
        scan: by,
    }) = kept
    {
        let origin = match by == Some(scan.id) {
            true => Some(AnswerOrigin::Resumed),
            false => (at >= query.since.of(vendor)).then_some(AnswerOrigin::Cached),
        };
        if let Some(origin) = origin {
            return Ok(Some(SearchAnswer { answer, origin }));
        }
    }
    // A scan that began before answers were kept once has its own under its checkpoints.
    let answer = store.searched(scan, image, name).await?;
    Ok(answer.map(|answer| SearchAnswer {
        answer,
        origin: AnswerOrigin::Resumed,
    }))
}

async fn keep_answer(
    store: &Store,
    query: &Query,
    name: &str,
    answer: &SearchResult,
) -> Result<(), SearchError> {
    let kept = store.keep_found(&query.scan, name, &query.digest, answer, clock::now());
    match kept.await? {
        true => Ok(()),
        false => Err(SearchError::Lost),
    }
}
