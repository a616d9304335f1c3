"""Tools from the Python package registry, each set in a virtual environment of its own under target/."""

import hashlib
import os
import subprocess
import venv
from pathlib import Path


def installed(requirements: Path, home: Path) -> Path:
    """The directory with the commands of `requirements`, installed when missing or outdated."""
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    stamp = home / "installed"
    bin_dir = home / ("Scripts" if os.name == "nt" else "bin")
    if stamp.exists() and stamp.read_text() == wanted:
        return bin_dir
    print(f"installing {requirements.name} of {requirements.parent.name} into {home}", flush=True)
    venv.create(home, with_pip=True, clear=True)
    pip = [bin_dir / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", requirements], check=True)
    stamp.write_text(wanted)
    return bin_dir
