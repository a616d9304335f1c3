//! API.md section 0, who is calling: the order of checks, at the door of every function.

use reqwest::Method;

use super::row::Who::{self, Foreign, Forged, Gone, Header, Late, Nobody, SignedOut};
use super::row::{Row, row};

/// One route of each function, and one of each method.
const DOORS: [(Method, &str); 14] = [
    (Method::GET, "/api/v1/users/me"),
    (Method::PATCH, "/api/v1/users/me"),
    (Method::DELETE, "/api/v1/users/me"),
    (Method::PUT, "/api/v1/users/me/preferences"),
    (Method::GET, "/api/v1/onboarding/results"),
    (Method::GET, "/api/v1/protection-plan"),
    (Method::GET, "/api/v1/accounts"),
    (Method::GET, "/api/v1/images"),
    (Method::POST, "/api/v1/images/upload"),
    (Method::GET, "/api/v1/matches/flagged"),
    (Method::GET, "/api/v1/scans"),
    (Method::GET, "/api/v1/alerts"),
    (Method::POST, "/api/v1/proxy/tokens"),
    (Method::POST, "/api/v1/auth/reset-password-with-session"),
];

const MISSING: [(&str, Who); 5] = [
    ("no_header", Nobody),
    ("lower_case", Header("bearer abc")),
    ("basic", Header("Basic YW5hOnBhc3N3b3Jk")),
    ("no_space", Header("Bearerabc")),
    ("bare_token", Header("eyJhbGciOiJFUzI1NiJ9.e30.AA")),
];

const INVALID: [(&str, Who); 8] = [
    ("null", Header("Bearer null")),
    ("undefined", Header("Bearer undefined")),
    ("no_token", Header("Bearer a.b.c")),
    (
        "unsigned",
        Header(
            "Bearer eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiIwIiwiZXhwIjo5OTk5OTk5OTk5fQ.",
        ),
    ),
    ("forged", Forged),
    ("foreign", Foreign),
    ("signed_out", SignedOut),
    ("gone", Gone),
];

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (method, path) in DOORS {
        let door = path.trim_start_matches("/api/v1/");
        let row =
            |case: &str, who| row(format!("{method}_{door}_{case}"), who, method.clone(), path);
        for (case, who) in MISSING {
            rows.push(row(case, who).refused(401, "AUTH_MISSING_TOKEN"));
        }
        for (case, who) in INVALID {
            let details = "{expired: false, requiresReauth: true}";
            rows.push(row(case, who).refused_with(401, "AUTH_INVALID_TOKEN", details));
        }
        let details = "{expired: true, expiredAt: \"$end\", requiresRefresh: true}";
        rows.push(row("late", Late).refused_with(401, "AUTH_TOKEN_EXPIRED", details));
    }
    rows
}
