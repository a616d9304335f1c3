//! The one command that deploys, and the file of parameters it reads.
//!
//! Values travel in a file and never on the command line: SAM's grammar for the command line cuts
//! JSON at its first brace and refuses an empty value, and a process list shows secrets. The file is
//! JSON, which is YAML. `infra/checks/check.py` gives `sam_values.json` to SAM's own parser.

use std::collections::BTreeMap;
use std::path::Path;

use crate::stage::Stage;

/// The arguments of `sam` that deploy `stage` with the parameters in the file at `parameters`.
pub(crate) fn arguments(stage: &Stage, parameters: &Path) -> Vec<String> {
    let confirm = if stage.confirm {
        "--confirm-changeset"
    } else {
        "--no-confirm-changeset"
    };
    let file = format!("file://{}", parameters.display());
    [
        "deploy",
        "--template-file",
        "template.yaml",
        "--stack-name",
        &stage.stack,
        "--region",
        &stage.region,
        "--resolve-s3",
        "--s3-prefix",
        &stage.stack,
        "--capabilities",
        "CAPABILITY_IAM",
        "--no-fail-on-empty-changeset",
        confirm,
        "--parameter-overrides",
        &file,
    ]
    .map(str::to_owned)
    .into()
}

/// The file of parameters.
pub(crate) fn file(values: &BTreeMap<String, String>) -> Result<String, String> {
    serde_json::to_string_pretty(values).map_err(|err| err.to_string())
}

/// Whether SAM passes a value on as it is. It takes away quotes that are around a value, and a
/// backslash before a space or a quote, once for each file it came through.
pub(crate) fn is_kept(value: &str) -> bool {
    let wrapped = ['"', '\'']
        .iter()
        .any(|it| value.starts_with(*it) && value.ends_with(*it));
    let escaped = ["\\ ", "\\\"", "\\'"].iter().any(|it| value.contains(it));
    !wrapped && !escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file that `infra/checks/check.py` gives to SAM's parser, which must read what it says.
    const TESTED: &str = include_str!("../sam_values.json");

    #[test]
    fn the_file_is_the_one_that_sams_parser_is_tested_with() {
        let values: BTreeMap<String, String> = serde_json::from_str(TESTED).unwrap();
        assert_eq!(file(&values).unwrap().trim(), TESTED.trim());
        assert!(values.values().all(|it| is_kept(it)));
        for changed in ["\"around\"", "'around'", "a\\ b", r#"{"a":"b\"c"}"#, "'"] {
            assert!(!is_kept(changed), "{changed}");
        }
    }

    #[test]
    fn the_command_names_stack_region_and_the_file_and_no_value() {
        let stage = Stage::read(include_str!("../../stages/prod.yaml")).unwrap();
        let arguments = arguments(&stage, Path::new("/w/target/deploy/prod.yaml")).join(" ");
        for part in [
            "--stack-name vara-prod",
            "--region eu-central-1",
            " --confirm-changeset",
            "--parameter-overrides file:///w/target/deploy/prod.yaml",
        ] {
            assert!(arguments.contains(part), "{part} in {arguments}");
        }
        assert!(!arguments.contains("Stage="));
    }
}
