//! Holds the documents to the tree: links lead to files, and places that are named are there.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// The Markdown files below `dir`, without what is built or kept for a run.
fn documents(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["target", ".git", ".vara"].contains(&name.as_str()) {
                documents(&path, found);
            }
        } else if name.ends_with(".md") {
            found.push(path);
        }
    }
}

/// The relative targets of `[text](target)` in a document, without fragments.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1);
    targets
        .filter_map(|rest| rest.split(')').next())
        .map(|it| it.split('#').next().unwrap_or_default())
        .filter(|it| !it.is_empty() && !it.contains("://") && !it.contains(' '))
}

#[test]
fn every_link_of_a_document_leads_to_a_file() {
    let mut found = Vec::new();
    documents(&root(), &mut found);
    assert!(found.iter().any(|it| it.ends_with("README.md")));
    let mut broken = Vec::new();
    for document in &found {
        let text = fs::read_to_string(document).unwrap();
        for link in links(&text) {
            if !document.parent().unwrap().join(link).exists() {
                broken.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_place_that_is_named_is_there() {
    let text = fs::read_to_string(root().join("infra/docs/WHERE.md")).unwrap();
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.split('|').map(|it| it.trim().trim_matches('`'));
        let (_, _, file, name) = (cells.next()?, cells.next()?, cells.next()?, cells.next()?);
        file.contains('.').then_some((file, name))
    });
    let rows: Vec<_> = rows.collect();
    assert!(rows.len() > 40, "{}", rows.len());
    for (file, name) in rows {
        let text = fs::read_to_string(root().join(file));
        let text = text.unwrap_or_else(|err| panic!("{file}: {err}"));
        assert!(text.contains(name), "{file} has no {name}");
    }
}
