use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;
use pulldown_cmark::{Event, Parser};
use serde_json::{Map, Value, json};
use vara_domain::document::{DocumentBody, plain_text};

use super::*;

fn filled(template: &Template, role: &str, harm: &str, item_kind: &str) -> FieldValues {
    let mut filled = Map::new();
    for field in &template.fields {
        let value = match field.kind {
            FieldType::Choice => match field.name.as_str() {
                "role" => json!(role),
                "harm" => json!(harm),
                "item_kind" => json!(item_kind),
                other => panic!("no value for {other}"),
            },
            FieldType::UrlList => {
                json!([
                    "https://site.example/p/1?a=1&b=_2_",
                    "https://site.example/p/2"
                ])
            }
            FieldType::Url => json!("https://site.example/rules"),
            FieldType::Date => json!("2026-11-30"),
            FieldType::Instant => json!("2026-11-30T12:00:00.000Z"),
            FieldType::Email => json!("c-abc@post.example"),
            FieldType::Country => json!("DE"),
            FieldType::Bool => json!(true),
            FieldType::Text | FieldType::LongText | FieldType::Name => {
                json!(format!("<{}>", field.name))
            }
        };
        filled.insert(field.name.clone(), value);
    }
    template.values(&filled).expect("values")
}

#[test]
fn every_file_is_a_template_in_every_language() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = BTreeSet::new();
    for kind in ["notice", "letter", "statement", "authority"] {
        for file in std::fs::read_dir(root.join(kind)).expect("a directory") {
            let name = file
                .expect("a file")
                .file_name()
                .into_string()
                .expect("a name");
            if !name.starts_with("base.") {
                files.insert(name);
            }
        }
    }
    assert_eq!(files.len(), all().len());
    let shape = |it: &Template| {
        let fields: Vec<_> = it
            .fields
            .iter()
            .map(|it| {
                (
                    it.name.clone(),
                    it.kind,
                    it.required,
                    it.max,
                    it.choices.clone(),
                    it.sensitive,
                )
            })
            .collect();
        let blocks: Vec<_> = it
            .blocks
            .iter()
            .map(|it| (it.id.clone(), it.locked, it.when.clone()))
            .collect();
        let statements: Vec<_> = it
            .statements
            .iter()
            .map(|it| (it.id.clone(), it.signer, it.printed))
            .collect();
        let about = (
            it.version,
            it.kind,
            it.law,
            it.sources.clone(),
            it.checked_at.clone(),
        );
        (fields, blocks, statements, about)
    };
    for english in all().iter().filter(|it| it.language == "en") {
        for language in LANGUAGES {
            let other = template(&english.id, language).expect("a template");
            assert_eq!(
                (&other.language[..], shape(other)),
                (*language, shape(english)),
                "{}",
                english.id
            );
        }
    }
}

#[test]
fn every_law_has_a_template_and_what_it_needs_is_locked() {
    for law in Law::ALL {
        let of: Vec<&Template> = all().iter().filter(|it| it.law == Some(*law)).collect();
        assert_eq!(of.len(), LANGUAGES.len(), "{law:?}");
        for template in of {
            for id in ["law", "ask", "statements", "signature"] {
                let block = template.blocks.iter().find(|it| it.id == id);
                assert!(block.is_some_and(|it| it.locked), "{} {id}", template.id);
            }
            assert!(
                template.statements_of(SignerRole::Herself).count() > 0,
                "{}",
                template.id
            );
        }
    }
}

#[test]
fn every_template_renders_for_every_choice_and_is_a_document() {
    for template in all() {
        for role in ["SELF", "AGENT"] {
            for harm in ["INTIMATE", "ALTERED", "IMPERSONATION", "OTHER"] {
                for kind in ["PICTURE", "VIDEO", "PROFILE", "PAGE"] {
                    let values = filled(template, role, harm, kind);
                    let text = template.fill(values).expect("a text").text();
                    DocumentBody::parse(&text).unwrap_or_else(|err| panic!("{err:?}: {text}"));
                    assert!(!text.contains("[["), "{text}");
                    assert!(!text.contains("\n\n\n"), "{text}");
                }
            }
        }
    }
}

#[test]
fn what_is_not_filled_in_is_seen() {
    for template in all() {
        let text = template.fill(FieldValues::new()).expect("a text").text();
        DocumentBody::parse(&text).unwrap_or_else(|err| panic!("{err:?}: {text}"));
        let plain = plain_text(&text);
        for field in template.missing(&FieldValues::new()) {
            let is_seen = plain.contains(&format!("[[{}]]", field.label));
            assert!(
                is_seen || field.kind == FieldType::Choice,
                "{}: {}",
                field.name,
                plain
            );
        }
    }
}

/// Set `UPDATE_GOLDEN` to write them anew, and read the difference.
#[test]
fn the_texts_are_the_golden_ones() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    for template in all() {
        let values = filled(template, "SELF", "INTIMATE", "PICTURE");
        let text = template.fill(values).expect("a text").text();
        let file = root.join(format!("{}.{}.md", template.id, template.language));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&file, &text).expect("writing");
        }
        let golden = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(text, golden, "{}", file.display());
    }
}

#[test]
fn statements_are_those_of_the_signer() {
    let tida = template("notice-us-tida", "en").expect("a template");
    let text = tida
        .fill(filled(tida, "AGENT", "INTIMATE", "PICTURE"))
        .expect("a text")
        .text();
    assert!(text.contains("I am authorised to act for the person shown."));
    assert!(!text.contains("this intimate picture of me"));
    let dmca = template("notice-us-dmca", "en").expect("a template");
    let text = dmca
        .fill(filled(dmca, "SELF", "OTHER", "PICTURE"))
        .expect("a text")
        .text();
    assert!(text.contains("under penalty of perjury"));
    assert!(
        !text.contains("may answer with a counter-notice"),
        "for her alone"
    );
}

#[test]
fn the_nearest_language_is_taken() {
    assert_eq!(
        template("statement", "de-AT").map(|it| it.language.as_str()),
        Some("de")
    );
    assert_eq!(
        template("statement", "fr").map(|it| it.language.as_str()),
        Some("en")
    );
    assert!(template("no-such", "en").is_none());
}

#[test]
fn values_are_held_against_their_fields() {
    let tida = template("notice-us-tida", "en").expect("a template");
    let fault = |name: &str, value: Value| {
        let filled = Map::from_iter([(name.to_owned(), value)]);
        let fault = tida.values(&filled).err().and_then(|mut it| it.pop());
        fault.map(|it| it.field)
    };
    for (name, bad) in [
        ("recipient", json!("two\nlines")),
        ("recipient", json!("\u{202e}turned")),
        ("recipient", json!("x".repeat(121))),
        ("recipient", json!(5)),
        ("items", json!(["ftp://site.example/"])),
        ("items", json!(["javascript:alert(1)"])),
        ("items", json!(["https://her:secret@site.example/"])),
        ("items", json!(["site.example/p"])),
        ("items", json!(vec!["https://site.example/"; 21])),
        ("items", json!("https://site.example/")),
        ("policy_url", json!("no address")),
        ("policy_read", json!("30.11.2026")),
        ("policy_read", json!("2026-02-30")),
        ("evidence_at", json!("yesterday")),
        ("contact_email", json!("nobody")),
        ("harm", json!("MUCH")),
        ("no_such", json!("x")),
    ] {
        assert_eq!(fault(name, bad.clone()).as_deref(), Some(name), "{bad}");
    }
    for (name, good) in [
        ("recipient", json!(null)),
        ("recipient", json!("  ")),
        ("facts", json!("two\nlines")),
        ("items", json!([])),
        ("items", json!(["https://site.example/ü?q=<b>"])),
        ("policy_read", json!("2028-02-29")),
    ] {
        assert_eq!(fault(name, good.clone()), None, "{good}");
    }
}

/// The marks of a text without its words.
fn marks(text: &str) -> Vec<String> {
    let is_mark = |it: &Event<'_>| !matches!(it, Event::Text(_) | Event::SoftBreak);
    let marks = Parser::new(text).filter(is_mark);
    marks.map(|it| format!("{it:?}")).collect()
}

proptest! {
    #[test]
    fn a_value_stays_the_characters_it_is(
        value in "[ -~äß€]{1,60}|\\{\\{7\\*7\\}\\}|\\]\\(javascript:|<script>|1\\. x|# x|    x|---|===|\\[a\\]: b|&amp;|https://a\\.example",
    ) {
        let tida = template("notice-us-tida", "en").expect("a template");
        let with = |value: &str| {
            let mut values = filled(tida, "SELF", "INTIMATE", "PICTURE");
            for name in ["recipient", "facts", "location", "signature", "policy_title"] {
                values.insert(name.to_owned(), FieldValue::Text(value.to_owned()));
            }
            tida.fill(values).expect("a text")
        };
        let value = value.trim();
        prop_assume!(!value.is_empty());
        let (rendered, harmless) = (with(value), with("x"));
        prop_assert_eq!(marks(&rendered.text()), marks(&harmless.text()));
        prop_assert!(plain_text(&rendered.text()).contains(value));
        prop_assert!(DocumentBody::parse(&rendered.text()).is_ok());
        for (is, was) in rendered.blocks.iter().zip(&harmless.blocks) {
            if is.locked && is.id != "signature" {
                prop_assert_eq!(is, was);
            }
        }
    }
}
