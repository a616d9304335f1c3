//! Rules about secrets: how they are made, and who fetches which.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::template_model::{Faults, Function, Template, attribute, list, reference, words};

/// The values that keys are derived from, and the one that the distribution is known by.
pub(crate) const GENERATED: [&str; 4] = ["Secret", "SigningSecret", "ProxySecret", "EdgeSecret"];

/// The secret is made by AWS and long; keys given as parameters are not echoed
/// and have no default in the repository.
pub(crate) fn made(template: &Template, faults: &mut Faults) {
    for id in GENERATED {
        let made = &template.properties(id)["GenerateSecretString"];
        let length = made["PasswordLength"].as_u64().unwrap_or_default();
        faults.expect(
            length >= 64 && made["ExcludePunctuation"] == true,
            format!("{id} is not generated, or short"),
        );
    }
    let parameters = template.0["Parameters"].as_object();
    for (name, parameter) in parameters
        .into_iter()
        .flatten()
        .filter(|(name, _)| name.ends_with("Key"))
    {
        let hidden = parameter["NoEcho"] == true && parameter["Default"] == "";
        faults.expect(
            hidden,
            format!("{name} can be read by whoever sees the stack"),
        );
    }
}

/// No secret stands in a function's configuration: a setting names its secret, the secret has what it
/// names, and the function may read the secrets of its settings and no others.
pub(crate) fn fetched(template: &Template, faults: &mut Faults) {
    for function in template.functions() {
        let mut named = BTreeSet::new();
        for (name, value) in function.variables() {
            let of = format!("{name} of {}", function.id);
            faults.expect(
                !shows_a_secret(template, &value),
                format!("{of} shows a secret"),
            );
            let Some((secret, key)) = named_secret(&value) else {
                continue;
            };
            let text = &template.properties(secret)["SecretString"];
            let text = text["Fn::Sub"].as_str().unwrap_or_default();
            let is_there = template.0["Resources"][secret]["Type"] == SECRET
                && key.is_none_or(|it| text.contains(&format!("\"{it}\":")));
            faults.expect(is_there, format!("{of} names nothing of {secret}"));
            named.insert(secret.to_owned());
        }
        let readable = readable(template, &function);
        faults.expect(
            readable == named,
            format!(
                "{} fetches {named:?} and may read {readable:?}",
                function.id
            ),
        );
        let together = template.statements(&function).into_iter().any(|it| {
            words(&it["Action"]).contains("secretsmanager:BatchGetSecretValue")
                && it["Resource"] == "*"
        });
        faults.expect(
            together,
            format!("{} may not read secrets together", function.id),
        );
    }
}

const SECRET: &str = "AWS::SecretsManager::Secret";

/// Whether whoever sees the configuration sees the value.
fn shows_a_secret(template: &Template, value: &Value) -> bool {
    let parameter = |it: &str| template.0["Parameters"][it]["NoEcho"] == true;
    reference(value).is_some_and(parameter) || value.to_string().contains("{{resolve:")
}

/// The secret that a setting names, and what of it. What may be absent is named where it is there.
fn named_secret(value: &Value) -> Option<(&str, Option<&str>)> {
    let value = match value["Fn::If"].as_array() {
        Some(branches) => branches.get(1)?,
        None => value,
    };
    let named = value["Fn::Sub"].as_str()?.strip_prefix("secret:${")?;
    let (secret, rest) = named.split_once(".Id}")?;
    Some((secret, rest.strip_prefix('#')))
}

/// The secrets whose values a function may read.
fn readable(template: &Template, function: &Function) -> BTreeSet<String> {
    let statements = template.statements(function).into_iter();
    let meant = statements
        .filter(|it| words(&it["Action"]).contains("secretsmanager:GetSecretValue"))
        .flat_map(|it| list(&it["Resource"]));
    meant
        .map(|it| attribute(it, "Id").unwrap_or("something else").to_owned())
        .collect()
}
