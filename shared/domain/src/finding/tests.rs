//! What an alert about a finding says, and how grave it is.

use super::*;
use crate::evidence::tests::evidence;
use crate::{
    Evidence, ImageId, MatchId, MatchStatus, PictureNames, ReviewStatus, ScanId, Severity,
};

fn found(tier: Tier, platform: Option<&str>) -> Match {
    let image = ImageId::next();
    let host = platform.map_or("forum.example.net".to_owned(), |it| {
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
    alert_of(UserId::random(), found, None, now)
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
        (&[][..], "it is very likely the same picture."),
        (
            &[Edit::Mirrored],
            "it is very likely the same picture, mirrored.",
        ),
        (
            &[Edit::Cropped, Edit::Recoloured, Edit::Captioned],
            "the same picture, cropped, changed in colour and given a caption.",
        ),
        (
            &[Edit::Watermarked, Edit::Covered, Edit::BlurredPart],
            "the same picture, watermarked, partly covered and partly blurred.",
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
fn it_names_the_platform_and_how_likely_it_is() {
    let alert = alert(Tier::High, Some("Instagram"));
    assert_eq!(alert.title, "Your photo was found on Instagram");
    assert!(alert.description.contains("picture on Instagram"));
    assert!(alert.description.contains("very likely the same picture"));
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
        for platform in [None, Some("TikTok"), Some("erome"), Some("xvideos")] {
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

/// What a picture of hers that was uploaded on the third of November is called.
fn name() -> PictureName {
    let at = |day: &str| Timestamp::parse(&format!("{day}T12:00:00Z")).unwrap();
    let image = ImageId::next();
    let names = PictureNames::of([(image, at("2026-11-03"))], 0, at("2026-11-29"));
    names.get(image).unwrap().clone()
}

#[test]
fn a_title_names_the_host_and_the_picture() {
    let title = |found: &Match| {
        let now = Timestamp::from_epoch_seconds(1_800_000_001).unwrap();
        alert_of(UserId::random(), found, Some(&name()), now).title
    };
    for (found, want) in [
        (
            found(Tier::High, None),
            "Your picture of 3 November was found on forum.example.net",
        ),
        (
            judged(Tier::High, Relation::Edited, &[]),
            "An edited copy of your picture of 3 November was found on forum.example.net",
        ),
        (
            judged(Tier::Medium, Relation::SamePerson, &[]),
            "A photo that may show you, like your picture of 3 November, was found on forum.example.net",
        ),
        (
            found(Tier::Low, Some("TikTok")),
            "A photo that may be your picture of 3 November was found on TikTok",
        ),
        (
            found(Tier::MediumHigh, None),
            "A photo that looks like your picture of 3 November was found on forum.example.net",
        ),
    ] {
        assert_eq!(title(&found), want);
        let other = Match {
            source_url: "https://www.other.example/t/1".into(),
            ..found
        };
        assert!(title(&other).ends_with(" on other.example"));
    }
    let nameless = raised(&found(Tier::High, None)).title;
    assert_eq!(nameless, "Your photo was found on forum.example.net");
    let long = Match {
        source_url: format!("https://{}.example.net/", vec!["a".repeat(50); 4].join(".")),
        ..found(Tier::High, None)
    };
    let title = title(&long);
    assert!(
        title.ends_with(".example.net") && title.chars().count() < 110,
        "{title}"
    );
}

#[test]
fn words_say_how_likely_it_is() {
    for (score, words) in [
        (1.0, "almost certainly"),
        (0.98, "almost certainly"),
        (0.97, "very likely"),
        (0.85, "very likely"),
        (0.84, "probably"),
        (0.5, "probably"),
    ] {
        for relation in [Relation::Exact, Relation::Edited] {
            let found = Match {
                similarity: score,
                evidence: Some(evidence(relation, score)),
                ..found(Tier::High, None)
            };
            let text = raised(&found).description;
            assert!(text.contains(&format!("it is {words} the same")), "{text}");
            assert!(!text.contains('%'), "{text}");
        }
    }
}

/// The screen shows it as "Match confidence".
#[test]
fn similarity_is_what_a_comparison_says_or_is_left_out() {
    let similarity = |found: &Match| raised(found).metadata.unwrap().get("similarity").cloned();
    let unseen = Match {
        similarity: 0.98,
        discovery_score: None,
        ..found(Tier::MediumHigh, None)
    };
    assert_eq!(similarity(&unseen), None, "a usual value is no comparison");
    let scored = Match {
        discovery_score: Some(61.3),
        ..unseen.clone()
    };
    assert_eq!(similarity(&scored), Some(json!(0.61)));
    let different = Match {
        evidence: Some(evidence(Relation::Different, 0.07)),
        ..scored.clone()
    };
    assert_eq!(similarity(&different), Some(json!(0.07)));
    let mut face = judged(Tier::Medium, Relation::SamePerson, &[]);
    face.evidence.as_mut().unwrap().faces = None;
    assert_eq!(similarity(&face), None);
}

#[test]
fn a_leak_or_adult_site_ranks_above_a_forum() {
    let at = |tier, host: &str| {
        let found = Match {
            source_url: format!("https://{host}/a/1"),
            ..found(tier, None)
        };
        raised(&found)
    };
    for tier in [Tier::Low, Tier::Medium, Tier::MediumHigh, Tier::High] {
        let forum = at(tier, "forum.example.net");
        assert_eq!(forum.severity, tier.severity());
        assert!(!forum.metadata.unwrap().contains_key("sensitiveSite"));
        for (host, site) in [("www.erome.com", "LEAK"), ("de.xhamster.com", "ADULT")] {
            let there = at(tier, host);
            assert!(there.severity > forum.severity, "{tier:?} {host}");
            assert_eq!(there.metadata.unwrap()["sensitiveSite"], site);
        }
    }
    assert_eq!(at(Tier::High, "erome.com").severity, Severity::Critical);
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
