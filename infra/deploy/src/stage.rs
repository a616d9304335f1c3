//! A stage file (`infra/stages/<stage>.yaml`): the stack and the values of its parameters.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::parameter_file::is_kept;
use crate::template::Parameter;

/// The engines' keys, and the names of their allowances.
const ENGINES: [(&str, &str); 5] = [
    ("TineyeApiKey", "tineye"),
    ("GoogleVisionApiKey", "google-vision"),
    ("SerpapiApiKey", "serpapi"),
    ("FacecheckApiKey", "facecheck"),
    ("HibpApiKey", "hibp"),
];

/// A stage file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stage {
    /// The name of the stack.
    pub(crate) stack: String,
    /// The AWS region.
    pub(crate) region: String,
    /// Whether `sam deploy` shows the changes and asks before it makes them.
    pub(crate) confirm: bool,
    /// Parameters of the template, as far as they differ from its defaults.
    pub(crate) parameters: BTreeMap<String, Value>,
}

/// What a deployment is given.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DeployValues {
    /// Every parameter that is passed, by name.
    pub(crate) passed: BTreeMap<String, String>,
    /// Secrets that keep the value they were deployed with.
    pub(crate) kept: Vec<String>,
}

impl Stage {
    /// Reads a stage file.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        serde_saphyr::from_str(text).map_err(|err| format!("it cannot be read: {err}"))
    }

    /// The value of every parameter of the template, or everything that is wrong with them.
    /// `secret` looks a variable up in the environment.
    pub(crate) fn values(
        &self,
        template: &BTreeMap<String, Parameter>,
        secret: impl Fn(&str) -> Option<String>,
    ) -> Result<DeployValues, Vec<String>> {
        let mut problems = Vec::new();
        for name in self.parameters.keys() {
            match template.get(name) {
                None => problems.push(format!("template.yaml has no parameter {name}")),
                Some(it) if it.is_secret => problems.push(format!(
                    "{name} is a secret: remove it and set the variable {}",
                    variable(name)
                )),
                Some(_) => {}
            }
        }
        let (mut passed, mut kept) = (BTreeMap::new(), Vec::new());
        for (name, parameter) in template {
            let given = if parameter.is_secret {
                secret(&variable(name))
            } else {
                let given = self.parameters.get(name).map(text);
                given.or_else(|| parameter.default.as_ref().map(text))
            };
            match given {
                Some(value) => {
                    problems.extend(unusable(name, &value, parameter));
                    passed.insert(name.clone(), value);
                }
                None if parameter.is_secret => kept.push(name.clone()),
                None => problems.push(format!("{name} is missing")),
            }
        }
        problems.extend(self.bad_stack_name());
        problems.extend(unbudgeted_engines(&passed));
        if passed.get("Stage").is_some_and(|it| it == "prod") {
            problems.extend(unfit_for_production(&passed));
        }
        if problems.is_empty() {
            Ok(DeployValues { passed, kept })
        } else {
            Err(problems)
        }
    }

    /// AWS makes the bucket's name of the stack's, and names of buckets are lower case.
    fn bad_stack_name(&self) -> Option<String> {
        let fits = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
        let ok = !self.stack.is_empty() && self.stack.chars().all(fits);
        (!ok).then(|| format!("the stack's name {:?} is not lower case", self.stack))
    }
}

/// The text of a value: lists joined with commas, mappings as JSON.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// The variable of the environment that holds a secret: `TineyeApiKey` is in `TINEYE_API_KEY`.
pub(crate) fn variable(parameter: &str) -> String {
    let mut name = String::new();
    for letter in parameter.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

fn unusable(name: &str, value: &str, parameter: &Parameter) -> Option<String> {
    if value.chars().any(char::is_control) {
        return Some(format!(
            "{name} has a line break or another control character"
        ));
    }
    if !is_kept(value) {
        return Some(format!(
            "{name} has quotes around it or escaped ones in it, which SAM takes away (write \\u0022 in JSON)"
        ));
    }
    let allowed = parameter.allowed.as_ref()?;
    let fits = allowed.iter().any(|it| text(it) == value);
    (!fits).then(|| format!("{name} is {value:?}, which template.yaml does not allow"))
}

/// The functions do not start with an engine's key and no number of questions a month.
fn unbudgeted_engines(passed: &BTreeMap<String, String>) -> Vec<String> {
    let text = passed.get("EngineAllowances").map(String::as_str);
    let Ok(allowances) = serde_json::from_str::<Value>(text.unwrap_or("{}")) else {
        return vec!["EngineAllowances is not JSON".to_owned()];
    };
    let unbudgeted = ENGINES.iter().filter(|(parameter, engine)| {
        let has_key = passed.get(*parameter).is_some_and(|it| !it.is_empty());
        has_key && !allowances[engine]["perMonth"].is_u64()
    });
    unbudgeted
        .map(|(parameter, engine)| {
            format!("EngineAllowances has no perMonth for {engine}, whose {parameter} is set")
        })
        .collect()
}

/// What the template's rules refuse too, and what they cannot see: every origin is public HTTPS.
fn unfit_for_production(passed: &BTreeMap<String, String>) -> Vec<String> {
    let value = |name: &str| passed.get(name).map(String::as_str).unwrap_or_default();
    let mut problems = Vec::new();
    let origins = value("WebOrigins");
    if origins.is_empty() {
        problems.push("WebOrigins is missing".to_owned());
    }
    for origin in origins.split(',').filter(|it| !it.is_empty()) {
        if !is_public_https(origin) {
            problems.push(format!(
                "WebOrigins: {origin} is not a public https:// address"
            ));
        }
    }
    let sender = value("MailFrom");
    if sender.is_empty() || sender.ends_with("@example.org") {
        problems.push("MailFrom is missing: the address that mail is sent from".to_owned());
    }
    if value("AlarmEmail").is_empty() {
        problems.push("AlarmEmail is missing: the address that alarms are sent to".to_owned());
    }
    let public = value("PublicUrl");
    if !public.is_empty() && !is_public_https(public) {
        problems.push(format!(
            "PublicUrl: {public} is not a public https:// address"
        ));
    }
    problems
}

fn is_public_https(origin: &str) -> bool {
    let Some(host) = origin.strip_prefix("https://") else {
        return false;
    };
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let is_address = host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok();
    host.contains('.') && !is_address && !host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template;

    const TEMPLATE: &str = include_str!("../../../template.yaml");
    const PROD: &str = include_str!("../../stages/prod.yaml");
    const DEV: &str = include_str!("../../stages/dev.yaml");

    fn filled(parameters: &str) -> Stage {
        let head = PROD.split("parameters:\n").next().unwrap();
        Stage::read(&format!("{head}parameters:\n{parameters}")).unwrap()
    }

    const GOOD: &str = "  Stage: prod\n  WebOrigins: [https://app.vara.test.net, https://vara.test.net]\n  MailFrom: vara@test.net\n  AlarmEmail: ops@test.net\n  EngineAllowances: {tineye: {perMonth: 5000}}\n";

    fn values(stage: &Stage) -> Result<DeployValues, Vec<String>> {
        let secret = |name: &str| match name {
            "TINEYE_API_KEY" => Some("a-key".to_owned()),
            "HIBP_API_KEY" => Some(String::new()),
            _ => None,
        };
        stage.values(&template::parameters(TEMPLATE).unwrap(), secret)
    }

    /// Without one the functions that ask the engine do not start.
    #[test]
    fn every_engine_has_a_budget_in_every_stage() {
        for stage in [DEV, PROD] {
            let stage = Stage::read(stage).unwrap();
            for engine in ["tineye", "google-vision", "serpapi", "facecheck", "hibp"] {
                let budget = &stage.parameters["EngineAllowances"][engine]["perMonth"];
                assert!(budget.as_u64() > Some(0), "{engine} of {}", stage.stack);
            }
        }
    }

    #[test]
    fn every_parameter_of_the_template_is_passed_or_a_kept_secret() {
        let given = values(&filled(GOOD)).unwrap();
        let template = template::parameters(TEMPLATE).unwrap();
        for (name, parameter) in &template {
            let passed = given.passed.contains_key(name);
            assert_ne!(passed, given.kept.contains(name), "{name}");
            assert!(passed || parameter.is_secret, "{name} is dropped");
        }
        assert_eq!(given.passed["Stage"], "prod");
        assert_eq!(
            given.passed["WebOrigins"],
            "https://app.vara.test.net,https://vara.test.net"
        );
        assert_eq!(given.passed["Architecture"], "arm64");
        assert_eq!(given.passed["TineyeApiKey"], "a-key");
        // Set and empty switches an engine off; unset leaves it as it is.
        assert_eq!(given.passed["HibpApiKey"], "");
        assert!(given.kept.contains(&"SerpapiApiKey".to_owned()));
    }

    #[test]
    fn the_files_of_the_repository_are_read_and_production_waits_to_be_filled_in() {
        let parameters = template::parameters(TEMPLATE).unwrap();
        let dev = Stage::read(DEV)
            .unwrap()
            .values(&parameters, |_| None)
            .unwrap();
        assert_eq!(dev.passed["Stage"], "dev");
        let problems = values(&Stage::read(PROD).unwrap()).unwrap_err().join("\n");
        for missing in ["WebOrigins", "MailFrom", "AlarmEmail"] {
            assert!(
                problems.contains(&format!("{missing} is missing")),
                "{problems}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_named_all_at_once() {
        let problems = |text: &str| values(&filled(text)).unwrap_err().join("\n");
        let nameless = GOOD.replace("  Stage: prod\n", "");
        assert_eq!(problems(&nameless), "Stage is missing");
        let bad = format!(
            "{GOOD}  Tyneye: x\n  TineyeApiKey: abc\n  Architecture: mips\n  SocialUrl: \"a\\nb\"\n  OtlpEndpoint: \"'x'\"\n"
        );
        let named = problems(&bad);
        for part in [
            "no parameter Tyneye",
            "TineyeApiKey is a secret: remove it and set the variable TINEYE_API_KEY",
            "Architecture is \"mips\"",
            "SocialUrl has a line break",
            "OtlpEndpoint has quotes around it",
        ] {
            assert!(named.contains(part), "{part} in {named}");
        }
        for origin in [
            "http://app.test.net",
            "https://localhost:3000",
            "https://127.0.0.1",
            "https://app.localhost",
            "https://[::1]:3000",
        ] {
            let text = GOOD.replace("https://app.vara.test.net", &format!("\"{origin}\""));
            assert!(problems(&text).contains(origin), "{origin}");
        }
        let mut upper = filled(GOOD);
        upper.stack = "Vara".into();
        assert!(values(&upper).unwrap_err()[0].contains("lower case"));
    }

    #[test]
    fn a_mapping_becomes_json() {
        let given = values(&filled(GOOD)).unwrap();
        assert_eq!(
            given.passed["EngineAllowances"],
            r#"{"tineye":{"perMonth":5000}}"#
        );
    }

    #[test]
    fn an_engine_with_a_key_needs_a_budget() {
        let problems = |from: &str, to: &str| {
            assert!(GOOD.contains(from));
            values(&filled(&GOOD.replace(from, to)))
                .unwrap_err()
                .join("\n")
        };
        let named = problems("tineye: {perMonth: 5000}", "hibp: {perMonth: 5000}");
        assert_eq!(
            named,
            "EngineAllowances has no perMonth for tineye, whose TineyeApiKey is set"
        );
        let named = problems("{tineye: {perMonth: 5000}}", "tineye");
        assert_eq!(named, "EngineAllowances is not JSON");
    }

    #[test]
    fn secrets_are_looked_up_under_the_name_of_their_parameter() {
        assert_eq!(variable("GoogleVisionApiKey"), "GOOGLE_VISION_API_KEY");
    }
}
