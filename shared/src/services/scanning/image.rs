//! One picture of a scan: search, look at what was found, store it, mark it done.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use serde::{Deserialize, Serialize};

use super::verify::{Hers, Place, better, finding, places};
use super::{Scanner, is_late};
use crate::clock;
use crate::domain::{Error, Image, ImageId, Look, Match, Tier, Timestamp, Verdict, alert_of};
use crate::engines::{Answer, EngineError, Refusal, TinEye};
use crate::objects::key;
use crate::store::{ImageRow, ScanRow, Stored};

/// How many found pictures are fetched at a time.
const FETCHES: usize = 4;

/// The most bytes a copy of ours has; anything larger was not made by us.
const MAX_COPY: usize = 10 * 1024 * 1024;

/// How long may pass without a sign of life.
const BEAT: Duration = Duration::from_secs(5);

/// How often a picture that changes under our hands is marked.
const MARKS: u32 = 5;

/// What a scan learnt of one picture. Kept with the mark that it is done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Facts {
    pub(super) high: u32,
    pub(super) medium_high: u32,
    pub(super) medium: u32,
    pub(super) low: u32,
    /// Pages whose picture we could not see ourselves.
    pub(super) unseen: u32,
    /// Pages that show her face.
    pub(super) face_verified: u32,
    /// The engine cannot search for this picture.
    pub(super) unsuitable: bool,
}

impl Facts {
    fn add(&mut self, found: &Match) {
        match found.confidence.unwrap_or(Tier::Low) {
            Tier::High => self.high += 1,
            Tier::MediumHigh => self.medium_high += 1,
            Tier::Medium => self.medium += 1,
            Tier::Low => self.low += 1,
        }
        self.face_verified += u32::from(found.is_her_face());
    }
}

/// What became of a picture.
#[derive(Clone, Debug)]
pub(super) enum Seen {
    /// It was searched for.
    Searched(Facts),
    /// It is put away or gone by now.
    Skipped,
    /// There is no engine to search with.
    Unsearched,
}

/// Why a picture is not done.
#[derive(Debug)]
pub(super) enum Stop {
    /// The scan is another worker's, or gone.
    Lost,
    /// The invocation is about to end.
    Late,
    /// Something failed; the other pictures may do better.
    Failed(Trouble),
}

/// What failed for one picture.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
    /// The engine.
    Engine(EngineError),
    /// Something of ours.
    Ours,
}

impl From<Error> for Stop {
    fn from(err: Error) -> Self {
        tracing::warn!(error.chain = err.chain(), "a picture could not be scanned");
        Self::Failed(Trouble::Ours)
    }
}

impl Scanner {
    pub(super) async fn image(
        &self,
        row: &mut ScanRow,
        id: ImageId,
        deadline: Timestamp,
    ) -> Result<Seen, Stop> {
        if let Some(facts) = self.store.image_done(&row.scan, id).await? {
            return Ok(Seen::Searched(facts));
        }
        let found = self.store.image(row.scan.user_id, id).await?;
        let Some(image) = found.filter(|it| it.image.is_searchable()) else {
            return Ok(Seen::Skipped);
        };
        let Some(engine) = &self.tineye else {
            return Ok(Seen::Unsearched);
        };
        if is_late(deadline) {
            return Err(Stop::Late);
        }
        let (answer, resumed) = self.answer(row, &image.image, engine).await?;
        let mut facts = Facts {
            unsuitable: answer.unsuitable,
            ..Facts::default()
        };
        let mut places = places(id, answer);
        if resumed {
            places = self.unstored(row, &image, places, &mut facts).await?;
        }
        self.look_at(row, &image, places, &mut facts, deadline)
            .await?;
        self.mark(row, id, facts).await
    }

    /// The engine's answer: the kept one, or a new one that is kept before it is used.
    pub(super) async fn answer(
        &self,
        row: &mut ScanRow,
        image: &Image,
        engine: &TinEye,
    ) -> Result<(Answer, bool), Stop> {
        if let Some(kept) = self
            .store
            .searched(&row.scan, image.id, TinEye::NAME)
            .await?
        {
            return Ok((kept, true));
        }
        let copy = self
            .objects
            .get(&key::display(image.user_id, image.id), MAX_COPY)
            .await?;
        let copy = copy
            .ok_or_else(|| Error::unavailable("searching for a picture", "its copy is missing"))?;
        self.beat(row).await?;
        let answer = engine.search(&copy).await.map_err(|err| {
            tracing::warn!(engine = TinEye::NAME, image.id = %image.id, error = %err, "a search failed");
            Stop::Failed(Trouble::Engine(err))
        })?;
        tracing::info!(engine = TinEye::NAME, image.id = %image.id, candidates = answer.candidates.len(), "searched");
        if !self
            .store
            .keep_search(&row.scan, image.id, TinEye::NAME, &answer, clock::now())
            .await?
        {
            return Err(Stop::Lost);
        }
        self.beat(row).await?;
        Ok((answer, false))
    }

    /// The places that this scan has not stored before it was interrupted; counts the others.
    async fn unstored(
        &self,
        row: &ScanRow,
        image: &ImageRow,
        all: Vec<Place>,
        facts: &mut Facts,
    ) -> Result<Vec<Place>, Stop> {
        let mut left = Vec::new();
        for place in all {
            let known = self
                .store
                .finding(row.scan.user_id, image.image.id, place.id)
                .await?;
            match known.filter(|it| it.scan_job_id == Some(row.scan.id)) {
                Some(found) => facts.add(&found),
                None => left.push(place),
            }
        }
        Ok(left)
    }

    /// Fetches what was found, compares it, and stores each place as soon as all its pictures are seen.
    async fn look_at(
        &self,
        row: &mut ScanRow,
        image: &ImageRow,
        places: Vec<Place>,
        facts: &mut Facts,
        deadline: Timestamp,
    ) -> Result<(), Stop> {
        if places.is_empty() {
            return Ok(());
        }
        let hers = self.hers(image).await?;
        let fetches: Vec<_> = places
            .iter()
            .flat_map(|place| &place.candidates)
            .map(|it| fetch(self.fetcher.clone(), it.picture.clone()))
            .collect();
        let mut fetched = stream::iter(fetches).buffered(FETCHES);
        let mut alive = Instant::now();
        for place in &places {
            if is_late(deadline) {
                return Err(Stop::Late);
            }
            let mut best: Option<Verdict> = None;
            for candidate in &place.candidates {
                let look = match fetched.next().await {
                    Some(Ok(bytes)) => hers.look(bytes).await,
                    Some(Err(refusal)) => unseen(refusal),
                    None => Look::Unseen,
                };
                facts.unseen += u32::from(look == Look::Unseen);
                best = Some(better(best, Verdict::of(candidate.score, look)));
                if alive.elapsed() > BEAT {
                    self.beat(row).await?;
                    alive = Instant::now();
                }
            }
            if let Some(verdict) = best {
                let found = finding(&row.scan, &image.image, place, verdict, clock::now());
                self.keep(row, &found).await?;
                facts.add(&found);
            }
        }
        Ok(())
    }

    /// Her picture as found ones are compared with it; worked out once for all of them.
    async fn hers(&self, image: &ImageRow) -> Result<Hers, Stop> {
        let (user, id) = (image.image.user_id, image.image.id);
        let copy = self.objects.get(&key::display(user, id), MAX_COPY).await?;
        let prints = self.store.prints(user, id).await?;
        Ok(Hers::of(self.eyes.clone(), image.clone(), copy, prints).await)
    }

    async fn keep(&self, row: &ScanRow, found: &Match) -> Result<(), Stop> {
        let user = row.scan.user_id;
        let alert = alert_of(user, found, clock::now());
        match self.store.store_finding(user, found, &alert).await? {
            Stored::New => {
                let tier = found.confidence.map(Tier::as_str);
                tracing::info!(image.id = %found.protected_image_id, tier, "new finding");
            }
            Stored::Known => {}
            Stored::Gone => return Err(Stop::Lost),
        }
        Ok(())
    }

    async fn mark(&self, row: &ScanRow, id: ImageId, facts: Facts) -> Result<Seen, Stop> {
        for _ in 0..MARKS {
            let found = self.store.image(row.scan.user_id, id).await?;
            let Some(image) = found.filter(|it| it.image.is_searchable()) else {
                return Ok(Seen::Skipped);
            };
            if self
                .store
                .finish_image(&row.scan, &image.image, &facts, clock::now())
                .await?
            {
                return Ok(Seen::Searched(facts));
            }
            if let Some(facts) = self.store.image_done(&row.scan, id).await? {
                return Ok(Seen::Searched(facts));
            }
        }
        Err(Error::unavailable("marking a picture", "it kept changing").into())
    }

    async fn beat(&self, row: &mut ScanRow) -> Result<(), Stop> {
        let progress = row.scan.progress;
        if self.store.beat_scan(row, progress, clock::now()).await? {
            Ok(())
        } else {
            Err(Stop::Lost)
        }
    }
}

async fn fetch(fetcher: crate::engines::Fetcher, picture: String) -> Result<Bytes, Refusal> {
    fetcher.picture(&picture).await
}

fn unseen(refusal: Refusal) -> Look {
    tracing::info!(refusal = %refusal, "a found picture could not be seen");
    Look::Unseen
}
