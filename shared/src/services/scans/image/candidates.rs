//! Candidates of an image scan: fetch, compare, store as findings, expand to her other pictures.

use std::time::Instant;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};

use super::picture::{HEARTBEAT_EVERY, ImageScanError, ScanContext};
use super::places::{EngineAnswer, FoundPlace, Sighting, finding, places};
use super::stats::ImageScanStats;
use super::{Scanner, is_late};
use crate::clock;
use crate::comparison::{FaceComparison, ReferenceImage, surer};
use crate::domain::{
    Comparison, EngineClaim, Match, MatchId, MatchType, Person, Prints, Relation, Tier, Vendor,
    Verdict, finding,
};
use crate::engines::{FetchRefusal, Fetcher, TinEye};
use crate::metrics::{self, Measure};
use crate::services::search::engines::{Query, SearchError, digest};
use crate::store::{ImageRow, ScanRow, WriteOutcome};

/// How many found pictures are fetched at a time.
const CONCURRENT_FETCHES: usize = 4;

/// How many other pictures of her are searched for in turn.
const MAX_EXPANSIONS: u32 = 10;

impl Scanner {
    /// Looks at all places, and then at where else her other pictures among them are.
    pub(super) async fn compare_and_expand(
        &self,
        row: &mut ScanRow,
        image: &ImageRow,
        (copy, prints): (Bytes, Option<Prints>),
        (places, resumed): (Vec<FoundPlace>, bool),
        stats: &mut ImageScanStats,
        context: &ScanContext<'_>,
    ) -> Result<(), ImageScanError> {
        if places.is_empty() {
            return Ok(());
        }
        let (new, known) = if resumed {
            self.skip_stored_places(row, image, places, stats).await?
        } else {
            (places, Vec::new())
        };
        let agrees = self.store.may_recognise(image.image.user_id).await?;
        let faces = FaceComparison::by_consent(agrees);
        let reference = ReferenceImage::of(
            self.analyzer.clone(),
            image.clone(),
            Some(copy),
            prints,
            faces,
        )
        .await;
        let mut seeds = known;
        let looked = self.compare_places(row, image, &reference, new, stats, context);
        seeds.extend(looked.boxed_local().await?);
        for seed in seeds {
            if stats.expansions >= MAX_EXPANSIONS {
                break;
            }
            self.expand(row, image, &reference, seed, stats, context)
                .boxed_local()
                .await?;
        }
        Ok(())
    }

    /// The places that this scan has not stored before it was interrupted, and what the others lead to;
    /// those are counted.
    async fn skip_stored_places(
        &self,
        row: &ScanRow,
        image: &ImageRow,
        all: Vec<FoundPlace>,
        stats: &mut ImageScanStats,
    ) -> Result<(Vec<FoundPlace>, Vec<ExpansionSeed>), ImageScanError> {
        let (mut left, mut seeds) = (Vec::new(), Vec::new());
        for place in all {
            let known = self
                .store
                .finding(row.scan.user_id, image.image.id, place.id)
                .await?;
            match known.filter(|it| row.has_seen(it)) {
                Some(found) => {
                    stats.add(&found);
                    seeds.extend(
                        place
                            .sightings
                            .iter()
                            .find_map(|it| ExpansionSeed::of(&found, it)),
                    );
                }
                None => left.push(place),
            }
        }
        Ok((left, seeds))
    }

    /// Fetches what was found, compares it, and stores each place as soon as all its pictures are seen.
    async fn compare_places(
        &self,
        row: &mut ScanRow,
        image: &ImageRow,
        reference: &ReferenceImage,
        places: Vec<FoundPlace>,
        stats: &mut ImageScanStats,
        context: &ScanContext<'_>,
    ) -> Result<Vec<ExpansionSeed>, ImageScanError> {
        let fetches: Vec<_> = places
            .iter()
            .flat_map(|place| &place.sightings)
            .map(|it| fetch(self.fetcher.clone(), it.picture.clone()))
            .collect();
        let mut fetched = stream::iter(fetches).buffered(CONCURRENT_FETCHES);
        let mut last_heartbeat = Instant::now();
        let mut seeds = Vec::new();
        for place in &places {
            if is_late(context.deadline) {
                return Err(ImageScanError::Late);
            }
            let mut best: Option<(&Sighting, Verdict)> = None;
            for sighting in &place.sightings {
                let comparison = match fetched.next().await {
                    Some(Ok(bytes)) => reference.look(bytes).await,
                    Some(Err(refusal)) => unseen(refusal),
                    None => Comparison::Unseen,
                };
                stats.unseen += u32::from(comparison == Comparison::Unseen);
                let other_face = is_somebody_else(&comparison);
                match Verdict::of(sighting.claim, sighting.score, comparison) {
                    Some(verdict) => best = Some(surer(best, (sighting, verdict))),
                    None if other_face => stats.other_faces += 1,
                    None => stats.other_pictures += 1,
                }
                if last_heartbeat.elapsed() > HEARTBEAT_EVERY {
                    self.heartbeat(row).await?;
                    last_heartbeat = Instant::now();
                }
            }
            if let Some((sighting, verdict)) = best {
                let found = self.store_finding(row, image, place, (sighting, verdict), context);
                let found = found.await?;
                stats.add(&found);
                seeds.extend(ExpansionSeed::of(&found, sighting));
            }
        }
        Ok(seeds)
    }

    async fn store_finding(
        &self,
        row: &ScanRow,
        image: &ImageRow,
        place: &FoundPlace,
        (sighting, verdict): (&Sighting, Verdict),
        context: &ScanContext<'_>,
    ) -> Result<Match, ImageScanError> {
        let (user, now) = (row.scan.user_id, clock::now());
        let told = verdict.told;
        let mut found = finding(&row.scan, &image.image, place, (sighting, verdict), now);
        if place.parent.is_some() && found.match_type == MatchType::PersonCandidate {
            found.match_type = match sighting.claim {
                EngineClaim::Full => MatchType::ExactCopy,
                _ => MatchType::AlteredCopy,
            };
        }
        let alert =
            told.then(|| finding::alert_of(user, &found, context.names.get(image.image.id), now));
        let stored = self.store.store_finding(user, &found, alert.as_ref());
        match stored.await? {
            WriteOutcome::New => {
                let tier = found.confidence.unwrap_or(Tier::Low).as_str();
                tracing::info!(image.id = %found.protected_image_id, tier, engine = sighting.engine, "new finding");
                metrics::note(Measure::Finding { tier });
            }
            WriteOutcome::Known => {}
            WriteOutcome::Gone => return Err(ImageScanError::Lost),
        }
        Ok(found)
    }

    /// Whether the engine may learn the address of a picture of her that was found. One that cannot be
    /// looked at counts as intimate.
    pub(super) async fn may_be_asked_about(
        &self,
        picture: &str,
        context: &ScanContext<'_>,
    ) -> bool {
        if context.sendings.allow(Vendor::Tineye, None) {
            return true;
        }
        if !context.sendings.allow(Vendor::Tineye, Some(0.0)) {
            return false;
        }
        let Ok(bytes) = self.fetcher.picture(picture).await else {
            return false;
        };
        let seen = self.analyzer.intimacy(bytes).await;
        context
            .sendings
            .allow(Vendor::Tineye, seen.map(|it| it.score))
    }

    /// Where else another picture of her is that was found. An engine that fails here costs what it
    /// would have found and no more; the next scan asks again.
    async fn expand(
        &self,
        row: &mut ScanRow,
        image: &ImageRow,
        reference: &ReferenceImage,
        seed: ExpansionSeed,
        stats: &mut ImageScanStats,
        context: &ScanContext<'_>,
    ) -> Result<(), ImageScanError> {
        let Some(engine) = self.engines.tineye.as_ref() else {
            return Ok(());
        };
        let may_ask = self.may_be_asked_about(&seed.picture, context);
        if !may_ask.boxed_local().await {
            return Ok(());
        }
        let query = Query {
            scan: row.checkpointed(),
            asker: context.asker,
            image: image.image.id,
            // It is asked about by its address; nothing is sent.
            copy: Bytes::new(),
            digest: digest(seed.picture.as_bytes()),
            has_face: false,
            since: row.scan.created_at,
            until: context.last_question_at(),
            limit: context.limit.clone(),
        };
        let name = format!("tineye-{}", &query.digest[..16]);
        let question = engine.search_address(&seed.picture);
        let search = self
            .engines
            .answer(&self.store, &query, &name, TinEye::NAME, question)
            .boxed_local();
        stats.expansions += 1;
        let answer = match self.with_heartbeat(row, search).await? {
            Ok(found) => found.answer,
            Err(SearchError::Lost) => return Err(ImageScanError::Lost),
            Err(SearchError::Late) => return Err(ImageScanError::Late),
            Err(SearchError::Unanswered(_)) => return Ok(()),
        };
        let told = EngineAnswer {
            engine: TinEye::NAME,
            vendor: Vendor::Tineye,
            answer,
            is_new: true,
        };
        let mut new = Vec::new();
        for mut place in places(image.image.id, &[told]) {
            let known = self
                .store
                .finding(row.scan.user_id, image.image.id, place.id)
                .await?;
            if known.is_none_or(|it| !row.has_seen(&it)) {
                place.parent = Some(seed.from);
                new.push(place);
            }
        }
        stats.expanded += u32::try_from(new.len()).unwrap_or(u32::MAX);
        let looked = self.compare_places(row, image, reference, new, stats, context);
        looked.boxed_local().await?;
        Ok(())
    }
}

/// Another picture of her that was found, from which a search can go on.
struct ExpansionSeed {
    from: MatchId,
    picture: String,
}

impl ExpansionSeed {
    /// A copy of her own picture leads nowhere: TinEye was asked for that already.
    fn of(found: &Match, sighting: &Sighting) -> Option<Self> {
        let relation = found.evidence.as_ref().map(|it| it.relation);
        let picture = sighting.picture.clone()?;
        (relation == Some(Relation::SamePerson) && sighting.engine != TinEye::NAME).then_some(
            Self {
                from: found.id,
                picture,
            },
        )
    }
}

/// Whether there is a face, and it is not hers.
fn is_somebody_else(comparison: &Comparison) -> bool {
    let Comparison::Compared(evidence) = comparison else {
        return false;
    };
    evidence
        .faces
        .as_ref()
        .is_some_and(|it| it.person == Person::Different)
}

/// The picture of a candidate. An engine that names none leaves nothing to look at.
async fn fetch(fetcher: Fetcher, picture: Option<String>) -> Result<Bytes, FetchRefusal> {
    let picture = picture.ok_or(FetchRefusal::NotAPicture)?;
    fetcher.picture(&picture).await
}

fn unseen(refusal: FetchRefusal) -> Comparison {
    tracing::info!(refusal = %refusal, "a found picture could not be seen");
    Comparison::Unseen
}
