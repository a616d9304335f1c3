//! Schemas: collected from the Rust types, and put into the form in which they are published.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, schema::Schema};

use crate::examples;

/// Where the document keeps schemas.
const PLACE: &str = "#/components/schemas/";

/// What an answer leaves out instead of saying null, although its type may be left empty.
const LEFT_OUT: [(&str, &str); 57] = [
    ("Template", "law"),
    ("TemplateSummary", "law"),
    ("Download", "bytes"),
    ("Download", "failure"),
    ("Download", "parts"),
    ("Field", "choices"),
    ("DocumentTemplate", "kept"),
    ("CheckFinding", "at"),
    ("CheckFinding", "fix"),
    ("Document", "signedStatements"),
    ("DocumentWithBody", "signedStatements"),
    ("DocumentWithBody", "template"),
    ("AlertView", "takedown"),
    ("ImageMatch", "takedown"),
    ("ChangeFrame", "v"),
    ("FeedFrame", "v"),
    ("AccessView", "purpose"),
    ("Actor", "org"),
    ("Actor", "via"),
    ("AddressCheck", "reason"),
    ("Document", "erasedAt"),
    ("Document", "signedAt"),
    ("Document", "signedName"),
    ("Document", "trashedAt"),
    ("DocumentLink", "sha256"),
    ("DocumentVersion", "parent"),
    ("DocumentWithBody", "erasedAt"),
    ("DocumentWithBody", "signedAt"),
    ("DocumentWithBody", "signedName"),
    ("DocumentWithBody", "trashedAt"),
    ("EngineHealth", "askedThisMonth"),
    ("EngineHealth", "leftThisMonth"),
    ("EngineSummary", "notSearched"),
    ("EvidenceExport", "bytes"),
    ("EvidenceExport", "sha256"),
    ("EvidenceItem", "pdq"),
    ("EvidenceItem", "pdqQuality"),
    ("EvidenceKey", "exp"),
    ("EvidenceKey", "nbf"),
    ("EvidenceRecord", "capturedAt"),
    ("EvidenceRecord", "failure"),
    ("EvidenceRecord", "finalUrl"),
    ("EvidenceRecord", "httpStatus"),
    ("EvidenceRecord", "manifestSha256"),
    ("EvidenceRecord", "pictureMissing"),
    ("EvidenceStamp", "renews"),
    ("Event", "causationId"),
    ("Event", "correlationId"),
    ("Event", "purpose"),
    ("MatchPicture", "faceDetected"),
    ("PagePlace", "head"),
    ("PreferencesView", "mailStop"),
    ("PreferencesView", "webhookSecret"),
    ("Results", "riskLevel"),
    ("AppMetadata", "role"),
    ("Verified", "brokenAt"),
    ("VersionAbout", "parent"),
];

/// Answers that leave out every field that is not theirs: which are there follows from the type of scan.
const SPARSE: [&str; 10] = [
    "FindingProposals",
    "Recipient",
    "RecipientAppeal",
    "RecipientRoute",
    "RecipientSource",
    "Takedown",
    "TakedownFacts",
    "TakedownStep",
    "TakedownWithTimeline",
    "ScanResult",
];

/// Her preferences as she sends them: what she does not name has a default.
const SENT: [(&str, &str); 5] = [
    ("Preferences", "PreferencesChange"),
    ("Channels", "ChannelsChange"),
    ("Digest", "DigestChange"),
    ("QuietHours", "QuietHoursChange"),
    ("EngineConsent", "EngineConsentChange"),
];

/// A type of the API, with the types in it.
pub(crate) struct SchemaShape {
    /// How the document refers to it.
    pub(crate) reference: Value,
    /// Whether something in it must be sent.
    pub(crate) demanding: bool,
    types: Vec<(String, RefOr<Schema>)>,
}

/// The shape of a type.
pub(crate) fn shape<T: ToSchema>() -> SchemaShape {
    let mut types = Vec::new();
    T::schemas(&mut types);
    let name = T::name().into_owned();
    let demanding = match T::schema() {
        RefOr::T(Schema::Object(it)) => !it.required.is_empty(),
        _ => true,
    };
    types.push((name.clone(), T::schema()));
    SchemaShape {
        reference: reference(&name),
        demanding,
        types,
    }
}

/// How the document refers to the schema of this name.
pub(crate) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("{PLACE}{name}") })
}

/// All schemas of the document.
#[derive(Default)]
pub(crate) struct Schemas {
    answered: BTreeMap<String, Value>,
    sent: BTreeMap<String, Value>,
}

impl Schemas {
    /// Adds what is answered.
    pub(crate) fn answer(&mut self, shape: SchemaShape) -> Value {
        keep(&mut self.answered, shape)
    }

    /// Adds what is sent.
    pub(crate) fn send(&mut self, shape: SchemaShape) -> Value {
        keep(&mut self.sent, shape)
    }

    /// All of them by name, published.
    pub(crate) fn publish(self) -> Map<String, Value> {
        let all: BTreeMap<String, Value> = self
            .sent
            .clone()
            .into_iter()
            .chain(self.answered.clone())
            .collect();
        let mut out = Map::new();
        for (name, schema) in &all {
            let mut schema = merged(schema, &all);
            if self.answered.contains_key(name) {
                require_all(name, &mut schema);
            }
            tidy(&mut schema);
            out.insert(name.clone(), schema);
        }
        out.extend(sent_preferences(&all));
        for (name, example) in examples::all() {
            if let Some(schema) = out.get_mut(name) {
                schema["examples"] = json!([example]);
            }
        }
        out
    }
}

fn keep(into: &mut BTreeMap<String, Value>, shape: SchemaShape) -> Value {
    for (name, schema) in shape.types {
        let schema = serde_json::to_value(schema).unwrap_or_default();
        let before = into.insert(name.clone(), schema.clone());
        assert!(
            before.is_none_or(|it| it == schema),
            "two types are called {name}"
        );
    }
    shape.reference
}

/// The schema with the objects it is put together from as one object: what `flatten` does to the value.
fn merged(schema: &Value, all: &BTreeMap<String, Value>) -> Value {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Array(parts)) = map.get("allOf") {
                return one_object(map, parts, all);
            }
            let parts = map.iter().map(|(name, it)| (name.clone(), merged(it, all)));
            Value::Object(parts.collect())
        }
        Value::Array(list) => list.iter().map(|it| merged(it, all)).collect(),
        other => other.clone(),
    }
}

fn one_object(map: &Map<String, Value>, parts: &[Value], all: &BTreeMap<String, Value>) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for part in parts {
        let part = merged(resolved(part, all), all);
        if let Some(Value::Object(more)) = part.get("properties") {
            properties.extend(more.clone());
        }
        if let Some(Value::Array(more)) = part.get("required") {
            required.extend(more.clone());
        }
    }
    let mut out = json!({ "type": "object", "properties": properties, "required": required });
    if let Some(text) = map.get("description") {
        out["description"] = text.clone();
    }
    out
}

fn resolved<'a>(part: &'a Value, all: &'a BTreeMap<String, Value>) -> &'a Value {
    let name = part["$ref"].as_str().and_then(|it| it.strip_prefix(PLACE));
    name.and_then(|it| all.get(it)).unwrap_or(part)
}

/// What we answer has all its fields; what is empty is null.
fn require_all(name: &str, schema: &mut Value) {
    let left_out = |field: &str| SPARSE.contains(&name) || LEFT_OUT.contains(&(name, field));
    each_object(schema, &mut |object| {
        let Some(Value::Object(properties)) = object.get("properties") else {
            return;
        };
        let names = properties.keys().filter(|it| !left_out(it));
        let names: Vec<Value> = names.map(|it| json!(it)).collect();
        object.insert("required".to_owned(), json!(names));
    });
}

fn each_object(schema: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match schema {
        Value::Object(map) => {
            change(map);
            for it in map.values_mut() {
                each_object(it, change);
            }
        }
        Value::Array(list) => {
            for it in list {
                each_object(it, change);
            }
        }
        _ => {}
    }
}

/// Leaves out what is for the makers only: where a rule comes from.
fn tidy(schema: &mut Value) {
    each_object(schema, &mut |object| {
        let Some(Value::String(text)) = object.get_mut("description") else {
            return;
        };
        while let (Some(from), Some(length)) = (
            text.find(" (QUIRKS"),
            text.find(" (QUIRKS").and_then(|at| text[at..].find(')')),
        ) {
            text.replace_range(from..=from + length, "");
        }
    });
}

/// Her preferences as she sends them, whole and as a patch of them (RFC 7396).
fn sent_preferences(all: &BTreeMap<String, Value>) -> Map<String, Value> {
    let mut out = Map::new();
    for (from, to) in SENT {
        let Some(schema) = all.get(from) else {
            continue;
        };
        let mut sent = schema.clone();
        tidy(&mut sent);
        each_object(&mut sent, &mut |object| {
            if let Some(Value::String(text)) = object.get_mut("$ref") {
                let name = text.strip_prefix(PLACE).unwrap_or_default();
                if let Some((_, to)) = SENT.iter().find(|it| it.0 == name) {
                    *text = format!("{PLACE}{to}");
                }
            }
        });
        out.insert(to.to_owned(), sent);
    }
    for (_, sent) in SENT {
        let Some(mut patch) = out.get(sent).cloned() else {
            continue;
        };
        match patch.get_mut("properties") {
            Some(Value::Object(fields)) => {
                fields.values_mut().for_each(nullable);
                // To take away what is not there is no mistake.
                patch["additionalProperties"] = json!({ "type": "null" });
            }
            _ => nullable_values(&mut patch),
        }
        if let Some(object) = patch.as_object_mut() {
            object.remove("required");
        }
        out.insert(sent.replace("Change", "Patch"), patch);
    }
    out
}

/// The schema or null; a patch of what is itself patched.
fn nullable(schema: &mut Value) {
    each_object(schema, &mut |object| {
        if let Some(Value::String(text)) = object.get_mut("$ref") {
            let sent = SENT.iter().any(|it| *text == format!("{PLACE}{}", it.1));
            if sent {
                *text = text.replace("Change", "Patch");
            }
        }
        object.remove("default");
    });
    nullable_values(schema);
    *schema = or_null(schema.take());
}

/// A map of which any value may be taken away, also one that is not there.
fn nullable_values(schema: &mut Value) {
    let Some(values) = schema.get_mut("additionalProperties") else {
        return;
    };
    *values = or_null(values.take());
    if let Some(object) = schema.as_object_mut() {
        object.remove("propertyNames");
    }
}

fn or_null(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_types_is_said_of_types_that_there_are() {
        let document = crate::document();
        let schemas = &document["components"]["schemas"];
        for (name, field) in LEFT_OUT {
            assert!(schemas[name].to_string().contains(field), "{name}.{field}");
        }
        for name in SPARSE {
            assert!(!schemas[name].is_null(), "{name}");
        }
        for (name, changed) in SENT {
            assert!(
                !schemas[name].is_null() && !schemas[changed].is_null(),
                "{name}"
            );
        }
        for (name, _) in examples::all() {
            assert!(
                !schemas[name].is_null(),
                "{name} has an example and no schema"
            );
        }
    }
}
