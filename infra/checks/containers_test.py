#!/usr/bin/env python3
"""Plants faults in sound container files and holds the rules to seeing each of them."""

import json
import re
import unittest
from pathlib import Path

import containers
import dockerfiles

PORTS = {4000, 4010}

# What each rule says, and a change of the sound file that it must see.
DOCKERFILE = """\
# syntax=docker/dockerfile:1.7
ARG RUST_VERSION=1.95.0
FROM rust:${RUST_VERSION}-slim-bookworm AS build
RUN apt-get update \\
    # with what cargo needs
    && apt-get install --yes --no-install-recommends build-essential \\
    && rm -rf /var/lib/apt/lists/*
WORKDIR /vara
COPY Cargo.toml Cargo.lock ./
COPY functions functions
RUN --mount=type=cache,target=/usr/local/cargo/registry cargo build --release
FROM debian:12.11-slim
COPY --from=build /vara/target /vara
USER vara
EXPOSE 4000 4010
HEALTHCHECK --interval=10s CMD ["true"]
ENTRYPOINT ["/vara/vara-local"]
CMD ["--help"]
"""
IN_DOCKERFILE = [
    ("not pinned", "debian:12.11-slim", "debian:latest"),
    ("not pinned", "debian:12.11-slim", "debian"),
    ("not pinned", "debian:12.11-slim", "debian:stable"),
    ("not pinned", "ARG RUST_VERSION=1.95.0", "ARG RUST_VERSION=1"),
    ("is fixed", "FROM debian", "FROM --platform=linux/amd64 debian"),
    ("ends as root", "USER vara\n", ""),
    ("ends as root", "USER vara", "USER root"),
    ("ends as 0", "USER vara", "USER 0:0"),
    ("is no instruction", "USER vara", "MAINTAINER vara\nUSER vara"),
    ("before the first FROM", "ARG RUST_VERSION=1.95.0", "ARG RUST_VERSION=1.95.0\nUSER vara"),
    ("here-document", "RUN apt-get update \\", "RUN cat <<EOF\nRUN apt-get update \\"),
    ("there is no FROM", DOCKERFILE, "# nothing"),
    ("without --no-install-recommends", "--no-install-recommends ", ""),
    ("without --yes", "--yes ", ""),
    ("without rm -rf", " \\\n    && rm -rf /var/lib/apt/lists/*", ""),
    ("without apt-get update", "apt-get update \\\n    # with what cargo needs\n    && ", ""),
    ("in a layer of its own", "WORKDIR /vara", "RUN apt-get update\nWORKDIR /vara"),
    ("are for people", "WORKDIR /vara", "RUN sudo true\nWORKDIR /vara"),
    ("what is not pinned", "WORKDIR /vara", "RUN pip install cargo-lambda\nWORKDIR /vara"),
    ("run unseen", "WORKDIR /vara", "RUN curl https://example.org/x | sh\nWORKDIR /vara"),
    ("hides a failure", "WORKDIR /vara", "RUN cat x | wc\nWORKDIR /vara"),
    ("without a cache mount", "--mount=type=cache,target=/usr/local/cargo/registry ", ""),
    ("cd instead of", "WORKDIR /vara", "RUN cd /vara && true\nWORKDIR /vara"),
    ("ADD where", "COPY functions functions", "ADD functions functions"),
    ("not in the repository", "COPY functions functions", "COPY funktions functions"),
    ("left out", "COPY functions functions", "COPY tests tests"),
    ("is no folder", "Cargo.lock ./", "Cargo.lock ."),
    ("no stage", "--from=build", "--from=builder"),
    ("depends on the one before", "WORKDIR /vara", "WORKDIR vara"),
    ("does not open", "4000 4010", "4000 8080"),
    ("ENTRYPOINT is not in exec form", '["/vara/vara-local"]', "/vara/vara-local"),
    ("CMD is not in exec form", '["--help"]', "--help"),
    ("HEALTHCHECK is not in exec form", '["true"]', "true"),
    ("a second CMD", 'CMD ["--help"]', 'CMD ["--help"]\nCMD ["--help"]'),
    ("would stay in the image", "USER vara", "ENV TINEYE_API_KEY=x\nUSER vara"),
    ("would stay in the image", "USER vara", "ARG DEPLOY_TOKEN\nUSER vara"),
]

BUILD = "build: {context: ../.., dockerfile: infra/docker/Dockerfile.prod, target: stack}"
COMPOSE = f"""\
services:
  vara:
    {BUILD}
    network_mode: host
    command: ["--help"]
    volumes: ["../..:/vara", "state:/state"]
    healthcheck: {{test: ["CMD", "curl", "http://localhost:4000/ready"]}}
volumes: {{state: }}
"""
IN_COMPOSE = [
    ("version is no key", "services:\n", "version: '3'\nservices:\n"),
    ("netwrk_mode is no key", "network_mode", "netwrk_mode"),
    ("contxt is no key", "context:", "contxt:"),
    ("tests is no key", "{test:", "{tests:"),
    ("drivr is no key", "{state: }", "{state: {drivr: x}}"),
    ("no mapping", COMPOSE, "- vara"),
    ("no YAML", COMPOSE, "a: ["),
    ("neither a build", BUILD, "init: true"),
    ("is not there", "Dockerfile.prod", "Dockerfile.production"),
    ("no stage", "target: stack", "target: stuck"),
    ("not pinned", "network_mode", "image: debian:latest\n    network_mode"),
    ("command is not in exec form", 'command: ["--help"]', "command: --help"),
    ("may do everything", "network_mode", "privileged: true\n    network_mode"),
    ("healthcheck of vara is not", '["CMD", "curl", "http://localhost:4000/ready"]', "curl x"),
    ("../nowhere is not there", "../..:/vara", "../nowhere:/vara"),
    ("stands in the file", "network_mode", "environment: {SIGNING_SECRET: x}\n    network_mode"),
    ("stands in the file", "network_mode", "environment: [API_KEY=x]\n    network_mode"),
    ("publishes ports", "network_mode", 'ports: ["4000:4000"]\n    network_mode'),
    ("reached by nobody", "    network_mode: host\n", ""),
    ("does not open 4001", "localhost:4000", "localhost:4001"),
    ("volume state is not declared", "volumes: {state: }", ""),
    ("volume other is used by no", "{state: }", "{state: , other: }"),
]

IN_DEVCONTAINER = [
    ("no JSON", lambda it: None),
    ("remoteUsr is no key", lambda it: it.update(remoteUsr="vara")),
    ("dockerFile is no key", lambda it: it["build"].update(dockerFile="x")),
    ("is not there", lambda it: it["build"].update(dockerfile="Dockerfile")),
    ("../nowhere is not there", lambda it: it["build"].update(context="../nowhere")),
    ("the image ends as vara", lambda it: it.update(remoteUser="root")),
    ("does not open 3000", lambda it: it["forwardPorts"].append(3000)),
    ("4010 is not forwarded", lambda it: it["forwardPorts"].remove(4010)),
]


def judge_dockerfile(text: str) -> list:
    """The faults of a Dockerfile at the root of this repository."""
    return dockerfiles.judge(text, containers.ROOT, "tests\n**/target\n", PORTS)


def judge_compose(text: str) -> list:
    """The faults of a compose file in infra/docker."""
    return containers.judge_compose(text, containers.DOCKER, PORTS, on_loopback=True)


class Rules(unittest.TestCase):
    """Each rule sees what is planted for it, and nothing else."""

    said: list = []

    @classmethod
    def tearDownClass(cls):
        """Every text of a fault was provoked, so no rule is without a planted fault."""
        here = Path(__file__).parent
        for name in ("dockerfiles.py", "containers.py"):
            for text in re.findall(r'f"([^"]+)"', (here / name).read_text()):
                if "relative_to" in text:
                    continue
                fault = ".*".join(re.escape(it) for it in re.split(r"\{[^}]*\}", text))
                if not any(re.match(fault, it) for it in cls.said):
                    raise AssertionError(f"{name}: nothing is planted for {text!r}")

    def planted(self, sound: str, judge, faults: list) -> None:
        self.assertEqual(judge(sound), [])
        for word, old, new in faults:
            with self.subTest(fault=word, planted=new):
                self.assertIn(old, sound)
                found = judge(sound.replace(old, new, 1))
                self.said.extend(found)
                self.assertTrue(any(word in it for it in found), found)

    def test_dockerfiles(self):
        self.planted(DOCKERFILE, judge_dockerfile, IN_DOCKERFILE)

    def test_compose(self):
        self.planted(COMPOSE, judge_compose, IN_COMPOSE)

    def test_ports_are_published_where_they_can_be_reached(self):
        bridged = COMPOSE.replace("network_mode: host", 'ports: ["4000:4000"]')
        found = containers.judge_compose(bridged, containers.DOCKER, PORTS, on_loopback=False)
        self.assertEqual(found, [])

    def test_devcontainer(self):
        text, base = containers.DEVCONTAINER.read_text(), containers.DEVCONTAINER.parent
        self.assertEqual(containers.judge_devcontainer(text, base, PORTS), [])
        for word, plant in IN_DEVCONTAINER:
            with self.subTest(fault=word):
                file = json.loads(text)
                plant(file)
                planted = "{" if word == "no JSON" else json.dumps(file)
                found = containers.judge_devcontainer(planted, base, PORTS)
                self.said.extend(found)
                self.assertTrue(any(word in it for it in found), found)

    def test_a_stage_inherits_its_user(self):
        text = "FROM debian:12.11-slim AS base\nUSER vara\nFROM base\n"
        self.assertEqual(judge_dockerfile(text), [])

    def test_what_is_given_away_counts_as_an_end(self):
        text = "FROM scratch AS given\nFROM debian:12.11-slim\nUSER vara\n"
        self.assertEqual(judge_dockerfile(text), ["1: the image ends as root"])

    def test_ignored(self):
        for path, patterns, out in [
            ("target", ["target"], True),
            ("a/target/b", ["**/target"], True),
            ("a/target", ["target"], False),
            ("infra/docs/x", ["infra/docs"], True),
            ("infra/docs/x", ["infra/docs", "!infra/docs/x"], False),
            ("shared", ["*"], True),
        ]:
            with self.subTest(path=path, patterns=patterns):
                self.assertEqual(dockerfiles.ignored(path, patterns), out)

    def test_the_ports_are_those_of_the_stack(self):
        self.assertEqual(containers.opened(), PORTS)
        self.assertTrue(containers.listens_on_loopback())

    def test_the_repository_has_files_to_judge(self):
        names = {path.name for path in containers.everything()}
        wanted = {"Dockerfile.dev", "Dockerfile.prod", "compose.dev.yaml", "devcontainer.json"}
        self.assertTrue(wanted <= names, names)


if __name__ == "__main__":
    unittest.main()
