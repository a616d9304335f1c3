//! A pack as the payload of a bag (`BagIt`, RFC 8493), which archives and police tools know.
//!
//! The payload is the whole pack, so that everything in it can be checked in a bag as well.

use std::collections::BTreeMap;

use vara_domain::Timestamp;

use crate::container::Entries;
use crate::packed::SOFTWARE;
use crate::sha256_hex;

const DECLARATION: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
const MANIFEST: &str = "manifest-sha256.txt";
const TAG_MANIFEST: &str = "tagmanifest-sha256.txt";

/// The files of a bag, below one folder of this name. `None` if its size cannot be told.
pub(crate) fn put_in_bag(payload: Entries, name: &str, at: Timestamp) -> Option<Entries> {
    let bytes: usize = payload.values().map(Vec::len).sum();
    let day = at.to_string();
    let about = format!(
        "Bag-Software-Agent: {SOFTWARE}\nBagging-Date: {}\nExternal-Identifier: {name}\nPayload-Oxum: {bytes}.{}\n",
        day.get(..10)?,
        payload.len(),
    );
    let data: Entries = payload
        .into_iter()
        .map(|(path, bytes)| (format!("data/{path}"), bytes))
        .collect();
    let mut tags = Entries::from([
        ("bagit.txt".to_owned(), DECLARATION.into()),
        ("bag-info.txt".to_owned(), about.into_bytes()),
        (MANIFEST.to_owned(), manifest(&data)),
    ]);
    tags.insert(TAG_MANIFEST.to_owned(), manifest(&tags));
    let all = tags.into_iter().chain(data);
    Some(
        all.map(|(path, bytes)| (format!("{name}/{path}"), bytes))
            .collect(),
    )
}

fn manifest(files: &Entries) -> Vec<u8> {
    let lines = files
        .iter()
        .map(|(path, bytes)| format!("{}  {path}\n", sha256_hex(bytes)));
    lines.collect::<String>().into_bytes()
}

/// The name of the folder of a bag, if these are the files of one.
pub(crate) fn bag_name(files: &Entries) -> Option<&str> {
    let (name, rest) = files.first_key_value()?.0.split_once('/')?;
    let is_inside = |path: &String| {
        path.strip_prefix(name)
            .is_some_and(|it| it.starts_with('/'))
    };
    (rest == "bag-info.txt" && files.keys().all(is_inside)).then_some(name)
}

/// The payload of a bag, and those of its tag files that are not as they should be.
pub(crate) fn take_out_of_bag(mut files: Entries, name: &str) -> (Entries, Vec<&'static str>) {
    let mut take = |path: &str| files.remove(&format!("{name}/{path}")).unwrap_or_default();
    let tags = ["bag-info.txt", "bagit.txt", MANIFEST].map(|it| (it.to_owned(), take(it)));
    let tags = Entries::from(tags);
    let tag_manifest = take(TAG_MANIFEST);
    let (mut payload, mut hashes, mut is_complete) = (Entries::new(), BTreeMap::new(), true);
    for (path, bytes) in files {
        match path
            .get(name.len() + 1..)
            .and_then(|it| it.strip_prefix("data/"))
        {
            Some(inner) => {
                hashes.insert(format!("data/{inner}"), sha256_hex(&bytes));
                payload.insert(inner.to_owned(), bytes);
            }
            None => is_complete = false,
        }
    }
    let mut wrong = Vec::new();
    let oxum = payload.values().map(Vec::len).sum::<usize>();
    let oxum = format!("Payload-Oxum: {oxum}.{}", payload.len());
    let says = |path: &str, line: &str| {
        let text = tags.get(path).and_then(|it| std::str::from_utf8(it).ok());
        text.is_some_and(|it| it.lines().any(|it| it == line))
    };
    if !says("bag-info.txt", &oxum) {
        wrong.push("bag-info.txt");
    }
    if tags
        .get("bagit.txt")
        .is_none_or(|it| it != DECLARATION.as_bytes())
    {
        wrong.push("bagit.txt");
    }
    let listed = hashes
        .iter()
        .map(|(path, hash)| format!("{hash}  {path}\n"));
    let listed = listed.collect::<String>().into_bytes();
    if !is_complete || tags.get(MANIFEST) != Some(&listed) {
        wrong.push(MANIFEST);
    }
    if tag_manifest != manifest(&tags) {
        wrong.push(TAG_MANIFEST);
    }
    (payload, wrong)
}
