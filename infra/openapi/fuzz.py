#!/usr/bin/env python3
"""Fuzzes the API with what its own description says, and with what it does not say.

    infra/openapi/fuzz.py [EXAMPLES [SEED]]

EXAMPLES an operation, 200 if it is not said; with a SEED the same ones each time.
Against the system that VARA_GATEWAY and VARA_ENGINES name, or else against a local
stack that it raises on other ports, with limits that nobody reaches, and ends again.

Needs Python 3.10 or newer and the Python package registry the first time; makes its
own virtual environment under target/. What it leaves out, and why, is in
schemathesis.toml and in ENDING below.
"""

import json
import os
import random
import signal
import struct
import subprocess
import sys
import time
import urllib.request
import uuid
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "infra" / "checks"))

import tools  # noqa: E402

HOME = ROOT / "target" / "openapi"
PORT = 4700
PASSWORD = "Correct-Horse-7"

# They end the sign-in or the account they are called with, so they have a woman of
# their own, and run when nothing else does. That such a call comes late is answered
# 401, which the document has.
ENDING = ["deleteMe", "eraseMe", "authSignOut", "signOut", "endSessions", "authUpdateUser", "changePassword"]


def call(method: str, url: str, token: str = "", body: object = None, kind: str = "application/json") -> dict:
    """What a call is answered, which must be a success."""
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers={"content-type": kind})
    if token:
        request.add_header("authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=30) as reply:
        text = reply.read()
    return json.loads(text) if text.strip() else {}


def until(what: str, ask, seconds: int = 600):
    """Asks again until there is an answer."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if answer := ask():
                return answer
        # Refused, or silent: the port is taken before there is anything to answer.
        except OSError:
            pass
        time.sleep(0.5)
    raise SystemExit(f"it never came to this: {what}")


class Stack:
    """A local stack of our own."""

    def __enter__(self) -> tuple[str, str]:
        limits = [f"--parameter={name}=100000000" for name in ("RateLimit", "RateLimitAuth", "RateLimitUser")]
        command = ["cargo", "run", "--quiet", "--locked", "-p", "vara-local", "--", "--ephemeral", f"--port={PORT}"]
        self.process = subprocess.Popen([*command, *limits], cwd=ROOT)
        gateway = f"http://localhost:{PORT}"

        def ready() -> bool:
            if self.process.poll() is not None:
                raise SystemExit("the local stack did not start")
            return call("GET", f"{gateway}/ready")["status"] == "ready"

        until("the local stack is ready", ready, 1800)
        return gateway, f"http://127.0.0.1:{PORT + 10}"

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=60)


def picture() -> bytes:
    """A PNG that nobody else has."""
    side = 96
    colours = [bytes(random.randrange(256) for _ in range(3)) for _ in range(64)]
    rows = (b"\0" + b"".join(colours[(x // 12) + 8 * (y // 12)] for x in range(side)) for y in range(side))

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b"")


def form(name: str, file: bytes, fields: dict[str, str]) -> tuple[bytes, str]:
    """A multipart body with a picture."""
    mark = uuid.uuid4().hex
    head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="me.png"\r\nContent-Type: image/png\r\n\r\n'
    parts = [head.encode() + file + b"\r\n"]
    for field, value in fields.items():
        parts.append(f'--{mark}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode())
    return b"".join(parts) + f"--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"


def woman(gateway: str) -> str:
    """The token of somebody who has just signed up."""
    body = {"email": f"w{uuid.uuid4().hex}@example.org", "password": PASSWORD}
    return call("POST", f"{gateway}/auth/v1/signup", body=body)["access_token"]


def things(gateway: str, engines: str, token: str) -> dict[str, list[str]]:
    """Something of hers of each kind, so that what is asked for by its id is there."""
    api = f"{gateway}/api/v1"
    file = picture()
    body, kind = form("image", file, {"page_url": f"https://forum-{uuid.uuid4().hex}.example.net/t/42"})
    call("POST", f"{engines}/_web", body=body, kind=kind)
    body, kind = form("file", file, {})
    image = call("POST", f"{api}/images/upload", token, body, kind)["data"]["id"]
    alerts = until("she is told", lambda: call("GET", f"{api}/alerts", token)["data"], 60)
    account = call("POST", f"{api}/accounts/connect/other", token, {"phone": "+491701234567"})
    scan = call("POST", f"{api}/scans/trigger", token, {"type": "IMAGE_SCAN"})
    letter = {"kind": "LETTER", "language": "en", "body": "a"}
    documents = [call("POST", f"{api}/documents", token, letter)["data"]["id"] for _ in range(4)]
    statement = {"kind": "STATEMENT", "language": "en", "templateId": "statement", "fields": {"name": "Ana"}}
    documents += [call("POST", f"{api}/documents", token, statement)["data"]["id"] for _ in range(2)]
    matches = [it["id"] for it in call("GET", f"{api}/images/{image}/matches", token)["data"]]
    facts = {"harm": "PRIVATE", "name": "Ana", "email": "ana@example.org", "reason": "It shows me.", "wasAdult": True}
    request = {"findingId": matches[0], "recipientId": "google-search", "law": "TERMS", "facts": facts}
    takedown = call("POST", f"{api}/takedowns", token, request)["data"]["id"]
    keep = {"findingId": matches[0], "keep": "BLURRED", "everybodyIsAdult": True}
    record = call("POST", f"{api}/evidence", token, keep)["data"]["id"]
    download = call("GET", f"{api}/documents/{documents[0]}/export?format=docx", token)["data"]["id"]
    email = call("GET", f"{api}/users/me", token)["data"]["email"]
    for _ in range(3):
        call("POST", f"{gateway}/auth/v1/token?grant_type=password", body={"email": email, "password": PASSWORD})
    sessions = call("GET", f"{api}/auth/sessions", token)["data"]
    return {
        "images": [image],
        "alerts": [it["id"] for it in alerts],
        "matches": matches,
        "takedowns": [takedown],
        "evidence": [record],
        "exports": [record],
        "downloads": [download],
        "scans": [scan["data"]["id"]],
        "documents": documents,
        "templates": ["statement", "notice-us-tida"],
        "sessions": [it["id"] for it in sessions if not it["current"]],
        "accounts": [account["data"]["id"]],
        "items": [it["id"] for it in call("GET", f"{api}/protection-plan", token)["data"]["items"]],
    }


def settings(known: dict[str, list[str]]) -> Path:
    """The client's settings, with the ids of her things among the values it tries."""
    text = (HERE / "schemathesis.toml").read_text()
    for name, ids in known.items():
        text += f"\n[dictionaries.{name}]\nvalues = {json.dumps(ids)}\n"
    document = json.loads((HERE / "openapi.json").read_text())
    for path, operations in document["paths"].items():
        parts = path.split("/")
        if "{id}" not in parts:
            continue
        kind = next((it for it in reversed(parts[: parts.index("{id}")]) if it in known), None)
        if kind is None:
            # A thing of reviewers: she has none, and is refused whatever the id.
            continue
        for operation in operations.values():
            text += f"\n[[operations]]\ninclude-operation-id = \"{operation['operationId']}\"\n"
            text += f'parameters = {{ "path.id" = {{ dictionary = "{kind}", probability = 0.5 }} }}\n'
    file = HOME / "schemathesis.toml"
    file.write_text(text)
    return file


def fuzz(client: Path, gateway: str, config: Path, token: str, amount: list[str], choice: list[str], phases: str) -> bool:
    """Whether nothing was found."""
    command = [client / "schemathesis", "--config-file", config, "run", HERE / "openapi.json", "--url", gateway]
    command += [*amount, "--phases", phases]
    command += ["--header", f"Authorization: Bearer {token}", "--continue-on-failure", "--warnings", "off"]
    return subprocess.run([*map(str, command), *choice], cwd=HOME).returncode == 0


def run(client: Path, gateway: str, engines: str, amount: list[str]) -> bool:
    """Both runs."""
    her = woman(gateway)
    config = settings(things(gateway, engines, her))
    choice = [part for name in ENDING for part in ("--exclude-operation-id", name)]
    fine = fuzz(client, gateway, config, her, amount, choice, "examples,coverage,fuzzing,stateful")
    for name in ENDING:
        # Without sequences: the first call ends what the next would need.
        choice = ["--include-operation-id", name]
        fine &= fuzz(client, gateway, config, woman(gateway), amount, choice, "examples,coverage,fuzzing")
    return fine


def main() -> int:
    examples, *seed = [int(it) for it in sys.argv[1:3]] or [200]
    amount = ["--max-examples", str(examples)]
    amount += [part for it in seed for part in ("--seed", str(it))]
    HOME.mkdir(parents=True, exist_ok=True)
    client = tools.installed(HERE / "requirements.txt", HOME / "venv")
    gateway, engines = os.environ.get("VARA_GATEWAY"), os.environ.get("VARA_ENGINES")
    if gateway and engines:
        fine = run(client, gateway, engines, amount)
    else:
        with Stack() as (gateway, engines):
            fine = run(client, gateway, engines, amount)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
