//! The source files of `vara-imaging` and `vara-nets` use each other without circles: read from the
//! paths that they name, re-exports counted.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A module by its path from the root of the crate, which is empty.
type Module = Vec<String>;

#[test]
fn no_file_uses_itself_through_others() {
    for crate_name in ["imaging", "nets"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(crate_name);
        let mut files = BTreeMap::new();
        collect(&root.join("src"), &[], &mut files);
        assert!(files.len() > 5, "the sources were not found");
        let uses = |(module, code): (&Module, &String)| {
            let named = paths(code).into_iter();
            let used = named.map(|path| target(module, &path, &files));
            (module.clone(), used.filter(|it| it != module).collect())
        };
        let mut graph: BTreeMap<Module, BTreeSet<Module>> = files.iter().map(uses).collect();
        // What uses nothing that is left is in no circle.
        while let Some(done) = graph
            .iter()
            .find(|it| it.1.iter().all(|it| !graph.contains_key(it)))
        {
            let done = done.0.clone();
            graph.remove(&done);
        }
        assert!(
            graph.is_empty(),
            "circles in {crate_name}, or what uses them: {graph:#?}"
        );
    }
}

/// The code of each module, up to its tests. Binaries are crates of their own.
fn collect(folder: &Path, module: &[String], files: &mut BTreeMap<Module, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let inner = [module, std::slice::from_ref(&name)].concat();
        if path.is_dir() {
            if name != "bin" {
                collect(&path, &inner, files);
            }
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let lines = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let is_root = name == "mod" || name == "lib";
        let module = if is_root { module.to_vec() } else { inner };
        files.insert(module, lines.collect::<Vec<_>>().join("\n"));
    }
}

/// The module that a path leads to from this one.
fn target(module: &Module, path: &[String], files: &BTreeMap<Module, String>) -> Module {
    let mut at = module.clone();
    for name in path {
        match name.as_str() {
            "crate" => at.clear(),
            "super" => drop(at.pop()),
            _ => {
                at.push(name.clone());
                if !files.contains_key(&at) {
                    at.pop();
                    break;
                }
            }
        }
    }
    at
}

/// All paths of two names and more, those in braces written out.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut outer: Vec<Vec<String>> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut rest = code;
    while !rest.is_empty() {
        let end = rest.find(|it: char| !it.is_alphanumeric() && it != '_');
        let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
        path.extend((!name.is_empty()).then(|| name.to_owned()));
        if let Some(after) = after.strip_prefix("::{") {
            outer.push(path.clone());
            rest = after;
        } else if let Some(after) = after.strip_prefix("::") {
            rest = after;
            continue;
        } else {
            found.push(path);
            let mut characters = after.chars();
            if characters.next() == Some('}') {
                outer.pop();
            }
            rest = characters.as_str();
        }
        path = outer.last().cloned().unwrap_or_default();
    }
    found.retain(|path| path.len() > 1);
    found
}
