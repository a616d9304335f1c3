//! Differences between two texts, by words or by lines.

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

/// What the parts of a difference are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DiffUnit {
    /// Whole lines.
    #[default]
    Line,
    /// Words and the space between them.
    Word,
}

impl std::str::FromStr for DiffUnit {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "line" => Ok(Self::Line),
            "word" => Ok(Self::Word),
            _ => Err(()),
        }
    }
}

/// What a part of a difference says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DiffOp {
    /// It is in both texts.
    Equal,
    /// It is in the later text only.
    Insert,
    /// It is in the earlier text only.
    Delete,
}

/// A part of a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DiffPart {
    /// What it says.
    pub op: DiffOp,
    /// The text.
    pub text: String,
}

/// The most words of both texts that are compared one by one. Texts with more are compared by lines: the time
/// grows with the number of parts times the number of differences.
const MAX_WORDS: usize = 24_000;

/// What has changed from one text to another. Deletions and equal parts together are the first text, insertions
/// and equal parts the second.
#[must_use]
pub fn diff(from: &str, to: &str, unit: DiffUnit) -> Vec<DiffPart> {
    let words = from.split_whitespace().count() + to.split_whitespace().count();
    let diff = match unit {
        DiffUnit::Word if words <= MAX_WORDS => TextDiff::from_words(from, to),
        _ => TextDiff::from_lines(from, to),
    };
    let mut parts: Vec<DiffPart> = Vec::new();
    for change in diff.iter_all_changes() {
        let op = match change.tag() {
            ChangeTag::Equal => DiffOp::Equal,
            ChangeTag::Insert => DiffOp::Insert,
            ChangeTag::Delete => DiffOp::Delete,
        };
        match parts.last_mut().filter(|it| it.op == op) {
            Some(last) => last.text.push_str(change.value()),
            None => parts.push(DiffPart {
                op,
                text: change.value().to_owned(),
            }),
        }
    }
    parts
}
