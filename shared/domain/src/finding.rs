//! Alerts about findings: their severity, title, description and words for confidence. All of them are
//! here.

use serde_json::{Map, Value, json};

use super::{
    Alert, AlertId, AlertStatus, AlertType, CanonicalUrl, Edit, Match, MatchType, PictureName,
    Relation, SensitiveSite, Severity, Tier, Timestamp, UserId, sensitive_sites, url,
};

/// The longest host a title shows whole, in characters.
const MAX_SHOWN_HOST: usize = 60;

/// From which likelihood on these words are used. The likelihoods of our own comparison are calibrated
/// (see the imaging crate's `verdict`): a copy is called one from 0.5 on.
const ALMOST_CERTAIN: f64 = 0.98;
const VERY_LIKELY: f64 = 0.85;

/// The alert that a new finding raises; `picture` is what the picture of hers is called.
#[must_use]
pub fn alert_of(
    user: UserId,
    found: &Match,
    picture: Option<&PictureName>,
    now: Timestamp,
) -> Alert {
    let tier = found.confidence.unwrap_or(Tier::Low);
    Alert {
        id: AlertId::of_match(found.id),
        user_id: user,
        kind: AlertType::ImageMisuse,
        severity: severity_there(found, tier.severity()),
        title: title(found, tier, picture),
        description: description(found, tier, picture),
        metadata: Some(metadata(found, tier)),
        status: AlertStatus::New,
        created_at: now,
        viewed_at: None,
        actioned_at: None,
    }
}

/// The severity of a finding by where it is: a site of adult content or leaks makes it one step graver.
pub(super) fn severity_there(found: &Match, elsewhere: Severity) -> Severity {
    match site(found) {
        Some(_) => elsewhere.raised(),
        None => elsewhere,
    }
}

/// The alert of a finding that was gone for a while and was seen again.
#[must_use]
pub fn reappeared(alert: &Alert) -> Alert {
    let mut metadata = alert.metadata.clone().unwrap_or_default();
    metadata.insert("cameBack".to_owned(), json!(true));
    Alert {
        title: format!("{} again", alert.title),
        description: format!(
            "It had not been found there for some time. {}",
            alert.description
        ),
        metadata: Some(metadata),
        ..alert.clone()
    }
}

fn title(found: &Match, tier: Tier, picture: Option<&PictureName>) -> String {
    let (hers, place) = (hers(picture), place(found));
    match (tier, found.match_type) {
        _ if relation(found) == Some(Relation::SamePerson) => match picture {
            Some(_) => format!("A photo that may show you, like your {hers}, was found {place}"),
            None => format!("A photo that may show you was found {place}"),
        },
        (Tier::High, MatchType::Exact) => format!("Your {hers} was found {place}"),
        (Tier::High, _) => format!("An edited copy of your {hers} was found {place}"),
        (Tier::Low, _) => format!("A photo that may be your {hers} was found {place}"),
        _ => format!("A photo that looks like your {hers} was found {place}"),
    }
}

fn description(found: &Match, tier: Tier, picture: Option<&PictureName>) -> String {
    let what = what(found, tier, (&hers(picture), &place(found)));
    let site = match site(found) {
        Some(SensitiveSite::Adult) => " This is a site for adults.",
        Some(SensitiveSite::Leak) => {
            " This site is known for pictures that were shared without consent."
        }
        None => "",
    };
    format!("{what}{site} When you feel ready, have a look and decide what you would like to do.")
}

/// What was compared, and what came of it.
fn what(found: &Match, tier: Tier, (hers, place): (&str, &str)) -> String {
    match relation(found) {
        Some(Relation::SamePerson) => format!(
            "We compared the faces in a picture {place} with those in your {hers}: they may be the same person's. It is not the picture you gave us."
        ),
        Some(Relation::Edited) => format!(
            "We compared the picture {place} with your {hers}: it is {} the same picture{}.",
            likely(found),
            done(found)
        ),
        _ if tier == Tier::High => format!(
            "We compared the picture {place} with your {hers}: it is {} the same picture.",
            likely(found)
        ),
        _ => format!(
            "A search engine matched a picture {place} with your {hers}. We could not confirm it ourselves."
        ),
    }
}

/// How likely it is hers, in words, of what our comparison says is hers.
fn likely(found: &Match) -> &'static str {
    match found.similarity {
        it if it >= ALMOST_CERTAIN => "almost certainly",
        it if it >= VERY_LIKELY => "very likely",
        _ => "probably",
    }
}

fn relation(found: &Match) -> Option<Relation> {
    found.evidence.as_ref().map(|it| it.relation)
}

/// ", cropped, mirrored and given a caption".
fn done(found: &Match) -> String {
    let edits = found.evidence.iter().flat_map(|it| &it.edits);
    let words: Vec<&str> = edits.copied().map(Edit::words).collect();
    match words.split_last() {
        None => String::new(),
        Some((last, [])) => format!(", {last}"),
        Some((last, rest)) => format!(", {} and {last}", rest.join(", ")),
    }
}

/// "picture of 3 November", or "photo" where it has no name.
fn hers(picture: Option<&PictureName>) -> String {
    picture.map_or_else(|| "photo".to_owned(), ToString::to_string)
}

/// "on Instagram", or "on forum.example.net" where it is no network that the screen knows.
fn place(found: &Match) -> String {
    match (platform(found), host(found)) {
        (Some(network), _) => format!("on {network}"),
        (None, host) if host.is_empty() => "on the web".to_owned(),
        (None, host) => format!("on {}", shown_host(&host)),
    }
}

/// The end of a host says whose it is.
fn shown_host(host: &str) -> String {
    let host = host.strip_prefix("www.").unwrap_or(host);
    let length = host.chars().count();
    if length <= MAX_SHOWN_HOST {
        return host.to_owned();
    }
    let end: String = host.chars().skip(length - MAX_SHOWN_HOST).collect();
    format!("…{end}")
}

fn host(found: &Match) -> String {
    let url = CanonicalUrl::parse(&found.source_url);
    url.map(|it| it.host()).unwrap_or_default()
}

fn site(found: &Match) -> Option<SensitiveSite> {
    sensitive_sites::sensitive_site(&host(found))
}

/// The network, in the spelling the screen compares with (QUIRKS Q4).
fn platform(found: &Match) -> Option<&'static str> {
    url::platform_of(&host(found))
}

/// What the comparison says, 0 to 1: our own, or else the engine's if it gives a score. Nothing where
/// nobody compared the pictures (QUIRKS Q42).
fn similarity(found: &Match) -> Option<f64> {
    let compared = match &found.evidence {
        Some(it) if it.relation == Relation::SamePerson => it.faces.and_then(|it| it.similarity),
        Some(it) => Some(it.score),
        None => found.discovery_score.map(|it| it / 100.0),
    };
    compared.map(|it| (it.clamp(0.0, 1.0) * 100.0).round() / 100.0)
}

/// What the screen reads beside the text. What is not known is left out: the screen then shows the
/// host in place of the network, and no bar.
fn metadata(found: &Match, tier: Tier) -> Map<String, Value> {
    let mut facts = Map::from_iter([
        ("matchId".to_owned(), json!(found.id)),
        ("imageId".to_owned(), json!(found.protected_image_id)),
        ("sourceUrl".to_owned(), json!(found.source_url)),
        ("matchType".to_owned(), json!(found.match_type)),
        ("confidence".to_owned(), json!(tier)),
    ]);
    if let Some(similarity) = similarity(found) {
        facts.insert("similarity".to_owned(), json!(similarity));
    }
    if let Some(platform) = platform(found) {
        facts.insert("platform".to_owned(), json!(platform));
    }
    if let Some(site) = site(found) {
        facts.insert("sensitiveSite".to_owned(), json!(site));
    }
    if let Some(face) = &found.face_verified {
        facts.insert("faceVerified".to_owned(), json!(face));
        facts.insert("faceSimilarity".to_owned(), json!(found.face_similarity));
        if relation(found) == Some(Relation::SamePerson) {
            // The screen knows no type of this name (QUIRKS Q3).
            facts.insert("subtype".to_owned(), json!("FACE_MATCH"));
        }
    }
    facts
}

#[cfg(test)]
mod tests;
