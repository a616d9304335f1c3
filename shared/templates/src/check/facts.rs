//! Facts of a text that no field holds: numbers, days, addresses of the web and of mail.

use super::words::Words;
use crate::{FieldValue, FilledTemplate};

/// A place in the text, and what stands there.
type Fact = ((usize, usize), String);

/// The facts that are neither in what was filled in nor in the template's own words.
pub(super) fn unsupported(filled: &FilledTemplate, words: &Words) -> Vec<Fact> {
    let mut known: String = filled.blocks.iter().map(|it| it.text.as_str()).collect();
    for value in filled.values.values() {
        match value {
            FieldValue::Text(text) => known.push_str(&format!(" {text} ")),
            FieldValue::Urls(urls) => known.push_str(&format!(" {} ", urls.join(" "))),
            FieldValue::Bool(_) => {}
        }
    }
    let tokens = words.tokens().into_iter().filter_map(|at| fact(words, at));
    tokens
        .filter(|(_, it)| !known.contains(it.as_str()))
        .collect()
}

/// What of a part between blanks is a fact: what is left without marks around it, if a number of two figures or more
/// or an address is in it.
fn fact(words: &Words, (mut from, mut to): (usize, usize)) -> Option<Fact> {
    let is_around = |it: char| !it.is_alphanumeric() && it != '/';
    while from < to && is_around(words.chars[from]) {
        from += 1;
    }
    while from < to && is_around(words.chars[to - 1]) {
        to -= 1;
    }
    let text = words.text((from, to));
    let figures = text.chars().filter(char::is_ascii_digit).count();
    let is_address = text.starts_with("http") || text.contains('@');
    (figures >= 2 || is_address).then_some(((from, to), text))
}
