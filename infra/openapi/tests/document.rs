//! Holds the description to what it describes: the sources.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn what_is_committed_is_what_the_sources_say() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = vara_openapi::document();
    let written = fs::read_to_string(here.join("openapi.json")).unwrap();
    assert!(
        written == vara_openapi::text(&document),
        "openapi.json is not what the sources say: cargo run -p vara-openapi"
    );
}

#[test]
fn every_route_is_described_and_no_other() {
    let mut routes = BTreeSet::new();
    for function in fs::read_dir(root().join("functions/api")).unwrap() {
        for file in fs::read_dir(function.unwrap().path().join("src")).unwrap() {
            let file = file.unwrap().path();
            if file.is_file() && !file.ends_with("tests.rs") {
                routes.extend(declared(&fs::read_to_string(file).unwrap()));
            }
        }
    }
    let document = vara_openapi::document();
    let described: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, here)| {
            let methods = here.as_object().unwrap().keys();
            methods.map(move |method| (method.clone(), path.clone()))
        })
        .collect();
    assert!(routes.len() > 60, "{routes:?}");
    assert_eq!(described, routes);
}

/// The methods and addresses in `.route("…", get(…).post(…))`.
fn declared(source: &str) -> Vec<(String, String)> {
    const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];
    let mut found = Vec::new();
    for rest in source.split(".route(").skip(1) {
        let Some(rest) = rest.trim_start().strip_prefix('"') else {
            continue;
        };
        let (path, rest) = rest.split_once('"').unwrap();
        let handlers = inside(rest);
        for method in METHODS {
            let calls = handlers
                .match_indices(&format!("{method}("))
                .any(|(at, _)| {
                    !handlers[..at].ends_with(|it: char| it.is_alphanumeric() || it == '_')
                });
            if calls {
                found.push((method.to_owned(), path.to_owned()));
            }
        }
    }
    found
}

/// Up to the parenthesis that closes what was open before.
fn inside(text: &str) -> &str {
    let mut depth = 1;
    let end = text.find(|it| {
        depth += i32::from(it == '(') - i32::from(it == ')');
        depth == 0
    });
    &text[..end.unwrap()]
}

#[test]
fn routes_are_found_in_sources() {
    let source = r#"
        .route("/a", get(list))
        .route("/b/{id}", route(get(one).put(it::post_it)))
        .route(
            "/c",
            post(send).layer(Limit::options()).options(async || ()),
        )
        .route("/d", any(unknown))
    "#;
    let pair = |method: &str, path: &str| (method.to_owned(), path.to_owned());
    assert_eq!(
        declared(source),
        [
            pair("get", "/a"),
            pair("get", "/b/{id}"),
            pair("put", "/b/{id}"),
            pair("post", "/c"),
            pair("options", "/c"),
        ]
    );
}

#[test]
fn every_example_fits_its_schema() {
    let document = vara_openapi::document();
    let mut seen = 0;
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for example in schema["examples"].as_array().into_iter().flatten() {
            let whole = json!({
                "$ref": format!("#/components/schemas/{name}"), "components": document["components"],
            });
            let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012);
            let validator = options.should_validate_formats(true).build(&whole).unwrap();
            let faults: Vec<String> = validator
                .iter_errors(example)
                .map(|it| it.to_string())
                .collect();
            assert!(faults.is_empty(), "{name}: {faults:?}");
            seen += 1;
        }
    }
    assert!(seen > 25, "{seen}");
}

#[test]
fn it_is_sound() {
    let document = vara_openapi::document();
    let mut names = BTreeSet::new();
    for (path, here) in document["paths"].as_object().unwrap() {
        for (method, operation) in here.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(names.insert(id.to_owned()), "{id} is there twice");
            let parts = path
                .split('/')
                .filter_map(|it| it.strip_prefix('{')?.strip_suffix('}'));
            let parts: BTreeSet<&str> = parts.collect();
            let parameters = operation["parameters"].as_array();
            let said = parameters
                .into_iter()
                .flatten()
                .filter(|it| it["in"] == "path");
            let said: BTreeSet<&str> = said.filter_map(|it| it["name"].as_str()).collect();
            assert_eq!(parts, said, "{method} {path}");
        }
    }
    references(&document, &mut |at| {
        let place = at.strip_prefix('#').unwrap();
        assert!(document.pointer(place).is_some(), "nothing is at {at}");
    });
    let text = document.to_string();
    for word in ["QUIRKS", "PIPELINE", "crate::"] {
        assert!(!text.contains(word), "{word} is for the makers only");
    }
}

fn references(it: &Value, see: &mut impl FnMut(&str)) {
    match it {
        Value::Object(map) => {
            for (name, it) in map {
                match it {
                    Value::String(at) if name == "$ref" => see(at),
                    it => references(it, see),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|it| references(it, see)),
        _ => {}
    }
}
