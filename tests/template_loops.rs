//! Unfolds the loops of a template (`AWS::LanguageExtensions`). Deliberately not the code of the local
//! stack, for the same reason as the reader of YAML.

use serde_json::{Value, json};

/// The template as CloudFormation sees it after the transform: no loop, no mapping, and no text in which
/// all that is to be filled in is known.
pub(crate) fn unfold(mut template: Value) -> Value {
    let mappings = template["Mappings"].take();
    for section in ["Resources", "Outputs"] {
        let Some(entries) = template[section].as_object_mut() else {
            continue;
        };
        let (loops, plain): (Vec<_>, Vec<_>) = std::mem::take(entries)
            .into_iter()
            .partition(|(key, _)| key.starts_with("Fn::ForEach::"));
        entries.extend(plain);
        for (name, body) in loops {
            let identifier = body[0].as_str().expect("a loop has an identifier");
            let items = body[1].as_array().expect("a loop has a list of items");
            let fragment = body[2].as_object().expect("a loop has a fragment");
            for item in items {
                let item = item.as_str().expect("an item is a text");
                for (key, value) in fragment {
                    let key = fill(key, identifier, item);
                    let value = bind(value.clone(), identifier, item, &mappings);
                    assert!(
                        entries.insert(key.clone(), value).is_none(),
                        "{name} makes {key} again"
                    );
                }
            }
        }
    }
    template
}

fn fill(text: &str, name: &str, value: &str) -> String {
    text.replace(&format!("${{{name}}}"), value)
}

fn bind(value: Value, identifier: &str, item: &str, mappings: &Value) -> Value {
    let inner = |it| bind(it, identifier, item, mappings);
    let map = match value {
        Value::Array(items) => return items.into_iter().map(inner).collect(),
        Value::Object(map) => map,
        scalar => return scalar,
    };
    // First what is inside, but for the texts of `Fn::Sub`.
    let bound: Value = map.into_iter().map(|(key, it)| (key, inner(it))).collect();
    if bound["Ref"] == identifier {
        return item.into();
    }
    if let Some([map, first, second]) = bound["Fn::FindInMap"].as_array().map(Vec::as_slice) {
        let words = [map, first, second].map(|it| it.as_str().expect("a mapping is read by names"));
        let found = &mappings[words[0]][words[1]][words[2]];
        assert!(!found.is_null(), "no mapping has {words:?}");
        return found.clone();
    }
    match &bound["Fn::Sub"] {
        Value::String(text) => substituted(fill(text, identifier, item)),
        Value::Array(parts) => {
            let mut text = fill(parts[0].as_str().unwrap_or_default(), identifier, item);
            for (name, own) in parts[1].as_object().into_iter().flatten() {
                // The names of other resources are left to CloudFormation.
                let own = match own["Ref"].as_str() {
                    Some(resource) => format!("${{{resource}}}"),
                    None => own.as_str().expect("what is filled in is a text").into(),
                };
                text = fill(&text, name, &own);
            }
            substituted(text)
        }
        _ => bound,
    }
}

fn substituted(text: String) -> Value {
    if text.contains("${") {
        json!({ "Fn::Sub": text })
    } else {
        text.into()
    }
}
