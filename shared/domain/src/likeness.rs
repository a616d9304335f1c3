//! Similarity of names, texts and handles (edit distance, affixes). Rules only; what follows from them
//! is in `impersonation`.

use serde::{Deserialize, Serialize};
use strsim::osa_distance;

/// What is put before or behind a handle to make another that seems to be the same person's.
const AFFIXES: [&str; 22] = [
    "official", "offical", "real", "thereal", "the", "its", "iam", "im", "backup", "private",
    "priv", "fan", "fans", "fanpage", "page", "account", "acc", "new", "xo", "vip", "only", "x",
];

/// The most digits that are taken for such an addition.
const DIGITS: usize = 4;

/// The shortest core an addition may leave, and the shortest handles that may differ by one and by two
/// letters.
const CORE: usize = 4;
const ONE_OFF: usize = 5;
const TWO_OFF: usize = 9;

/// How like a handle is to one of hers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HandleLikeness {
    /// Not at all.
    None,
    /// A letter or two are different.
    Edited,
    /// Something is put before or behind it.
    Extended,
    /// It looks the same, written with other signs.
    Lookalike,
    /// The same.
    Same,
}

/// How like `theirs` is to `hers`.
#[must_use]
pub fn handle_likeness(hers: &str, theirs: &str) -> HandleLikeness {
    let (hers, theirs) = (hers.to_lowercase(), theirs.to_lowercase());
    if hers == theirs {
        return HandleLikeness::Same;
    }
    let (plain_hers, plain_theirs) = (plain(&hers), plain(&theirs));
    if plain_hers.is_empty() || plain_theirs.is_empty() {
        return HandleLikeness::None;
    }
    if plain_hers == plain_theirs {
        return HandleLikeness::Lookalike;
    }
    if is_extended(&letters(&hers), &letters(&theirs)) || is_extended(&plain_hers, &plain_theirs) {
        return HandleLikeness::Extended;
    }
    let shorter = plain_hers.chars().count().min(plain_theirs.chars().count());
    let allowed = match shorter {
        TWO_OFF.. => 2,
        ONE_OFF.. => 1,
        _ => 0,
    };
    if osa_distance(&plain_hers, &plain_theirs) <= allowed {
        HandleLikeness::Edited
    } else {
        HandleLikeness::None
    }
}

/// Only letters and digits, as they are.
fn letters(text: &str) -> String {
    text.chars().filter(|it| it.is_alphanumeric()).collect()
}

/// Only letters and digits, each sign as the Latin letter it looks like.
fn plain(text: &str) -> String {
    let folded: String = text
        .chars()
        .filter(|it| it.is_alphanumeric() || matches!(it, '@' | '$' | '!' | '|'))
        .map(looks_like)
        .collect();
    folded
        .replace("rn", "m")
        .replace("vv", "w")
        .replace("cl", "d")
}

fn looks_like(c: char) -> char {
    match c {
        '0' | 'о' | 'ο' | 'ö' | 'ó' | 'ò' | 'ô' | 'ø' => 'o',
        '1' | '!' | '|' | 'l' | 'і' | 'ι' | 'ı' | 'í' | 'ì' | 'î' | 'ï' | 'ӏ' => 'i',
        '3' | 'е' | 'ε' | 'é' | 'è' | 'ê' | 'ë' => 'e',
        '4' | '@' | 'а' | 'α' | 'ä' | 'á' | 'à' | 'â' | 'å' | 'ã' => 'a',
        '5' | '$' | 'ѕ' => 's',
        '7' | 'т' | 'τ' => 't',
        '8' => 'b',
        '9' => 'g',
        '2' => 'z',
        'с' | 'ç' | 'ć' | 'č' => 'c',
        'р' | 'ρ' => 'p',
        'х' | 'χ' => 'x',
        'у' | 'γ' | 'ý' => 'y',
        'ν' => 'v',
        'к' | 'κ' => 'k',
        'м' => 'm',
        'н' => 'h',
        'в' => 'b',
        'ü' | 'ú' | 'ù' | 'û' | 'υ' => 'u',
        'ñ' | 'ń' | 'η' => 'n',
        'š' | 'ś' => 's',
        'ž' | 'ź' | 'ż' => 'z',
        'ł' => 'i',
        _ => c,
    }
}

/// Whether one is the other with something usual put around it.
fn is_extended(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() <= other.len() {
        (one, other)
    } else {
        (other, one)
    };
    if short.chars().count() < CORE || short == long {
        return false;
    }
    let mut places = long.match_indices(short);
    places.any(|(at, _)| is_addition(&long[..at]) && is_addition(&long[at + short.len()..]))
}

fn is_addition(text: &str) -> bool {
    let digits = text.chars().all(|it| it.is_ascii_digit());
    digits && text.len() <= DIGITS
        || AFFIXES.contains(&text)
        || AFFIXES.iter().any(|it| plain(it) == text)
}

/// How like two names of people are, 0 to 1: the order of their parts does not matter.
#[must_use]
pub fn name_likeness(one: &str, other: &str) -> f64 {
    let (one, other) = (sorted_words(one), sorted_words(other));
    if one.is_empty() || other.is_empty() {
        return 0.0;
    }
    let longest = one.chars().count().max(other.chars().count());
    1.0 - osa_distance(&one, &other) as f64 / longest as f64
}

fn sorted_words(text: &str) -> String {
    let lower = text.to_lowercase();
    let mut words: Vec<String> = lower
        .split(|c: char| !c.is_alphanumeric())
        .map(plain)
        .filter(|it| !it.is_empty())
        .collect();
    words.sort();
    words.join(" ")
}

/// How much two texts share, 0 to 1 (Dice over runs of three letters).
#[must_use]
pub fn text_likeness(one: &str, other: &str) -> f64 {
    let (one, other) = (runs(one), runs(other));
    if one.is_empty() || other.is_empty() {
        return 0.0;
    }
    let shared = one.iter().filter(|it| other.contains(it)).count();
    2.0 * shared as f64 / (one.len() + other.len()) as f64
}

fn runs(text: &str) -> Vec<[char; 3]> {
    let lower: Vec<char> = text
        .to_lowercase()
        .chars()
        .filter(|it| it.is_alphanumeric())
        .collect();
    let mut runs: Vec<[char; 3]> = lower.windows(3).map(|it| [it[0], it[1], it[2]]).collect();
    runs.sort_unstable();
    runs.dedup();
    runs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::HandleLikeness::{Edited, Extended, Lookalike, None, Same};
    use super::*;

    #[test]
    fn handles() {
        for (hers, theirs, want) in [
            ("ana.kovac", "ana.kovac", Same),
            ("ana.kovac", "Ana.Kovac", Same),
            ("ana.kovac", "ana_kovac", Lookalike),
            ("ana.kovac", "anakovac", Lookalike),
            ("ana.kovac", "ana.k0vac", Lookalike),
            ("ana.kovac", "аnа.kovac", Lookalike),
            ("maria", "rnaria", Lookalike),
            ("lilly", "iiiiy", Lookalike),
            ("ana.kovac", "ana.kovac.official", Extended),
            ("ana.kovac", "therealanakovac", Extended),
            ("ana.kovac", "ana.kovac_99", Extended),
            ("ana.kovac.backup", "ana.kovac", Extended),
            ("ana.kovac", "anna.kovac", Edited),
            ("ana.kovac", "ana.kovca", Edited),
            ("anakovacevic", "annakovacevich", Edited),
            ("ana.kovac", "bea.smith", None),
            ("ana", "ane", None),
            ("ana", "anaofficial", None),
            ("ana.kovac", "ana.kovac.travels.the.world", None),
            ("...", "ana", None),
        ] {
            assert_eq!(handle_likeness(hers, theirs), want, "{hers} {theirs}");
        }
    }

    #[test]
    fn names_and_texts() {
        assert!((name_likeness("Ana Kovač", "Kovac, Ana") - 1.0).abs() < 1e-9);
        assert!(name_likeness("Ana Kovač", "Anna Kovac") > 0.8);
        assert!(name_likeness("Ana Kovač", "Bea Smith") < 0.5);
        assert!(name_likeness("", "Ana").abs() < 1e-9);
        let bio = "Photographer in Zagreb. Coffee and mountains.";
        assert!((text_likeness(bio, bio) - 1.0).abs() < 1e-9);
        assert!(text_likeness(bio, "photographer in Zagreb, coffee & mountains!") > 0.8);
        assert!(text_likeness(bio, "I sell cars in Ohio") < 0.3);
        assert!(text_likeness("", bio).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn likeness_does_not_depend_on_the_order(a in "[a-z0-9._]{1,20}", b in "[a-z0-9._]{1,20}") {
            prop_assert_eq!(handle_likeness(&a, &b), handle_likeness(&b, &a));
            prop_assert!((name_likeness(&a, &b) - name_likeness(&b, &a)).abs() < 1e-9);
            prop_assert!((0.0..=1.0).contains(&name_likeness(&a, &b)));
            prop_assert!((0.0..=1.0).contains(&text_likeness(&a, &b)));
        }

        #[test]
        fn any_text_can_be_compared(a in "\\PC{0,30}", b in "\\PC{0,30}") {
            let _ = handle_likeness(&a, &b);
            prop_assert!((0.0..=1.0).contains(&text_likeness(&a, &b)));
            prop_assert!(osa_distance(&a, &b) <= a.chars().count().max(b.chars().count()));
            prop_assert_eq!(osa_distance(&a, &a), 0);
        }
    }
}
