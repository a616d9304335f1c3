use serde_json::json;

use super::*;
use crate::{FieldValues, Template, template};

fn tida(language: &str) -> (&'static Template, FilledTemplate) {
    let template = template("notice-us-tida", language).expect("a template");
    let filled = json!({
        "reference": "V-17", "recipient": "Example", "items": ["https://site.example/p/1"], "item_kind": "PICTURE",
        "harm": "INTIMATE", "contact_name": "A. B.", "contact_email": "c-1@post.example", "signature": "Ana B",
        "signed_on": "2026-11-30",
    });
    let values = template
        .values(filled.as_object().expect("fields"))
        .expect("values");
    (template, template.fill(values).expect("filled"))
}

fn codes(language: &str, body: &str, filled: Option<&FilledTemplate>) -> Vec<CheckCode> {
    let text = CheckedText {
        kind: DocumentKind::Notice,
        language,
        body,
        filled,
    };
    check(text).into_iter().map(|it| it.code).collect()
}

#[test]
fn a_filled_in_template_of_each_language_is_ready() {
    for language in crate::LANGUAGES {
        let (_, filled) = tida(language);
        assert_eq!(
            codes(language, &filled.text(), Some(&filled)),
            [],
            "{language}"
        );
    }
}

#[test]
fn texts_of_templates_hold_no_word_of_the_lists() {
    for template in crate::all() {
        let filled = template.fill(FieldValues::new()).expect("filled");
        let left = codes(&template.language, &filled.text(), Some(&filled));
        let only = [
            CheckCode::MissingField,
            CheckCode::PlaceholderLeft,
            CheckCode::MissingPolicyLink,
        ];
        assert!(
            left.iter().all(|it| only.contains(it)),
            "{} {}: {left:?}",
            template.id,
            template.language
        );
    }
}

#[test]
fn what_is_missing_keeps_a_text_from_being_ready() {
    let (template, _) = tida("en");
    let empty = template.fill(FieldValues::new()).expect("filled");
    let found = codes("en", &empty.text(), Some(&empty));
    assert_eq!(
        found
            .iter()
            .filter(|it| **it == CheckCode::MissingField)
            .count(),
        empty.missing.len()
    );
    let seen = found
        .iter()
        .filter(|it| **it == CheckCode::PlaceholderLeft)
        .count();
    assert!(seen >= 6, "{found:?}");
    let (_, filled) = tida("en");
    let without = filled
        .text()
        .replace("https://site.example/p/1", "the page");
    assert!(codes("en", &without, Some(&filled)).contains(&CheckCode::MissingUrl));
    assert_eq!(
        codes("en", "Please remove it.", None),
        [CheckCode::MissingUrl]
    );
}

#[test]
fn a_changed_sentence_of_the_law_is_found() {
    let (_, filled) = tida("en");
    let changed = filled.text().replace("48 hours", "two days");
    assert!(codes("en", &changed, Some(&filled)).contains(&CheckCode::LockedTextChanged));
    let turned: Vec<&str> = filled
        .blocks
        .iter()
        .rev()
        .map(|it| it.text.as_str())
        .collect();
    assert!(
        codes("en", &turned.join("\n\n"), Some(&filled)).contains(&CheckCode::LockedTextChanged)
    );
    let more = format!("Good day,\n\n{}\nThank you.\n", filled.text());
    assert_eq!(codes("en", &more, Some(&filled)), []);
}

#[test]
fn words_are_found_in_each_language_at_their_place() {
    for (language, text, code) in [
        ("en", "It is Revenge Porn.", CheckCode::BannedTerm),
        ("de-AT", "Es ist ein Racheporno.", CheckCode::BannedTerm),
        ("es", "Fue mi propia culpa.", CheckCode::BannedTerm),
        ("en", "I take medication.", CheckCode::SensitiveExtra),
        ("de", "Ich finde dich.", CheckCode::Threat),
        ("en", "Remove it, or else.", CheckCode::Threat),
        ("es", "Está garantizado.", CheckCode::Promise),
    ] {
        let text = format!("{text} https://site.example/p");
        assert_eq!(codes(language, &text, None), [code], "{text}");
    }
    assert_eq!(
        codes("en", "The sluttery of http://site.example", None),
        [],
        "not within words"
    );
    let text = CheckedText {
        kind: DocumentKind::Note,
        language: "en",
        body: "äö nudes",
        filled: None,
    };
    let found = &check(text)[0];
    assert_eq!(found.at, Some(CheckRange { start: 3, end: 8 }));
    assert_eq!(found.fix.as_deref(), Some("intimate pictures"));
}

#[test]
fn facts_that_nobody_filled_in_are_asked_about() {
    let (_, filled) = tida("en");
    let with = |more: &str| {
        let text = CheckedText {
            kind: DocumentKind::Notice,
            language: "en",
            body: &format!("{}{more}", filled.text()),
            filled: Some(&filled),
        };
        check(text)
            .into_iter()
            .filter(|it| it.code == CheckCode::UnsupportedFact)
            .map(|it| it.text)
            .collect::<Vec<_>>()
    };
    assert_eq!(with(""), Vec::<String>::new());
    assert_eq!(with("\nIt was seen 1400 times.").len(), 1);
    assert_eq!(
        with("\nSince 2025-01-02, at https://other.example/x and x@y.example.").len(),
        3
    );
    assert_eq!(with("\nAgain: V-17, https://site.example/p/1.").len(), 0);
}

#[test]
fn another_law_loud_words_and_another_language_are_told() {
    let (_, filled) = tida("en");
    let more = format!("{}\nThis is also a DMCA notice.\n", filled.text());
    assert_eq!(codes("en", &more, Some(&filled)), [CheckCode::WrongLaw]);
    let loud = "TAKE THIS DOWN NOW PLEASE http://site.example";
    assert_eq!(codes("en", loud, None), [CheckCode::Tone]);
    assert_eq!(
        codes("en", "Please!! http://site.example", None),
        [CheckCode::Tone]
    );
    let german = "Das ist ein Bild von mir, und ich habe nicht erlaubt, dass es mit der Seite verbreitet wird. http://site.example";
    assert_eq!(codes("en", german, None), [CheckCode::Language]);
    assert_eq!(codes("de", german, None), []);
    assert_eq!(
        codes("fr", german, None),
        [],
        "a language that we do not know"
    );
    let long = format!("http://site.example {}", "a ".repeat(4000));
    assert_eq!(codes("en", &long, None), [CheckCode::TooLong]);
}
