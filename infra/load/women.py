"""The women who call: made as the screens make them, each with one of everything."""

import json
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PICTURES = Path(__file__).resolve().parents[2] / "shared/imaging/bench-pictures"
PICTURE, OTHER = PICTURES / "grass.jpg", PICTURES / "brick.jpg"
BOUNDARY = "vara-load"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
PASSWORD = "Correct-Horse-7"


def multipart(fields):
    """Texts, and pictures by their paths."""
    body = b""
    for name, it in fields.items():
        head = f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="{name}"'
        if isinstance(it, Path):
            head += '; filename="p.jpg"\r\ncontent-type: image/jpeg'
        content = it.read_bytes() if isinstance(it, Path) else it.encode()
        body += f"{head}\r\n\r\n".encode() + content + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


def form(folder):
    """The body of an upload, in a file."""
    path = folder / "upload"
    if not path.exists():
        path.write_bytes(multipart({"file": PICTURE}))
    return str(path)


def filled(text, her):
    for name in ("image", "alert", "scan", "match", "item", "account", "handle", "email", "refresh"):
        text = text.replace("{" + name + "}", her[name])
    return text.replace("{file}", her["file"]).replace("{proxied}", her["proxied"])


def refresh(everybody, ask):
    """What does not last, made just before it is used."""
    whole = ask.path + (ask.body or "")
    with ThreadPoolExecutor(4) as pool:
        if "{refresh}" in whole:
            list(pool.map(lambda it: it.sign_in(keep=False), everybody))
        if "{proxied}" in whole:
            list(pool.map(lambda it: it.proxy(), everybody))
        if "{file}" in whole:
            list(pool.map(lambda it: it.look(), everybody))
        if "/logout" in whole or ask.path == "/api/v1/users/me" and ask.method == "DELETE":
            list(pool.map(lambda it: it.sign_in(), everybody))


class World:
    def __init__(self, gateway, engines):
        self.gateway, self.engines = gateway, engines

    def call(self, method, url, body=None, token=None, kind="application/json"):
        """The answer's JSON; an answer that is no success ends the program with what it says."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(url, data, {"content-type": kind}, method=method)
        if token:
            request.add_header("authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return json.loads(reply.read() or b"null")
        except urllib.error.HTTPError as refusal:
            raise SystemExit(f"{method} {url}: {refusal.code} {refusal.read().decode()}") from refusal

    def make(self, count):
        """One page shows their picture, so that each has an alert; another is only said to, so that each
        has a finding that waits for her word."""
        for page, now in ((1, PICTURE), (2, OTHER)):
            self.plant(PICTURE, now, f"https://forum.example.net/t/{page}")
        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(lambda number: Woman(self, number), range(count)))

    def plant(self, picture, now, address):
        """A page whose picture an engine knows as the first, and which now shows the second."""
        planted = multipart({"image": picture, "image_now": now, "page_url": address, "title": "A thread"})
        self.call("POST", f"{self.engines}/_web", planted, kind=FORM)

    def settle(self):
        """Waits until no message is under way."""
        for _ in range(1200):
            with urllib.request.urlopen(f"{self.gateway}/metrics", timeout=60) as reply:
                lines = reply.read().decode().splitlines()
            counts = [line.rsplit(" ", 1)[1] for line in lines if line.startswith("vara_queue_messages{")]
            if counts and all(count == "0" for count in counts):
                return
            time.sleep(0.1)
        raise SystemExit("the queues do not empty")


class Caller(dict):
    """Somebody who is signed in."""

    def __init__(self, world, number):
        super().__init__(email=f"w{number}.{time.time_ns()}@example.org")
        self.world = world
        account = {"email": self["email"], "password": PASSWORD}
        session = self.world.call("POST", f"{world.gateway}/auth/v1/signup", account)
        self.update(token=session["access_token"], refresh=session["refresh_token"], id=session["user"]["id"])

    def ask(self, method, path, body=None, kind="application/json"):
        reply = self.world.call(method, self.world.gateway + path, body, self["token"], kind)
        return reply["data"]

    def upload(self, picture):
        """The id of a picture that she uploads."""
        return self.ask("POST", "/api/v1/images/upload", multipart({"file": picture}), FORM)["id"]


class Woman(Caller):
    def __init__(self, world, number):
        super().__init__(world, number)
        self["handle"] = f"ana{time.time_ns()}"
        answers = {"responses": [{"questionId": "photo-sharing", "response": "sometimes"}]}
        self.ask("POST", "/api/v1/onboarding/responses", answers)
        self["item"] = self.ask("GET", "/api/v1/protection-plan")["items"][0]["id"]
        linked = self.ask("POST", "/api/v1/accounts/connect/INSTAGRAM", {"handle": self["handle"]})
        self["account"] = linked["id"]
        self["image"] = self.upload(PICTURE)
        self["alert"] = self.wait("/api/v1/alerts?limit=1")["id"]
        self["match"] = self.wait("/api/v1/matches/flagged")["id"]
        self["scan"] = self.ask("POST", "/api/v1/scans/trigger", {"type": "IMAGE_SCAN"})["id"]
        self.over(self["scan"])
        self.look()
        self.proxy()

    def wait(self, path):
        """The first of a list that is still being filled."""
        for _ in range(600):
            found = self.ask("GET", path)
            if found:
                return found[0]
            time.sleep(0.2)
        raise SystemExit(f"{path} stayed empty")

    def over(self, scan):
        """Waits for the end of this scan."""
        for _ in range(600):
            if self.ask("GET", f"/api/v1/scans/{scan}")["status"] in ("COMPLETED", "FAILED"):
                return
            time.sleep(0.2)
        raise SystemExit(f"the scan {scan} does not end")

    def sign_in(self, keep=True):
        account = {"email": self["email"], "password": PASSWORD}
        session = self.world.call("POST", f"{self.world.gateway}/auth/v1/token?grant_type=password", account)
        self["refresh"] = session["refresh_token"]
        if keep:
            self["token"] = session["access_token"]

    def look(self):
        image = self.ask("GET", f"/api/v1/images/{self['image']}")
        self["file"] = image["signedUrl"].removeprefix(self.world.gateway)

    def proxy(self):
        link = self.ask("POST", "/api/v1/proxy/tokens", {"imageId": self["image"]})
        self["proxied"] = link["url"].removeprefix(self.world.gateway)
