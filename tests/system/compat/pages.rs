//! API.md section 0, pages: every list reads `page` and `limit` alike.

use super::row::Who::Told;
use super::row::{Row, get};

/// The lists; each holds one thing of hers, or none.
const LISTS: [(&str, &str, u32); 6] = [
    ("alerts", "/api/v1/alerts", 1),
    ("images", "/api/v1/images", 1),
    ("matches", "/api/v1/images/$image/matches", 1),
    ("flagged", "/api/v1/matches/flagged", 0),
    ("scans", "/api/v1/scans", 1),
    ("accounts", "/api/v1/accounts", 0),
];

const BAD: [&str; 12] = [
    "page=0",
    "page=-1",
    "page=abc",
    "page=",
    "page=1.5",
    "page=99999999999",
    "limit=0",
    "limit=101",
    "limit=-1",
    "limit=abc",
    "limit=",
    "limit=1e1",
];

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, path, holds) in LISTS {
        rows.extend(
            BAD.map(|bad| get(format!("{name}?{bad}"), Told, format!("{path}?{bad}")).invalid()),
        );
        for (query, page, limit) in [
            ("page=1&limit=100", 1, 100),
            ("limit=1", 1, 1),
            ("page=2&limit=1", 2, 1),
            ("page=7", 7, 20),
        ] {
            let shown = if holds > 0 && page == 1 {
                "[any]+"
            } else {
                "[]"
            };
            let pages = "{page: PAGE, limit: LIMIT, total: int, totalPages: int}"
                .replace("PAGE", &page.to_string())
                .replace("LIMIT", &limit.to_string());
            // Her scans are more than the one she wanted: her picture's first is among them.
            let shown = if name == "scans" { "[any]" } else { shown };
            let shape = format!("{{data: {shown}, meta: {{pagination: {pages}}}}}");
            rows.push(
                get(format!("{name}?{query}"), Told, format!("{path}?{query}")).gives(200, &shape),
            );
        }
    }
    rows
}
