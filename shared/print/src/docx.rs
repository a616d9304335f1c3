//! A text as DOCX (ECMA-376): five small parts, written by us because libraries add who and when, empty comments, and
//! page fields without a cached result, which make word processors ask to repair the file.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::blocks::{BlockKind, StyledRun, TextBlock, blocks};
use crate::{PrintError, PrintedText};
use vara_domain::document::PageSize;

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;

const TYPES: &str = r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/><Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>"#;

const RELATIONS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>"#;

const DOCUMENT_RELATIONS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;

/// The text as DOCX.
pub fn docx(text: &PrintedText<'_>) -> Result<Vec<u8>, PrintError> {
    let parts = [
        ("[Content_Types].xml", format!("{HEAD}{TYPES}")),
        ("_rels/.rels", format!("{HEAD}{RELATIONS}")),
        ("docProps/core.xml", core(text)),
        (
            "word/_rels/document.xml.rels",
            format!("{HEAD}{DOCUMENT_RELATIONS}"),
        ),
        ("word/document.xml", document(text)),
        ("word/styles.xml", styles(text.about.language)),
    ];
    let err = |err: &dyn std::fmt::Display| PrintError::Write(err.to_string());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // The same bytes for the same text: no clock. They are small, so nothing is compressed.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default());
    for (name, part) in parts {
        zip.start_file(name, options).map_err(|it| err(&it))?;
        zip.write_all(part.as_bytes()).map_err(|it| err(&it))?;
    }
    Ok(zip.finish().map_err(|it| err(&it))?.into_inner())
}

/// Title and time; nobody's name.
fn core(text: &PrintedText<'_>) -> String {
    let at = format!(
        "{}Z",
        text.about
            .saved_at
            .to_string()
            .get(..19)
            .unwrap_or_default()
    );
    format!(
        r#"{HEAD}<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>{}</dc:title><dc:creator></dc:creator><cp:lastModifiedBy></cp:lastModifiedBy><dcterms:created xsi:type="dcterms:W3CDTF">{at}</dcterms:created><dcterms:modified xsi:type="dcterms:W3CDTF">{at}</dcterms:modified></cp:coreProperties>"#,
        escape(text.about.title)
    )
}

fn styles(language: &str) -> String {
    let mut styles = format!(
        r#"{HEAD}<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:docDefaults><w:rPrDefault><w:rPr><w:sz w:val="22"/><w:szCs w:val="22"/><w:lang w:val="{0}" w:eastAsia="{0}" w:bidi="{0}"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="160" w:line="276" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>"#,
        escape(language)
    );
    for level in 1..=6 {
        let size = [32, 26, 24, 22, 22, 22][level - 1];
        let _ = write!(
            styles,
            r#"<w:style w:type="paragraph" w:styleId="Heading{level}"><w:name w:val="heading {level}"/><w:basedOn w:val="Normal"/><w:next w:val="Normal"/><w:pPr><w:keepNext/><w:outlineLvl w:val="{}"/></w:pPr><w:rPr><w:b/><w:sz w:val="{size}"/></w:rPr></w:style>"#,
            level - 1
        );
    }
    styles + "</w:styles>"
}

fn document(text: &PrintedText<'_>) -> String {
    let mut xml = format!(
        r#"{HEAD}<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>"#
    );
    for block in blocks(text.body) {
        paragraph(&mut xml, &block);
    }
    let foot = StyledRun {
        text: format!("{}, SHA-256 {}", text.about.title, text.about.sha256),
        bold: false,
        italic: false,
    };
    let foot = TextBlock {
        kind: BlockKind::Paragraph,
        depth: 0,
        runs: vec![foot],
    };
    paragraph(&mut xml, &foot);
    // Twentieths of a point.
    let (width, height) = match text.about.paper {
        PageSize::A4 => (11_906, 16_838),
        PageSize::Letter => (12_240, 15_840),
    };
    let _ = write!(
        xml,
        r#"<w:sectPr><w:pgSz w:w="{width}" w:h="{height}"/><w:pgMar w:top="1280" w:right="1280" w:bottom="1280" w:left="1280" w:header="720" w:footer="720" w:gutter="0"/></w:sectPr></w:body></w:document>"#
    );
    xml
}

fn paragraph(xml: &mut String, block: &TextBlock) {
    xml.push_str("<w:p><w:pPr>");
    if let BlockKind::Heading(level) = block.kind {
        let _ = write!(xml, r#"<w:pStyle w:val="Heading{level}"/>"#);
    }
    if block.depth > 0 {
        let left = 440 * block.depth.min(6);
        let hanging = if matches!(block.kind, BlockKind::Item { .. }) {
            440
        } else {
            0
        };
        let _ = write!(xml, r#"<w:ind w:left="{left}" w:hanging="{hanging}"/>"#);
    }
    xml.push_str("</w:pPr>");
    if let BlockKind::Item { label, .. } = &block.kind {
        let _ = write!(
            xml,
            r"<w:r><w:t>{}</w:t></w:r><w:r><w:tab/></w:r>",
            escape(label)
        );
    }
    for run in &block.runs {
        let bold = if run.bold { "<w:b/>" } else { "" };
        let italic = if run.italic { "<w:i/>" } else { "" };
        let _ = write!(xml, "<w:r><w:rPr>{bold}{italic}</w:rPr>");
        for (number, line) in run.text.trim_end_matches('\n').split('\n').enumerate() {
            if number > 0 {
                xml.push_str("<w:br/>");
            }
            let _ = write!(xml, r#"<w:t xml:space="preserve">{}</w:t>"#, escape(line));
        }
        xml.push_str("</w:r>");
    }
    xml.push_str("</w:p>");
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for it in text.chars() {
        match it {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            it => out.push(it),
        }
    }
    out
}
