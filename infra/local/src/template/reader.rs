//! YAML in, plain JSON with long-form intrinsics out (`!Ref x` becomes
//! `{"Ref": "x"}`), loops unfolded. Knows nothing of resources.

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::Tagged;

use super::{error::TemplateError, loops};

/// Reads a template, with every short form turned into its long form.
///
/// # Errors
///
/// When the text is not YAML, or carries a tag this reader does not know.
pub(super) fn read(text: &str) -> Result<Value, TemplateError> {
    // Otherwise a bare `y` or `on` would be true.
    let options = serde_saphyr::options! { strict_booleans: true };
    let node: Node = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| TemplateError::Yaml(error.to_string()))?;
    let value = loops::unfold(node.0)?;
    check_intrinsics(&value, "template")?;
    Ok(value)
}

/// A YAML node whose tag has been folded into its value.
struct Node(Value);

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Tagged(Untagged(value), tag) = Tagged::<Untagged>::deserialize(deserializer)?;
        let tagged = match tag.as_deref() {
            None => Ok(value),
            Some(tag) if tag.starts_with("tag:yaml.org,2002:") => Ok(value),
            Some(tag) => long_form(tag, value),
        };
        tagged.map(Node).map_err(D::Error::custom)
    }
}

fn long_form(tag: &str, value: Value) -> Result<Value, String> {
    let name = match tag {
        "!Ref" | "!Condition" => &tag[1..],
        "!And" | "!Equals" | "!If" | "!Join" | "!Not" | "!Or" | "!Select" | "!Split" | "!Sub"
        | "!GetAtt" | "!FindInMap" => &format!("Fn::{}", &tag[1..]),
        other => return Err(format!("the local stack does not know the tag {other}")),
    };
    let value = match (name, value) {
        ("Fn::GetAtt", Value::String(path)) => match path.split_once('.') {
            Some((resource, attribute)) => Value::from(vec![resource, attribute]),
            None => return Err(format!("!GetAtt {path} names no attribute")),
        },
        (_, value) => value,
    };
    Ok(Value::Object(Map::from_iter([(name.to_owned(), value)])))
}

const INTRINSICS: [&str; 11] = [
    "Fn::And",
    "Fn::Contains",
    "Fn::Equals",
    "Fn::GetAtt",
    "Fn::If",
    "Fn::Join",
    "Fn::Not",
    "Fn::Or",
    "Fn::Select",
    "Fn::Split",
    "Fn::Sub",
];

/// Refuses long forms nobody evaluates, wherever they stand: an ignored property
/// today may be a used one tomorrow.
fn check_intrinsics(value: &Value, place: &str) -> Result<(), TemplateError> {
    match value {
        Value::Object(map) => map.iter().try_for_each(|(key, value)| {
            if key.starts_with("Fn::") && !INTRINSICS.contains(&key.as_str()) {
                return Err(TemplateError::UnknownIntrinsic {
                    name: key.clone(),
                    place: place.to_owned(),
                });
            }
            check_intrinsics(value, &format!("{place}.{key}"))
        }),
        Value::Array(items) => items
            .iter()
            .try_for_each(|item| check_intrinsics(item, place)),
        _ => Ok(()),
    }
}

struct Untagged(Value);

impl<'de> Deserialize<'de> for Untagged {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UntaggedVisitor).map(Untagged)
    }
}

struct UntaggedVisitor;

impl<'de> Visitor<'de> for UntaggedVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a YAML value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Node::deserialize(deserializer).map(|node| node.0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Node(item)) = access.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, Node(value))) = access.next_entry::<String, Node>()? {
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {

    use serde_json::json;

    use super::read;

    #[test]
    fn short_forms_become_long_forms() {
        let text = r#"
            a: !Ref Table
            b: !Sub ${Bucket}/x
            c: !GetAtt Queue.Arn
            d: !If [IsProd, !Ref A, "no"]
            e: !Not [!Equals [!Ref P, ""]]
            f: !Join [",", [x, !Ref Y]]
            g: !Sub
              - ${D}/z
              - D: !Select [1, !Split ["@", !Ref M]]
        "#;
        assert_eq!(
            read(text).unwrap(),
            json!({
                "a": {"Ref": "Table"},
                "b": {"Fn::Sub": "${Bucket}/x"},
                "c": {"Fn::GetAtt": ["Queue", "Arn"]},
                "d": {"Fn::If": ["IsProd", {"Ref": "A"}, "no"]},
                "e": {"Fn::Not": [{"Fn::Equals": [{"Ref": "P"}, ""]}]},
                "f": {"Fn::Join": [",", ["x", {"Ref": "Y"}]]},
                "g": {"Fn::Sub": ["${D}/z", {"D": {"Fn::Select": [1, {"Fn::Split": ["@", {"Ref": "M"}]}]}}]},
            })
        );
    }

    #[test]
    fn scalars_keep_their_type() {
        assert_eq!(
            read("a: 1\nb: \"1\"\nc: true\nd: 2012-10-17\ne: 1.5\nf:").unwrap(),
            json!({"a": 1, "b": "1", "c": true, "d": "2012-10-17", "e": 1.5, "f": null})
        );
    }

    #[test]
    fn an_unknown_tag_is_named() {
        let error = read("a: !ImportValue x").unwrap_err().to_string();
        assert!(error.contains("!ImportValue"), "{error}");
    }

    #[test]
    fn an_unknown_long_form_is_named_with_its_place() {
        let error = read("a:\n  b:\n    Fn::FindInMap: [x]")
            .unwrap_err()
            .to_string();
        assert!(error.contains("Fn::FindInMap"), "{error}");
        assert!(error.contains("template.a.b"), "{error}");
    }
}
