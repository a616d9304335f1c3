#!/usr/bin/env python3
"""Judges that no library is compiled once for `cargo run -p vara-local` and once more for the tests.

Cargo compiles a library anew, and all that stand on it, where somebody wants one more feature of it: a test tool
that wants `use_std` of `either` had every SDK of AWS compiled twice. What the tests want of a library is
therefore wanted by vara-local as well (infra/local/Cargo.toml).
"""

import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def features(*selection: str) -> dict:
    """The sets of features each library is compiled with, by library and version."""
    command = ["cargo", "tree", "--locked", "--prefix", "none", "--format", "{p}|{f}", *selection]
    lines = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    found = defaultdict(set)
    for line in lines:
        library, _, wanted = line.removesuffix(" (*)").partition("|")
        # What has a path is ours, and has features for tests on purpose.
        if library and "(/" not in library:
            found[library].add(wanted)
    return found


def main() -> int:
    """0 when the tests compile nothing anew."""
    functions = [f"--package={kind.parent.name}-{kind.name}" for kind in sorted(ROOT.glob("functions/*/*"))]
    run = features("--package=vara-local", *functions, "--edges=normal,build")
    test = features("--workspace", "--edges=normal,build,dev")
    anew = [it for it in sorted(run) if not run[it] <= test[it]]
    for library in anew:
        more = set.union(*(set(it.split(",")) for it in test[library])) - set(",".join(run[library]).split(","))
        print(f"{library} is compiled once more for the tests, with {', '.join(sorted(more)) or 'less'}")
    return 1 if anew or len(run) < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
