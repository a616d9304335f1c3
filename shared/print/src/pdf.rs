//! Texts and reports as PDF 1.7: tagged, with the language, without a word about who made it.

use krilla::color::rgb;
use krilla::configure::{ConfigurationBuilder, PdfVersion};
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, Identifier, SpanTag};
use krilla::text::TextDirection;
use krilla::{Document, SerializeSettings};
use vara_domain::Timestamp;

use crate::fonts::Fonts;
use crate::layout::{MARGIN, Placed, PlacedLine, PlacedPicture, place};
use crate::part::ReportPart;
use crate::tags::{Marks, tags};
use crate::{PrintError, PrintedAbout, PrintedText, points};

/// What the file says of who made it.
const MAKER: &str = "document";
const FOOT_SIZE: f32 = 7.0;
const TILE_OVERLAP: f32 = 0.3;

/// A text as PDF.
pub fn pdf(text: &PrintedText<'_>) -> Result<Vec<u8>, PrintError> {
    pdf_of_parts(&text.about, &[ReportPart::Text(text.body.to_owned())])
}

/// A report as PDF.
pub fn pdf_of_parts(about: &PrintedAbout<'_>, parts: &[ReportPart]) -> Result<Vec<u8>, PrintError> {
    let fonts = Fonts::load()?;
    let (placed, pages) = place(parts, &fonts, about.paper)?;
    let mut document = Document::new_with(SerializeSettings {
        configuration: ConfigurationBuilder::new()
            .with_version(PdfVersion::Pdf17)
            .finish()
            .map_err(|err| PrintError::Write(format!("{err:?}")))?,
        ..SerializeSettings::default()
    });
    let mut marks: Vec<Marks> = placed.iter().map(|_| Marks::default()).collect();
    let (width, height) = points(about.paper);
    for page in 0..pages {
        let settings = PageSettings::from_wh(width, height);
        let settings =
            settings.ok_or_else(|| PrintError::Write("the size of a page".to_owned()))?;
        let mut sheet = document.start_page_with(settings);
        let mut surface = sheet.surface();
        for (part, marks) in placed.iter().zip(&mut marks) {
            draw_part(&mut surface, &fonts, (part, page), marks);
        }
        foot(&mut surface, &fonts, about, (page + 1, pages));
        surface.finish();
        sheet.finish();
    }
    document.set_tag_tree(tags(&placed, marks, about.language));
    document.set_metadata(
        Metadata::new()
            .title(about.title.to_owned())
            .language(about.language.to_owned())
            .creator(MAKER.to_owned())
            .producer(MAKER.to_owned())
            .document_id(about.sha256.to_owned())
            .creation_date(date(about.saved_at)),
    );
    document
        .finish()
        .map_err(|err| PrintError::Write(format!("{err:?}")))
}

/// Draws what of a part is on this page.
fn draw_part(
    surface: &mut Surface<'_>,
    fonts: &Fonts,
    (part, page): (&Placed, usize),
    marks: &mut Marks,
) {
    match part {
        Placed::Text { label, lines, .. } => {
            for line in label.iter().filter(|it| it.page == page) {
                marks.label = Some(draw(surface, fonts, line));
            }
            for line in lines.iter().filter(|it| it.page == page) {
                marks.lines.push(draw(surface, fonts, line));
            }
        }
        Placed::Row { cells, .. } => {
            marks.cells.resize_with(cells.len(), Vec::new);
            for (lines, marks) in cells.iter().zip(&mut marks.cells) {
                for line in lines.iter().filter(|it| it.page == page) {
                    marks.push(draw(surface, fonts, line));
                }
            }
        }
        Placed::Picture(it) if it.page == page => marks.lines.push(draw_picture(surface, it)),
        Placed::Picture(_) => {}
    }
}

fn draw_picture(surface: &mut Surface<'_>, it: &PlacedPicture) -> Identifier {
    let mark = surface.start_tagged(ContentTag::Other);
    let before = surface.get_fill().cloned();
    let mut y = it.y;
    for row in &it.picture.tiles {
        let mut x = MARGIN;
        for [red, green, blue] in row {
            // A little larger than it is, so that no paper shines through between two.
            let side = it.tile + TILE_OVERLAP;
            let mut path = PathBuilder::new();
            if let Some(rect) = Rect::from_xywh(x, y, side, side) {
                path.push_rect(rect);
            }
            if let Some(path) = path.finish() {
                let paint = rgb::Color::new(*red, *green, *blue).into();
                surface.set_fill(Some(Fill {
                    paint,
                    ..Fill::default()
                }));
                surface.draw_path(&path);
            }
            x += it.tile;
        }
        y += it.tile;
    }
    surface.set_fill(before);
    surface.end_tagged();
    mark
}

fn draw(surface: &mut Surface<'_>, fonts: &Fonts, line: &PlacedLine) -> Identifier {
    let mark = surface.start_tagged(ContentTag::Span(SpanTag::empty()));
    for piece in &line.pieces {
        surface.draw_text(
            Point::from_xy(piece.x, line.y),
            fonts.of(piece.bold).drawn.clone(),
            line.size,
            &piece.text,
            false,
            TextDirection::Auto,
        );
    }
    surface.end_tagged();
    mark
}

/// The foot of a page: title, page, and the hash of the text in groups of eight.
fn foot(
    surface: &mut Surface<'_>,
    fonts: &Fonts,
    about: &PrintedAbout<'_>,
    (page, pages): (usize, usize),
) {
    let (_, height) = points(about.paper);
    let of = match about.language.split('-').next() {
        Some("en") => " of ",
        Some("de") => " von ",
        Some("es") => " de ",
        _ => " / ",
    };
    let hash: Vec<&str> = (0..about.sha256.len())
        .step_by(8)
        .filter_map(|at| about.sha256.get(at..(at + 8).min(about.sha256.len())))
        .collect();
    surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(
        ArtifactType::Footer,
    )));
    for (line, text) in [
        format!("{}, {page}{of}{pages}", about.title),
        format!("SHA-256 {}", hash.join(" ")),
    ]
    .iter()
    .enumerate()
    {
        let y = height - MARGIN + if line == 0 { 0.0 } else { FOOT_SIZE * 1.5 };
        surface.draw_text(
            Point::from_xy(MARGIN, y),
            fonts.of(false).drawn.clone(),
            FOOT_SIZE,
            text,
            false,
            TextDirection::LeftToRight,
        );
    }
    surface.end_tagged();
}

fn date(at: Timestamp) -> DateTime {
    let text = at.to_string();
    let part = |from: usize, to: usize| text.get(from..to).and_then(|it| it.parse().ok());
    let small = |from: usize| part(from, from + 2).and_then(|it: u16| u8::try_from(it).ok());
    DateTime::new(part(0, 4).unwrap_or(1970))
        .month(small(5).unwrap_or(1))
        .day(small(8).unwrap_or(1))
        .hour(small(11).unwrap_or(0))
        .minute(small(14).unwrap_or(0))
        .second(small(17).unwrap_or(0))
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}
