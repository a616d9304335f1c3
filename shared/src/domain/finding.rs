//! The words of an alert about a finding. All of them are here.

use serde_json::{Map, Value, json};

use super::{
    Alert, AlertId, AlertStatus, AlertType, CanonicalUrl, Edit, Match, MatchType, Relation, Tier,
    Timestamp, UserId, platform_of,
};

/// The alert that a new finding raises.
#[must_use]
pub fn alert_of(user: UserId, found: &Match, now: Timestamp) -> Alert {
    let tier = found.confidence.unwrap_or(Tier::Low);
    Alert {
        id: AlertId::of_match(found.id),
        user_id: user,
        kind: AlertType::ImageMisuse,
        severity: tier.severity(),
        title: title(found, tier),
        description: description(found, tier),
        metadata: Some(metadata(found, tier)),
        status: AlertStatus::New,
        created_at: now,
        viewed_at: None,
        actioned_at: None,
    }
}

/// The alert of a finding that was gone for a while and was seen again.
#[must_use]
pub fn again(alert: &Alert) -> Alert {
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

fn title(found: &Match, tier: Tier) -> String {
    let place = place(found);
    match (tier, found.match_type) {
        _ if relation(found) == Some(Relation::SamePerson) => {
            format!("A photo that may show you was found {place}")
        }
        (Tier::High, MatchType::Exact) => format!("Your photo was found {place}"),
        (Tier::High, _) => format!("An edited copy of your photo was found {place}"),
        (Tier::Low, _) => format!("A photo that may be yours was found {place}"),
        _ => format!("A photo that looks like yours was found {place}"),
    }
}

fn description(found: &Match, tier: Tier) -> String {
    let what = what(found, tier, &place(found));
    format!("{what} When you feel ready, have a look and decide what you would like to do.")
}

/// What was compared, and what came of it.
fn what(found: &Match, tier: Tier, place: &str) -> String {
    let percent = percent(found.similarity);
    match relation(found) {
        Some(Relation::SamePerson) => format!(
            "We compared the faces in a picture {place} with those in one of yours: they may be the same person's. It is not the picture you gave us."
        ),
        Some(Relation::Edited) => format!(
            "We compared the picture {place} with one of yours: it is yours{} ({percent} likely).",
            done(found)
        ),
        _ if tier == Tier::High => format!(
            "We compared the picture {place} with one of yours: it is the same picture ({percent} likely)."
        ),
        _ if found.similarity > 0.0 => format!(
            "A search engine matched a picture {place} with one of yours ({percent}). We could not confirm it ourselves."
        ),
        _ => format!(
            "A search engine matched a picture {place} with one of yours. We could not confirm it ourselves."
        ),
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

/// "on Instagram", or "on the web" where the network is not known.
fn place(found: &Match) -> String {
    format!("on {}", platform(found).unwrap_or("the web"))
}

/// The network, in the spelling the screen compares with (QUIRKS Q4).
fn platform(found: &Match) -> Option<&'static str> {
    platform_of(&CanonicalUrl::parse(&found.source_url)?.host())
}

fn percent(similarity: f64) -> String {
    format!("{:.0} %", similarity * 100.0)
}

/// What the screen reads beside the text. An unknown platform is left out, so that the host is shown.
fn metadata(found: &Match, tier: Tier) -> Map<String, Value> {
    let mut facts = Map::from_iter([
        ("matchId".to_owned(), json!(found.id)),
        ("imageId".to_owned(), json!(found.protected_image_id)),
        ("sourceUrl".to_owned(), json!(found.source_url)),
        ("similarity".to_owned(), json!(found.similarity)),
        ("matchType".to_owned(), json!(found.match_type)),
        ("confidence".to_owned(), json!(tier)),
    ]);
    if let Some(platform) = platform(found) {
        facts.insert("platform".to_owned(), json!(platform));
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
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::evidence::tests::evidence;
    use crate::domain::{Evidence, ImageId, MatchId, MatchStatus, ReviewStatus, ScanId, Severity};

    fn found(tier: Tier, platform: Option<&str>) -> Match {
        let image = ImageId::next();
        let host = platform.map_or("example.net".to_owned(), |it| {
            format!("www.{}.com", it.to_lowercase())
        });
        let url = CanonicalUrl::parse(&format!("https://{host}/t/1")).unwrap();
        let now = Timestamp::from_epoch_seconds(1_800_000_000).unwrap();
        Match {
            id: MatchId::of(image, &url),
            protected_image_id: image,
            scan_job_id: Some(ScanId::next()),
            source_url: url.to_string(),
            platform: platform.map(str::to_uppercase),
            similarity: 0.97,
            match_type: MatchType::Exact,
            detected_at: now,
            status: MatchStatus::New,
            first_seen_at: now,
            last_seen_at: now,
            gone_at: None,
            confidence: Some(tier),
            clip_similarity: None,
            face_verified: None,
            review_status: ReviewStatus::Active,
            reviewed_at: None,
            reviewed_by: None,
            discovery_engine: Some("tineye".into()),
            candidate_group_id: None,
            face_similarity: None,
            discovery_score: Some(97.0),
            verification_engine: None,
            parent_candidate_id: None,
            evidence: None,
        }
    }

    fn alert(tier: Tier, platform: Option<&str>) -> Alert {
        raised(&found(tier, platform))
    }

    fn raised(found: &Match) -> Alert {
        let now = Timestamp::from_epoch_seconds(1_800_000_001).unwrap();
        alert_of(UserId::random(), found, now)
    }

    /// A finding of this relation, after these edits.
    fn judged(tier: Tier, relation: Relation, edits: &[Edit]) -> Match {
        Match {
            match_type: MatchType::Modified,
            evidence: Some(Evidence {
                edits: edits.to_vec(),
                ..evidence(relation, 0.97)
            }),
            ..found(tier, None)
        }
    }

    #[test]
    fn it_says_what_was_done_to_her_picture() {
        for (edits, words) in [
            (&[][..], "it is yours (97 % likely)"),
            (&[Edit::Mirrored], "it is yours, mirrored (97 % likely)"),
            (
                &[Edit::Cropped, Edit::Recoloured, Edit::Captioned],
                "it is yours, cropped, changed in colour and given a caption (97 % likely)",
            ),
        ] {
            let alert = raised(&judged(Tier::High, Relation::Edited, edits));
            assert!(alert.description.contains(words), "{}", alert.description);
            assert!(alert.title.starts_with("An edited copy of your photo"));
        }
    }

    #[test]
    fn a_face_is_told_as_what_it_is() {
        let mut found = judged(Tier::MediumHigh, Relation::SamePerson, &[]);
        found.face_verified = Some("VERIFIED".into());
        found.face_similarity = Some(0.62);
        let alert = raised(&found);
        assert_eq!(alert.kind, AlertType::ImageMisuse);
        assert!(alert.title.contains("may show you"));
        let facts = alert.metadata.unwrap();
        assert_eq!(
            (&facts["subtype"], &facts["faceSimilarity"]),
            (&json!("FACE_MATCH"), &json!(0.62))
        );
        found.evidence = Some(evidence(Relation::Different, 0.1));
        found.face_verified = Some("MISMATCH".into());
        let facts = raised(&found).metadata.unwrap();
        assert_eq!(facts["faceVerified"], "MISMATCH");
        assert!(!facts.contains_key("subtype"));
    }

    #[test]
    fn it_names_the_platform_and_the_percent() {
        let alert = alert(Tier::High, Some("Instagram"));
        assert_eq!(alert.title, "Your photo was found on Instagram");
        assert!(alert.description.contains("97 %") && alert.description.contains("Instagram"));
        assert_eq!(
            (alert.kind, alert.severity),
            (AlertType::ImageMisuse, Severity::High)
        );
        assert_eq!(alert.metadata.unwrap()["platform"], "Instagram");
    }

    #[test]
    fn an_unknown_platform_is_absent_and_an_uncertain_finding_says_so() {
        let alert = alert(Tier::Medium, None);
        assert!(!alert.metadata.as_ref().unwrap().contains_key("platform"));
        assert_eq!(alert.metadata.as_ref().unwrap()["confidence"], "MEDIUM");
        assert!(alert.description.contains("could not confirm"));
    }

    #[test]
    fn no_text_alarms() {
        let relations = [Relation::Edited, Relation::SamePerson, Relation::Different];
        for (tier, relation) in [Tier::Low, Tier::Medium, Tier::MediumHigh, Tier::High]
            .into_iter()
            .flat_map(|tier| relations.map(|relation| (tier, relation)))
        {
            for platform in [None, Some("TikTok")] {
                let mut found = found(tier, platform);
                found.evidence = Some(evidence(relation, 0.97));
                let alert = raised(&found);
                let text = format!("{} {}", alert.title, alert.description).to_lowercase();
                for word in [
                    "victim",
                    "urgent",
                    "danger",
                    "warning",
                    "immediately",
                    "!",
                    "abuse",
                ] {
                    assert!(!text.contains(word), "{text}: {word}");
                }
            }
        }
    }

    #[test]
    fn the_finding_keeps_the_contracts_field_names_and_adds_two() {
        let value = serde_json::to_value(found(Tier::MediumHigh, None)).unwrap();
        let keys: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
        let mut want = [
            "id",
            "protectedImageId",
            "scanJobId",
            "sourceUrl",
            "platform",
            "similarity",
            "matchType",
            "detectedAt",
            "status",
            "firstSeenAt",
            "lastSeenAt",
            "goneAt",
            "confidence",
            "clipSimilarity",
            "faceVerified",
            "reviewStatus",
            "reviewedAt",
            "reviewedBy",
            "discoveryEngine",
            "candidateGroupId",
            "faceSimilarity",
            "discoveryScore",
            "verificationEngine",
            "parentCandidateId",
            "evidence",
        ];
        want.sort_unstable();
        assert_eq!(keys, want);
        assert_eq!(value["confidence"], "MEDIUM_HIGH");
    }
}
