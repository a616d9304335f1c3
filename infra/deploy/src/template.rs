//! What a deployment needs to know of `template.yaml`: its parameters, and where its functions are.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A parameter of the template.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Parameter {
    /// Its value where none is given; without one a value must be given.
    #[serde(rename = "Default")]
    pub(crate) default: Option<Value>,
    /// The only values it may have.
    #[serde(rename = "AllowedValues")]
    pub(crate) allowed: Option<Vec<Value>>,
    /// Whether it is never shown.
    #[serde(rename = "NoEcho", default)]
    pub(crate) is_secret: bool,
}

#[derive(Deserialize)]
struct DeployTemplate {
    #[serde(rename = "Parameters")]
    parameters: BTreeMap<String, Parameter>,
}

/// The parameters of a template, by name.
pub(crate) fn parameters(text: &str) -> Result<BTreeMap<String, Parameter>, String> {
    // The section alone: the rest is full of tags that only CloudFormation knows.
    let section = section(text, "Parameters").ok_or("template.yaml has no parameters")?;
    let template: DeployTemplate = serde_saphyr::from_str(&section)
        .map_err(|err| format!("template.yaml cannot be read: {err}"))?;
    Ok(template.parameters)
}

/// A section at the top of a YAML file: its own line, and the lines below that are indented.
fn section(text: &str, name: &str) -> Option<String> {
    let head = format!("{name}:");
    let mut lines = text.lines().skip_while(|it| *it != head);
    let first = lines.next()?;
    let body = lines.take_while(|it| it.is_empty() || it.starts_with([' ', '#']));
    Some(
        std::iter::once(first)
            .chain(body)
            .collect::<Vec<_>>()
            .join("\n"),
    )
}

/// The directories of the functions, from the top of the repository.
pub(crate) fn packages(text: &str) -> Vec<&str> {
    let uris = text
        .lines()
        .filter_map(|it| it.trim().strip_prefix("CodeUri: "));
    uris.map(|it| it.trim_end_matches('/')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = include_str!("../../../template.yaml");

    #[test]
    fn parameters_and_packages_of_the_real_template() {
        let parameters = parameters(TEMPLATE).unwrap();
        assert!(parameters["Stage"].default.is_none());
        assert!(parameters["TineyeApiKey"].is_secret);
        assert!(!parameters["AlarmEmail"].is_secret);
        assert_eq!(parameters["Stage"].allowed.as_ref().unwrap().len(), 3);
        let packages = packages(TEMPLATE);
        assert!(packages.contains(&"target/lambda/api-auth"));
        assert_eq!(
            packages.len(),
            TEMPLATE.matches("Type: AWS::Serverless::Function").count()
        );
        assert!(super::parameters("Resources: {}\n").is_err());
    }
}
