"""The load generator: where it is, and one run of it."""

import csv
import io
import subprocess

from stack import target

VERSION = "1.16.0"


def oha():
    """Where it is, installed if need be, always in the same version."""
    found = target() / "tools/bin/oha"
    said = subprocess.run([found, "--version"], capture_output=True, text=True) if found.exists() else None
    if said is None or said.stdout.strip() != f"oha {VERSION}":
        command = ["cargo", "install", "oha", "--locked", "--version", VERSION]
        subprocess.run([*command, "--root", target() / "tools"], check=True)
    return found


def measured(tool, url, token, connections, seconds):
    """One page, asked on all connections: the times in milliseconds, sorted, and wrong answers by status."""
    command = [tool, "--no-tui", "--output-format", "csv", "-c", str(connections), "-z", f"{seconds}s"]
    command += ["-H", f"authorization: Bearer {token}", url]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    times, wrong = [], {}
    for row in csv.DictReader(io.StringIO(out)):
        if row["status"] == "200":
            times.append(float(row["request-duration"]) * 1000)
        else:
            wrong[row["status"]] = wrong.get(row["status"], 0) + 1
    return sorted(times), wrong
