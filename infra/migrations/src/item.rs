//! Rows as the table gives them: keys, texts, the version of the shape.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

/// A row, by attribute.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// Where a row is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Key {
    pub(crate) fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self {
            pk: pk.into(),
            sk: sk.into(),
        }
    }

    /// The key of a row; `None` if its attributes are no texts.
    pub(crate) fn of(item: &Item) -> Option<Self> {
        Some(Self::new(text(item, "pk")?, text(item, "sk")?))
    }

    /// The key as the table takes it.
    pub(crate) fn item(&self) -> Item {
        HashMap::from([
            ("pk".into(), AttributeValue::S(self.pk.clone())),
            ("sk".into(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

/// An attribute, if it is a text.
pub(crate) fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// The version of a row's shape; 1 for rows that were written by hand without one.
pub(crate) fn version(item: &Item) -> Option<u32> {
    match item.get("v") {
        Some(value) => value.as_n().ok()?.parse().ok(),
        None => Some(1),
    }
}

/// The row under another key.
pub(crate) fn moved(item: &Item, key: &Key) -> Item {
    let mut item = item.clone();
    item.extend(key.item());
    item
}
