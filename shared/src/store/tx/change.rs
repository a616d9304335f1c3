//! One change of a row: what is set, added and removed, and under which condition.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use crate::domain::{Error, Result};

/// One change of a row: `SET`/`ADD`/`REMOVE` text with its names and values.
#[derive(Default)]
pub(crate) struct Change {
    /// The first value that cannot be written; told when the change is used.
    failed: Option<Error>,
    pub(super) set: Vec<String>,
    pub(super) add: Vec<String>,
    remove: Vec<String>,
    pub(super) condition: Vec<String>,
    pub(in crate::store) names: Vec<String>,
    pub(in crate::store) values: Vec<AttributeValue>,
}

impl Change {
    /// Sets an attribute.
    pub(crate) fn set(mut self, name: &str, value: impl Serialize) -> Self {
        let (name, value) = (self.name(name), self.written(value));
        self.set.push(format!("{name} = {value}"));
        self
    }

    /// Sets an attribute that is not there yet.
    pub(crate) fn set_once(mut self, name: &str, value: impl Serialize) -> Self {
        let (name, value) = (self.name(name), self.written(value));
        self.set
            .push(format!("{name} = if_not_exists({name}, {value})"));
        self
    }

    /// Adds to a number; a missing one counts as 0.
    pub(crate) fn add(mut self, name: &str, by: i64) -> Self {
        let (name, value) = (
            self.name(name),
            self.value(AttributeValue::N(by.to_string())),
        );
        self.add.push(format!("{name} {value}"));
        self
    }

    /// The change that `more` makes of it.
    pub(crate) fn apply(self, more: impl FnOnce(Self) -> Self) -> Self {
        more(self)
    }

    /// Removes an attribute.
    pub(crate) fn remove(mut self, name: &str) -> Self {
        let name = self.name(name);
        self.remove.push(name);
        self
    }

    /// Only if the row exists.
    pub(crate) fn if_exists(mut self) -> Self {
        self.condition.push("attribute_exists(pk)".into());
        self
    }

    /// Only if the attribute is absent.
    pub(crate) fn if_absent(mut self, name: &str) -> Self {
        let name = self.name(name);
        self.condition.push(format!("attribute_not_exists({name})"));
        self
    }

    /// Only if the attribute compares so: `op` is `=`, `<`, `<>`…
    pub(crate) fn when(mut self, name: &str, op: &str, value: impl Serialize) -> Self {
        let (name, value) = (self.name(name), self.written(value));
        self.condition.push(format!("{name} {op} {value}"));
        self
    }

    /// Only if the attribute is a list that holds this text.
    pub(crate) fn when_contains(mut self, name: &str, text: &str) -> Self {
        let (name, value) = (
            self.name(name),
            self.value(AttributeValue::S(text.to_owned())),
        );
        self.condition.push(format!("contains({name}, {value})"));
        self
    }

    /// Only if the attribute is absent or compares so.
    pub(crate) fn when_or_absent(mut self, name: &str, op: &str, value: impl Serialize) -> Self {
        let (name, value) = (self.name(name), self.written(value));
        self.condition.push(format!(
            "(attribute_not_exists({name}) OR {name} {op} {value})"
        ));
        self
    }

    pub(super) fn name(&mut self, name: &str) -> String {
        let at = self
            .names
            .iter()
            .position(|it| it == name)
            .unwrap_or_else(|| {
                self.names.push(name.to_owned());
                self.names.len() - 1
            });
        format!("#n{at}")
    }

    pub(super) fn written(&mut self, value: impl Serialize) -> String {
        let written = serde_dynamo::to_attribute_value(value);
        let written = written.unwrap_or_else(|err| {
            let failed = Error::bug("writing a value", err);
            self.failed.get_or_insert(failed);
            AttributeValue::Null(true)
        });
        self.value(written)
    }

    pub(super) fn value(&mut self, value: AttributeValue) -> String {
        self.values.push(value);
        format!(":v{}", self.values.len() - 1)
    }

    /// Fails if a value of it could not be written.
    pub(in crate::store) fn checked(mut self) -> Result<Self> {
        match self.failed.take() {
            Some(err) => Err(err),
            None => Ok(self),
        }
    }

    pub(in crate::store) fn condition_text(&self) -> Option<String> {
        (!self.condition.is_empty()).then(|| self.condition.join(" AND "))
    }

    pub(in crate::store) fn text(&self) -> String {
        [
            ("SET", &self.set),
            ("ADD", &self.add),
            ("REMOVE", &self.remove),
        ]
        .into_iter()
        .filter(|(_, parts)| !parts.is_empty())
        .map(|(verb, parts)| format!("{verb} {}", parts.join(", ")))
        .collect::<Vec<_>>()
        .join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_cannot_be_written_is_told_when_the_change_is_used() {
        let broken = std::collections::HashMap::from([((1, 2), 3)]);
        let change = Change::default().set("a", broken).set("b", 1);
        assert!(change.checked().is_err());
        assert!(Change::default().set("b", 1).checked().is_ok());
    }
}
