//! API.md section 0 and AUTH.md section 1, CORS: which pages may call, with what, and what they may read.

use reqwest::Method;

use super::row::Row;
use super::row::Who::{Nobody, Reader};
use super::row::{get, row};

/// What the api-client and the sign-in library ask for before their calls.
const PREFLIGHTS: [(&str, &str, &str, &str); 12] = [
    ("alerts", "/api/v1/alerts?page=1&limit=50", "GET", API),
    ("alert_status", "/api/v1/alerts/x/status", "PATCH", API),
    ("clear_all", "/api/v1/alerts/all", "DELETE", API),
    ("upload", "/api/v1/images/upload", "POST", "authorization"),
    ("image", "/api/v1/images/x", "DELETE", "authorization"),
    ("scan", "/api/v1/scans/trigger", "POST", API),
    ("plan", "/api/v1/protection-plan", "GET", API),
    ("quiz", "/api/v1/onboarding/responses", "POST", API),
    ("settings", "/api/v1/users/me", "PATCH", API),
    (
        "token",
        "/auth/v1/token?grant_type=password",
        "POST",
        LIBRARY,
    ),
    ("user", "/auth/v1/user", "PUT", LIBRARY),
    ("unknown", "/api/v1/no-such", "GET", API),
];
const API: &str = "authorization,content-type";
const LIBRARY: &str = "apikey,authorization,content-type,x-client-info,x-supabase-api-version";

/// Pages on this machine may call outside production, besides those that are named.
const LOCAL: [&str; 4] = [
    "http://localhost",
    "http://localhost:5173",
    "http://localhost:61234",
    "http://127.0.0.1:5173",
];
const REFUSED: [&str; 6] = [
    "https://evil.example",
    "http://localhost.evil.example",
    "http://localhost:80@evil.example",
    "https://localhost:3000",
    "http://localhost:3000/",
    "null",
];

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, path, method, headers) in PREFLIGHTS {
        let row = row(format!("preflight_{name}"), Nobody, Method::OPTIONS, path).raw();
        rows.push(
            row.with("access-control-request-method", method)
                .with("access-control-request-headers", headers)
                .empty(204)
                .answers(
                    "access-control-allow-methods",
                    "GET,HEAD,PUT,PATCH,POST,DELETE",
                )
                .answers("access-control-allow-headers", headers),
        );
    }
    for (index, origin) in LOCAL.into_iter().enumerate() {
        let row = get(format!("local_page_{index}"), Nobody, "/health").with("origin", origin);
        rows.push(row.answers("access-control-allow-origin", origin));
    }
    for (index, origin) in REFUSED.into_iter().enumerate() {
        let silent = |row: Row| {
            row.with("origin", origin)
                .answers("access-control-allow-origin", "")
                .answers("access-control-allow-credentials", "")
        };
        let preflight = row(
            format!("refused_page_{index}_preflight"),
            Nobody,
            Method::OPTIONS,
            "/api/v1/alerts",
        )
        .raw();
        let preflight = preflight.with("access-control-request-method", "GET");
        rows.push(
            silent(preflight)
                .empty(204)
                .answers("access-control-allow-methods", ""),
        );
        rows.push(silent(get(
            format!("refused_page_{index}"),
            Reader,
            "/api/v1/alerts",
        )));
    }
    let nowhere = get("no_page", Nobody, "/health").with("origin", "");
    rows.push(
        nowhere
            .answers("access-control-allow-origin", "")
            .answers("access-control-allow-credentials", ""),
    );
    rows.push(get("varies", Nobody, "/health").answers("vary", "Origin"));
    // Refusals can be read as well, else the web app sees a failed network.
    rows.push(get("refusal", Nobody, "/api/v1/alerts").refused(401, "AUTH_MISSING_TOKEN"));
    rows
}
