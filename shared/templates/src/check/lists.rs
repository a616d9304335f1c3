//! Lists of words for each language: one phrase a line, and behind `=>` what is better.

/// A list of phrases.
#[derive(Clone, Copy)]
pub(super) enum List {
    Banned,
    Sensitive,
    Threat,
    Promise,
}

/// A phrase, and what is better.
pub(super) type Phrase = (&'static str, Option<&'static str>);

/// The phrases of a list.
pub(super) fn phrases(list: List, language: &str) -> impl Iterator<Item = Phrase> {
    let list = match (list, language.split('-').next().unwrap_or_default()) {
        (List::Banned, "en") => include_str!("../../words/banned.en.txt"),
        (List::Banned, "de") => include_str!("../../words/banned.de.txt"),
        (List::Banned, "es") => include_str!("../../words/banned.es.txt"),
        (List::Sensitive, "en") => include_str!("../../words/sensitive.en.txt"),
        (List::Sensitive, "de") => include_str!("../../words/sensitive.de.txt"),
        (List::Sensitive, "es") => include_str!("../../words/sensitive.es.txt"),
        (List::Threat, "en") => include_str!("../../words/threat.en.txt"),
        (List::Threat, "de") => include_str!("../../words/threat.de.txt"),
        (List::Threat, "es") => include_str!("../../words/threat.es.txt"),
        (List::Promise, "en") => include_str!("../../words/promise.en.txt"),
        (List::Promise, "de") => include_str!("../../words/promise.de.txt"),
        (List::Promise, "es") => include_str!("../../words/promise.es.txt"),
        _ => "",
    };
    let lines = list.lines().map(str::trim);
    lines
        .filter(|it| !it.is_empty())
        .map(|line| match line.split_once("=>") {
            Some((phrase, better)) => (phrase.trim(), Some(better.trim())),
            None => (line, None),
        })
}
