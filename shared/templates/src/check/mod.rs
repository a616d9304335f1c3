//! Checks of a text before it is ready: what is missing, and what does not belong into it. They are rules, not a model.
//!
//! A search for personal things is never complete: it warns, and deletes nothing.

mod facts;
mod lists;
mod words;

use serde::Serialize;
use vara_domain::Law;
use vara_domain::document::DocumentKind;

use crate::{FieldValue, FilledTemplate};
use facts::unsupported;
use lists::{List, phrases};
use words::Words;

/// From how many characters on a notice or letter is long for somebody who reads many a day.
const LONG_CHARS: usize = 6000;

/// From how many words on the language of a text is held against the one it is said to have.
const LANGUAGE_WORDS: usize = 12;

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CheckCode {
    /// A required field is not filled in.
    MissingField,
    /// A notice lacks an address it is about.
    MissingUrl,
    /// A notice that rests on the recipient's rules does not name the rule.
    MissingPolicyLink,
    /// A sentence that the law needs was changed or removed.
    LockedTextChanged,
    /// A placeholder is left.
    PlaceholderLeft,
    /// A word that blames or hurts her, or is not the field's.
    BannedTerm,
    /// Something personal that the recipient need not know.
    SensitiveExtra,
    /// Something that reads as a threat.
    Threat,
    /// A law that the notice does not rest on.
    WrongLaw,
    /// A number, day or address that is in none of the fields.
    UnsupportedFact,
    /// A promise that nobody can keep.
    Promise,
    /// Capitals or exclamation marks.
    Tone,
    /// The text seems to be in another language.
    Language,
    /// The text is long.
    TooLong,
}

/// How grave it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CheckSeverity {
    /// The text is not ready.
    Error,
    /// She may leave it.
    Warning,
}

/// A thing that a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckFinding {
    /// What it is.
    pub code: CheckCode,
    /// How grave it is.
    pub severity: CheckSeverity,
    /// Where in the text, in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<CheckRange>,
    /// What she is told.
    pub text: String,
    /// What to write instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckRange {
    /// Its first character, from 0.
    pub start: usize,
    /// The character behind it.
    pub end: usize,
}

/// A text to be checked.
#[derive(Clone, Copy, Debug)]
pub struct CheckedText<'a> {
    /// What it is for.
    pub kind: DocumentKind,
    /// Its language (BCP 47).
    pub language: &'a str,
    /// The text, in Markdown.
    pub body: &'a str,
    /// What it was made from.
    pub filled: Option<&'a FilledTemplate>,
}

/// Everything that is to be said of a text, what keeps it from being ready first.
#[must_use]
pub fn check(text: CheckedText<'_>) -> Vec<CheckFinding> {
    let words = Words::new(text.body);
    let mut findings = Vec::new();
    if let Some(filled) = text.filled {
        missing(filled, text.body, &mut findings);
        wrong_laws(filled, &words, &mut findings);
        for (at, what) in unsupported(filled, &words) {
            let told = format!("“{what}” is in none of the fields. Please check that it is right.");
            findings.push(warning(CheckCode::UnsupportedFact, Some(at), told));
        }
    } else if text.kind == DocumentKind::Notice && !text.body.contains("http") {
        let told = "A notice needs the exact address of what is to be removed.";
        findings.push(error(CheckCode::MissingUrl, None, told.to_owned()));
    }
    placeholders(&words, &mut findings);
    listed(text.language, &words, &mut findings);
    tone(&words, &mut findings);
    if let Some(seems) = other_language(text.language, text.body) {
        let told = format!("The text seems to be in another language ({seems}) than it says.");
        findings.push(warning(CheckCode::Language, None, told));
    }
    let is_read_by_many = matches!(text.kind, DocumentKind::Notice | DocumentKind::Letter);
    if is_read_by_many && words.chars.len() > LONG_CHARS {
        let told =
            "This is long. Who reads many such texts a day finds the point sooner in a short one.";
        findings.push(warning(CheckCode::TooLong, None, told.to_owned()));
    }
    findings.sort_by_key(|it| it.severity == CheckSeverity::Warning);
    findings
}

fn error(code: CheckCode, at: Option<(usize, usize)>, text: String) -> CheckFinding {
    CheckFinding {
        code,
        severity: CheckSeverity::Error,
        at: at.map(|(start, end)| CheckRange { start, end }),
        text,
        fix: None,
    }
}

fn warning(code: CheckCode, at: Option<(usize, usize)>, text: String) -> CheckFinding {
    CheckFinding {
        severity: CheckSeverity::Warning,
        ..error(code, at, text)
    }
}

/// What the template needs and the text does not have.
fn missing(filled: &FilledTemplate, body: &str, findings: &mut Vec<CheckFinding>) {
    for field in &filled.missing {
        let told = format!("{} is not filled in yet.", field.label);
        findings.push(error(CheckCode::MissingField, None, told));
    }
    for (name, value) in &filled.values {
        match value {
            FieldValue::Urls(urls) => {
                for url in urls.iter().filter(|it| !body.contains(it.as_str())) {
                    let told = format!("The address {url} is not in the text any more.");
                    findings.push(error(CheckCode::MissingUrl, None, told));
                }
            }
            FieldValue::Text(url) if name == "policy_url" && !body.contains(url.as_str()) => {
                let told = "The address of the recipient's rule is not in the text any more.";
                findings.push(error(CheckCode::MissingPolicyLink, None, told.to_owned()));
            }
            _ => {}
        }
    }
    if filled.law == Some(Law::Terms) && !filled.values.contains_key("policy_url") {
        let told = "Name the rule of the recipient that it breaks, with its address. Requests without it are refused more often.";
        findings.push(warning(CheckCode::MissingPolicyLink, None, told.to_owned()));
    }
    if let Some(block) = filled.lost_block(body) {
        let told = format!(
            "This part has to stand in the text as it is, in its place: {}",
            block.text
        );
        findings.push(error(CheckCode::LockedTextChanged, None, told));
    }
}

fn placeholders(words: &Words, findings: &mut Vec<CheckFinding>) {
    let told = || "Something is still to be filled in here.".to_owned();
    let starts: [&[char]; 3] = [&['\\', '[', '\\', '['], &['[', '['], &['{', '{']];
    let mut at = 0;
    while at < words.chars.len() {
        let start = starts.iter().find(|it| words.chars[at..].starts_with(it));
        let Some(start) = start else {
            at += 1;
            continue;
        };
        let rest = &words.chars[at + start.len()..];
        let is_close = |it: &&char| matches!(it, '\\' | ']' | '}');
        let line = rest.iter().take_while(|it| **it != '\n' && !is_close(it));
        let label = line.count();
        let close = rest[label..].iter().take_while(is_close).count();
        let end = at + start.len() + label + close;
        findings.push(error(CheckCode::PlaceholderLeft, Some((at, end)), told()));
        at = end;
    }
}

/// Words of the lists.
fn listed(language: &str, words: &Words, findings: &mut Vec<CheckFinding>) {
    for (list, code, told) in [
        (
            List::Banned,
            CheckCode::BannedTerm,
            "This word can hurt you or weaken the text.",
        ),
        (
            List::Sensitive,
            CheckCode::SensitiveExtra,
            "This is personal, and the recipient need not know it.",
        ),
        (
            List::Threat,
            CheckCode::Threat,
            "This can be read as a threat, and be used against you.",
        ),
        (
            List::Promise,
            CheckCode::Promise,
            "Nobody can promise this.",
        ),
    ] {
        for (phrase, better) in phrases(list, language) {
            for at in words.find(phrase) {
                let mut finding = warning(code, Some(at), told.to_owned());
                finding.fix = better.map(str::to_owned);
                findings.push(finding);
            }
        }
    }
}

/// How laws are named in texts.
const LAW_NAMES: &[(&[Law], &[&str])] = &[
    (&[Law::UsTida], &["TAKE IT DOWN Act"]),
    (
        &[Law::UsDmca],
        &["DMCA", "512(c)", "Digital Millennium Copyright Act"],
    ),
    (&[Law::EuDsa], &["Digital Services Act", "2022/2065", "DSA"]),
    (&[Law::UkOsa], &["Online Safety Act 2023"]),
    (&[Law::InIt], &["Intermediary Guidelines"]),
    (
        &[Law::Gdpr17, Law::Gdpr21],
        &["GDPR", "DSGVO", "RGPD", "2016/679"],
    ),
    (&[Law::AuEsafety], &["Online Safety Act 2021"]),
];

fn wrong_laws(filled: &FilledTemplate, words: &Words, findings: &mut Vec<CheckFinding>) {
    let Some(law) = filled.law else { return };
    for (laws, names) in LAW_NAMES.iter().filter(|(laws, _)| !laws.contains(&law)) {
        for at in names.iter().flat_map(|it| words.find(it)) {
            let told = format!(
                "This notice rests on another law than {}. A notice that names two is answered later.",
                laws[0].as_str()
            );
            findings.push(warning(CheckCode::WrongLaw, Some(at), told));
        }
    }
}

fn tone(words: &Words, findings: &mut Vec<CheckFinding>) {
    let told =
        || "Plain words are taken more seriously than capitals and exclamation marks.".to_owned();
    let is_loud = |at: &(usize, usize)| {
        let letters = words.chars[at.0..at.1]
            .iter()
            .filter(|it| it.is_alphabetic());
        let (mut count, mut upper) = (0, 0);
        for it in letters {
            count += 1;
            upper += usize::from(it.is_uppercase());
        }
        count >= 3 && count == upper
    };
    let tokens = words.tokens();
    let mut at = 0;
    while at < tokens.len() {
        let loud = tokens[at..].iter().take_while(|it| is_loud(it)).count();
        if loud >= 4 {
            let range = (tokens[at].0, tokens[at + loud - 1].1);
            findings.push(warning(CheckCode::Tone, Some(range), told()));
        }
        at += loud.max(1);
    }
    let marks = words.chars.windows(2).position(|it| it == ['!', '!']);
    if let Some(at) = marks {
        findings.push(warning(CheckCode::Tone, Some((at, at + 2)), told()));
    }
}

/// The commonest words of each language.
const COMMON: &[(&str, &[&str])] = &[
    (
        "en",
        &[
            "the", "and", "of", "is", "that", "to", "it", "was", "this", "with",
        ],
    ),
    (
        "de",
        &[
            "der", "die", "und", "ist", "nicht", "das", "zu", "den", "mit", "von",
        ],
    ),
    (
        "es",
        &[
            "el", "la", "que", "de", "los", "en", "se", "del", "por", "una",
        ],
    ),
];

/// The language a text seems to be in, if it is another of ours.
fn other_language(language: &str, body: &str) -> Option<&'static str> {
    let primary = language.split('-').next().unwrap_or_default();
    let words: Vec<String> = body
        .split(|it: char| !it.is_alphabetic())
        .filter(|it| !it.is_empty())
        .map(str::to_lowercase)
        .collect();
    let count = |common: &[&str]| {
        words
            .iter()
            .filter(|it| common.contains(&it.as_str()))
            .count()
    };
    let said = COMMON.iter().find(|(it, _)| *it == primary)?;
    let (best, most) = COMMON
        .iter()
        .map(|(it, common)| (*it, count(common)))
        .max_by_key(|it| it.1)?;
    let is_other = best != primary && most > 2 * count(said.1) + 2;
    (words.len() >= LANGUAGE_WORDS && is_other).then_some(best)
}

#[cfg(test)]
mod tests;
