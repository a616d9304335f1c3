//! WARC 1.1: records as gzip members, and reading them back.

use std::io::{Read, Write};

use flate2::bufread::GzDecoder;
use flate2::{Compression, GzBuilder};
use uuid::Uuid;
use vara_domain::Timestamp;

use crate::sha256_hex;

/// The most bytes that an archive may have when it is unpacked.
const MAX_UNPACKED_BYTES: u64 = 256 * 1024 * 1024;

/// A record that is to be written.
pub(crate) struct WarcRecord<'a> {
    pub(crate) kind: &'static str,
    pub(crate) url: Option<&'a str>,
    pub(crate) at: Timestamp,
    pub(crate) ip: Option<&'a str>,
    pub(crate) content_type: &'a str,
    /// The whole block.
    pub(crate) block: Vec<u8>,
    /// Where the payload begins in it, if it has one.
    pub(crate) payload: Option<usize>,
}

/// A record that was read.
#[derive(Clone, Debug)]
pub(crate) struct ReadRecord {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) block: Vec<u8>,
}

impl ReadRecord {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let named = self
            .headers
            .iter()
            .find(|it| it.0.eq_ignore_ascii_case(name));
        named.map(|it| it.1.as_str())
    }
}

/// Appends a record as a gzip member. The number of its bytes; `None` if it cannot be written.
pub(crate) fn append(archive: &mut Vec<u8>, record: &WarcRecord<'_>) -> Option<usize> {
    let digest = format!("sha256:{}", sha256_hex(&record.block));
    let name = format!(
        "{}/{}/{digest}",
        record.kind,
        record.url.unwrap_or_default()
    );
    // The same record has the same name wherever it is written.
    let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes());
    let mut head = format!(
        "WARC/1.1\r\nWARC-Type: {}\r\nWARC-Record-ID: <urn:uuid:{id}>\r\nWARC-Date: {}\r\n",
        record.kind, record.at,
    );
    let mut line = |name: &str, value: &str| {
        head.push_str(name);
        head.push_str(": ");
        head.extend(value.chars().filter(|it| !it.is_control()));
        head.push_str("\r\n");
    };
    if let Some(url) = record.url {
        line("WARC-Target-URI", url);
    }
    if let Some(ip) = record.ip {
        line("WARC-IP-Address", ip);
    }
    if let Some(payload) = record.payload.and_then(|it| record.block.get(it..)) {
        line(
            "WARC-Payload-Digest",
            &format!("sha256:{}", sha256_hex(payload)),
        );
    }
    line("WARC-Block-Digest", &digest);
    line("Content-Type", record.content_type);
    line("Content-Length", &record.block.len().to_string());
    let mut member = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::default());
    member.write_all(head.as_bytes()).ok()?;
    member.write_all(b"\r\n").ok()?;
    member.write_all(&record.block).ok()?;
    member.write_all(b"\r\n\r\n").ok()?;
    let member = member.finish().ok()?;
    archive.extend_from_slice(&member);
    Some(member.len())
}

/// The records of an archive; `None` if it is not one, or too large.
pub(crate) fn read(archive: &[u8]) -> Option<Vec<ReadRecord>> {
    let (mut records, mut rest, mut left) = (Vec::new(), archive, MAX_UNPACKED_BYTES);
    while !rest.is_empty() {
        let mut member = Vec::new();
        let mut decoder = GzDecoder::new(rest);
        (&mut decoder)
            .take(left + 1)
            .read_to_end(&mut member)
            .ok()?;
        left = left.checked_sub(u64::try_from(member.len()).ok()?)?;
        records.push(record(&member)?);
        rest = decoder.into_inner();
    }
    Some(records)
}

fn record(member: &[u8]) -> Option<ReadRecord> {
    let end = member.windows(4).position(|it| it == b"\r\n\r\n")?;
    let head = std::str::from_utf8(member.get(..end)?).ok()?;
    let mut lines = head.split("\r\n");
    if lines.next() != Some("WARC/1.1") {
        return None;
    }
    let headers = lines.map(|it| {
        it.split_once(": ")
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
    });
    let headers: Vec<_> = headers.collect::<Option<_>>()?;
    let block = member.get(end + 4..)?.strip_suffix(b"\r\n\r\n")?.to_vec();
    let record = ReadRecord { headers, block };
    let length: usize = record.header("Content-Length")?.parse().ok()?;
    (length == record.block.len()).then_some(record)
}

/// The name of an address in an index: host backwards, then path and query.
pub(crate) fn surt(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    let host = match url.host()? {
        url::Host::Domain(it) => it.rsplit('.').collect::<Vec<_>>().join(","),
        other => other.to_string(),
    };
    let port = url.port().map(|it| format!(":{it}")).unwrap_or_default();
    let query = url.query().map(|it| format!("?{it}")).unwrap_or_default();
    Some(format!("{host}{port}){}{query}", url.path()).to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_as_they_are_written() {
        let mut archive = Vec::new();
        for kind in ["warcinfo", "response"] {
            let record = WarcRecord {
                kind,
                url: Some("http://example.com/"),
                at: Timestamp::parse("2026-01-02T03:04:05.006Z").expect("a time"),
                ip: None,
                content_type: "text/plain",
                block: b"head\r\n\r\nbody".to_vec(),
                payload: Some(8),
            };
            append(&mut archive, &record).expect("a record");
        }
        let records = read(&archive).expect("an archive");
        assert_eq!(records.len(), 2);
        assert_eq!(records[1].header("warc-type"), Some("response"));
        assert_eq!(records[1].block, b"head\r\n\r\nbody");
        for at in 0..archive.len() {
            // What is cut or changed is no archive or another, and nothing panics.
            let _ = read(&archive[at..]);
            let mut changed = archive.clone();
            changed[at] ^= 0x40;
            let _ = read(&changed);
        }
    }

    #[test]
    fn an_address_is_named_backwards() {
        let name = surt("https://www.Example.com/A?b=1");
        assert_eq!(name.as_deref(), Some("com,example,www)/a?b=1"));
        assert_eq!(
            surt("http://127.0.0.1:81/x").as_deref(),
            Some("127.0.0.1:81)/x")
        );
    }
}
