//! Changes within maps of a row, and conditions on the types of its attributes.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use super::Change;

impl Change {
    /// Sets the attribute `name` of the map at `path`; only if there is such a map.
    pub(crate) fn set_in(mut self, path: &[&str], name: &str, value: impl Serialize) -> Self {
        let map: Vec<String> = path.iter().map(|it| self.name(it)).collect();
        let map = map.join(".");
        let (name, value) = (self.name(name), self.written(value));
        let kind = self.value(AttributeValue::S("M".into()));
        self.condition
            .push(format!("attribute_type({map}, {kind})"));
        self.set.push(format!("{map}.{name} = {value}"));
        self
    }

    /// Only if the attribute is no text.
    pub(crate) fn unless_text(mut self, name: &str) -> Self {
        let name = self.name(name);
        let kind = self.value(AttributeValue::S("S".into()));
        self.condition
            .push(format!("NOT attribute_type({name}, {kind})"));
        self
    }
}
