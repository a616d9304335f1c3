//! Face search with `FaceCheck`: upload, poll, remove.
//!
//! The upload is noted as soon as it is there. Whoever comes next goes on with it, and whoever sees the
//! end of it removes the picture; if nobody does, the schedule.

use serde::{Deserialize, Serialize};
use tracing::{Instrument, Span};

use super::{AnswerOrigin, Engines, Query, SearchAnswer, SearchError, cached_answer, keep_answer};
use crate::clock;
use crate::correlation::Correlation;
use crate::domain::{Timestamp, Vendor};
use crate::engines::{EngineError, FaceCheck, FaceCheckUpload, Poll, SearchResult};
use crate::services::search::governor::Unanswered;
use crate::store::Store;

/// The name under which an upload is noted.
const UPLOADED: &str = "facecheck-upload";

/// How long a search may take, in seconds.
const MAX_SEARCH_SECONDS: i64 = 600;

/// So often it is asked again when it says it is done but names nothing.
const DOUBTS: u32 = 5;

/// A picture that lies at the engine.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Uploaded {
    upload: FaceCheckUpload,
    at: Timestamp,
}

impl Uploaded {
    fn is_too_old(&self) -> bool {
        clock::now() > self.at.plus_seconds(MAX_SEARCH_SECONDS)
    }
}

/// Whether another time may do.
fn is_passing(why: &SearchError) -> bool {
    use EngineError::{Busy, Garbage, Silent};
    match why {
        SearchError::Late => true,
        SearchError::Unanswered(Unanswered::Failed(err)) => {
            matches!(err, Busy { .. } | Silent | Garbage(_))
        }
        _ => false,
    }
}

impl Engines {
    pub(super) async fn by_face(
        &self,
        store: &Store,
        query: &Query,
        engine: &FaceCheck,
    ) -> Result<SearchAnswer, SearchError> {
        if let Some(found) =
            cached_answer(store, query, (FaceCheck::NAME, Vendor::Facecheck)).await?
        {
            return Ok(found);
        }
        let Some(uploaded) = self.uploaded(store, query, engine).await? else {
            let answer = SearchResult::unsuitable();
            keep_answer(store, query, FaceCheck::NAME, &answer).await?;
            return Ok(SearchAnswer {
                answer,
                origin: AnswerOrigin::Fresh,
            });
        };
        let answer = match wait_for(engine, &uploaded, query.until).await {
            // What is paid for is gone on with.
            Err(why) if !uploaded.is_too_old() && is_passing(&why) => return Err(why),
            ended => ended,
        };
        if let Ok(answer) = &answer {
            keep_answer(store, query, FaceCheck::NAME, answer).await?;
        }
        self.remove(store, query, engine, &uploaded.upload).await;
        answer.map(|answer| SearchAnswer {
            answer,
            origin: AnswerOrigin::Fresh,
        })
    }

    /// The picture at the engine: the one that lies there already, or a new one. Nothing if it sees no
    /// face in it.
    async fn uploaded(
        &self,
        store: &Store,
        query: &Query,
        engine: &FaceCheck,
    ) -> Result<Option<Uploaded>, SearchError> {
        let noted: Option<Option<Uploaded>> =
            store.searched(&query.scan, query.image, UPLOADED).await?;
        if let Some(Some(uploaded)) = noted {
            return Ok(Some(uploaded));
        }
        query.check(FaceCheck::NAME)?;
        // In a task of its own: should the scan end meanwhile, the upload is noted all the same.
        let (engines, store) = (self.clone(), store.clone());
        let (query, engine) = (query.clone(), engine.clone());
        let upload = async move { upload(&engines, &store, &query, &engine).await };
        let upload = match Correlation::current() {
            Some(correlation) => tokio::spawn(correlation.follow(Span::current(), upload)),
            None => tokio::spawn(upload.in_current_span()),
        };
        upload
            .await
            .unwrap_or(Err(SearchError::Unanswered(Unanswered::Ours)))
    }

    /// Removes the picture from the engine, and then the note that it lies there.
    async fn remove(
        &self,
        store: &Store,
        query: &Query,
        engine: &FaceCheck,
        upload: &FaceCheckUpload,
    ) {
        remove(store, engine, upload).await;
        let none: Option<Uploaded> = None;
        let noted = store.keep_search(&query.scan, query.image, UPLOADED, &none, clock::now());
        if let Err(err) = noted.await {
            tracing::warn!(
                error.chain = err.chain(),
                "that a picture was removed from an engine could not be noted"
            );
        }
    }
}

/// Uploads the picture, and notes that it lies at the engine. Nothing if it sees no face in it.
async fn upload(
    engines: &Engines,
    store: &Store,
    query: &Query,
    engine: &FaceCheck,
) -> Result<Option<Uploaded>, SearchError> {
    let question = engine.upload(&query.copy);
    let question = query.recorded(&engines.access, Vendor::Facecheck, question);
    let question = query.within_limit(FaceCheck::NAME, question);
    let upload = engines
        .governor
        .ask_until(query.asker, FaceCheck::NAME, Some(query.until), question)
        .await?;
    let Some(upload) = upload else {
        return Ok(None);
    };
    let uploaded = Uploaded {
        upload,
        at: clock::now(),
    };
    let lies = Some(uploaded.clone());
    let (upload, at) = (&uploaded.upload, uploaded.at);
    let engine_upload = store.note_away(upload.name(), upload, at).await;
    let noted = store.keep_search(&query.scan, query.image, UPLOADED, &lies, at);
    if let (Ok(()), Ok(true)) = (&engine_upload, noted.await) {
        return Ok(lies);
    }
    // Nobody goes on with it.
    remove(store, engine, upload).await;
    Err(SearchError::Lost)
}

/// What cannot be removed now, the schedule removes.
async fn remove(store: &Store, engine: &FaceCheck, upload: &FaceCheckUpload) {
    if let Err(err) = engine.delete(upload).await {
        tracing::error!(engine = FaceCheck::NAME, error = %err, "a picture could not be removed from an engine");
        return;
    }
    if let Err(err) = store.forget_away(upload.name()).await {
        tracing::warn!(
            error.chain = err.chain(),
            "a picture that is gone from an engine is removed once more later"
        );
    }
}

/// Asks until the engine is done, or until `until`.
async fn wait_for(
    engine: &FaceCheck,
    uploaded: &Uploaded,
    until: Timestamp,
) -> Result<SearchResult, SearchError> {
    let mut doubts = 0;
    loop {
        let polled = engine.poll(&uploaded.upload).await;
        match polled.map_err(Unanswered::Failed)? {
            Poll::Done(answer) => return Ok(answer),
            Poll::Doubtful if doubts == DOUBTS => return Ok(SearchResult::default()),
            Poll::Doubtful => doubts += 1,
            Poll::Pending => {}
        }
        if uploaded.is_too_old() {
            return Err(Unanswered::Failed(EngineError::Silent).into());
        }
        if clock::now() > until {
            return Err(SearchError::Late);
        }
        tokio::time::sleep(engine.pause()).await;
    }
}

#[cfg(test)]
mod tests;
