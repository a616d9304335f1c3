//! A filled-in template: what a text was made from. It is kept with the text, so that later changes of the template
//! change nothing that was written.

use serde::{Deserialize, Serialize};
use vara_domain::Law;

use crate::{FieldValues, SignerRole, Statement, Template};

/// What a text was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilledTemplate {
    /// The id of the template.
    pub template_id: String,
    /// The version of the template.
    pub template_version: u32,
    /// What the text rests on.
    #[serde(default)]
    pub law: Option<Law>,
    /// What was filled in.
    pub values: FieldValues,
    /// The required fields that were not filled in.
    pub missing: Vec<MissingField>,
    /// The blocks that are there, in order.
    pub blocks: Vec<FilledBlock>,
    /// What is to be ticked before the text is signed.
    pub statements: Vec<Statement>,
}

/// A required field that is not filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MissingField {
    /// Its name.
    pub name: String,
    /// What it is called.
    pub label: String,
}

/// A filled-in block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilledBlock {
    /// Its id.
    pub id: String,
    /// Whether a text must hold it word for word.
    pub locked: bool,
    /// Its text, in Markdown.
    pub text: String,
}

/// A text that was filled in anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refilled {
    /// The text, in Markdown.
    pub text: String,
    /// The blocks that were changed by hand and stay as they are.
    pub kept: Vec<String>,
}

impl Template {
    /// Fills it in. Required fields that are not filled in stand as `[[label]]` in the text.
    ///
    /// # Errors
    /// The template itself is wrong; the tests fill in every one.
    pub fn fill(&self, values: FieldValues) -> Result<FilledTemplate, String> {
        let missing = self.missing(&values).map(|it| MissingField {
            name: it.name.clone(),
            label: it.label.clone(),
        });
        Ok(FilledTemplate {
            template_id: self.id.clone(),
            template_version: self.version,
            law: self.law,
            missing: missing.collect(),
            blocks: self.render(&values)?,
            statements: self.statements.clone(),
            values,
        })
    }
}

impl FilledTemplate {
    /// The whole text, in Markdown.
    #[must_use]
    pub fn text(&self) -> String {
        let texts: Vec<&str> = self.blocks.iter().map(|it| it.text.as_str()).collect();
        texts.join("\n\n") + "\n"
    }

    /// The statements that this signer must tick.
    pub fn statements_of(&self, signer: SignerRole) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(move |it| it.signer == signer)
    }

    /// The first locked block that a text does not hold word for word, in its place.
    #[must_use]
    pub fn lost_block(&self, text: &str) -> Option<&FilledBlock> {
        let mut rest = text;
        self.blocks.iter().filter(|it| it.locked).find(|block| {
            match rest.split_once(block.text.as_str()) {
                Some((_, after)) => {
                    rest = after;
                    false
                }
                None => true,
            }
        })
    }

    /// A text that was made from this, with the values of `new`. Blocks that were changed by hand stay, and so does what
    /// was added.
    #[must_use]
    pub fn refill(&self, text: &str, new: &Self) -> Refilled {
        let mut text = text.to_owned();
        let mut kept = Vec::new();
        let mut before: Option<&str> = None;
        for block in &new.blocks {
            let old = self.blocks.iter().find(|it| it.id == block.id);
            match old {
                Some(old) if text.matches(old.text.as_str()).count() == 1 => {
                    text = text.replacen(old.text.as_str(), &block.text, 1);
                }
                Some(_) => {
                    kept.push(block.id.clone());
                    continue;
                }
                None => text = insert(text, before, &block.text),
            }
            before = Some(&block.text);
        }
        let is_gone = |it: &&FilledBlock| !new.blocks.iter().any(|new| new.id == it.id);
        for block in self.blocks.iter().filter(is_gone) {
            match text.matches(block.text.as_str()).count() {
                1 => text = remove(&text, &block.text),
                _ => kept.push(block.id.clone()),
            }
        }
        Refilled { text, kept }
    }
}

/// The text with a block behind the one before it, or at its end.
fn insert(mut text: String, before: Option<&str>, block: &str) -> String {
    let end = before.and_then(|it| text.find(it).map(|at| at + it.len()));
    match end {
        Some(at) => text.insert_str(at, &format!("\n\n{block}")),
        None => text = format!("{}\n\n{block}\n", text.trim_end()),
    }
    text
}

/// The text without a block and one of the blank lines around it.
fn remove(text: &str, block: &str) -> String {
    let (before, after) = text.split_once(block).unwrap_or((text, ""));
    match after.strip_prefix("\n\n") {
        Some(after) => format!("{before}{after}"),
        None => format!("{}{after}", before.trim_end()),
    }
}

#[cfg(test)]
mod tests;
