//! Which profiles she is told of, and how.

use super::*;
use crate::{FaceEvidence, HashEvidence, Person, Platform, Signal};

fn ana() -> Persona {
    Persona {
        handles: vec!["ana.kovac".into()],
        names: vec!["Ana Kovač".into()],
        bios: vec!["Photographer in Zagreb. Coffee and mountains.".into()],
    }
}

fn profile(handle: &str, name: &str, bio: &str) -> PublicProfile {
    PublicProfile {
        platform: Platform::TikTok,
        handle: handle.into(),
        name: name.into(),
        bio: bio.into(),
        picture_url: None,
        url: Some(format!("https://www.tiktok.com/@{handle}")),
        followers: 1,
        recent_followers: vec![],
    }
}

/// What our look at a picture says.
fn seen(relation: Relation) -> (ImageId, Evidence) {
    let is_face = relation == Relation::SamePerson;
    let evidence = Evidence {
        relation,
        edits: vec![],
        changes: vec![],
        score: if is_face { 0.1 } else { 0.97 },
        decided_by: Signal::Nothing,
        pdq: Some(HashEvidence {
            distance: 8,
            turn: "keep".into(),
            quality: 90,
        }),
        borderless: None,
        overlay: None,
        colours: None,
        faces: is_face.then_some(FaceEvidence {
            person: Person::Same,
            similarity: Some(0.61),
            own_face: Some(0),
            found_face: Some(0),
        }),
        vector: None,
    };
    (ImageId::next(), evidence)
}

fn judged(
    handle: &str,
    name: &str,
    bio: &str,
    picture: Option<Relation>,
) -> Option<ImpersonationKind> {
    let evidence = Resemblance::of(&ana(), &profile(handle, name, bio));
    evidence.with_picture(picture.map(seen)).pretence()
}

#[test]
fn two_things_must_speak_for_it_or_her_picture() {
    use ImpersonationKind::{FakeProfile, Impersonation};
    use Relation::{Different, Edited, Exact, SamePerson, Similar};
    for (handle, name, bio, picture, want) in [
        ("ana.k0vac", "Ana Kovac", "", None, Some(Impersonation)),
        (
            "ana.kovac.official",
            "x",
            "photographer in zagreb, coffee and mountains",
            None,
            Some(Impersonation),
        ),
        ("ana.kovac", "", "", Some(Edited), Some(Impersonation)),
        ("zoe", "Kovac Ana", "", Some(Exact), Some(Impersonation)),
        ("zoe", "Zoe", "", Some(Edited), Some(FakeProfile)),
        ("zoe", "Zoe", "", Some(SamePerson), Some(FakeProfile)),
        ("ana.kovac", "", "", Some(SamePerson), Some(Impersonation)),
        ("zoe", "Zoe", "", Some(Similar), None),
        ("ana.kovac", "Bea Smith", "I sell cars", None, None),
        ("anna.kovac", "Somebody", "", Some(Different), None),
        (
            "zoe",
            "Ana Kovac",
            "photographer in zagreb, coffee and mountains",
            None,
            None,
        ),
    ] {
        assert_eq!(
            judged(handle, name, bio, picture),
            want,
            "{handle} {name} {picture:?}"
        );
    }
}

#[test]
fn who_is_called_like_her_is_looked_at_first() {
    let alike = |handle, name| Resemblance::of(&ana(), &profile(handle, name, "")).is_alike();
    assert!(alike("ana_kovac", "") && alike("zoe", "Ana Kovac"));
    assert!(!alike("zoe", "Zoe"));
    let nobody = Resemblance::of(&Persona::default(), &profile("ana", "Ana", ""));
    assert!(!nobody.is_alike());
}

fn alert(evidence: &Resemblance, pretence: ImpersonationKind) -> Alert {
    let user = UserId::parse("6f9619ff-8b86-4d01-b42d-00cf4fc964fe").unwrap();
    let now = Timestamp::from_epoch_seconds(1_800_000_000).unwrap();
    profile_alert(
        user,
        &profile("ana.k0vac", "Ana Kovac", ""),
        evidence,
        pretence,
        now,
    )
}

#[test]
fn she_is_told_what_speaks_for_it() {
    let found = profile("ana.k0vac", "Ana Kovac", "");
    let evidence = Resemblance::of(&ana(), &found).with_picture(Some(seen(Relation::Edited)));
    let told = alert(&evidence, ImpersonationKind::Impersonation);
    assert_eq!(
        (told.kind, told.severity),
        (AlertType::ProfileImpersonation, Severity::High)
    );
    assert_eq!(
        told.title,
        "A profile that looks like yours was found on TikTok: @ana.k0vac"
    );
    let why = "its photo is one of yours, its handle is close to yours and it uses your name.";
    assert!(told.description.contains(why), "{}", told.description);
    let facts = told.metadata.unwrap();
    assert_eq!(
        (&facts["platform"], &facts["similarity"]),
        (&json!("TikTok"), &json!(0.97))
    );
    assert_eq!(facts["evidence"]["handle"], "LOOKALIKE");
    assert_eq!(facts["evidence"]["pictureDistance"], 8);
    assert_eq!(facts["evidence"]["picture"], "EDITED");
    assert_eq!(facts["sourceUrl"], "https://www.tiktok.com/@ana.k0vac");

    let unseen = Resemblance::of(&ana(), &found);
    let told = alert(&unseen, ImpersonationKind::FakeProfile);
    assert_eq!(
        (told.kind, told.severity),
        (AlertType::FakeProfile, Severity::Medium)
    );
    assert!(told.title.contains("may show you"));
    let facts = told.metadata.unwrap();
    assert!(
        !facts.contains_key("similarity"),
        "no picture was compared: {facts:?}"
    );
    assert_eq!(facts["evidence"]["name"], 1.0);
    let copied = unseen.with_picture(Some(seen(Relation::Exact)));
    let told = alert(&copied, ImpersonationKind::FakeProfile);
    assert!(told.title.contains("your photo"));
    for word in ["victim", "urgent", "danger", "warning", "!", "abuse"] {
        assert!(!told.description.to_lowercase().contains(word), "{word}");
    }
}

/// A picture that is another one speaks against it, and the bar says so.
#[test]
fn a_picture_that_was_compared_gives_the_similarity() {
    let found = profile("ana.k0vac", "Ana Kovac", "");
    let (image, mut other) = seen(Relation::Different);
    other.score = 0.04;
    let evidence = Resemblance::of(&ana(), &found).with_picture(Some((image, other)));
    let told = alert(&evidence, ImpersonationKind::Impersonation);
    assert_eq!(told.metadata.unwrap()["similarity"], 0.04);
}

#[test]
fn one_profile_is_one_alert_and_no_script_becomes_a_link() {
    let user = UserId::random();
    let id = |platform, handle| AlertId::of_profile(user, platform, handle);
    assert_eq!(id(Platform::TikTok, "a"), id(Platform::TikTok, "a"));
    assert_ne!(id(Platform::TikTok, "a"), id(Platform::Facebook, "a"));
    let mut odd = profile("ana.k0vac", "", "");
    odd.url = Some("javascript:alert(1)".into());
    let evidence = Resemblance::of(&ana(), &odd);
    let now = Timestamp::from_epoch_seconds(1_800_000_000).unwrap();
    let told = profile_alert(user, &odd, &evidence, ImpersonationKind::FakeProfile, now);
    assert!(!told.metadata.unwrap().contains_key("sourceUrl"));
}

#[test]
fn her_face_in_another_photo_is_told_as_that() {
    let of = |handle, name| {
        let evidence = Resemblance::of(&ana(), &profile(handle, name, ""));
        evidence.with_picture(Some(seen(Relation::SamePerson)))
    };
    let told = alert(&of("ana.k0vac", ""), ImpersonationKind::Impersonation);
    assert_eq!(told.severity, Severity::High);
    assert!(
        told.description
            .contains("its photo may show you and its handle")
    );
    let facts = told.metadata.unwrap();
    assert_eq!(facts["similarity"], 0.61);
    assert_eq!(facts["evidence"]["faceSimilarity"], 0.61);
    let alone = alert(&of("zoe", "Zoe"), ImpersonationKind::FakeProfile);
    assert_eq!(alone.severity, Severity::Medium);
}
