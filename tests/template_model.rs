//! The template as the rules look at it: resources by type, functions with their
//! globals applied, and what a reference refers to. No rule lives here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// What a rule found wrong, in words.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<String>);

impl Faults {
    /// Notes `fault` unless `holds`.
    pub(crate) fn expect(&mut self, holds: bool, fault: impl Into<String>) {
        if !holds {
            self.0.push(fault.into());
        }
    }

    pub(crate) fn found(&self) -> &[String] {
        &self.0
    }
}

/// A parsed template.
#[derive(Clone)]
pub(crate) struct Template(pub(crate) Value);

/// One `AWS::Serverless::Function`, globals applied.
pub(crate) struct Function {
    pub(crate) id: String,
    pub(crate) properties: Map<String, Value>,
}

/// Maps are merged, everything else is the function's own word.
fn merge(below: &mut Value, above: &Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (name, value) in above {
                merge(below.entry(name).or_insert(Value::Null), value);
            }
        }
        (below, above) => *below = above.clone(),
    }
}

impl Template {
    /// Every resource, with its logical id.
    pub(crate) fn resources(&self) -> impl Iterator<Item = (&str, &Value)> {
        let resources = self.0["Resources"].as_object();
        resources
            .into_iter()
            .flatten()
            .map(|(id, it)| (id.as_str(), it))
    }

    /// The resources of one type.
    pub(crate) fn of_type<'a>(
        &'a self,
        kind: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.resources().filter(move |(_, it)| it["Type"] == kind)
    }

    /// The properties of one resource; null when there is no such resource.
    pub(crate) fn properties(&self, id: &str) -> &Value {
        &self.0["Resources"][id]["Properties"]
    }

    /// Every function, with `Globals` merged in as SAM does.
    pub(crate) fn functions(&self) -> Vec<Function> {
        let globals = self.0["Globals"]["Function"].as_object();
        self.of_type("AWS::Serverless::Function")
            .map(|(id, resource)| {
                let mut properties = Value::from(globals.cloned().unwrap_or_default());
                merge(&mut properties, &resource["Properties"]);
                Function {
                    id: id.to_owned(),
                    properties: properties.as_object().cloned().unwrap_or_default(),
                }
            })
            .collect()
    }

    /// The queues work arrives in: those that are nobody's dead-letter queue.
    pub(crate) fn work_queues(&self) -> Vec<&str> {
        let dead: BTreeSet<_> = self
            .of_type("AWS::SQS::Queue")
            .filter_map(|(id, _)| self.dead_letter_queue(id))
            .collect();
        self.of_type("AWS::SQS::Queue")
            .map(|(id, _)| id)
            .filter(|id| !dead.contains(id))
            .collect()
    }

    /// The dead-letter queue of a queue.
    pub(crate) fn dead_letter_queue(&self, queue: &str) -> Option<&str> {
        attribute(
            &self.properties(queue)["RedrivePolicy"]["deadLetterTargetArn"],
            "Arn",
        )
    }

    /// What a function's role permits.
    pub(crate) fn statements(&self, function: &Function) -> Vec<&Value> {
        let all = self.all_statements(function).into_iter();
        all.filter(|it| it["Effect"] != "Deny").collect()
    }

    /// What a function's role refuses, whatever else permits it.
    pub(crate) fn denials(&self, function: &Function) -> Vec<&Value> {
        let all = self.all_statements(function).into_iter();
        all.filter(|it| it["Effect"] == "Deny").collect()
    }

    /// Those of its own policies, and of the policies that are attached to its role.
    fn all_statements(&self, function: &Function) -> Vec<&Value> {
        let Some(role) = attribute(function.get("Role"), "Arn") else {
            return Vec::new();
        };
        let own = list(&self.properties(role)["Policies"]).into_iter();
        let attached = self
            .of_type("AWS::IAM::Policy")
            .map(|(_, it)| &it["Properties"])
            .filter(|it| {
                list(&it["Roles"])
                    .into_iter()
                    .any(|it| reference(it) == Some(role))
            });
        own.chain(attached)
            .flat_map(|policy| list(&policy["PolicyDocument"]["Statement"]))
            .collect()
    }
}

impl Function {
    /// A property, null when absent.
    pub(crate) fn get(&self, property: &str) -> &Value {
        self.properties.get(property).unwrap_or(&Value::Null)
    }

    /// The package whose binary this function runs.
    pub(crate) fn package(&self) -> &str {
        let code = self.get("CodeUri").as_str().unwrap_or_default();
        code.strip_prefix("target/lambda/")
            .and_then(|it| it.strip_suffix('/'))
            .unwrap_or_default()
    }

    /// The environment variables.
    pub(crate) fn variables(&self) -> Map<String, Value> {
        self.get("Environment")["Variables"]
            .as_object()
            .cloned()
            .unwrap_or_default()
    }

    /// The event sources of one kind.
    pub(crate) fn events(&self, kind: &str) -> Vec<&Value> {
        let events = self.get("Events").as_object();
        let of_kind = events
            .into_iter()
            .flatten()
            .filter(|(_, it)| it["Type"] == kind);
        of_kind.map(|(_, it)| &it["Properties"]).collect()
    }
}

/// A value that may be one thing or a list of things, as a list.
pub(crate) fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

/// The strings of a list, ignoring anything else.
pub(crate) fn words(value: &Value) -> BTreeSet<&str> {
    list(value).into_iter().filter_map(Value::as_str).collect()
}

/// The resource or parameter that `!Ref` names.
pub(crate) fn reference(value: &Value) -> Option<&str> {
    value["Ref"].as_str()
}

/// The resource whose attribute `!GetAtt` names.
pub(crate) fn attribute<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    let pair = &value["Fn::GetAtt"];
    if pair[1] == name {
        pair[0].as_str()
    } else {
        None
    }
}

/// The text of a `!Sub`, variables unresolved.
pub(crate) fn pattern(value: &Value) -> &str {
    let sub = &value["Fn::Sub"];
    sub.as_str().or_else(|| sub[0].as_str()).unwrap_or_default()
}

/// The top of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_owned)
        .unwrap_or_default()
}
