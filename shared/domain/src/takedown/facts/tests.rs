use super::*;

fn whole() -> TakedownFacts {
    TakedownFacts {
        harm: Some(Harm::Intimate),
        name: Some("Ana Kovač".to_owned()),
        email: Some("ana@example.net".to_owned()),
        country: Some("DE".to_owned()),
        urls: vec!["https://forum.example/t/1".to_owned()],
        reason: Some("It shows me.".to_owned()),
        searched_name: Some("Ana Kovač".to_owned()),
        photographer: Some(Photographer::Me),
        work: Some("A picture that I took.".to_owned()),
        was_adult: Some(true),
        evidence_skipped: true,
        ..TakedownFacts::default()
    }
}

fn fields(law: Law, facts: &TakedownFacts) -> Vec<&'static str> {
    missing(law, facts).into_iter().map(|it| it.field).collect()
}

#[test]
fn nothing_is_missing_of_whole_facts_and_no_law_does_without_an_address() {
    for law in Law::ALL {
        assert_eq!(fields(*law, &whole()), [""; 0], "{law:?}");
        let without = TakedownFacts {
            urls: Vec::new(),
            ..whole()
        };
        assert_eq!(fields(*law, &without), ["urls"], "{law:?}");
        let minor = TakedownFacts {
            was_adult: Some(false),
            ..whole()
        };
        assert_eq!(fields(*law, &minor), ["wasAdult"], "{law:?}");
        let unkept = TakedownFacts {
            evidence_skipped: false,
            ..whole()
        };
        assert_eq!(fields(*law, &unkept), ["evidenceSkipped"], "{law:?}");
    }
}

#[test]
fn each_law_asks_for_its_own() {
    let without = |change: fn(&mut TakedownFacts)| {
        let mut facts = whole();
        change(&mut facts);
        let asking = Law::ALL
            .iter()
            .filter(|it| !missing(**it, &facts).is_empty());
        asking.copied().collect::<Vec<_>>()
    };
    let (tida, dmca, dsa, osa) = (Law::UsTida, Law::UsDmca, Law::EuDsa, Law::UkOsa);
    let (erase, object) = (Law::Gdpr17, Law::Gdpr21);
    assert_eq!(without(|it| it.name = None), Law::ALL);
    assert_eq!(without(|it| it.email = Some(" ".to_owned())), Law::ALL);
    assert_eq!(
        without(|it| it.reason = None),
        [dsa, erase, object, Law::Terms]
    );
    assert_eq!(without(|it| it.harm = Some(Harm::Private)), [tida, osa]);
    assert_eq!(without(|it| it.work = None), [dmca]);
    assert_eq!(
        without(|it| it.photographer = Some(Photographer::Unknown)),
        [dmca]
    );
    assert_eq!(without(|it| it.searched_name = None), [object]);
}

#[test]
fn facts_are_trimmed_and_what_is_none_is_refused() {
    let facts = TakedownFacts {
        name: Some("  Ana ".to_owned()),
        country: Some(String::new()),
        urls: vec![
            " https://A.example/x#y".to_owned(),
            "https://a.example/x".to_owned(),
        ],
        reason: Some("One\r\ntwo ".to_owned()),
        ..TakedownFacts::default()
    };
    let checked = facts.checked().expect("fine");
    assert_eq!(checked.name.as_deref(), Some("Ana"));
    assert_eq!(checked.country, None);
    assert_eq!(checked.urls, ["https://a.example/x"]);
    assert_eq!(checked.reason.as_deref(), Some("One\ntwo"));
    let refused = |change: fn(&mut TakedownFacts)| {
        let mut facts = whole();
        change(&mut facts);
        facts.checked().expect_err("refused").field
    };
    assert_eq!(
        refused(|it| it.urls = vec!["ftp://a.example".to_owned()]),
        "urls"
    );
    assert_eq!(
        refused(|it| it.urls = (0..21)
            .map(|it| format!("https://a.example/{it}"))
            .collect()),
        "urls"
    );
    assert_eq!(refused(|it| it.name = Some("a\nBcc: b".to_owned())), "name");
    assert_eq!(refused(|it| it.email = Some("ana".to_owned())), "email");
    assert_eq!(
        refused(|it| it.site_address = Some("a@b@c.example".to_owned())),
        "siteAddress"
    );
    assert_eq!(
        refused(|it| it.country = Some("Germany".to_owned())),
        "country"
    );
    assert_eq!(refused(|it| it.reason = Some("a".repeat(1501))), "reason");
    assert_eq!(
        refused(|it| it.reason = Some("a\u{7}".to_owned())),
        "reason"
    );
}
