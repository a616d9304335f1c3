//! What a migration does to one row: conditional writes that go through together or not at all.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem, Update};

use crate::item::{Item, Key};

/// One write, with the condition under which it is right.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Write {
    /// Stores a row where there is none.
    Create(Item),
    /// Removes a row that is as it was read.
    Remove(Item),
    /// Sets an attribute of a row that is there; only if it is absent, unless it is overwritten.
    Set {
        key: Key,
        name: &'static str,
        value: AttributeValue,
        overwrites: bool,
    },
    /// Removes an attribute that still has this value.
    Unset {
        key: Key,
        name: &'static str,
        before: AttributeValue,
    },
}

/// The change of one row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RowChange {
    /// Done together.
    pub(crate) writes: Vec<Write>,
    /// Done instead if the condition of the first write, and no other, does not hold.
    pub(crate) otherwise: Option<Vec<Write>>,
}

impl RowChange {
    /// These writes, and nothing instead.
    pub(crate) fn of(writes: Vec<Write>) -> Self {
        Self {
            writes,
            otherwise: None,
        }
    }

    /// A row under another key. A row that is there already was written later and stays.
    pub(crate) fn relocate(item: &Item, to: &Key) -> Self {
        let removal = Write::Remove(item.clone());
        Self {
            writes: vec![Write::Create(crate::item::moved(item, to)), removal.clone()],
            otherwise: Some(vec![removal]),
        }
    }
}

impl Write {
    /// The write as a part of a transaction.
    pub(crate) fn in_table(&self, table: &str) -> Result<TransactWriteItem, BuildError> {
        let part = TransactWriteItem::builder();
        Ok(match self {
            Self::Create(item) => part.put(
                Put::builder()
                    .table_name(table)
                    .set_item(Some(item.clone()))
                    .condition_expression("attribute_not_exists(pk)")
                    .build()?,
            ),
            Self::Remove(item) => part.delete(removal(table, item)?),
            Self::Set {
                key,
                name,
                value,
                overwrites,
            } => part.update(setting(table, key, name, value, *overwrites)?),
            Self::Unset { key, name, before } => part.update(
                Update::builder()
                    .table_name(table)
                    .set_key(Some(key.item()))
                    .update_expression("REMOVE #n")
                    .condition_expression("#n = :before")
                    .expression_attribute_names("#n", *name)
                    .expression_attribute_values(":before", before.clone())
                    .build()?,
            ),
        }
        .build())
    }
}

/// Removes the row if every attribute that was read is what it was.
fn removal(table: &str, item: &Item) -> Result<Delete, BuildError> {
    let mut attributes: Vec<_> = item
        .iter()
        .filter(|(name, _)| *name != "pk" && *name != "sk")
        .collect();
    attributes.sort_unstable_by_key(|(name, _)| *name);
    let mut conditions = vec!["attribute_exists(pk)".to_owned()];
    let mut delete = Delete::builder()
        .table_name(table)
        .key("pk", item["pk"].clone())
        .key("sk", item["sk"].clone());
    for (at, (name, value)) in attributes.into_iter().enumerate() {
        conditions.push(format!("#n{at} = :v{at}"));
        delete = delete
            .expression_attribute_names(format!("#n{at}"), name)
            .expression_attribute_values(format!(":v{at}"), value.clone());
    }
    delete
        .condition_expression(conditions.join(" AND "))
        .build()
}

fn setting(
    table: &str,
    key: &Key,
    name: &str,
    value: &AttributeValue,
    overwrites: bool,
) -> Result<Update, BuildError> {
    let condition = if overwrites {
        "attribute_exists(pk)"
    } else {
        "attribute_exists(pk) AND attribute_not_exists(#n)"
    };
    Update::builder()
        .table_name(table)
        .set_key(Some(key.item()))
        .update_expression("SET #n = :value")
        .condition_expression(condition)
        .expression_attribute_names("#n", name)
        .expression_attribute_values(":value", value.clone())
        .build()
}
