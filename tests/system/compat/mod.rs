//! The compatibility suite: the contract row by row, each a case of its own.
//!
//! A row says who calls what, with which headers and body and after what, and which status, code,
//! headers and shape of body are answered. What holds for every answer is checked with each. Rows that
//! change nothing share their users; the others have one of their own.
//!
//! Left out are the contract's rows that cannot happen here: nobody is banned, signing up is never
//! closed and always confirms, and no storage is down (503s are tested in the functions' own tests).

mod accounts;
mod alerts;
mod api_auth;
mod cast;
mod cors;
mod every_call;
mod frontend;
mod images;
mod library;
mod library_refusals;
mod onboarding;
mod pages;
mod row;
mod scans;
mod shapes;
mod tokens;
mod users;

use reqwest::Method;
use vara_tests::{Reply, World};

pub(crate) use self::cast::Cast;
use self::cast::{Person, common};
pub(crate) use self::row::Row;
use self::row::{Aged, Call, Language, ORIGIN};

/// What every answer of a function carries, unless the row says otherwise.
const ALWAYS: [(&str, &str); 9] = [
    ("cache-control", "no-store"),
    (
        "strict-transport-security",
        "max-age=15552000; includeSubDomains",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "SAMEORIGIN"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("access-control-allow-origin", ORIGIN),
    ("access-control-allow-credentials", "true"),
];

/// All rows, by the name of their case.
pub(crate) fn rows() -> Vec<Row> {
    let groups: [(&str, Vec<Row>); 14] = [
        ("frontend", frontend::rows()),
        ("every_call", every_call::rows()),
        ("cors", cors::rows()),
        ("tokens", tokens::rows()),
        ("pages", pages::rows()),
        ("users", users::rows()),
        ("onboarding", onboarding::rows()),
        ("images", images::rows()),
        ("alerts", alerts::rows()),
        ("scans", scans::rows()),
        ("accounts", accounts::rows()),
        ("library", library::rows()),
        ("library_refusals", library_refusals::rows()),
        ("api_auth", api_auth::rows()),
    ];
    let named = groups.into_iter().flat_map(|(group, rows)| {
        rows.into_iter().map(move |row| Row {
            name: format!("compat::{group}::{}", row.name),
            ..row
        })
    });
    named.collect()
}

/// Calls as a row says and holds the answer against it.
pub(crate) async fn run(world: &World, cast: &Cast, row: &Row) {
    let mut person = cast.call(world, row.who).await;
    for before in &row.before {
        let reply = send(world, &person, before).await;
        person.learn(&reply.json, &world.gateway);
    }
    match (row.aged, person.thing("id")) {
        (Some(Aged::Tolerance), Some(id)) => world.behind().without_tolerance(id).await,
        (Some(Aged::SignIn), Some(id)) => world.behind().unused(id).await,
        _ => {}
    }
    for later in &row.later {
        send(world, &person, later).await;
    }
    let reply = send(world, &person, &row.call).await;
    let told = String::from_utf8_lossy(&reply.bytes);
    assert_eq!(reply.status, row.status, "{told}");
    body(row, &reply, &person, world);
    headers(row, &reply);
}

fn body(row: &Row, reply: &Reply, person: &Person, world: &World) {
    let Some(shape) = &row.shape else {
        assert!(reply.bytes.is_empty(), "there is a body: {:?}", reply.bytes);
        return;
    };
    if row.call.method == Method::HEAD || shape == "bytes" {
        return;
    }
    let kind = reply.header("content-type");
    assert!(kind.starts_with("application/json"), "{kind}");
    let shape = filled(shape, person, world);
    if let Err(why) = shapes::all().check(&shape, &reply.json) {
        panic!("{why}\n  in {}\n  that should be {shape}", reply.json);
    }
}

fn headers(row: &Row, reply: &Reply) {
    for (name, value) in &row.answered {
        let answered = reply.header(name);
        match value.strip_suffix('*') {
            Some(start) => assert!(answered.starts_with(start), "{name}: {answered}"),
            None => assert_eq!(answered, *value, "{name}"),
        }
    }
    if row.by_gateway {
        return;
    }
    let is_said = |name: &str| row.answered.iter().any(|it| it.0 == name);
    for (name, value) in ALWAYS.into_iter().filter(|it| !is_said(it.0)) {
        assert_eq!(reply.header(name), value, "{name}");
    }
    limits(reply);
    if row.call.path.starts_with("/auth/v1") && row.call.method != Method::OPTIONS {
        assert_eq!(reply.header("x-supabase-api-version"), "2024-01-01");
    }
    if row.call.headers.contains(&("origin", ORIGIN.to_owned()))
        && !is_said("access-control-allow-origin")
    {
        let exposed = reply.header("access-control-expose-headers").to_lowercase();
        assert!(exposed.contains("x-supabase-api-version"), "{exposed}");
    }
    if let Some((Language::Library, code)) = row.refusal {
        assert_eq!(reply.header("x-sb-error-code"), code);
    }
}

fn limits(reply: &Reply) {
    let number = |name: &str| {
        let text = reply.header(name);
        let number = text.parse::<u64>();
        number.unwrap_or_else(|_| panic!("{name} is no number: {text}"))
    };
    assert!(number("x-ratelimit-remaining") <= number("x-ratelimit-limit"));
    assert!((1..=60).contains(&number("x-ratelimit-reset")));
}

async fn send(world: &World, person: &Person, call: &Call) -> Reply {
    let path = filled(&call.path, person, world);
    let mut request = world
        .http
        .request(call.method.clone(), format!("{}{path}", world.gateway));
    for (name, value) in &call.headers {
        request = request.header(*name, filled(value, person, world));
    }
    if let Some(authorization) = &person.authorization {
        request = request.header("authorization", authorization);
    }
    let body = match std::str::from_utf8(&call.body) {
        Ok(text) => filled(text, person, world).into_bytes(),
        Err(_) => call.body.clone(),
    };
    if !body.is_empty() {
        request = request.body(body);
    }
    Reply::to(request).await
}

/// A text with `$name` replaced by what is hers by that name, or by what anybody can name.
fn filled(text: &str, person: &Person, world: &World) -> String {
    let mut parts = text.split('$');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|it: char| !it.is_ascii_alphanumeric());
        let (name, rest) = part.split_at(end.unwrap_or(part.len()));
        let value = person.thing(name).map(str::to_owned);
        let value = value.or_else(|| common(world, name));
        out.push_str(&value.unwrap_or_else(|| panic!("nobody knows ${name}")));
        out.push_str(rest);
    }
    out
}
