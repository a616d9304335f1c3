//! Rules about who reaches which rows of the table.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::template_model::{Faults, Template, attribute, words};

/// The rows by which one gets into accounts, and who has no part in them. Where a function has a reason to
/// reach one, it is taken off here and in its role.
const KEPT_OUT: [(&str, &str); 32] = [
    ("api-accounts", "EMAIL#* TOKEN#*"),
    ("api-admin", "EMAIL#* TOKEN#* MAIL#* OAUTH#* TRIES#*"),
    ("api-alerts", "EMAIL#* TOKEN#* MAIL#* OAUTH#* TRIES#*"),
    ("api-documents", "EMAIL#* TOKEN#* MAIL#* OAUTH#* TRIES#*"),
    ("api-evidence", "EMAIL#* TOKEN#* MAIL#* OAUTH#* TRIES#*"),
    ("api-events", "EMAIL#* TOKEN#* MAIL#* OAUTH#* TRIES#*"),
    ("api-images", "EMAIL#* TOKEN#* MAIL#* OAUTH#* TRIES#*"),
    ("api-matches", "EMAIL#* TOKEN#* MAIL#* OAUTH#* TRIES#*"),
    ("api-onboarding", "EMAIL#* TOKEN#* MAIL#* OAUTH#* TRIES#*"),
    (
        "api-protection-plan",
        "EMAIL#* TOKEN#* MAIL#* OAUTH#* TRIES#*",
    ),
    ("api-proxy", "EMAIL#* TOKEN#* MAIL#* OAUTH#* TRIES#*"),
    ("api-realtime", "EMAIL#* TOKEN#* MAIL#* OAUTH#* TRIES#*"),
    ("api-socket", "EMAIL#* TOKEN#* MAIL#* OAUTH#* TRIES#*"),
    ("api-scans", "EMAIL#* TOKEN#* MAIL#* OAUTH#* TRIES#*"),
    ("api-takedowns", "EMAIL#* TOKEN#* MAIL#* OAUTH#* TRIES#*"),
    (
        "api-upload-authorizer",
        "EMAIL#* TOKEN#* MAIL#* OAUTH#* TRIES#*",
    ),
    ("queue-breach-check", WORKERS_KEPT_OUT),
    ("queue-capture", WORKERS_KEPT_OUT),
    ("queue-image-ingest", WORKERS_KEPT_OUT),
    ("queue-image-scan", WORKERS_KEPT_OUT),
    // Finds whose address was refused.
    (
        "queue-mail-feedback",
        "TOKEN#* MAIL#* OAUTH#* RATE#* REPLAY#* TRIES#*",
    ),
    ("queue-notice", WORKERS_KEPT_OUT),
    ("queue-profile-scan", WORKERS_KEPT_OUT),
    ("queue-render", WORKERS_KEPT_OUT),
    ("queue-push", WORKERS_KEPT_OUT),
    ("queue-sign-in-mail", "OAUTH#* RATE#* REPLAY#*"),
    ("queue-takedown", WORKERS_KEPT_OUT),
    ("queue-takedown-mail", WORKERS_KEPT_OUT),
    ("schedule-due", WORKERS_KEPT_OUT),
    ("schedule-notify", WORKERS_KEPT_OUT),
    ("queue-sweep", WORKERS_KEPT_OUT),
    // Counts calls and looks at nothing but its own row and the engines'.
    ("api-health", ""),
];

/// What nobody's request leads to is not for those that nobody calls.
const WORKERS_KEPT_OUT: &str = "EMAIL#* TOKEN#* MAIL#* OAUTH#* RATE#* REPLAY#* TRIES#*";

/// Signing in and leaving end in all of them.
const REACHES_ALL: [&str; 2] = ["api-auth", "api-users"];

/// The rows that one function writes and all read.
const WRITTEN_BY_ONE: [(&str, &str); 2] = [("SIGNING-KEYS", "api-auth"), ("SWITCHES", "api-admin")];

/// What lets her in, and says what she may: sign-in alone reads passwords and roles and signs in, and what
/// nobody calls reads no sign-ins either.
const LETS_IN: [&str; 3] = ["CREDENTIALS#*", "ROLE#*", "SIGN-IN#*"];

/// A function that is broken into does not lead into accounts: rows that lead there are refused to
/// whoever has no part in them, passwords, sign-ins and the keys that are believed are written by sign-in
/// alone, and roles by no function.
pub(crate) fn kept_out(template: &Template, faults: &mut Faults) {
    let keys = |it: &Value, way: &str| {
        let named = words(&it["Condition"][way]["dynamodb:LeadingKeys"]);
        named
            .into_iter()
            .map(str::to_owned)
            .collect::<BTreeSet<_>>()
    };
    for function in template.functions() {
        let (package, denials) = (function.package(), template.denials(&function));
        let all_denied = |actions: &[&str]| {
            let meant = denials.iter().filter(|it| {
                let said = words(&it["Action"]);
                let on_table = attribute(&it["Resource"], "Arn") == Some("Table");
                on_table
                    && (said.contains("dynamodb:*") || actions.iter().all(|a| said.contains(a)))
            });
            let keys = meant.flat_map(|it| keys(it, "ForAnyValue:StringLike"));
            keys.collect::<BTreeSet<_>>()
        };
        let kept_out = KEPT_OUT.iter().find(|(name, _)| *name == package);
        let is_decided = kept_out.is_some() || REACHES_ALL.contains(&package);
        faults.expect(is_decided, format!("{package} has no row here"));
        if let Some((_, out)) = kept_out {
            let denied = all_denied(&["dynamodb:*"]);
            for prefix in out.split(' ').filter(|it| !it.is_empty()) {
                let out = denied.contains(prefix);
                faults.expect(out, format!("{package} may reach {prefix}"));
            }
        }
        if package == "api-health" {
            let open = ["ENGINE#*", "PING", "RATE#*"];
            for it in template.statements(&function) {
                if words(&it["Action"])
                    .iter()
                    .any(|it| it.starts_with("dynamodb:"))
                {
                    let keys = keys(it, "ForAllValues:StringLike");
                    let few = !keys.is_empty() && keys.iter().all(|it| open.contains(&it.as_str()));
                    faults.expect(few, format!("{package} reaches more than it counts"));
                }
            }
            continue;
        }
        let writes = [
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
        ];
        let denied = all_denied(&writes);
        for (row, writer) in WRITTEN_BY_ONE {
            let as_decided = denied.contains(row) != (package == writer);
            faults.expect(as_decided, format!("{package} and writing {row}"));
        }
        if package == "api-auth" {
            faults.expect(denied.contains("ROLE#*"), "api-auth may make admins");
            continue;
        }
        let made = all_denied(&writes[..2]);
        let read = all_denied(&["dynamodb:GetItem"]);
        for rows in LETS_IN {
            let is_open = rows == "SIGN-IN#*" && package.starts_with("api-");
            let kept = made.contains(rows) && (is_open || read.contains(rows));
            faults.expect(kept, format!("{package} may let itself in by {rows}"));
        }
    }
}
