#!/usr/bin/env python3
"""Judges the files for containers: Dockerfiles, compose files and the devcontainer.

Rules like hadolint's for Dockerfiles, the keys of the compose specification and of
devcontainer.json, and what this repository knows better: which paths exist and which
ports vara-local opens. Needs no daemon and no network; reads YAML with the parser that
check.py installs for the template.
"""

import json
import re
import sys
from pathlib import Path

import yaml

import dockerfiles

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "infra" / "docker"
DEVCONTAINER = ROOT / ".devcontainer" / "devcontainer.json"
OPTIONS = ROOT / "infra" / "local" / "src" / "options.rs"
LISTENER = ROOT / "infra" / "local" / "src" / "ports.rs"

# The stand-ins listen so far above the gateway.
STAND_INS = 10

# The compose specification's keys, as far as one machine has use for them.
COMPOSE_KEYS = {
    "file": {"name", "services", "volumes", "networks", "configs", "secrets", "include"},
    "service": {
        "build", "cap_add", "cap_drop", "command", "container_name", "depends_on", "deploy", "entrypoint",
        "env_file", "environment", "expose", "extra_hosts", "healthcheck", "hostname", "image", "init",
        "labels", "logging", "mem_limit", "network_mode", "networks", "platform", "ports", "profiles",
        "pull_policy", "read_only", "restart", "secrets", "security_opt", "shm_size", "stdin_open",
        "stop_grace_period", "stop_signal", "tmpfs", "tty", "ulimits", "user", "volumes", "working_dir",
    },
    "build": {
        "additional_contexts", "args", "cache_from", "cache_to", "context", "dockerfile", "labels", "network",
        "no_cache", "platforms", "pull", "secrets", "shm_size", "ssh", "tags", "target",
    },
    "healthcheck": {"disable", "interval", "retries", "start_interval", "start_period", "test", "timeout"},
    "volume": {"driver", "driver_opts", "external", "labels", "name"},
}  # fmt: skip

# The keys of devcontainer.json for one that is built from a Dockerfile.
DEVCONTAINER_KEYS = {
    "build", "capAdd", "containerEnv", "containerUser", "customizations", "features", "forwardPorts",
    "hostRequirements", "init", "initializeCommand", "mounts", "name", "onCreateCommand",
    "otherPortsAttributes", "overrideCommand", "portsAttributes", "postAttachCommand",
    "postCreateCommand", "postStartCommand", "privileged", "remoteEnv", "remoteUser", "runArgs",
    "securityOpt", "shutdownAction", "updateContentCommand", "updateRemoteUserUID", "userEnvProbe",
    "waitFor", "workspaceFolder", "workspaceMount",
}  # fmt: skip
DEVCONTAINER_BUILD_KEYS = {"args", "cacheFrom", "context", "dockerfile", "options", "target"}


def opened() -> set:
    """The ports that vara-local opens unless it is told otherwise."""
    found = re.search(r"port: Some\((\d+)\)", OPTIONS.read_text())
    if found is None:
        raise SystemExit(f"{OPTIONS.relative_to(ROOT)} does not say where the gateway listens")
    gateway = int(found[1])
    return {gateway, gateway + STAND_INS}


def listens_on_loopback() -> bool:
    """Whether vara-local is reached from its own machine only."""
    return "Ipv4Addr::LOCALHOST" in LISTENER.read_text()


def unknown(what: str, found, known: set) -> list:
    """The keys that are not among those known, or that it is no mapping at all."""
    if not isinstance(found, dict):
        return [f"{what} is no mapping"]
    return [f"{what}: {key} is no key of it" for key in found if key not in known]


def judge_compose(text: str, base: Path, ports: set, on_loopback: bool) -> list:
    """What is wrong with a compose file that lies in `base`."""
    try:
        file = yaml.safe_load(text)
    except yaml.YAMLError as error:
        return [f"it is no YAML: {error}"]
    faults = unknown("the file", file, COMPOSE_KEYS["file"])
    if faults and not isinstance(file, dict):
        return faults
    declared = file.get("volumes") or {}
    for name, volume in declared.items():
        faults += unknown(f"volume {name}", volume or {}, COMPOSE_KEYS["volume"])
    used = set()
    for name, service in (file.get("services") or {}).items():
        faults += unknown(f"service {name}", service, COMPOSE_KEYS["service"])
        if isinstance(service, dict):
            faults += service_faults(name, service, base, ports, on_loopback)
            used |= named_volumes(service)
    faults += [f"volume {name} is not declared" for name in sorted(used - set(declared))]
    faults += [f"volume {name} is used by no service" for name in sorted(set(declared) - used)]
    return faults


def named_volumes(service: dict) -> set:
    """The volumes of a service that are no folders."""
    sources = [it.split(":")[0] for it in service.get("volumes") or [] if isinstance(it, str)]
    return {it for it in sources if not it.startswith((".", "/", "~", "$"))}


def service_faults(name: str, service: dict, base: Path, ports: set, on_loopback: bool) -> list:
    """What is wrong with one service."""
    faults = []
    build, image = service.get("build"), service.get("image")
    if build is None and image is None:
        faults.append(f"service {name} has neither a build nor an image")
    if image is not None and not dockerfiles.PINNED.search(image):
        faults.append(f"service {name}: {image} is not pinned to a version")
    if build is not None:
        faults += build_faults(name, build, base)
    for key in ("command", "entrypoint"):
        if isinstance(service.get(key), str):
            faults.append(f"service {name}: {key} is not in exec form")
    if service.get("privileged"):
        faults.append(f"service {name} may do everything")
    check = service.get("healthcheck")
    if check is not None:
        faults += unknown(f"healthcheck of {name}", check, COMPOSE_KEYS["healthcheck"])
        test = check.get("test") if isinstance(check, dict) else None
        if not isinstance(test, list) or not test or test[0] not in {"CMD", "NONE"}:
            faults.append(f"healthcheck of {name} is not in exec form")
    for mount in service.get("volumes") or []:
        source = mount.split(":")[0] if isinstance(mount, str) else ""
        if source.startswith(".") and not (base / source).exists():
            faults.append(f"service {name}: {source} is not there")
    environment = service.get("environment") or {}
    names = environment if isinstance(environment, dict) else [str(it).split("=")[0] for it in environment]
    faults += [f"service {name}: {it} stands in the file" for it in names if dockerfiles.SECRET_NAME.search(it)]
    published = service.get("ports") or []
    if published and on_loopback:
        faults.append(f"service {name} publishes ports of a stack that listens on 127.0.0.1 only")
    if on_loopback and service.get("network_mode") != "host":
        faults.append(f"service {name} is reached by nobody: its stack listens on 127.0.0.1 only")
    numbers = {int(it) for it in re.findall(r"localhost:(\d+)", json.dumps(service))}
    numbers |= {int(str(it).rsplit(":", 1)[-1].split("/")[0]) for it in published if not isinstance(it, dict)}
    faults += [f"service {name}: vara-local does not open {it}" for it in sorted(numbers - ports)]
    return faults


def build_faults(name: str, build, base: Path) -> list:
    """What is wrong with what a service is built from."""
    if isinstance(build, str):
        build = {"context": build}
    faults = unknown(f"build of {name}", build, COMPOSE_KEYS["build"])
    if not isinstance(build, dict):
        return faults
    context = base / build.get("context", ".")
    dockerfile = context / build.get("dockerfile", "Dockerfile")
    if not dockerfile.is_file():
        faults.append(f"build of {name}: {build.get('dockerfile', 'Dockerfile')} is not there")
        return faults
    target = build.get("target")
    stages = {it.alias for it in dockerfiles.read(dockerfile.read_text()).stages}
    if target and target not in stages:
        faults.append(f"build of {name}: there is no stage {target}")
    return faults


def judge_devcontainer(text: str, base: Path, ports: set) -> list:
    """What is wrong with a devcontainer.json that lies in `base`."""
    try:
        file = json.loads(text)
    except ValueError as error:
        return [f"it is no JSON: {error}"]
    faults = unknown("the file", file, DEVCONTAINER_KEYS)
    if not isinstance(file, dict):
        return faults
    build = file.get("build") or {}
    faults += unknown("build", build, DEVCONTAINER_BUILD_KEYS)
    dockerfile = base / str(build.get("dockerfile", ""))
    if not dockerfile.is_file():
        return faults + [f"{build.get('dockerfile')} is not there"]
    if not (base / str(build.get("context", "."))).is_dir():
        faults.append(f"{build.get('context')} is not there")
    stages = dockerfiles.read(dockerfile.read_text()).stages
    user = dockerfiles.user_of(stages[-1], stages)
    if file.get("remoteUser") != user:
        faults.append(f"remoteUser is {file.get('remoteUser')}, and the image ends as {user}")
    said = {int(it) for it in file.get("forwardPorts") or []}
    said |= {int(it) for it in file.get("portsAttributes") or {}}
    faults += [f"vara-local does not open {it}" for it in sorted(said - ports)]
    faults += [f"{it} is not forwarded" for it in sorted(ports - set(file.get("forwardPorts") or []))]
    return faults


def everything() -> dict:
    """The faults of all files of the repository, by file."""
    ports, on_loopback = opened(), listens_on_loopback()
    found = {}
    for path in sorted(DOCKER.glob("Dockerfile*")):
        if path.suffix != ".dockerignore":
            ignore = path.with_name(path.name + ".dockerignore")
            patterns = ignore.read_text() if ignore.exists() else ""
            found[path] = dockerfiles.judge(path.read_text(), ROOT, patterns, ports)
    for path in sorted(DOCKER.glob("*.yaml")):
        found[path] = judge_compose(path.read_text(), path.parent, ports, on_loopback)
    found[DEVCONTAINER] = judge_devcontainer(DEVCONTAINER.read_text(), DEVCONTAINER.parent, ports)
    return found


def main() -> int:
    """Prints every fault; 0 when there is none."""
    found = everything()
    for path, faults in found.items():
        for fault in faults:
            print(f"{path.relative_to(ROOT)}: {fault}")
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
