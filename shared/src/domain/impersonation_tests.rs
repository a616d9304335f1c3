//! Which profiles she is told of, and how.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::domain::Platform;

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

fn judged(handle: &str, name: &str, bio: &str, distance: Option<u32>) -> Option<Pretence> {
    let evidence = Resemblance::of(&ana(), &profile(handle, name, bio));
    let nearest = distance.map(|it| (ImageId::next(), it));
    evidence.with_picture(nearest).pretence()
}

#[test]
fn two_things_must_speak_for_it_or_her_picture() {
    use Pretence::{FakeProfile, Impersonation};
    for (handle, name, bio, distance, want) in [
        ("ana.k0vac", "Ana Kovac", "", None, Some(Impersonation)),
        (
            "ana.kovac.official",
            "x",
            "photographer in zagreb, coffee and mountains",
            None,
            Some(Impersonation),
        ),
        ("ana.kovac", "", "", Some(4), Some(Impersonation)),
        ("zoe", "Kovac Ana", "", Some(31), Some(Impersonation)),
        ("zoe", "Zoe", "", Some(0), Some(FakeProfile)),
        ("zoe", "Zoe", "", Some(32), None),
        ("ana.kovac", "Bea Smith", "I sell cars", None, None),
        ("anna.kovac", "Somebody", "", Some(120), None),
        (
            "zoe",
            "Ana Kovac",
            "photographer in zagreb, coffee and mountains",
            None,
            None,
        ),
    ] {
        assert_eq!(
            judged(handle, name, bio, distance),
            want,
            "{handle} {name} {distance:?}"
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

fn alert(evidence: &Resemblance, pretence: Pretence) -> Alert {
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
    let evidence = Resemblance::of(&ana(), &found).with_picture(Some((ImageId::next(), 8)));
    let told = alert(&evidence, Pretence::Impersonation);
    assert_eq!(
        (told.kind, told.severity),
        (AlertType::ProfileImpersonation, Severity::High)
    );
    assert_eq!(
        told.title,
        "A profile that looks like yours was found on TikTok"
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
    assert_eq!(facts["sourceUrl"], "https://www.tiktok.com/@ana.k0vac");

    let unseen = Resemblance::of(&ana(), &found);
    let told = alert(&unseen, Pretence::FakeProfile);
    assert_eq!(
        (told.kind, told.severity),
        (AlertType::FakeProfile, Severity::Medium)
    );
    assert!(told.title.contains("your photo"));
    for word in ["victim", "urgent", "danger", "warning", "!", "abuse"] {
        assert!(!told.description.to_lowercase().contains(word), "{word}");
    }
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
    let told = profile_alert(user, &odd, &evidence, Pretence::FakeProfile, now);
    assert!(!told.metadata.unwrap().contains_key("sourceUrl"));
}
