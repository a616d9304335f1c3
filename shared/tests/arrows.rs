//! The layers of the common crate and the rule that functions only call services, held by reading
//! the sources.

use std::fs;
use std::path::{Path, PathBuf};

/// Each module, and the modules of this crate it may name.
const MAY_USE: [(&str, &[&str]); 18] = [
    ("clock", &["domain"]),
    ("settings", &["domain"]),
    ("metrics", &["clock"]),
    ("correlation", &[]),
    ("traces", &["clock", "domain"]),
    // The clock is for signatures of requests, and for when a frame of the feed is written; times of other rows
    // are arguments.
    ("store", &["clock", "domain", "metrics"]),
    ("objects", &["domain"]),
    ("queues", &["correlation", "domain"]),
    ("connections", &["domain"]),
    ("engines", &["clock", "domain", "metrics", "traces"]),
    ("mail", &["domain"]),
    ("auth", &["clock", "domain", "settings", "store"]),
    ("vault", &["auth", "domain"]),
    ("signer", &["domain"]),
    (
        "comparison",
        &["domain", "engines", "objects", "store", "traces"],
    ),
    (
        "services",
        &[
            "auth",
            "clock",
            "comparison",
            "connections",
            "correlation",
            "domain",
            "engines",
            "mail",
            "metrics",
            "objects",
            "queues",
            "settings",
            "signer",
            "store",
            "templates",
            "traces",
            "vault",
        ],
    ),
    (
        "http",
        &[
            "auth",
            "clock",
            "correlation",
            "domain",
            "metrics",
            "services",
            "settings",
            "store",
            "traces",
        ],
    ),
    (
        "boot",
        &[
            "auth",
            "clock",
            "connections",
            "correlation",
            "domain",
            "http",
            "mail",
            "metrics",
            "objects",
            "queues",
            "settings",
            "signer",
            "store",
            "traces",
            "vault",
        ],
    ),
];

/// What only the layers that talk to AWS, or record its calls, may name.
const AWS_ONLY_IN: [&str; 9] = [
    "store",
    "objects",
    "queues",
    "connections",
    "mail",
    "vault",
    "signer",
    "traces",
    "boot",
];

#[test]
fn modules_use_only_what_is_above_them() {
    let mut wrong = Vec::new();
    for (module, allowed) in MAY_USE {
        for (path, text) in sources(&root().join("src"), module) {
            for used in crate_paths(&text) {
                if used != module
                    && !allowed.contains(&used.as_str())
                    && used != "testing"
                    && used != "Error"
                    && used != "Result"
                {
                    wrong.push(format!("{} uses crate::{used}", path.display()));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn only_the_outer_ring_knows_aws() {
    let mut wrong = Vec::new();
    for (module, _) in MAY_USE
        .into_iter()
        .filter(|(module, _)| !AWS_ONLY_IN.contains(module))
    {
        for (path, text) in sources(&root().join("src"), module) {
            if code(&text).any(|line| line.contains("aws_sdk_") || line.contains("aws_config")) {
                wrong.push(path);
            }
        }
    }
    assert_eq!(wrong, Vec::<PathBuf>::new());
}

/// What else it might ask, its manifest holds: it depends on nothing that does I/O.
#[test]
fn the_domain_asks_nobody() {
    let paths = files(&root().join("domain/src"));
    assert!(paths.len() > 30, "the domain was not found");
    for path in paths {
        let text = fs::read_to_string(&path).expect("a source");
        for forbidden in ["now_utc", "std::env", "std::fs", "std::net"] {
            assert!(
                !code(&text).any(|line| line.contains(forbidden)),
                "{} names {forbidden}",
                path.display()
            );
        }
    }
}

#[test]
fn every_api_function_has_guards() {
    let boot = fs::read_to_string(root().join("src/boot/mod.rs")).expect("a source");
    assert_eq!(boot.matches("HttpGuards::read(").count(), 2);
    assert_eq!(boot.matches("guards)).await").count(), 2);
    let mut seen = 0;
    for path in files(&root().join("../functions/api")) {
        if path.ends_with("src/main.rs") {
            seen += 1;
            let text = fs::read_to_string(&path).expect("a source");
            let is_booted = ["boot::api(", "boot::api_with_open(", "boot::open_api("]
                .iter()
                .any(|it| text.contains(it));
            // The authorizer has no routes: it counts the calls that it is asked about.
            let is_authorizer = text.contains("limits: RateLimiter::read(&env, store)");
            assert!(
                is_booted || is_authorizer,
                "{} has no limits",
                path.display()
            );
        }
    }
    assert!(seen > 8, "the functions were not found");
}

#[test]
fn functions_only_call_services() {
    let functions = root().join("../functions");
    let mut seen = 0;
    for path in files(&functions) {
        seen += 1;
        let text = fs::read_to_string(&path).expect("a source");
        let is_test = path.components().any(|it| it.as_os_str() == "tests");
        for line in code(&text).filter(|_| !is_test) {
            for forbidden in [
                "aws_sdk_",
                "aws_config",
                ".tx()",
                "app.store.",
                "app.objects.",
                "app.queues.",
                "std::env",
                "reqwest",
            ] {
                assert!(
                    !line.contains(forbidden),
                    "{} has {forbidden}: {line}",
                    path.display()
                );
            }
        }
        assert!(
            text.starts_with("//!"),
            "{} does not say what it is for",
            path.display()
        );
    }
    assert!(seen > 10, "the functions were not found");
}

/// A program is linked once more to run its tests, so those without any are left out, and must not come
/// to have some that are never run.
#[test]
fn what_is_not_tested_has_no_tests() {
    let mut left_out = 0;
    for main in files(&root().join("../functions")) {
        if !main.ends_with("src/main.rs") {
            continue;
        }
        let src = main.parent().expect("a folder");
        let manifest = fs::read_to_string(src.join("../Cargo.toml")).expect("a manifest");
        if !is_left_out(&manifest, "[[bin]]") {
            continue;
        }
        left_out += 1;
        let library_is_tested = src.join("lib.rs").exists() && !is_left_out(&manifest, "[lib]");
        let untested = match library_is_tested {
            true => vec![main],
            false => files(src),
        };
        for path in untested {
            let text = fs::read_to_string(&path).expect("a source");
            let has_tests = text.contains("test]") || library_is_tested && text.contains("\nmod ");
            assert!(
                !has_tests,
                "{} may have tests that are not run",
                path.display()
            );
        }
    }
    assert!(left_out > 20, "the functions were not found");
}

/// The libraries have no tests in their comments, so none are looked for: that takes a compiler for each.
#[test]
fn comments_have_no_code_that_is_never_run() {
    for path in ["../functions", "../infra", "../tests", "."]
        .map(|it| files(&root().join(it)))
        .concat()
    {
        let text = fs::read_to_string(&path).expect("a source");
        let mut fences = text.lines().filter_map(|line| {
            let line = line.trim_start();
            let comment = line.strip_prefix("/// ").or(line.strip_prefix("//! "))?;
            comment.strip_prefix("```")
        });
        while let Some(kind) = fences.next() {
            assert_eq!(kind, "text", "{} has code in a comment", path.display());
            fences.next();
        }
    }
}

/// Whether a manifest says that this target has no tests.
fn is_left_out(manifest: &str, target: &str) -> bool {
    let after = manifest.split_once(target).map_or("", |it| it.1);
    let section = after.split("\n[").next().unwrap_or_default();
    section.lines().any(|it| it == "test = false")
}

#[test]
fn every_module_is_placed() {
    let mut modules: Vec<String> = fs::read_dir(root().join("src"))
        .expect("sources")
        .map(|it| {
            it.expect("an entry")
                .path()
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .filter(|it| it != "lib" && it != "testing")
        .collect();
    modules.sort();
    let mut placed: Vec<&str> = MAY_USE.iter().map(|it| it.0).collect();
    placed.sort_unstable();
    assert_eq!(modules, placed);
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(src: &Path, module: &str) -> Vec<(PathBuf, String)> {
    let single = src.join(format!("{module}.rs"));
    let paths = if single.exists() {
        vec![single]
    } else {
        files(&src.join(module))
    };
    assert!(!paths.is_empty(), "no module {module}");
    paths
        .into_iter()
        .map(|path| (path.clone(), fs::read_to_string(path).expect("a source")))
        .collect()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
    found
}

/// The lines that are not comments, up to the tests.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .filter(|line| !line.trim_start().starts_with("//"))
}

/// Every `x` of `crate::x`, also inside `use crate::{x, y}`.
fn crate_paths(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in code(text) {
        for (at, _) in line.match_indices("crate::") {
            if line[..at].ends_with(|it: char| it.is_alphanumeric() || it == '_' || it == '(') {
                continue;
            }
            let rest = line[at + 7..].trim_start_matches('{');
            found.push(
                rest.chars()
                    .take_while(|it| it.is_alphanumeric() || *it == '_')
                    .collect(),
            );
        }
    }
    found
}
