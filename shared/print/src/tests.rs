use std::io::{Cursor, Read};

use super::*;

const BODY: &str = "# Request to remove content\n\nTo *Example*,\n\nIt is at:\n\n1. <https://site.example/p/1?a=1&b=2>\n2. <https://site.example/p/2>\n\n- one\n- **two**\n\n> quoted\n\n```\ncode\n```\n\nÄäÖöß ñ ¿? Ελλάδα Привет \"\\<b>\"\n";

fn text(body: &str) -> PrintedText<'_> {
    PrintedText {
        about: PrintedAbout {
            title: "Document 0042",
            language: "en",
            sha256: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            saved_at: Timestamp::parse("2026-11-30T12:34:56.789Z").expect("a time"),
            paper: PageSize::A4,
        },
        body,
    }
}

fn part(docx: &[u8], name: &str) -> String {
    let mut zip = zip::ZipArchive::new(Cursor::new(docx)).expect("a zip");
    let mut part = String::new();
    zip.by_name(name)
        .expect("a part")
        .read_to_string(&mut part)
        .expect("text");
    part
}

#[test]
fn a_file_is_the_same_each_time_and_tells_nobodys_name() {
    for print in [pdf, docx] {
        let one = print(&text(BODY)).expect("a file");
        assert_eq!(one, print(&text(BODY)).expect("a file"));
        let other = print(&text("Other")).expect("a file");
        assert_ne!(one, other);
        let clear = String::from_utf8_lossy(&one);
        for word in ["krilla", "unknown", "docx", "2026-11-29"] {
            assert!(!clear.contains(word), "{word}");
        }
    }
}

#[test]
fn a_pdf_is_tagged_and_has_language_and_title() {
    let file = pdf(&text(BODY)).expect("a file");
    assert!(file.starts_with(b"%PDF-1.7"));
    let clear = String::from_utf8_lossy(&file);
    for word in [
        "/Lang",
        "/StructTreeRoot",
        "/MarkInfo",
        "Document 0042",
        "D:20261130123456",
    ] {
        assert!(clear.contains(word), "{word}");
    }
}

fn hashes(rows: usize) -> ReportPart {
    ReportPart::Table(TextTable {
        widths: vec![25, 15, 60],
        head: vec!["What".into(), "Bytes".into(), "SHA-256".into()],
        rows: vec![vec!["page of it".into(), "1234".into(), "e".repeat(64)]; rows],
    })
}

fn lines(placed: &layout::Placed) -> Vec<&layout::PlacedLine> {
    match placed {
        layout::Placed::Text { lines, .. } => lines.iter().collect(),
        layout::Placed::Row { cells, .. } => cells.iter().flatten().collect(),
        layout::Placed::Picture(_) => Vec::new(),
    }
}

#[test]
fn a_report_has_texts_tables_and_pictures_and_is_the_same_each_time() {
    let picture = ReportPart::Picture(Mosaic {
        tiles: vec![vec![[200, 10, 10], [10, 200, 10]]; 3],
        alternative: "A blurred picture".into(),
    });
    let parts = [ReportPart::Text(BODY.into()), picture, hashes(3), hashes(1)];
    let about = text("").about;
    let file = pdf_of_parts(&about, &parts).expect("a file");
    assert_eq!(file, pdf_of_parts(&about, &parts).expect("a file"));
    let clear = String::from_utf8_lossy(&file);
    for (word, times) in [
        ("/S/Table", 2),
        ("/S/TR", 6),
        ("/S/TH", 6),
        ("/S/TD", 12),
        ("/S/Figure", 1),
    ] {
        let found = clear.matches(&format!("{word}/P ")).count();
        assert_eq!(found, times, "{word}");
    }
    assert!(clear.contains("A blurred picture"));
}

#[test]
fn what_the_font_does_not_know_is_a_question_mark() {
    assert_eq!(printable("CN=Ä مر\n").expect("a font"), "CN=Ä ???");
}

#[test]
fn a_long_text_goes_over_several_pages_and_every_line_fits() {
    let body =
        "Ein langer Satz mit vielen Wörtern, der nicht auf eine Zeile passt, und noch einer. "
            .repeat(400);
    let fonts = fonts::Fonts::load().expect("fonts");
    for paper in [PageSize::A4, PageSize::Letter] {
        let wide = format!("{body}\n\n<https://site.example/{}>", "x".repeat(600));
        let parts = [ReportPart::Text(wide), hashes(200)];
        let (placed, pages) = layout::place(&parts, &fonts, paper).expect("pages");
        assert!(pages > 5, "{pages}");
        let (width, height) = points(paper);
        for line in placed.iter().flat_map(lines) {
            for piece in &line.pieces {
                let font = fonts.of(piece.bold);
                let shown = piece.text.trim_end().chars();
                let wide: f32 = shown
                    .map(|it| font.width(it, line.size).expect("a width"))
                    .sum();
                assert!(
                    piece.x + wide <= width - layout::MARGIN + 0.1,
                    "{}",
                    piece.text
                );
            }
            assert!(line.y <= height - layout::MARGIN && line.page < pages);
        }
        let words: String = placed
            .iter()
            .flat_map(lines)
            .flat_map(|it| &it.pieces)
            .map(|it| it.text.as_str())
            .collect();
        assert_eq!(words.matches("Wörtern").count(), 400, "nothing is lost");
        assert_eq!(
            words.matches(&"e".repeat(64)).count(),
            200,
            "each on a line"
        );
    }
}

#[test]
fn a_script_the_font_does_not_know_is_said_and_docx_takes_it() {
    let err = pdf(&text("مرحبا")).expect_err("no such letters");
    assert!(matches!(err, PrintError::Script('م')), "{err}");
    let file = docx(&text("مرحبا")).expect("a file");
    assert!(part(&file, "word/document.xml").contains("مرحبا"));
}

#[test]
fn a_docx_holds_the_text_escaped_and_no_fields() {
    let file = docx(&text(BODY)).expect("a file");
    let document = part(&file, "word/document.xml");
    assert!(
        document.contains("&lt;b&gt;") && document.contains("https://site.example/p/1?a=1&amp;b=2")
    );
    assert!(document.contains(r#"<w:pStyle w:val="Heading1"/>"#) && document.contains("<w:b/>"));
    assert!(!document.contains("fldChar"));
    let core = part(&file, "docProps/core.xml");
    assert!(core.contains("<dc:creator></dc:creator>") && core.contains("2026-11-30T12:34:56Z"));
}

#[test]
fn blocks_are_those_of_the_text() {
    let kinds: Vec<_> = blocks::blocks(BODY)
        .into_iter()
        .map(|it| (it.kind, it.depth))
        .collect();
    use blocks::BlockKind::{Code, Heading, Item, Paragraph};
    let item = |label: &str, is_numbered| {
        (
            Item {
                label: label.into(),
                is_numbered,
            },
            1,
        )
    };
    let wanted = [
        (Heading(1), 0),
        (Paragraph, 0),
        (Paragraph, 0),
        item("1.", true),
        item("2.", true),
        item("\u{2022}", false),
        item("\u{2022}", false),
        (Paragraph, 1),
        (Code, 0),
        (Paragraph, 0),
    ];
    assert_eq!(kinds, wanted);
}
