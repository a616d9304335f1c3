//! The web archive in a pack: the records as WARC, their index, and the list of pages.

use serde_json::{Value, json};
use vara_domain::Timestamp;
use vara_domain::evidence_record::{EvidenceItem, EvidenceRole};

use crate::Manifest;
use crate::container::Entries;
use crate::packed::{PackedRecord, SOFTWARE};
use crate::warc::{WarcRecord, append, surt};

/// The headers of an answer that say nothing of the body as it is kept.
const LEFT_OUT: [&str; 3] = ["transfer-encoding", "connection", "content-length"];

/// Puts the archive of these records into a pack.
pub(crate) fn web_archive(
    entries: &mut Entries,
    records: &[PackedRecord],
    created: Timestamp,
) -> Option<()> {
    let mut archive = Vec::new();
    let info = WarcRecord {
        kind: "warcinfo",
        url: None,
        at: created,
        ip: None,
        content_type: "application/warc-fields",
        block: format!("software: {SOFTWARE}\r\nformat: WARC File Format 1.1\r\n").into_bytes(),
        payload: None,
    };
    append(&mut archive, &info)?;
    let mut index = Vec::new();
    let mut pages =
        vec![json!({ "format": "json-pages-1.0", "id": "pages", "title": "All Pages" })];
    for record in records {
        let manifest = &record.manifest;
        pages.push(json!({
            "id": manifest.id, "url": manifest.final_url, "ts": manifest.captured_at,
            "title": format!("Record {:04}", record.number),
        }));
        let about = WarcRecord {
            kind: "metadata",
            url: Some(&manifest.final_url),
            at: manifest.captured_at,
            ip: None,
            content_type: "application/json",
            block: record.manifest_bytes.clone(),
            payload: None,
        };
        append(&mut archive, &about)?;
        for (role, bytes) in &record.kept {
            index.extend(put_answer(&mut archive, record, *role, bytes)?);
        }
    }
    index.sort();
    let lines = |it: Vec<String>| {
        it.iter()
            .flat_map(|it| [it.as_str(), "\n"])
            .collect::<String>()
    };
    let pages = pages.iter().map(Value::to_string).collect();
    entries.insert("archive/data.warc.gz".into(), archive);
    entries.insert("indexes/index.cdxj".into(), lines(index).into_bytes());
    entries.insert("pages/pages.jsonl".into(), lines(pages).into_bytes());
    Some(())
}

/// Writes what is kept of an answer into the archive; its line of the index, if it has one.
fn put_answer(
    archive: &mut Vec<u8>,
    record: &PackedRecord,
    role: EvidenceRole,
    body: &[u8],
) -> Option<Option<String>> {
    let manifest = &record.manifest;
    let Some(item) = manifest.items.iter().find(|it| it.role == role) else {
        return Some(None);
    };
    let offset = archive.len();
    match role {
        EvidenceRole::Page => {
            let mut block = head_of_page(record, body.len()).into_bytes();
            let payload = block.len();
            block.extend_from_slice(body);
            let answer = WarcRecord {
                kind: "response",
                url: Some(&manifest.final_url),
                at: manifest.captured_at,
                ip: manifest.hops.last().and_then(|it| it.ip.as_deref()),
                content_type: "application/http;msgtype=response",
                block,
                payload: Some(payload),
            };
            let length = append(archive, &answer)?;
            let line = index_line(manifest, item, (offset, length))?;
            Some(Some(line))
        }
        EvidenceRole::Image => {
            // Its own address is not told: it is found in the page.
            let url = format!("urn:sha256:{}", item.sha256);
            let picture = WarcRecord {
                kind: "resource",
                url: Some(&url),
                at: manifest.captured_at,
                ip: None,
                content_type: &item.media_type,
                block: body.to_vec(),
                payload: Some(0),
            };
            append(archive, &picture)?;
            Some(None)
        }
        _ => Some(None),
    }
}

/// Status and headers of a page, as they fit the body that is kept.
fn head_of_page(record: &PackedRecord, length: usize) -> String {
    let headers = record.kept.iter().find(|it| it.0 == EvidenceRole::Headers);
    let headers = headers.and_then(|it| std::str::from_utf8(&it.1).ok());
    let mut head = format!("HTTP/1.1 {} \r\n", record.manifest.http_status);
    for line in headers
        .unwrap_or_default()
        .split("\r\n")
        .filter(|it| !it.is_empty())
    {
        let name = line.split(':').next().unwrap_or_default();
        if !LEFT_OUT.contains(&name) {
            head.push_str(line);
            head.push_str("\r\n");
        }
    }
    head.push_str(&format!("content-length: {length}\r\n\r\n"));
    head
}

fn index_line(
    manifest: &Manifest,
    item: &EvidenceItem,
    (offset, length): (usize, usize),
) -> Option<String> {
    let url = &manifest.final_url;
    let when = manifest.captured_at.to_string();
    let when: String = when.chars().filter(char::is_ascii_digit).take(14).collect();
    let about = json!({
        "url": url, "mime": item.media_type, "status": manifest.http_status.to_string(),
        "digest": format!("sha256:{}", item.sha256), "length": length.to_string(),
        "offset": offset.to_string(), "filename": "data.warc.gz",
    });
    Some(format!("{} {when} {about}", surt(url)?))
}
