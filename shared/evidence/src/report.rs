//! The report on a record, as PDF: what was captured, the hashes, the stamps, what is proven and what is not.
//!
//! All words are fixed; what is put in are facts of the manifest and of the stamps. The same record is the same bytes.

use vara_domain::document::PageSize;
use vara_domain::evidence_record::{EvidenceItem, EvidenceStamp};
use vara_domain::{Timestamp, UserId};
use vara_print::{
    Mosaic, PrintError, PrintedAbout, ReportPart, TextTable, pdf_of_parts, printable,
};

use crate::{KeySignature, Manifest, PackedChain, sha256_hex};

/// The most characters of a value in a table.
const MAX_VALUE_CHARS: usize = 2000;

/// What a report is on.
#[derive(Clone, Copy, Debug)]
pub struct Reported<'a> {
    /// The number of the record among hers.
    pub number: u32,
    /// The manifest.
    pub manifest: &'a Manifest,
    /// Its canonical bytes.
    pub manifest_bytes: &'a [u8],
    /// Their signature.
    pub signature: &'a KeySignature,
    /// The stamps that are kept.
    pub stamps: &'a [EvidenceStamp],
    /// How far the chain of custody is.
    pub chain: &'a PackedChain,
    /// Whose record it is.
    pub owner: UserId,
    /// When the report is made.
    pub at: Timestamp,
    /// The blurred picture, in few colours.
    pub thumbnail: &'a [Vec<[u8; 3]>],
}

/// The report as PDF.
///
/// # Errors
/// It cannot be printed.
pub fn report(of: &Reported<'_>, paper: PageSize) -> Result<Vec<u8>, PrintError> {
    let title = format!("Record {:04}", of.number);
    let sha256 = sha256_hex(of.manifest_bytes);
    let about = PrintedAbout {
        title: &title,
        language: "en",
        sha256: &sha256,
        saved_at: of.at,
        paper,
    };
    let mut parts = vec![
        ReportPart::Text(format!("# {title}\n\n{OPENING}")),
        ReportPart::Table(facts(of, &sha256)?),
    ];
    if !of.thumbnail.is_empty() {
        parts.push(ReportPart::Text(THUMBNAIL.to_owned()));
        parts.push(ReportPart::Picture(Mosaic {
            tiles: of.thumbnail.to_vec(),
            alternative: "The picture that was captured, blurred beyond recognition.".to_owned(),
        }));
    }
    parts.push(ReportPart::Text(HASHES.to_owned()));
    parts.push(ReportPart::Table(hashes(&of.manifest.items)?));
    parts.push(ReportPart::Text(STAMPS.to_owned()));
    match of.stamps.is_empty() {
        true => parts.push(ReportPart::Text(NO_STAMPS.to_owned())),
        false => parts.push(ReportPart::Table(stamps(of.stamps)?)),
    }
    parts.push(ReportPart::Text(format!("{PROVEN}\n\n{STATEMENT}")));
    pdf_of_parts(&about, &parts)
}

/// A value of others, as it can be printed.
fn value(text: &str) -> Result<String, PrintError> {
    let is_cut = text.chars().count() > MAX_VALUE_CHARS;
    let mut text: String = text.chars().take(MAX_VALUE_CHARS).collect();
    if is_cut {
        text.push_str(" (cut; the whole is in the manifest)");
    }
    printable(&text)
}

fn facts(of: &Reported<'_>, sha256: &str) -> Result<TextTable, PrintError> {
    let manifest = of.manifest;
    let mut rows = vec![
        ("Record", manifest.id.to_string()),
        ("Account", of.owner.to_string()),
        ("Captured by", manifest.origin.words().to_owned()),
        ("Captured at (UTC)", manifest.captured_at.to_string()),
        ("Address", manifest.url.clone()),
    ];
    if manifest.final_url != manifest.url {
        rows.push(("Led to", manifest.final_url.clone()));
    }
    if manifest.http_status > 0 {
        rows.push(("Status of the answer", manifest.http_status.to_string()));
    }
    if let Some(ip) = manifest.hops.last().and_then(|it| it.ip.clone()) {
        rows.push(("Network address", ip));
    }
    if let Some(tls) = &manifest.tls {
        let named = format!("{}; issued by {}", tls.subject, tls.issuer);
        rows.push(("Certificate of the server", named));
        rows.push(("SHA-256 of the certificate", tls.leaf_sha256.clone()));
    }
    if let Some(skew) = manifest.clock.skew_ms {
        let skew = format!("{skew} ms ahead of the time that the server told");
        rows.push(("Clock", skew));
    }
    let tool = &manifest.tool;
    rows.push(("Tool", format!("{} {}", tool.name, tool.version)));
    rows.push(("SHA-256 of the manifest", sha256.to_owned()));
    rows.push(("Key that signed it (SHA-256)", of.signature.key_id.clone()));
    let events = format!(
        "{} events, the last with the link {}",
        of.chain.events, of.chain.link
    );
    rows.push(("Chain of custody", events));
    rows.push(("This report was made at (UTC)", of.at.to_string()));
    let row = |(name, text): (&str, String)| Ok(vec![name.to_owned(), value(&text)?]);
    Ok(TextTable {
        widths: vec![28, 72],
        head: vec!["What".to_owned(), "Value".to_owned()],
        rows: rows
            .into_iter()
            .map(row)
            .collect::<Result<_, PrintError>>()?,
    })
}

fn hashes(items: &[EvidenceItem]) -> Result<TextTable, PrintError> {
    let row = |it: &EvidenceItem| {
        Ok(vec![
            value(&it.path)?,
            it.bytes.to_string(),
            it.sha256.clone(),
            if it.kept { "yes" } else { "no" }.to_owned(),
        ])
    };
    Ok(TextTable {
        widths: vec![20, 12, 60, 8],
        head: ["What", "Bytes", "SHA-256", "Kept"]
            .map(str::to_owned)
            .to_vec(),
        rows: items.iter().map(row).collect::<Result<_, PrintError>>()?,
    })
}

fn stamps(stamps: &[EvidenceStamp]) -> Result<TextTable, PrintError> {
    let row = |it: &EvidenceStamp| {
        let over = if it.renews.is_some() { " (renews)" } else { "" };
        Ok(vec![
            value(&format!("{}{over}", it.authority))?,
            it.at.to_string(),
            it.sha256.clone(),
        ])
    };
    Ok(TextTable {
        widths: vec![16, 24, 60],
        head: ["Authority", "Time (UTC)", "SHA-256 of its answer"]
            .map(str::to_owned)
            .to_vec(),
        rows: stamps.iter().map(row).collect::<Result<_, PrintError>>()?,
    })
}

const OPENING: &str = "\
This report is a summary of a record of evidence. The record itself is the pack that this file lies in. What is kept \
can be checked there against the hashes below. The words of this report are a template; only the values were put in, \
by a program.";

const THUMBNAIL: &str = "\
## The picture, blurred

It is drawn from at most sixteen colours a side. Nobody can be recognised in it, and nothing finer can be won back.";

const HASHES: &str = "\
## What was captured

A hash tells whether a file is the one that was captured, also when Vara did not keep it.";

const STAMPS: &str = "\
## Time stamps

Each was given by an authority outside of Vara (RFC 3161), over the SHA-256 of the manifest, or over the stamp that it \
renews.";

const NO_STAMPS: &str = "There is none yet. The time of the capture is that of Vara's own clock.";

const PROVEN: &str = "\
## What is proven, and what is not

If the check of the pack succeeds:

- The manifest existed at the time of its first stamp, and has not changed since.
- Vara's key signed it. Its hash is above; Vara publishes it.
- The hashes in the manifest are those of what is named under \"Captured by\".
- What happened to the record is told by its chain of custody, in which no event is missing.

Not proven:

- Who posted it, and who is shown.
- That the site showed the same to others. A site can show each visitor something else.
- Whether it is true.
- A PDQ hash in the manifest tells that pictures are alike, not who is in them.";

const STATEMENT: &str = "\
## Statement on the process

*For a certificate under Rules 902(13) and 902(14) of the US Federal Rules of Evidence, or a statement of the same kind \
elsewhere. A lawyer has to confirm that it fits, and a person with knowledge has to sign it; this text is not such a \
certificate.*

1. The record was made by an electronic process: a program of the name and version above fetched or took in what is \
listed, computed the SHA-256 of each item, wrote a manifest, and had it signed by a key that the program cannot read.
2. The process is the same for each record and needs nobody's judgement.
3. Items that are kept were copied byte by byte and are identified by their SHA-256. An item with the same SHA-256 is the \
same item.
4. What happened to the record since is in its chain of custody, each event of which has the hash of the one before.
5. How to check all this without Vara is told in check.txt beside this report.

Name, position, date and signature of the person who certifies: \\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_";

#[cfg(test)]
mod tests;
