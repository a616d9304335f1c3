"""Reads Dockerfiles and judges them. Used by containers.py."""

import fnmatch
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

KNOWN = {
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK",
    "LABEL", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
}  # fmt: skip
# Platforms that a stage may name: those that BuildKit sets for each build.
PLATFORMS = {"$BUILDPLATFORM", "$TARGETPLATFORM"}
SECRET_NAME = re.compile(r"(SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|PRIVATE|API_?KEY)", re.IGNORECASE)
PINNED = re.compile(r":[^:@/]*\d+\.\d+|@sha256:[0-9a-f]{64}$")
ROOT_USERS = {"root", "0"}


@dataclass
class Instruction:
    """One instruction, its continuation lines joined."""

    line: int
    name: str
    flags: dict
    text: str


@dataclass
class Stage:
    """What follows one FROM."""

    line: int
    image: str
    alias: str
    platform: str
    instructions: list = field(default_factory=list)

    def all(self, *names: str) -> list:
        """Its instructions of these names."""
        return [it for it in self.instructions if it.name in names]


@dataclass
class Dockerfile:
    """A file, its stages, and the ARGs before the first."""

    arguments: dict
    stages: list
    faults: list


def instructions(text: str):
    """The instructions of a file: comments left out, continuation lines joined, flags taken off."""
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        begun, joined = at + 1, ""
        while at < len(lines):
            line = lines[at].strip()
            at += 1
            if line.startswith("#") or (joined and not line):
                continue
            joined += line.removesuffix("\\")
            if not line.endswith("\\"):
                break
            joined += " "
        if not joined.strip():
            continue
        name, _, rest = joined.strip().partition(" ")
        flags, rest = {}, rest.strip()
        while rest.startswith("--") and name.upper() in {"FROM", "COPY", "ADD", "RUN", "HEALTHCHECK"}:
            flag, _, rest = rest.partition(" ")
            key, _, value = flag[2:].partition("=")
            flags.setdefault(key, []).append(value)
            rest = rest.strip()
        yield Instruction(begun, name, flags, rest)


def read(text: str) -> Dockerfile:
    """A Dockerfile, with what is wrong in its form."""
    arguments, stages, faults = {}, [], []
    for it in instructions(text):
        if it.name not in KNOWN:
            faults.append(f"{it.line}: {it.name} is no instruction")
        elif it.name == "FROM":
            image, _, alias = it.text.partition(" AS ")
            platform = it.flags.get("platform", [""])[0]
            stages.append(Stage(it.line, filled(image.strip(), arguments), alias.strip(), platform))
        elif stages:
            stages[-1].instructions.append(it)
        elif it.name == "ARG":
            name, _, value = it.text.partition("=")
            arguments[name] = value
        else:
            faults.append(f"{it.line}: {it.name} stands before the first FROM")
        if "<<" in it.text and it.name in {"RUN", "COPY"}:
            faults.append(f"{it.line}: a here-document is not read by these rules")
    if not stages:
        faults.append("1: there is no FROM")
    return Dockerfile(arguments, stages, faults)


def filled(text: str, arguments: dict) -> str:
    """The text with the default values of its ARGs."""
    return re.sub(r"\$\{?(\w+)\}?", lambda it: arguments.get(it[1], it[0]), text)


def ignored(path: str, patterns: list) -> bool:
    """Whether a .dockerignore with these patterns leaves out a path; the last that fits decides."""
    out = False
    for pattern in patterns:
        kept = pattern.startswith("!")
        pattern = pattern.removeprefix("!").strip("/")
        parts = Path(path).parts
        starts = ["/".join(parts[: at + 1]) for at in range(len(parts))]
        names = {pattern, pattern.removeprefix("**/")}
        if any(fnmatch.fnmatch(start, name) for start in starts for name in names):
            out = not kept
    return out


def judge(text: str, root: Path, ignore: str, ports: set) -> list:
    """What is wrong with a Dockerfile whose context is `root`, as `line: fault`."""
    read_file = read(text)
    faults = list(read_file.faults)
    patterns = [it.strip() for it in ignore.splitlines() if it.strip() and not it.startswith("#")]
    earlier = []
    for stage in read_file.stages:
        faults += from_faults(stage, earlier)
        faults += copy_faults(stage, earlier, root, patterns)
        faults += run_faults(stage)
        faults += end_faults(stage, ports)
        earlier.append(stage)
    used = {it.image for it in earlier} | {
        source for it in earlier for copy in it.all("COPY") for source in copy.flags.get("from", [])
    }
    for stage in earlier:
        if not stage.alias or stage.alias not in used or stage is earlier[-1]:
            faults += user_faults(stage, earlier)
    return faults


def from_faults(stage: Stage, earlier: list) -> list:
    """Images are pinned, and stages are for every platform."""
    faults = []
    if stage.platform and stage.platform not in PLATFORMS:
        faults.append(f"{stage.line}: the platform {stage.platform} is fixed")
    known = {it.alias for it in earlier if it.alias}
    if stage.image != "scratch" and stage.image not in known:
        if ":latest" in stage.image or not PINNED.search(stage.image):
            faults.append(f"{stage.line}: {stage.image} is not pinned to a version")
    return faults


def copy_faults(stage: Stage, earlier: list, root: Path, patterns: list) -> list:
    """What is copied is there, and local files are copied, not added."""
    faults = []
    for it in stage.all("ADD"):
        faults.append(f"{it.line}: ADD where COPY, or a download that is checked, would do")
    names = {stage.alias for stage in earlier}
    for it in stage.all("COPY"):
        sources = it.text.split()[:-1]
        for source in it.flags.get("from", []):
            if source not in names and not PINNED.search(source):
                faults.append(f"{it.line}: there is no stage {source} before this one")
        if "from" in it.flags:
            continue
        for source in sources:
            if not list(root.glob(source)):
                faults.append(f"{it.line}: {source} is not in the repository")
            elif ignored(source, patterns):
                faults.append(f"{it.line}: {source} is left out by the .dockerignore")
        if len(sources) > 1 and not it.text.endswith("/"):
            faults.append(f"{it.line}: several files are copied to what is no folder")
    return faults


def run_faults(stage: Stage) -> list:
    """Commands leave nothing behind and fail where they fail."""
    faults = []
    shell = " ".join(it.text for it in stage.all("SHELL"))
    for it in stage.all("RUN"):
        said, mounts = it.text, " ".join(it.flags.get("mount", []))
        if re.search(r"\bapt-get install\b", said):
            needs = {
                "apt-get update": "apt-get update" in said,
                "--no-install-recommends": "--no-install-recommends" in said,
                "--yes": "--yes" in said or " -y" in said,
                "rm -rf /var/lib/apt/lists/*": "rm -rf /var/lib/apt/lists/*" in said,
            }
            faults += [f"{it.line}: apt-get install without {need}" for need, met in needs.items() if not met]
        elif "apt-get update" in said:
            faults.append(f"{it.line}: apt-get update in a layer of its own")
        if re.search(r"(^|[\s;&])(apt|sudo) ", said):
            faults.append(f"{it.line}: apt and sudo are for people")
        if re.search(r"\bpip install\b", said) and not re.search(r"--requirement|-r |==", said):
            faults.append(f"{it.line}: pip installs what is not pinned")
        if re.search(r"(curl|wget)[^|;&]*\|\s*(ba)?sh", said):
            faults.append(f"{it.line}: a download is run unseen")
        if re.search(r"[^|]\|[^|]", said) and "pipefail" not in shell and "$(" not in said:
            if not re.search(r"\bcase\b", said):
                faults.append(f"{it.line}: a pipe hides a failure; SHELL needs pipefail")
        if re.search(r"\bcargo (build|lambda build|install|fetch)\b", said) and "type=cache" not in mounts:
            faults.append(f"{it.line}: cargo without a cache mount")
        if re.match(r"cd ", said):
            faults.append(f"{it.line}: cd instead of WORKDIR")
    return faults


def end_faults(stage: Stage, ports: set) -> list:
    """How it is started, where it works, what it opens, and that it holds no secret."""
    faults = []
    for name in ("CMD", "ENTRYPOINT", "HEALTHCHECK"):
        found = stage.all(name)
        faults += [f"{it.line}: a second {name}" for it in found[1:]]
        for it in found:
            command = it.text.removeprefix("CMD").strip() if name == "HEALTHCHECK" else it.text
            if command != "NONE" and not is_exec_form(command):
                faults.append(f"{it.line}: {name} is not in exec form")
    for it in stage.all("WORKDIR"):
        if not it.text.startswith(("/", "$")):
            faults.append(f"{it.line}: WORKDIR {it.text} depends on the one before")
    for it in stage.all("EXPOSE"):
        for port in it.text.split():
            if port.removesuffix("/tcp") not in {str(port) for port in ports}:
                faults.append(f"{it.line}: vara-local does not open {port}")
    for it in stage.all("ARG", "ENV"):
        name = re.split(r"[=\s]", it.text)[0]
        if SECRET_NAME.search(name):
            faults.append(f"{it.line}: {name} would stay in the image")
    return faults


def is_exec_form(text: str) -> bool:
    """Whether a command is a JSON list of texts."""
    try:
        said = json.loads(text)
    except ValueError:
        return False
    return isinstance(said, list) and bool(said) and all(isinstance(it, str) for it in said)


def user_of(stage: Stage, earlier: list) -> str:
    """Who runs an image of the stage: its last USER, or that of the stage it is made of."""
    users = stage.all("USER")
    if users:
        return users[-1].text.split(":")[0]
    base = [it for it in earlier if it.alias and it.alias == stage.image and it is not stage]
    return user_of(base[-1], earlier) if base else "root"


def user_faults(stage: Stage, earlier: list) -> list:
    """What is run or given away does not run as root."""
    user = user_of(stage, earlier)
    return [f"{stage.line}: the image ends as {user}"] if user in ROOT_USERS else []
