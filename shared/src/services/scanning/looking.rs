//! Candidates of an image scan: fetch, compare, store as findings, expand to her other pictures.

use std::time::Instant;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};

use super::image::{BEAT, Facts, Means, Stop};
use super::places::{Place, Sighting, Told, finding, places};
use super::verify::{Hers, better};
use super::{Scanner, is_late};
use crate::clock;
use crate::domain::{
    Claim, Look, Match, MatchId, MatchType, Person, Prints, Relation, Tier, Vendor, Verdict,
    alert_of,
};
use crate::engines::{Fetcher, Refusal, TinEye};
use crate::metrics::{self, Measure};
use crate::services::searching::{Query, Unfound, hex};
use crate::services::seeing::Faces;
use crate::store::{ImageRow, ScanRow, Stored};

/// How many found pictures are fetched at a time.
const FETCHES: usize = 4;

/// How many other pictures of her are searched for in turn.
const MOST_EXPANSIONS: u32 = 10;

impl Scanner {
    /// Looks at all places, and then at where else her other pictures among them are.
    pub(super) async fn look_at(
        &self,
        row: &mut ScanRow,
        image: &ImageRow,
        (copy, prints): (Bytes, Option<Prints>),
        (places, resumed): (Vec<Place>, bool),
        facts: &mut Facts,
        means: &Means<'_>,
    ) -> Result<(), Stop> {
        if places.is_empty() {
            return Ok(());
        }
        let (new, known) = if resumed {
            self.unstored(row, image, places, facts).await?
        } else {
            (places, Vec::new())
        };
        let agrees = self.store.may_recognise(image.image.user_id).await?;
        let faces = Faces::by_consent(agrees);
        let hers = Hers::of(self.eyes.clone(), image.clone(), Some(copy), prints, faces).await;
        let mut leads = known;
        let looked = self.look(row, image, &hers, new, facts, means);
        leads.extend(looked.boxed_local().await?);
        for lead in leads {
            if facts.expansions >= MOST_EXPANSIONS {
                break;
            }
            self.expand(row, image, &hers, lead, facts, means)
                .boxed_local()
                .await?;
        }
        Ok(())
    }

    /// The places that this scan has not stored before it was interrupted, and what the others lead to;
    /// those are counted.
    async fn unstored(
        &self,
        row: &ScanRow,
        image: &ImageRow,
        all: Vec<Place>,
        facts: &mut Facts,
    ) -> Result<(Vec<Place>, Vec<Lead>), Stop> {
        let (mut left, mut leads) = (Vec::new(), Vec::new());
        for place in all {
            let known = self
                .store
                .finding(row.scan.user_id, image.image.id, place.id)
                .await?;
            match known.filter(|it| row.has_seen(it)) {
                Some(found) => {
                    facts.add(&found);
                    leads.extend(place.sightings.iter().find_map(|it| Lead::of(&found, it)));
                }
                None => left.push(place),
            }
        }
        Ok((left, leads))
    }

    /// Fetches what was found, compares it, and stores each place as soon as all its pictures are seen.
    async fn look(
        &self,
        row: &mut ScanRow,
        image: &ImageRow,
        hers: &Hers,
        places: Vec<Place>,
        facts: &mut Facts,
        means: &Means<'_>,
    ) -> Result<Vec<Lead>, Stop> {
        let fetches: Vec<_> = places
            .iter()
            .flat_map(|place| &place.sightings)
            .map(|it| fetch(self.fetcher.clone(), it.picture.clone()))
            .collect();
        let mut fetched = stream::iter(fetches).buffered(FETCHES);
        let mut alive = Instant::now();
        let mut leads = Vec::new();
        for place in &places {
            if is_late(means.deadline) {
                return Err(Stop::Late);
            }
            let mut best: Option<(&Sighting, Verdict)> = None;
            for sighting in &place.sightings {
                let look = match fetched.next().await {
                    Some(Ok(bytes)) => hers.look(bytes).await,
                    Some(Err(refusal)) => unseen(refusal),
                    None => Look::Unseen,
                };
                facts.unseen += u32::from(look == Look::Unseen);
                let other_face = is_somebody_else(&look);
                match Verdict::of(sighting.claim, sighting.score, look) {
                    Some(verdict) => best = Some(better(best, (sighting, verdict))),
                    None if other_face => facts.other_faces += 1,
                    None => facts.other_pictures += 1,
                }
                if alive.elapsed() > BEAT {
                    self.beat(row).await?;
                    alive = Instant::now();
                }
            }
            if let Some((sighting, verdict)) = best {
                let found = self.keep(row, image, place, (sighting, verdict), means);
                let found = found.await?;
                facts.add(&found);
                leads.extend(Lead::of(&found, sighting));
            }
        }
        Ok(leads)
    }

    async fn keep(
        &self,
        row: &ScanRow,
        image: &ImageRow,
        place: &Place,
        (sighting, verdict): (&Sighting, Verdict),
        means: &Means<'_>,
    ) -> Result<Match, Stop> {
        let (user, now) = (row.scan.user_id, clock::now());
        let told = verdict.told;
        let mut found = finding(&row.scan, &image.image, place, (sighting, verdict), now);
        if place.parent.is_some() && found.match_type == MatchType::PersonCandidate {
            found.match_type = match sighting.claim {
                Claim::Full => MatchType::ExactCopy,
                _ => MatchType::AlteredCopy,
            };
        }
        let alert = told.then(|| alert_of(user, &found, means.names.get(image.image.id), now));
        let stored = self.store.store_finding(user, &found, alert.as_ref());
        match stored.await? {
            Stored::New => {
                let tier = found.confidence.unwrap_or(Tier::Low).as_str();
                tracing::info!(image.id = %found.protected_image_id, tier, engine = sighting.engine, "new finding");
                metrics::note(Measure::Finding { tier });
            }
            Stored::Known => {}
            Stored::Gone => return Err(Stop::Lost),
        }
        Ok(found)
    }

    /// Whether the engine may learn the address of a picture of her that was found. One that cannot be
    /// looked at counts as intimate.
    pub(super) async fn may_be_asked_about(&self, picture: &str, means: &Means<'_>) -> bool {
        if means.sendings.allow(Vendor::Tineye, None) {
            return true;
        }
        if !means.sendings.allow(Vendor::Tineye, Some(0.0)) {
            return false;
        }
        let Ok(bytes) = self.fetcher.picture(picture).await else {
            return false;
        };
        let seen = self.eyes.intimacy(bytes).await;
        means
            .sendings
            .allow(Vendor::Tineye, seen.map(|it| it.score))
    }

    /// Where else another picture of her is that was found. An engine that fails here costs what it
    /// would have found and no more; the next scan asks again.
    async fn expand(
        &self,
        row: &mut ScanRow,
        image: &ImageRow,
        hers: &Hers,
        lead: Lead,
        facts: &mut Facts,
        means: &Means<'_>,
    ) -> Result<(), Stop> {
        let Some(engine) = self.engines.tineye.as_ref() else {
            return Ok(());
        };
        let may_ask = self.may_be_asked_about(&lead.picture, means);
        if !may_ask.boxed_local().await {
            return Ok(());
        }
        let query = Query {
            scan: row.checkpointed(),
            asker: means.asker,
            image: image.image.id,
            // It is asked about by its address; nothing is sent.
            copy: Bytes::new(),
            digest: hex(lead.picture.as_bytes()),
            has_face: false,
            since: row.scan.created_at,
            until: means.last_question_at(),
            limit: means.limit.clone(),
        };
        let name = format!("tineye-{}", &query.digest[..16]);
        let question = engine.search_address(&lead.picture);
        let search = self
            .engines
            .answer(&self.store, &query, &name, TinEye::NAME, question)
            .boxed_local();
        facts.expansions += 1;
        let answer = match self.alive(row, search).await? {
            Ok(found) => found.answer,
            Err(Unfound::Lost) => return Err(Stop::Lost),
            Err(Unfound::Late) => return Err(Stop::Late),
            Err(Unfound::Unanswered(_)) => return Ok(()),
        };
        let told = Told {
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
                place.parent = Some(lead.from);
                new.push(place);
            }
        }
        facts.expanded += u32::try_from(new.len()).unwrap_or(u32::MAX);
        let looked = self.look(row, image, hers, new, facts, means);
        looked.boxed_local().await?;
        Ok(())
    }
}

/// Another picture of her that was found, from which a search can go on.
struct Lead {
    from: MatchId,
    picture: String,
}

impl Lead {
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
fn is_somebody_else(look: &Look) -> bool {
    let Look::Compared(evidence) = look else {
        return false;
    };
    evidence
        .faces
        .as_ref()
        .is_some_and(|it| it.person == Person::Different)
}

/// The picture of a candidate. An engine that names none leaves nothing to look at.
async fn fetch(fetcher: Fetcher, picture: Option<String>) -> Result<Bytes, Refusal> {
    let picture = picture.ok_or(Refusal::NotAPicture)?;
    fetcher.picture(&picture).await
}

fn unseen(refusal: Refusal) -> Look {
    tracing::info!(refusal = %refusal, "a found picture could not be seen");
    Look::Unseen
}
