"""A local stack of its own for a measurement, built as asked for."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def target():
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def given_with(parser):
    """What is given on the command line, which says of each measurement how its stack is raised."""
    parser.add_argument("--port", type=int, default=4400, help="of the stack that is raised")
    parser.add_argument("--profile", default="release", choices=["dev", "release"], help="of everything")
    parser.add_argument("--no-build", action="store_true", help="take everything as it was built before")
    return parser.parse_args()


def built(arguments, kind, name, profile):
    """A program of the local stack's package, or an example of it."""
    if not arguments.no_build:
        what = ["cargo", "build", "--quiet", "-p", "vara-local", "--profile", profile, f"--{kind}", name]
        subprocess.run(what, cwd=ROOT, check=True)
    folder = target() / ("debug" if profile == "dev" else profile)
    return folder / "examples" / name if kind == "example" else folder / name


def stack(arguments):
    """Raises the local stack, which counts calls but refuses hardly any, and reads where it is."""
    # Kept in memory: how fast this machine's disk syncs says nothing about DynamoDB.
    options = ["--port", str(arguments.port), "--profile", arguments.profile, "--ephemeral"]
    options += ["--parameter=RateLimitAuth=100000000"]
    options += ["--no-build"] if arguments.no_build else []
    program = built(arguments, "bin", "vara-local", arguments.profile)
    process = subprocess.Popen([program, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    said = ""
    for line in process.stdout:
        said += line
        if "Ctrl-C" in line:
            break
    where = re.search(r"Vara is at (\S+).*stand-ins\s+(\S+)\s+DynamoDB\s+(\S+)\s+table (\S+)", said, re.S)
    if where is None:
        process.wait()
        sys.exit("the local stack did not start")
    return process, where.groups()


def fill(filler, dynamodb, table, findings, everybody):
    """Gives each of them so many findings of her picture, each with its alert."""
    whose = [her[it] for her in everybody for it in ("id", "image", "scan")]
    subprocess.run([filler, dynamodb, table, str(findings), *whose], check=True)
