//! Expansion of an image scan: where else another picture of her is that was found.

use bytes::Bytes;

use super::candidates::{EngineAnswer, FoundPlace, Sighting, group_by_page};
use super::picture::PictureScan;
use super::scanner::Scanner;
use crate::domain::search_pace::AnswersSince;
use crate::domain::{EngineConsent, Match, MatchId, Relation, Vendor};
use crate::engines::TinEye;
use crate::services::scans::stop::ScanStop;
use crate::services::search::engines::{Query, SearchError, digest};

/// How many other pictures of her are searched for in turn.
pub(super) const MAX_EXPANSIONS: u32 = 10;

/// Another picture of her that was found, from which a search can go on.
pub(super) struct ExpansionSeed {
    from: MatchId,
    picture: String,
}

impl ExpansionSeed {
    /// A copy of her own picture leads nowhere: TinEye was asked for that already.
    pub(super) fn of(found: &Match, sighting: &Sighting) -> Option<Self> {
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

/// The new places of another picture of her that was found. An engine that fails here costs what it
/// would have found and no more; the next scan asks again.
pub(super) async fn expand(
    picture: &mut PictureScan<'_>,
    seed: ExpansionSeed,
) -> Result<Vec<FoundPlace>, ScanStop> {
    let context = picture.context;
    let Some(engine) = context.scanner.engines.tineye.as_ref() else {
        return Ok(Vec::new());
    };
    if !may_be_asked_about(context.scanner, &context.consent, &seed.picture).await {
        return Ok(Vec::new());
    }
    let query = Query {
        scan: context.row.checkpointed(),
        asker: context.asker,
        basis: context.basis(),
        image: picture.id(),
        // It is asked about by its address; nothing is sent.
        copy: Bytes::new(),
        digest: digest(seed.picture.as_bytes()),
        has_face: false,
        since: AnswersSince::same(context.row.scan.created_at),
        until: context.last_question_at(),
        limit: context.limit.clone(),
    };
    let name = format!("tineye-{}", &query.digest[..16]);
    let engines = &context.scanner.engines;
    let question = engine.search_address(&seed.picture);
    let question = query.recorded(&engines.access, Vendor::Tineye, question);
    picture.stats.expansions += 1;
    // Checkpoint: the answer is kept before it is used.
    let asked = engines.answer(context.store(), &query, (&name, Vendor::Tineye), question);
    let answer = match asked.await {
        Ok(found) => found.answer,
        Err(SearchError::Lost) => return Err(ScanStop::Lost),
        Err(SearchError::Late) => return Err(ScanStop::Late),
        Err(SearchError::Unanswered(_)) => return Ok(Vec::new()),
    };
    let answer = EngineAnswer {
        engine: TinEye::NAME,
        vendor: Vendor::Tineye,
        answer,
        is_new: true,
    };
    let mut new = Vec::new();
    for mut place in group_by_page(picture.id(), &[answer]) {
        if picture.stored(&place).is_none() {
            place.parent = Some(seed.from);
            new.push(place);
        }
    }
    picture.stats.expanded += u32::try_from(new.len()).unwrap_or(u32::MAX);
    Ok(new)
}

/// Whether the engine may learn the address of a picture of her that was found. One that cannot be
/// looked at counts as intimate.
pub(super) async fn may_be_asked_about(
    scanner: &Scanner,
    consent: &EngineConsent,
    picture: &str,
) -> bool {
    if consent.allow(Vendor::Tineye, None) {
        return true;
    }
    if !consent.allow(Vendor::Tineye, Some(0.0)) {
        return false;
    }
    let Ok(bytes) = scanner.fetcher.picture(picture).await else {
        return false;
    };
    let seen = scanner.analyzer.intimacy(bytes).await;
    consent.allow(Vendor::Tineye, seen.map(|it| it.score))
}
