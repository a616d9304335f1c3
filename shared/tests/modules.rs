//! No crate of the workspace has a circle of modules, held by reading the sources.
//!
//! A path counts for the module that defines what it names: a re-export is no use. Tests are not read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path as File, PathBuf};

const ITEMS: [&str; 7] = ["struct", "enum", "fn", "const", "static", "type", "trait"];

type Path = Vec<String>;

/// What a module defines, the names it brings in with where from, and the paths it uses.
#[derive(Default)]
struct Module {
    defines: BTreeSet<String>,
    imports: Vec<(String, Path)>,
    uses: Vec<Path>,
}

#[test]
fn no_crate_has_a_circle_of_modules() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut seen = 0;
    for manifest in find(&root, "Cargo.toml") {
        let dir = manifest.parent().expect("a folder");
        let name = dir.strip_prefix(&root).expect("a crate").to_string_lossy();
        for part in ["src", "soak", "system"].map(|it| dir.join(it)) {
            if part.is_dir() {
                seen += 1;
                assert_eq!(circles(sources(&part)), Vec::<Path>::new(), "{name}");
            }
        }
    }
    assert!(seen > 15, "the crates were not found");
}

#[test]
fn circles_are_seen_through_re_exports_and_re_exports_are_none() {
    let check = |root: &str, b: &str| {
        let a = "use crate::B; pub struct A(B);";
        let files = [(vec![], root), (vec!["a".into()], a), (vec!["b".into()], b)];
        circles(files.map(|it| (it.0, it.1.into())).into()).len()
    };
    assert_eq!(check("pub use b::B; mod a; mod b;", "pub struct B;"), 0);
    assert_eq!(
        check(
            "pub use b::B; mod a;",
            "use super::a::{self, A}; struct B(A);"
        ),
        2
    );
    assert_eq!(
        check("pub use b::{C, B as B};", "struct B(crate::a::A);"),
        2
    );
    assert_eq!(check("fn run() { a::go() } struct B;", "pub struct C;"), 2);
}

/// The modules that lead back to themselves.
fn circles(sources: Vec<(Path, String)>) -> Vec<Path> {
    let paths: BTreeSet<Path> = sources.iter().map(|it| it.0.clone()).collect();
    let mut modules: BTreeMap<Path, Module> = BTreeMap::new();
    for (path, text) in sources {
        read(
            &text,
            &path,
            &paths,
            modules.entry(path.clone()).or_default(),
        );
    }
    let next = |from: &Path| -> BTreeSet<Path> {
        let all = modules[from]
            .uses
            .iter()
            .map(|it| target(&modules, from, it, 0));
        all.filter(|it| it != from).collect()
    };
    let edges: BTreeMap<&Path, BTreeSet<Path>> = modules.keys().map(|it| (it, next(it))).collect();
    let returns = |start: &&Path| {
        let (mut reached, mut todo) = (BTreeSet::new(), vec![*start]);
        while let Some(at) = todo.pop() {
            todo.extend(edges[at].iter().filter(|it| reached.insert(*it)));
        }
        reached.contains(*start)
    };
    modules.keys().filter(returns).cloned().collect()
}

/// The module that defines what a path in `here` names.
fn target(modules: &BTreeMap<Path, Module>, here: &Path, path: &[String], depth: usize) -> Path {
    let mut at = if path[0] == "crate" {
        vec![]
    } else {
        here.clone()
    };
    for (part, name) in path.iter().enumerate() {
        match name.as_str() {
            "crate" | "self" => continue,
            "super" => _ = at.pop(),
            _ if modules.contains_key(&[&at[..], std::slice::from_ref(name)].concat()) => {
                at.push(name.clone())
            }
            _ if modules[&at].defines.contains(name) || depth > 8 => break,
            _ => {
                let import = modules[&at].imports.iter().find(|it| it.0 == *name);
                let from = import.map(|it| [&it.1[..], &path[part + 1..]].concat());
                return from.map_or(at.clone(), |it| target(modules, &at, &it, depth + 1));
            }
        }
    }
    at
}

fn read(text: &str, here: &Path, paths: &BTreeSet<Path>, module: &mut Module) {
    let code = text
        .split("\n#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default();
    let code: String = code
        .lines()
        .flat_map(|it| [it.split("//").next().unwrap_or_default(), "\n"])
        .collect();
    let spaced = code
        .replace("::", " :: ")
        .replace(['(', ')', '<', '>', '&', '.', '!', '[', ']', '='], " . ");
    let spaced = spaced
        .replace('{', " { ")
        .replace('}', " } ")
        .replace(',', " , ")
        .replace(';', " ; ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let is_child = |name: &str| paths.contains(&[&here[..], &[name.to_owned()]].concat());
    for at in 1..words.len().saturating_sub(2) {
        let (before, word) = (words[at - 1], words[at]);
        if ITEMS.contains(&before) {
            module.defines.insert(word.to_owned());
        }
        let begins = ["crate", "self", "super"].contains(&word) || is_child(word);
        if !begins || before == "::" || words[at + 1] != "::" {
            continue;
        }
        let mut named = Vec::new();
        tree(&words, at, &[], &mut named);
        let is_re_export = before == "use" && at > 1 && ["pub", "."].contains(&words[at - 2]);
        if !is_re_export {
            module.uses.extend(named.iter().map(|it| it.1.clone()));
        }
        if before == "use" {
            module.imports.extend(named);
        }
    }
}

/// The paths of a tree such as `a::{b, c as d}`, each with the name it is known by; where the tree ends.
fn tree(words: &[&str], at: usize, before: &[String], out: &mut Vec<(String, Path)>) -> usize {
    if words[at] == "{" {
        let mut at = at + 1;
        while words[at] != "}" {
            at = if words[at] == "," {
                at + 1
            } else {
                tree(words, at, before, out)
            };
        }
        return at + 1;
    }
    let path = [before, &[words[at].to_owned()]].concat();
    if words[at + 1] == "::" && words[at + 2] != "." {
        return tree(words, at + 2, &path, out);
    }
    let is_renamed = words[at + 1] == "as";
    let name = if is_renamed { words[at + 2] } else { words[at] };
    out.push((name.to_owned(), path));
    if is_renamed { at + 3 } else { at + 1 }
}

fn sources(src: &File) -> Vec<(Path, String)> {
    let is_test =
        |it: &String| ["tests", "testing"].contains(&it.as_str()) || it.ends_with("_tests");
    let each = |file: PathBuf| {
        let place = file.strip_prefix(src).expect("a source").with_extension("");
        let path = place.iter().map(|it| it.to_string_lossy().into_owned());
        let path: Path = path
            .filter(|it| !["mod", "lib", "main"].contains(&it.as_str()))
            .collect();
        (
            path,
            format!("; {}", fs::read_to_string(file).expect("a source")),
        )
    };
    let all = find(src, ".rs").into_iter().map(each);
    all.filter(|(path, _)| !path.iter().any(is_test)).collect()
}

fn find(dir: &File, end: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir)
        .expect("a folder")
        .map(|it| it.expect("an entry").path());
    let each = |path: PathBuf| {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        match path.is_dir() {
            true if name == "target" || name.starts_with('.') => vec![],
            true => find(&path, end),
            false => {
                if name.ends_with(end) {
                    vec![path]
                } else {
                    vec![]
                }
            }
        }
    };
    entries.flat_map(each).collect()
}
