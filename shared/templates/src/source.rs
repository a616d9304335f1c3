//! Reading of a template file: a head in YAML between `---`, then blocks that each begin with a line `@block <id>`.
//!
//! A file that names `extends` takes fields and blocks from another one; its own block takes the place of the
//! other's of the same id.

use std::collections::BTreeMap;

use serde::Deserialize;
use vara_domain::Law;
use vara_domain::document::DocumentKind;

use crate::{Block, Field, SignerRole, Statement, Template};

/// A file that others extend.
#[derive(Debug)]
pub(crate) struct Base {
    head: BaseHead,
    texts: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BaseHead {
    kind: DocumentKind,
    language: String,
    fields: Vec<Field>,
    blocks: Vec<BlockHead>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BlockHead {
    id: String,
    #[serde(default)]
    locked: bool,
    /// The block is there if this expression over the fields holds.
    #[serde(default)]
    when: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Head {
    id: String,
    version: u32,
    #[serde(default)]
    law: Option<Law>,
    title: String,
    /// Fields of its own, after those of the base.
    #[serde(default)]
    fields: Vec<Field>,
    /// Fields of the base that this template does not have.
    #[serde(default)]
    without: Vec<String>,
    /// All blocks in order, where they differ from those of the base.
    #[serde(default)]
    blocks: Option<Vec<BlockHead>>,
    #[serde(default)]
    statements: Vec<StatementHead>,
    sources: Vec<String>,
    checked_at: String,
    #[serde(default)]
    checked_by: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StatementHead {
    id: String,
    signer: SignerRole,
    text: String,
    #[serde(default = "yes")]
    printed: bool,
}

fn yes() -> bool {
    true
}

/// Reads a file that others extend.
pub(crate) fn base(file: &str) -> Result<Base, String> {
    let (head, texts) = parts(file)?;
    let head: BaseHead = serde_saphyr::from_str(head).map_err(|err| err.to_string())?;
    Ok(Base { head, texts })
}

/// Reads a template over its base.
pub(crate) fn template(file: &str, base: &Base) -> Result<Template, String> {
    let (head, mut texts) = parts(file)?;
    let head: Head = serde_saphyr::from_str(head).map_err(|err| err.to_string())?;
    let is_kept = |it: &&Field| !head.without.contains(&it.name);
    let mut fields: Vec<Field> = base.head.fields.iter().filter(is_kept).cloned().collect();
    fields.extend(head.fields);
    let order = head.blocks.unwrap_or_else(|| base.head.blocks.clone());
    let blocks = order.into_iter().map(|block| {
        let text = texts
            .remove(&block.id)
            .or_else(|| base.texts.get(&block.id).cloned());
        let text = text.ok_or_else(|| format!("no text for the block {}", block.id))?;
        Ok(Block {
            id: block.id,
            locked: block.locked,
            when: block.when,
            text,
        })
    });
    let blocks: Vec<Block> = blocks.collect::<Result<_, String>>()?;
    if let Some(unused) = texts.keys().next() {
        return Err(format!("the block {unused} is not in the order of blocks"));
    }
    let statements = head.statements.into_iter().map(|it| Statement {
        id: it.id,
        signer: it.signer,
        text: it.text,
        printed: it.printed,
    });
    Ok(Template {
        id: head.id,
        version: head.version,
        kind: base.head.kind,
        law: head.law,
        language: base.head.language.clone(),
        title: head.title,
        fields,
        blocks,
        statements: statements.collect(),
        sources: head.sources,
        checked_at: head.checked_at,
        checked_by: head.checked_by,
    })
}

/// The head of a file and the texts of its blocks.
fn parts(file: &str) -> Result<(&str, BTreeMap<String, String>), String> {
    let rest = file.strip_prefix("---\n").ok_or("no head")?;
    let (head, body) = rest.split_once("\n---\n").ok_or("the head does not end")?;
    let mut texts = BTreeMap::new();
    for block in body.split("\n@block ").skip(1) {
        let (id, text) = block.split_once('\n').unwrap_or((block, ""));
        let before = texts.insert(id.trim().to_owned(), text.trim().to_owned());
        if before.is_some() {
            return Err(format!("the block {id} is there twice"));
        }
    }
    Ok((head, texts))
}
