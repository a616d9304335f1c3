use serde_json::{Value, json};

use super::*;
use crate::template;

fn filled(more: &Value) -> FilledTemplate {
    let mut all = json!({
        "reference": "V-17", "recipient": "Example", "items": ["https://site.example/p/1"], "item_kind": "PICTURE",
        "harm": "INTIMATE", "contact_name": "A. B.", "contact_email": "c-1@post.example", "signature": "Ana B",
        "signed_on": "2026-11-30",
    });
    for (name, value) in more.as_object().expect("fields") {
        all[name] = value.clone();
    }
    let tida = template("notice-us-tida", "en").expect("a template");
    let values = tida
        .values(all.as_object().expect("fields"))
        .expect("values");
    tida.fill(values).expect("filled")
}

#[test]
fn a_text_as_it_was_made_is_filled_in_anew_whole() {
    let old = filled(&json!({}));
    for more in [
        json!({ "recipient": "Other", "items": ["https://site.example/p/2"] }),
        json!({ "facts": "It is on a public page.", "policy_url": "https://site.example/rules" }),
        json!({ "evidence_sha256": "ab" }),
    ] {
        let new = filled(&more);
        let refilled = old.refill(&old.text(), &new);
        assert_eq!(
            (refilled.text, refilled.kept),
            (new.text(), Vec::new()),
            "{more}"
        );
        let back = new.refill(&new.text(), &old);
        assert_eq!(back.text.trim(), old.text().trim(), "{more}");
    }
}

#[test]
fn her_own_words_stay() {
    let old = filled(&json!({}));
    let hers = old
        .text()
        .replace("To Example,", "Dear team of Example,")
        .replace("Signed:", "Hers.\n\nSigned:");
    let new = filled(&json!({ "recipient": "Other", "signature": "Ana Maria B" }));
    let refilled = old.refill(&hers, &new);
    assert_eq!(refilled.kept, ["who"]);
    assert!(refilled.text.contains("Dear team of Example,"));
    assert!(
        refilled
            .text
            .contains("Hers.\n\nSigned: Ana Maria B, 2026-11-30")
    );
    assert_eq!(new.lost_block(&refilled.text), None);
}

#[test]
fn a_lost_block_is_named() {
    let filled = filled(&json!({}));
    assert_eq!(filled.lost_block(&filled.text()), None);
    let without = filled
        .text()
        .replace("Please remove it as soon as possible", "Please remove it");
    assert_eq!(
        filled.lost_block(&without).map(|it| it.id.as_str()),
        Some("ask")
    );
    assert_eq!(filled.lost_block("").map(|it| it.id.as_str()), Some("law"));
}

#[test]
fn it_can_be_stored_and_read() {
    let filled = filled(&json!({ "facts": "x" }));
    let json = serde_json::to_string(&filled).expect("JSON");
    assert_eq!(
        serde_json::from_str::<FilledTemplate>(&json).expect("read"),
        filled
    );
    assert_eq!(filled.statements_of(SignerRole::Agent).count(), 2);
    assert_eq!(filled.missing, []);
}
