//! Unfolds `Fn::ForEach` and `Fn::FindInMap` as the transform `AWS::LanguageExtensions` does, so that
//! the rest of the reader sees plain resources.
//!
//! The identifier of a loop is filled into the keys of its fragment, into `Fn::Sub`, and stands for its
//! item in `Ref`; in any other text it is left alone.

use serde_json::{Map, Value};

use super::error::TemplateError;

const LOOP: &str = "Fn::ForEach::";

/// The sections that may have loops.
const SECTIONS: [&str; 2] = ["Outputs", "Resources"];

/// The template with its loops unfolded, and without the mappings that they read.
///
/// # Errors
///
/// When a loop is not an identifier, a list of texts and a fragment, when two of its items make the same
/// key, or when a mapping has no such entry.
pub(super) fn unfold(mut template: Value) -> Result<Value, TemplateError> {
    let mappings = template
        .as_object_mut()
        .and_then(|sections| sections.remove("Mappings"))
        .unwrap_or_default();
    for section in SECTIONS {
        if let Some(Value::Object(entries)) = template.get_mut(section) {
            *entries = unfold_section(entries, &mappings)?;
        }
    }
    Ok(template)
}

fn unfold_section(
    entries: &Map<String, Value>,
    mappings: &Value,
) -> Result<Map<String, Value>, TemplateError> {
    let mut unfolded = Map::new();
    for (key, value) in entries {
        if !key.starts_with(LOOP) {
            unfolded.insert(key.clone(), value.clone());
            continue;
        }
        for (key, value) in iterations(key, value, mappings)? {
            if entries.contains_key(&key) || unfolded.contains_key(&key) {
                return Err(TemplateError::unusable(&key, &value));
            }
            unfolded.insert(key, value);
        }
    }
    Ok(unfolded)
}

/// Everything that one loop makes.
fn iterations(
    name: &str,
    written: &Value,
    mappings: &Value,
) -> Result<Vec<(String, Value)>, TemplateError> {
    let unusable = || TemplateError::unusable(name, written);
    let parts = written.as_array().map(Vec::as_slice);
    let Some(
        [
            Value::String(identifier),
            Value::Array(items),
            Value::Object(fragment),
        ],
    ) = parts
    else {
        return Err(unusable());
    };
    let mut made = Vec::new();
    for item in items {
        let item = item.as_str().ok_or_else(unusable)?;
        let iteration = Iteration {
            identifier,
            item,
            mappings,
        };
        for (key, value) in fragment {
            made.push((iteration.fill(key), iteration.value(value)?));
        }
    }
    Ok(made)
}

/// One round of a loop.
struct Iteration<'a> {
    identifier: &'a str,
    item: &'a str,
    mappings: &'a Value,
}

impl Iteration<'_> {
    fn fill(&self, text: &str) -> String {
        text.replace(&format!("${{{}}}", self.identifier), self.item)
    }

    fn value(&self, value: &Value) -> Result<Value, TemplateError> {
        match value {
            Value::Object(map) => {
                let mut entries = map.iter();
                if let (Some((key, argument)), None) = (entries.next(), entries.next())
                    && let Some(filled) = self.intrinsic(key, argument)
                {
                    return filled;
                }
                map.iter()
                    .map(|(key, value)| Ok((key.clone(), self.value(value)?)))
                    .collect()
            }
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            scalar => Ok(scalar.clone()),
        }
    }

    /// `None` for what a loop does not change.
    fn intrinsic(&self, key: &str, argument: &Value) -> Option<Result<Value, TemplateError>> {
        match (key, argument) {
            ("Ref", Value::String(name)) if name == self.identifier => Some(Ok(self.item.into())),
            ("Fn::Sub", Value::String(text)) => {
                let text = self.fill(text);
                // Nothing is left that only the stack knows.
                let is_whole = !text.contains("${");
                Some(Ok(if is_whole {
                    text.into()
                } else {
                    sub(text.into())
                }))
            }
            ("Fn::Sub", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(text), own] => {
                    let text = Value::from(self.fill(text));
                    Some(self.value(own).map(|own| sub(Value::from(vec![text, own]))))
                }
                _ => None,
            },
            ("Fn::FindInMap", Value::Array(path)) => Some(self.find(path)),
            _ => None,
        }
    }

    fn find(&self, path: &[Value]) -> Result<Value, TemplateError> {
        let mut found = self.mappings;
        let mut place = String::from("Mappings");
        for step in path {
            let step = self.value(step)?;
            let step = step
                .as_str()
                .ok_or_else(|| TemplateError::unusable(&place, &step))?;
            place = format!("{place}.{step}");
            found = found
                .get(step)
                .ok_or_else(|| TemplateError::UnknownReference(place.clone()))?;
        }
        Ok(found.clone())
    }
}

fn sub(argument: Value) -> Value {
    Value::Object(Map::from_iter([("Fn::Sub".to_owned(), argument)]))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::unfold;

    fn unfolded(items: Value, fragment: Value) -> Result<Value, String> {
        let template = json!({
            "Mappings": {"Sizes": {"A": {"Bytes": 1}, "B": {"Bytes": 2}}},
            "Resources": {"Own": 0, "Fn::ForEach::All": ["Item", items, fragment]},
        });
        unfold(template)
            .map(|it| it["Resources"].clone())
            .map_err(|err| err.to_string())
    }

    #[test]
    fn every_item_makes_the_fragment_once() {
        let fragment = json!({
            "${Item}Part": {
                "name": {"Ref": "Item"},
                "of": {"Fn::GetAtt": [{"Fn::Sub": "${Item}Queue"}, "Arn"]},
                "path": {"Fn::Sub": "${AWS::StackName}/${Item}"},
                "text": {"Fn::Sub": ["${Size}", {"Size": {"Fn::FindInMap": ["Sizes", {"Ref": "Item"}, "Bytes"]}}]},
                "plain": "${Item}",
            }
        });
        let made = unfolded(json!(["A", "B"]), fragment).unwrap();
        let names: Vec<_> = made.as_object().unwrap().keys().collect();
        assert_eq!(names, ["APart", "BPart", "Own"]);
        assert_eq!(
            made["BPart"],
            json!({
                "name": "B",
                "of": {"Fn::GetAtt": ["BQueue", "Arn"]},
                "path": {"Fn::Sub": "${AWS::StackName}/B"},
                "text": {"Fn::Sub": ["${Size}", {"Size": 2}]},
                "plain": "${Item}",
            })
        );
    }

    #[test]
    fn faults_are_named() {
        let size = json!({"${Item}": {"Fn::FindInMap": ["Sizes", {"Ref": "Item"}, "Bytes"]}});
        for (items, fragment, named) in [
            (json!(["C"]), size, "Mappings.Sizes.C"),
            (json!("A"), json!({"${Item}": 1}), "Fn::ForEach::All"),
            (json!([1]), json!({"${Item}": 1}), "Fn::ForEach::All"),
            (json!(["A", "B"]), json!({"Same": 1}), "Same"),
            (json!(["Own"]), json!({"${Item}": 1}), "Own"),
        ] {
            let error = unfolded(items, fragment).unwrap_err();
            assert!(error.contains(named), "{named}: {error}");
        }
    }
}
