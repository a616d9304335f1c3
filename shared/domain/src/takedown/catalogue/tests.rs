use super::*;

fn shipped() -> &'static Catalogue {
    catalogue().expect("the catalogue is read")
}

#[test]
fn the_catalogue_keeps_every_rule_of_its_form() {
    assert_eq!(shipped().faults(), []);
    assert!(shipped().recipients.len() >= 40);
    let regulators = shipped().recipients.iter();
    let regulators = regulators.filter(|it| it.kind == RecipientKind::Regulator);
    let mut countries: Vec<_> = regulators.filter_map(|it| it.country.as_deref()).collect();
    countries.sort_unstable();
    countries.dedup();
    assert!(countries.len() >= 6, "{countries:?}");
    for kind in RecipientKind::ALL {
        let count = shipped().recipients.iter().filter(|it| it.kind == *kind);
        assert_eq!(count.count() == 0, *kind == RecipientKind::Site, "{kind:?}");
    }
}

#[test]
fn the_longest_suffix_of_a_host_decides() {
    for (host, id) in [
        ("www.facebook.com", Some("facebook")),
        ("facebook.com.", Some("facebook")),
        ("de.pornhub.com", Some("pornhub")),
        ("notfacebook.com", None),
        ("facebook.com.evil.example", None),
        ("cloud.google.com", Some("google-cloud")),
        ("www.google.com", Some("google-search")),
        ("", None),
    ] {
        let found = shipped().of_host(host).map(|it| &*it.id);
        assert_eq!(found, id, "{host}");
    }
}

#[test]
fn what_nobody_opened_or_not_for_long_is_not_checked() {
    let now = Timestamp::parse("2026-12-01T00:00:00Z").expect("a time");
    let mut it = shipped().recipients[0].clone();
    assert!(!it.is_checked(now), "nobody has opened it");
    it.checked_by = Some("catalogue reviewer".to_owned());
    it.checked_at = "2026-11-29".to_owned();
    assert!(it.is_checked(now));
    it.checked_at = "2026-09-01".to_owned();
    assert!(!it.is_checked(now));
    it.checked_at = "soon".to_owned();
    assert!(!it.is_checked(now));
}

const GOOD: &str = "
version: 1
recipients:
  - id: a
    kind: PLATFORM
    names: [A]
    domains: [a.example]
    country: US
    policies: []
    routes:
      - {channel: MAIL, address: abuse@a.example, purpose: p, laws: [TERMS], needs: [REASON]}
    checkedAt: '2026-11-29'
    checkedBy: null
    sources: [{title: t, url: https://a.example/s}]
";

#[test]
fn what_breaks_the_form_is_named() {
    let faults = |from: &str, to: &str| {
        let text = GOOD.replace(from, to);
        assert!(from.is_empty() || text != GOOD, "{from} is not there");
        let faults = Catalogue::parse(&text).expect("it is read").faults();
        faults.into_iter().map(|it| it.fault).collect::<Vec<_>>()
    };
    assert_eq!(faults("", ""), [""; 0]);
    for (from, to, fault) in [
        ("'2026-11-29'", "''", "checkedAt is not a day"),
        (
            "https://a.example/s",
            "http://a.example/s",
            "a link is not https",
        ),
        (
            "channel: MAIL, address: abuse@a.example",
            "channel: FORM",
            "a route leads nowhere",
        ),
        (
            "[a.example]",
            "[a.example, a.example]",
            "a.example is there twice, also for a",
        ),
        ("abuse@a.example", "abuse", "an address is none"),
        (
            "laws: [TERMS]",
            "isDmca: true, laws: [US_DMCA]",
            "copyright is its default",
        ),
        (
            "laws: [TERMS]",
            "laws: [US_DMCA]",
            "a route for copyright notices is not marked",
        ),
        (
            "laws: [TERMS]",
            "isDmca: true, laws: [US_DMCA, TERMS]",
            "a route for copyright notices is for something else as well",
        ),
        ("laws: [TERMS]", "laws: []", "a route has no law"),
        (
            "sources: [{title: t, url: https://a.example/s}]",
            "sources: []",
            "it has no source",
        ),
    ] {
        assert!(faults(from, to).contains(&fault.to_owned()), "{to}");
    }
    let without = GOOD.replace(
        "      - {channel: MAIL, address: abuse@a.example, purpose: p, laws: [TERMS], needs: [REASON]}\n",
        "",
    );
    let without = without.replace("routes:", "routes: []");
    let read = Catalogue::parse(&without).expect("it is read");
    assert!(read.faults().iter().any(|it| it.fault == "it has no route"));
    assert!(Catalogue::parse(&GOOD.replace("checkedBy", "checkedby")).is_err());
}
