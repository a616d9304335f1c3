#!/usr/bin/env python3
"""Judges template.yaml the three ways that each catch what the others miss, the deploy command, the features of
libraries, and the files for containers.

1. `sam validate --lint`: is it a SAM template at all?
2. cfn-lint on the source: properties, references, types.
3. The loops unfolded and samtranslator, then cfn-lint on the result: everything SAM writes
   for us (event source mappings, rules, permissions) is judged too. Most planted
   faults are caught only here.
4. SAM's parser of parameters reads the file that vara-deploy writes as it was meant.
5. features.py: no library is compiled once more for the tests.
6. containers.py: Dockerfiles, compose files and the devcontainer, by rules that need no
   daemon; containers_test.py plants a fault for each of them.

Needs Python 3.9 or newer and the Python package registry the first time. Makes
its own virtual environment under target/; needs no AWS account and sends
nothing anywhere. What no tool knows is judged by tests/template.rs.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import tools

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
TEMPLATE = ROOT / "template.yaml"
VALUES = ROOT / "infra" / "deploy" / "sam_values.json"
HOME = ROOT / "target" / "checks"
REGION = "eu-central-1"


def environment() -> dict:
    """The caller's environment, minus anything that could reach an AWS account."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    env.update(AWS_DEFAULT_REGION=REGION, AWS_EC2_METADATA_DISABLED="true", SAM_CLI_TELEMETRY="0")
    return env


def translate(source: Path, target: Path) -> None:
    """Writes what CloudFormation would make of it. Runs inside the tools' environment."""
    from cfnlint.template import Template
    from cfnlint.template.transforms._language_extensions import language_extension
    from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
    from samtranslator.translator.transform import transform
    from samtranslator.yaml_helper import yaml_parse

    class NoManagedPolicies(ManagedPolicyLoader):
        """Every role is written out, so no policy has to be looked up in an account."""

        def __init__(self):
            super().__init__(iam_client=None)

        def load(self):
            return {}

    # The transforms in the template's order: loops first, then SAM.
    faults, template = language_extension(Template(str(source), yaml_parse(source.read_text()), [REGION]))
    if faults:
        sys.exit("\n".join(str(fault) for fault in faults))
    template["Transform"].remove("AWS::LanguageExtensions")
    del template["Mappings"]  # what the loops read
    for resource in template["Resources"].values():
        # `sam package` replaces the directory by an upload; any address will do.
        if "CodeUri" in resource.get("Properties", {}):
            resource["Properties"]["CodeUri"] = "s3://packages/function.zip"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(transform(template, {}, NoManagedPolicies()), indent=1))


def parse(source: Path) -> int:
    """0 when SAM reads a file of parameters as it is written. Runs inside the tools' environment."""
    from samcli.cli.types import CfnParameterOverridesType

    wanted = json.loads(source.read_text())
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(source.read_text())
        file.flush()
        read = CfnParameterOverridesType().convert((f"file://{file.name}",), None, None)
    changed = [name for name in wanted if read.get(name) != wanted[name]]
    for name in changed:
        print(f"{name}: {wanted[name]!r} was read as {read.get(name)!r}")
    return 1 if changed else 0


def main() -> int:
    """Runs all checks, even after the first failure; 0 when all passed."""
    if sys.argv[1:2] == ["--parse"]:
        return parse(Path(sys.argv[2]))
    if sys.argv[1:2] == ["--translate"]:
        translate(Path(sys.argv[2]), Path(sys.argv[3]))
        return 0
    bin_dir = tools.installed(HERE / "requirements.txt", HOME / "venv")
    translated = HOME / "translated.json"
    lint = [bin_dir / "cfn-lint", "--regions", REGION, "--template"]
    checks = [
        ("sam validate --lint", [bin_dir / "sam", "validate", "--lint", "--region", REGION, "--template", TEMPLATE]),
        ("cfn-lint on the source", [*lint, TEMPLATE]),
        ("samtranslator", [bin_dir / "python", Path(__file__), "--translate", TEMPLATE, translated]),
        ("cfn-lint on the result", [*lint, translated]),
        ("SAM's parser of parameters", [bin_dir / "python", Path(__file__), "--parse", VALUES]),
        ("libraries compiled twice", [bin_dir / "python", HERE / "features.py"]),
        ("container files", [bin_dir / "python", HERE / "containers.py"]),
        ("faults planted in container files", [bin_dir / "python", HERE / "containers_test.py"]),
    ]
    translated.unlink(missing_ok=True)
    failed = []
    for name, command in checks:
        if subprocess.run(command, env=environment(), cwd=ROOT).returncode != 0:
            failed.append(name)
        print(f"{'FAILED' if name in failed else 'passed'}: {name}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
