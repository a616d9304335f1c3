//! The one command that deploys: `sam deploy`.

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
        // Without it SAM stumbles over the template's loops; CloudFormation unfolds them either way.
        "--language-extensions",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_names_stack_region_and_the_file_and_no_value() {
        let stage = Stage::read(include_str!("../../stages/prod.yaml")).unwrap();
        let arguments = arguments(&stage, Path::new("/w/target/deploy/prod.yaml")).join(" ");
        for part in [
            "--language-extensions",
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
