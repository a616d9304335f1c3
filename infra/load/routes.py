"""What is asked: one line for each thing a client does.

`{...}` is filled in for each woman. A line with `calls` is asked that often by each of them, once a
second, because it has a limit of its own, starts work that goes on beside it, or makes no sense more than
once; the others are asked for some seconds without a pause.
`answers` are the statuses that are right: what can be done once is refused the second time, and the
refusal is measured with it.
"""

import re
from dataclasses import dataclass

ALERTS, IMAGES, SCANS = "/api/v1/alerts", "/api/v1/images", "/api/v1/scans"
USERS, AUTH = "/api/v1/users", "/api/v1/auth"

# Their work is Argon2id, made to cost; the issue leaves them out.
HASHING = [
    "POST /auth/v1/signup",
    "POST /auth/v1/token?grant_type=password",
    "PUT /auth/v1/user with a password",
    "POST /api/v1/auth/signup",
    "POST /api/v1/auth/login",
    "POST /api/v1/auth/reset-password",
    "POST /api/v1/auth/reset-password-with-session",
]


@dataclass(frozen=True)
class Ask:
    method: str
    path: str
    body: str | None = None
    answers: tuple = (200,)
    calls: int | None = None
    open: bool = False
    file: bool = False
    # Whether it must be quick: the work some calls begin goes on beside what is measured.
    quick: bool = True

    @property
    def name(self):
        return f"{self.method} {self.path}"


def get(path, **more):
    return Ask("GET", path, **more)


def reading():
    """Changes nothing; in the order of the functions."""
    for path in (
        "/health",
        "/ready",
        "/api/v1/health",
        "/metrics",
        f"{SCANS}/health",
        "/api/v1/proxy/health",
        "/api/v1/openapi.json",
        "/api/v1/docs",
    ):
        yield get(path, open=True)
    for path in ("health", "settings", ".well-known/jwks.json"):
        yield get(f"/auth/v1/{path}", open=True)
    yield get("/auth/v1/verify?type=signup&token=nobodys")
    for path in (
        "/auth/v1/user",
        f"{USERS}/me",
        f"{USERS}/me/preferences",
        f"{USERS}/me/notifications",
        "/api/v1/onboarding/questions",
        "/api/v1/onboarding/results",
        "/api/v1/protection-plan",
        "/api/v1/accounts",
        f"{IMAGES}?page=1&limit=50",
        f"{IMAGES}?limit=1",
        f"{IMAGES}/{{image}}",
        f"{IMAGES}/{{image}}/matches",
        "/api/v1/matches/flagged",
        f"{ALERTS}?page=1&limit=50",
        f"{ALERTS}?status=NEW&limit=1",
        f"{ALERTS}?limit=5&page=1",
        f"{ALERTS}/{{alert}}",
        f"{SCANS}?status=RUNNING,PENDING&limit=1",
        f"{SCANS}?status=COMPLETED,FAILED&limit=1",
        f"{SCANS}?page=1&limit=1&status=COMPLETED",
        f"{SCANS}?status=COMPLETED&limit=100",
        f"{SCANS}/{{scan}}",
        f"{SCANS}/{{scan}}/status",
    ):
        yield get(path)
    yield get("{file}", open=True)
    yield get("{proxied}", open=True)
    yield get(f"{USERS}/stop/nobodys", answers=(404,), open=True)
    yield get("/api/v1/accounts/callback/INSTAGRAM?error=denied", answers=(303,), open=True)


def writing():
    """Changes things; can be done again and again."""
    yield Ask("PATCH", f"{USERS}/me", '{"displayName":"Ana"}')
    yield Ask("PATCH", f"{USERS}/me/preferences", '{"utcOffsetMinutes":60}', (200, 409))
    yield Ask("PUT", f"{USERS}/me/preferences", '{"utcOffsetMinutes":60}', (200, 409))
    yield Ask("POST", f"{USERS}/stop/nobodys", "{}", (404,), open=True)
    yield Ask("POST", "/api/v1/proxy/tokens", '{"imageId":"{image}"}', (201,))
    answer = '{"responses":[{"questionId":"photo-sharing","response":"sometimes"}]}'
    yield Ask("POST", "/api/v1/onboarding/responses", answer, (201,))
    yield Ask("PATCH", "/api/v1/protection-plan/items/{item}", '{"status":"IN_PROGRESS"}', (200, 404))
    yield Ask("POST", "/api/v1/protection-plan/regenerate", "{}")
    yield Ask("PATCH", f"{ALERTS}/{{alert}}/status", '{"status":"VIEWED"}')
    yield Ask("POST", f"{ALERTS}/{{alert}}/action", '{"action":"REPORT","notes":"n"}')
    yield Ask("POST", "/api/v1/accounts/connect/INSTAGRAM", '{"handle":"{handle}"}', (201, 409))
    yield Ask("POST", "/api/v1/accounts/{account}/verify", '{"code":"AAAAAAAA"}', (400, 409, 429))
    yield Ask("POST", "/api/v1/accounts/{account}/sync", "{}", (400, 409))
    match = "/api/v1/matches/{match}"
    yield Ask("POST", f"{match}/confirm", "{}", (200, 400, 404, 409))
    yield Ask("POST", f"{match}/dismiss", "{}", (200, 400, 404, 409))
    refresh = '{"refresh_token":"{refresh}"}'
    yield Ask("POST", "/auth/v1/token?grant_type=refresh_token", refresh, calls=8, open=True)
    yield Ask("POST", f"{AUTH}/refresh", '{"refreshToken":"{refresh}"}', (200,), 4, open=True)
    yield Ask("POST", f"{AUTH}/forgot-password", '{"email":"{email}"}', (200,), 4, open=True)
    yield Ask("POST", "/auth/v1/recover", '{"email":"{email}"}', (200, 429), 8, open=True)
    wrong = '{"type":"recovery","token_hash":"nobodys"}'
    yield Ask("POST", "/auth/v1/verify", wrong, (403,), 8, open=True)


def working():
    """Starts work behind the API, which goes on beside what is measured."""
    yield Ask("POST", f"{SCANS}/trigger", '{"type":"IMAGE_SCAN"}', (202, 409), 4)
    yield Ask("POST", f"{SCANS}/{{scan}}/cancel", "{}", (200, 202, 409), 4)
    yield Ask("POST", f"{SCANS}/{{scan}}/retry", "{}", (200, 202, 409), 4)
    yield Ask("POST", f"{IMAGES}/tickets", "{}", (201,), 8)
    yield Ask("POST", f"{IMAGES}/upload", None, (201,), 4, file=True, quick=False)


def ending():
    """Leaves nothing; last."""
    yield Ask("DELETE", f"{IMAGES}/{{image}}", None, (204, 404), 4)
    yield Ask("DELETE", "/api/v1/accounts/{account}", None, (200, 404), 4)
    yield Ask("DELETE", f"{ALERTS}/all", None, (200,), 4)
    yield Ask("POST", f"{AUTH}/logout", None, (204,), 4)
    yield Ask("POST", "/auth/v1/logout?scope=local", None, (204, 401, 403), 4)
    yield Ask("DELETE", f"{USERS}/me", None, (200, 401), 2)


# They are for those who run the service, and one woman's token does not open them.
OTHERS = ("/api/v1/admin",)


def unasked(root):
    """The addresses in the functions' sources of which nothing here is asked."""
    asked = [*reading(), *writing(), *working(), *ending()]
    paths = [it.path for it in asked] + [it.split(" ")[1] for it in HASHING]
    paths += ["/api/v1/images/{image}/file", "/api/v1/proxy/images/{token}"]
    parts = [path.split("?")[0].split("/") for path in paths]
    for source in sorted(root.glob("functions/api/*/src/*.rs")):
        for address in re.findall(r'\.route\(\s*"([^"]+)"', source.read_text()):
            # Below the sign-in library's base every address is answered, most of them with a refusal.
            base = address.rstrip("/") == "/auth/v1" or "*" in address
            if not (base or address.startswith(OTHERS) or any(fits(address, it) for it in parts)):
                yield address


def fits(address, parts):
    """Whether a path is at an address as the functions write it, with `{name}` for what differs."""
    wanted = address.split("/")
    return len(wanted) == len(parts) and all(
        want == have or want.startswith("{") for want, have in zip(wanted, parts)
    )
