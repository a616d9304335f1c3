//! Lenient parsing of foreign JSON and text.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::asking::EngineError;

/// The longest title that is kept, in characters.
const MAX_TITLE: usize = 150;

/// The items of a list that can be read. An absent or empty list is no item; anything else is an error.
pub(super) fn list<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let items = Option::<Vec<Value>>::deserialize(from)?.unwrap_or_default();
    Ok(items
        .into_iter()
        .filter_map(|it| serde_json::from_value(it).ok())
        .collect())
}

/// A value, or nothing if it is of another sort.
pub(super) fn maybe<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    Ok(serde_json::from_value(Value::deserialize(from)?).ok())
}

/// A value, or the usual one if it is of another sort.
pub(super) fn or_default<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    Ok(maybe(from)?.unwrap_or_default())
}

/// A whole answer.
pub(super) fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, EngineError> {
    serde_json::from_slice(bytes).map_err(|_| EngineError::Garbage("not the format"))
}

/// The words of a text that may hold markup, cut to a title's length. Nothing if none are left.
pub(super) fn plain(text: &str) -> Option<String> {
    // Twice: what is written as an entity may itself be markup to whoever shows it.
    let bare = untagged(&spelt_out(&untagged(text)));
    let words: Vec<_> = bare
        .split(|it: char| it.is_whitespace() || it.is_control())
        .filter(|it| !it.is_empty())
        .collect();
    let text: String = words.join(" ").chars().take(MAX_TITLE).collect();
    (!text.is_empty()).then_some(text)
}

/// Without what stands between `<` and `>`. A `<` that begins no tag stays.
fn untagged(text: &str) -> String {
    let mut left = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        left.push_str(&rest[..at]);
        let tag = &rest[at + 1..];
        let begins = tag.starts_with(|it: char| it.is_ascii_alphabetic() || "/!?".contains(it));
        match (begins, tag.find('>')) {
            (true, Some(end)) => rest = &tag[end + 1..],
            // A tag that never ends takes the rest with it.
            (true, None) => rest = "",
            (false, _) => {
                left.push('<');
                rest = tag;
            }
        }
    }
    left + rest
}

/// With the commonest entities as the characters they stand for.
fn spelt_out(text: &str) -> String {
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&apos;", "'"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (entity, is)| {
        text.replace(entity, is)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_loses_its_markup_and_keeps_its_words() {
        for (title, want) in [
            ("Thread <b>42</b>", Some("Thread 42")),
            ("<script>alert(1)</script>Hi", Some("alert(1)Hi")),
            ("&lt;img src=x onerror=alert(1)&gt;Me", Some("Me")),
            ("I <3 you & 2 < 3", Some("I <3 you & 2 < 3")),
            (
                "Tom &amp; Ann&#39;s&nbsp;\u{0}\n page",
                Some("Tom & Ann's page"),
            ),
            ("cut <a href='", Some("cut")),
            ("<p></p> ", None),
            ("", None),
        ] {
            assert_eq!(plain(title).as_deref(), want, "{title}");
        }
        assert_eq!(
            plain(&"\u{e9}".repeat(900)).unwrap().chars().count(),
            MAX_TITLE
        );
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Odd {
        #[serde(default, deserialize_with = "list")]
        items: Vec<u8>,
        #[serde(default, deserialize_with = "maybe")]
        size: Option<f64>,
    }

    #[test]
    fn one_odd_item_does_not_spoil_the_others() {
        let odd = |text: &str| parsed::<Odd>(text.as_bytes());
        let want = Odd {
            items: vec![1, 3],
            size: None,
        };
        assert_eq!(odd(r#"{"items":[1,"two",3,null],"size":"big"}"#), Ok(want));
        let none = Odd {
            items: vec![],
            size: Some(2.0),
        };
        assert_eq!(odd(r#"{"items":null,"size":2}"#), Ok(none));
        assert!(odd(r#"{"items":7}"#).is_err());
        assert!(odd("<html>").is_err());
    }
}
