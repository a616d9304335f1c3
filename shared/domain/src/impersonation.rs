//! Impersonation of her by a social profile: signals, threshold, kind, severity, and the alert.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::ids::named;
use super::linked::Platform;
use super::{
    Alert, AlertId, AlertStatus, AlertType, CanonicalUrl, Evidence, HandleLikeness, ImageId,
    PublicProfile, Relation, Severity, Timestamp, UserId, likeness,
};

/// From where two names, and two texts, are taken for the same.
const SAME_NAME: f64 = 0.8;
const SAME_TEXT: f64 = 0.6;

impl AlertId {
    /// The alert that a profile which pretends to be `user` raises.
    #[must_use]
    pub fn of_profile(user: UserId, platform: Platform, handle: &str) -> Self {
        let platform = platform.as_str();
        Self::from(named(&format!("alert/profile/{user}/{platform}/{handle}")))
    }
}

/// What she is known by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Persona {
    /// Her handles.
    pub handles: Vec<String>,
    /// Her names.
    pub names: Vec<String>,
    /// What she says of herself.
    pub bios: Vec<String>,
}

/// What we saw of somebody else's profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resemblance {
    /// How like its handle is to the likest of hers.
    pub handle: HandleLikeness,
    /// How like its name is, 0 to 1.
    pub name: f64,
    /// How like what it says is, 0 to 1.
    pub bio: f64,
    /// What its picture is to the nearest of hers; nothing if it could not be compared.
    pub picture: Option<Relation>,
    /// How likely it is that picture, 0 to 1.
    pub picture_score: Option<f64>,
    /// How far the fingerprints of the two are apart, 0 to 256.
    pub picture_distance: Option<u32>,
    /// Cosine of the two nearest faces, if she agreed to their comparison.
    pub face_similarity: Option<f64>,
    /// The nearest of hers.
    pub image_id: Option<ImageId>,
}

/// What we take a profile for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ImpersonationKind {
    /// It passes itself off as her.
    Impersonation,
    /// It shows her under somebody else's name.
    FakeProfile,
}

impl Resemblance {
    /// What can be said without its picture.
    #[must_use]
    pub fn of(her: &Persona, profile: &PublicProfile) -> Self {
        let handle = her
            .handles
            .iter()
            .map(|it| likeness::handle_likeness(it, &profile.handle))
            .max();
        let best = |all: &[String], of: &str, like: fn(&str, &str) -> f64| {
            all.iter().map(|it| like(it, of)).fold(0.0, f64::max)
        };
        Self {
            handle: handle.unwrap_or(HandleLikeness::None),
            name: best(&her.names, &profile.name, likeness::name_likeness),
            bio: best(&her.bios, &profile.bio, likeness::text_likeness),
            picture: None,
            picture_score: None,
            picture_distance: None,
            face_similarity: None,
            image_id: None,
        }
    }

    /// The same with what our own look at its picture said, and of which of hers.
    #[must_use]
    pub fn with_picture(self, nearest: Option<(ImageId, Evidence)>) -> Self {
        let Some((image, seen)) = nearest else {
            return self;
        };
        Self {
            picture: Some(seen.relation),
            picture_score: Some(seen.score),
            picture_distance: seen.pdq.map(|it| it.distance),
            face_similarity: seen.faces.and_then(|it| it.similarity),
            image_id: Some(image),
            ..self
        }
    }

    /// Whether its handle or its name is like hers; the pictures of such profiles are looked at first.
    #[must_use]
    pub fn is_alike(&self) -> bool {
        self.handle > HandleLikeness::None || self.name >= SAME_NAME
    }

    /// Its picture is one of hers, whatever was done to it.
    fn shows_her_picture(&self) -> bool {
        matches!(self.picture, Some(Relation::Exact | Relation::Edited))
    }

    /// Its picture is another one, and the face in it is hers.
    fn shows_her_face(&self) -> bool {
        self.picture == Some(Relation::SamePerson)
    }

    /// What follows. A handle or a name alone says nothing: others may be called like her.
    #[must_use]
    pub fn pretence(&self) -> Option<ImpersonationKind> {
        let alike = self.handle > HandleLikeness::None;
        let (name, bio) = (self.name >= SAME_NAME, self.bio >= SAME_TEXT);
        match (self.shows_her_picture() || self.shows_her_face(), alike) {
            (true, true) => Some(ImpersonationKind::Impersonation),
            (true, false) if name => Some(ImpersonationKind::Impersonation),
            (true, false) => Some(ImpersonationKind::FakeProfile),
            (false, true) if name || bio => Some(ImpersonationKind::Impersonation),
            (false, _) => None,
        }
    }

    /// A face alone may be a likeness, or a friend's picture of her.
    fn severity(&self) -> Severity {
        if self.shows_her_picture() || self.shows_her_face() && self.is_alike() {
            Severity::High
        } else {
            Severity::Medium
        }
    }

    /// How like its picture is to the nearest of hers, 0 to 1; nothing if no picture was compared. The
    /// screen shows it as "Match confidence", of which a name alone gives none (QUIRKS Q42).
    fn similarity(&self) -> Option<f64> {
        let compared = match self.picture? {
            Relation::SamePerson => self.face_similarity,
            _ => self.picture_score,
        };
        compared.map(|it| (it.clamp(0.0, 1.0) * 100.0).round() / 100.0)
    }
}

/// The alert that such a profile raises.
#[must_use]
pub fn profile_alert(
    user: UserId,
    profile: &PublicProfile,
    evidence: &Resemblance,
    pretence: ImpersonationKind,
    now: Timestamp,
) -> Alert {
    let (kind, title) = match pretence {
        ImpersonationKind::Impersonation => (
            AlertType::ProfileImpersonation,
            "A profile that looks like yours was found on",
        ),
        ImpersonationKind::FakeProfile if evidence.shows_her_picture() => (
            AlertType::FakeProfile,
            "A profile with your photo was found on",
        ),
        ImpersonationKind::FakeProfile => (
            AlertType::FakeProfile,
            "A profile that may show you was found on",
        ),
    };
    let network = profile.platform.shown();
    Alert {
        id: AlertId::of_profile(user, profile.platform, &profile.handle),
        user_id: user,
        kind,
        severity: evidence.severity(),
        title: format!("{title} {network}: @{}", profile.handle),
        description: description(profile, evidence),
        metadata: Some(metadata(profile, evidence, pretence)),
        status: AlertStatus::New,
        created_at: now,
        viewed_at: None,
        actioned_at: None,
    }
}

fn description(profile: &PublicProfile, evidence: &Resemblance) -> String {
    let mut reasons = vec![];
    if evidence.shows_her_picture() {
        reasons.push("its photo is one of yours");
    } else if evidence.shows_her_face() {
        reasons.push("its photo may show you");
    }
    match evidence.handle {
        HandleLikeness::None => {}
        HandleLikeness::Same => reasons.push("its handle is the same as yours"),
        _ => reasons.push("its handle is close to yours"),
    }
    if evidence.name >= SAME_NAME {
        reasons.push("it uses your name");
    }
    if evidence.bio >= SAME_TEXT {
        reasons.push("it describes itself as you do");
    }
    let reasons = match reasons.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    };
    format!(
        "The profile @{} on {} may not be you: {reasons}. If it is yours, you can add it to your \
         accounts; if not, you can report it there when you feel ready.",
        profile.handle,
        profile.platform.shown()
    )
}

fn metadata(
    profile: &PublicProfile,
    evidence: &Resemblance,
    pretence: ImpersonationKind,
) -> Map<String, Value> {
    let mut facts = Map::from_iter([
        ("platform".to_owned(), json!(profile.platform.shown())),
        ("handle".to_owned(), json!(profile.handle)),
        ("verdict".to_owned(), json!(pretence)),
        ("evidence".to_owned(), json!(evidence)),
    ]);
    if let Some(similarity) = evidence.similarity() {
        facts.insert("similarity".to_owned(), json!(similarity));
    }
    // The screen makes a link of it: only what is on the web may be one.
    if let Some(url) = profile.url.as_deref().and_then(CanonicalUrl::parse) {
        facts.insert("sourceUrl".to_owned(), json!(url));
    }
    facts
}

#[cfg(test)]
mod tests;
