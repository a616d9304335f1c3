//! Reads the YAML of templates into JSON, short-form tags (`!Ref`) as their long
//! form. Deliberately not the reader of the local stack: a judge of the template
//! must not share a mistake with a user of it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, json};
use serde_saphyr::Tagged;

/// Parses a template; panics with the parser's words when it is not YAML.
pub(crate) fn read(text: &str) -> Value {
    let node: Tagged<Node> = serde_saphyr::from_str(text).expect("template.yaml is YAML");
    long_form(node)
}

/// A YAML value whose children still carry their tags.
enum Node {
    Scalar(Value),
    List(Vec<Tagged<Node>>),
    Map(Vec<(String, Tagged<Node>)>),
}

fn long_form(Tagged(node, tag): Tagged<Node>) -> Value {
    let value = match node {
        Node::Scalar(value) => value,
        Node::List(items) => items.into_iter().map(long_form).collect(),
        Node::Map(entries) => entries
            .into_iter()
            .map(|(key, item)| (key, long_form(item)))
            .collect::<Map<_, _>>()
            .into(),
    };
    match tag.as_deref() {
        Some("!Ref") => json!({ "Ref": value }),
        Some("!Condition") => json!({ "Condition": value }),
        Some("!GetAtt") => json!({ "Fn::GetAtt": split_attribute(&value) }),
        Some(tag) => match tag.strip_prefix('!') {
            Some(name) => json!({ format!("Fn::{name}"): value }),
            None => value,
        },
        None => value,
    }
}

fn split_attribute(value: &Value) -> Value {
    if value.is_array() {
        return value.clone();
    }
    let (resource, attribute) = value
        .as_str()
        .and_then(|it| it.split_once('.'))
        .expect("!GetAtt names a resource and an attribute");
    json!([resource, attribute])
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Node::Map(map))
    }
}
