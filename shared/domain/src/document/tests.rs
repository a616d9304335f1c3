use proptest::prelude::*;

use super::*;

#[test]
fn a_text_is_composed_and_its_lines_end_alike() {
    let body = DocumentBody::parse("Zoe\u{308}\r\nand\rmore").unwrap();
    assert_eq!(body.as_str(), "Zo\u{eb}\nand\nmore");
    let again = DocumentBody::parse(body.as_str()).unwrap();
    assert_eq!(again, body);
}

#[test]
fn what_cannot_be_seen_is_refused() {
    for (text, fault) in [
        ("a\u{202e}b", BodyFault::HiddenCharacters),
        ("a\u{2066}b", BodyFault::HiddenCharacters),
        ("a\u{7}b", BodyFault::HiddenCharacters),
        ("a\u{2028}b", BodyFault::HiddenCharacters),
        ("a <b>c</b>", BodyFault::Html),
        ("<div>\na\n</div>", BodyFault::Html),
        ("<!-- a -->", BodyFault::Html),
        ("![a](https://example.net/a.png)", BodyFault::Picture),
        ("[here](https://example.net/)", BodyFault::HiddenLink),
        ("[a](javascript:alert(1))", BodyFault::HiddenLink),
        ("<javascript:alert(1)>", BodyFault::HiddenLink),
        ("<ana@example.net>", BodyFault::HiddenLink),
        (
            "[https://a.net/](https://a.net/ \"b\")",
            BodyFault::HiddenLink,
        ),
        ("a\n\n[b]: https://example.net/", BodyFault::HiddenLink),
        ("[b]\n\n[b]: https://example.net/", BodyFault::HiddenLink),
    ] {
        assert_eq!(DocumentBody::parse(text), Err(fault), "{text}");
    }
    let long = "a".repeat(MAX_BODY_BYTES);
    assert!(DocumentBody::parse(&long).is_ok());
    assert_eq!(
        DocumentBody::parse(&format!("{long}a")),
        Err(BodyFault::TooLong)
    );
}

#[test]
fn plain_markdown_is_taken() {
    for text in [
        "",
        "# A\n\n*b* **c** `d`\n\n1. e\n2. f\n\n> g\n\n---\n",
        "See <https://example.net/a?b=c> and https://example.net/",
        "[https://example.net/](https://example.net/)",
        "1 < 2, and a\tb, and \u{5d0}\u{200f}",
        "\\<b\\>",
    ] {
        let body = DocumentBody::parse(text);
        assert_eq!(body.as_ref().map(DocumentBody::as_str), Ok(text));
    }
}

#[test]
fn titles_are_one_short_line() {
    assert_eq!(document_title("  Zoe\u{308} "), Some("Zo\u{eb}".into()));
    assert_eq!(document_title("a\nb"), None);
    assert_eq!(document_title("a\u{202e}b"), None);
    assert!(document_title(&"\u{1f600}".repeat(MAX_TITLE_CHARS)).is_some());
    assert_eq!(document_title(&"a".repeat(MAX_TITLE_CHARS + 1)), None);
}

#[test]
fn the_hash_covers_kind_language_and_text() {
    let hash = document_sha256(DocumentKind::Letter, "en", "a");
    // Computed with sha256sum over the four lines.
    assert_eq!(
        hash,
        "4b3464bda624f8c71f0128a653786a756e006f9d0e3a8e0223676fe1f94b0dbc"
    );
    for other in [
        document_sha256(DocumentKind::Note, "en", "a"),
        document_sha256(DocumentKind::Letter, "de", "a"),
        document_sha256(DocumentKind::Letter, "en", "b"),
    ] {
        assert_ne!(other, hash);
    }
}

#[test]
fn languages_have_tags() {
    for tag in ["en", "de-CH", "zh-Hant-TW", "gsw"] {
        assert!(is_language_tag(tag), "{tag}");
    }
    for tag in ["", "e", "EN", "en-", "en_GB", "english-", "en-\u{e4}\u{e4}"] {
        assert!(!is_language_tag(tag), "{tag}");
    }
}

#[test]
fn names_are_read_as_they_are_written() {
    for kind in DocumentKind::ALL {
        assert_eq!(kind.as_str().parse(), Ok(*kind));
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
    }
    for status in DocumentStatus::ALL {
        assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
    }
    assert_eq!("OTHER".parse::<DocumentKind>(), Err(()));
}

#[test]
fn plain_text_keeps_numbers_lists_and_paragraphs() {
    let body = "# Title\n\nA *b* `c`\nd <https://e.net/>\n\n1. one\n2. two\n\n- a\n   - b\n\n> quoted\n\n---\nend";
    let text = "Title\n\nA b c\nd https://e.net/\n\n1. one\n2. two\n\n- a\n   - b\n\n> quoted\n\n---\n\nend";
    assert_eq!(plain_text(body), text);
    assert_eq!(plain_text("1 \\< 2"), "1 < 2");
}

fn joined(parts: &[DiffPart], without: DiffOp) -> String {
    let kept = parts.iter().filter(|it| it.op != without);
    kept.map(|it| it.text.as_str()).collect()
}

proptest! {
    #[test]
    fn a_difference_holds_both_texts(from in "[ab \n]{0,60}", to in "[ab \n]{0,60}", word in any::<bool>()) {
        let unit = if word { DiffUnit::Word } else { DiffUnit::Line };
        let parts = diff(&from, &to, unit);
        prop_assert_eq!(joined(&parts, DiffOp::Insert), from);
        prop_assert_eq!(joined(&parts, DiffOp::Delete), to);
        prop_assert!(parts.windows(2).all(|it| it[0].op != it[1].op));
    }

    #[test]
    fn whatever_is_taken_is_taken_again_as_it_is(text in "\\PC{0,80}|[\\[\\]()<>!`:a\\\\ \n]{0,40}") {
        if let Ok(body) = DocumentBody::parse(&text) {
            prop_assert_eq!(DocumentBody::parse(body.as_str()), Ok(body));
        }
    }
}
