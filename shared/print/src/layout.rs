//! Breaking of texts and cells of tables into lines, and of lines into pages.

use crate::blocks::{BlockKind, StyledRun, TextBlock, blocks};
use crate::fonts::Fonts;
use crate::part::{Mosaic, ReportPart, TextTable};
use crate::{PrintError, points};
use vara_domain::document::PageSize;

pub(crate) const MARGIN: f32 = 64.0;
/// What the foot of a page takes above the margin.
const FOOT: f32 = 28.0;
const INDENT: f32 = 22.0;
const TEXT: f32 = 11.0;
const LEADING: f32 = 1.4;
const GAP: f32 = 8.0;
/// The size of the text of tables: a SHA-256 in hexadecimal fits three fifths of a line.
const TABLE_TEXT: f32 = 7.0;
const CELL_GAP: f32 = 4.0;
const ROW_GAP: f32 = 2.0;
/// The longer side of a picture.
const PICTURE_SIDE: f32 = 160.0;

/// A line of a page.
#[derive(Clone, Debug)]
pub(crate) struct PlacedLine {
    pub(crate) page: usize,
    /// Of its base line, from the top.
    pub(crate) y: f32,
    pub(crate) size: f32,
    pub(crate) pieces: Vec<Piece>,
}

/// Characters in one font at one place.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) x: f32,
    pub(crate) bold: bool,
    pub(crate) text: String,
}

/// A part of a text on its page or pages.
#[derive(Clone, Debug)]
pub(crate) enum Placed {
    /// A block of a text.
    Text {
        kind: BlockKind,
        /// The number or mark of a list item, on the first line.
        label: Option<PlacedLine>,
        lines: Vec<PlacedLine>,
    },
    /// A row of a table, with the lines of each cell.
    Row {
        is_head: bool,
        cells: Vec<Vec<PlacedLine>>,
    },
    /// A picture.
    Picture(PlacedPicture),
}

/// A picture in its place.
#[derive(Clone, Debug)]
pub(crate) struct PlacedPicture {
    pub(crate) page: usize,
    /// Of its upper edge, from the top.
    pub(crate) y: f32,
    /// The side of a tile.
    pub(crate) tile: f32,
    pub(crate) picture: Mosaic,
}

/// All parts in their places, and how many pages there are.
pub(crate) fn place(
    parts: &[ReportPart],
    fonts: &Fonts,
    paper: PageSize,
) -> Result<(Vec<Placed>, usize), PrintError> {
    let (width, height) = points(paper);
    let mut placing = Placing {
        fonts,
        right: width - MARGIN,
        bottom: height - MARGIN - FOOT,
        page: 0,
        y: MARGIN,
        placed: Vec::new(),
    };
    for part in parts {
        match part {
            ReportPart::Text(body) => {
                for block in blocks(body) {
                    placing.text(&block)?;
                }
            }
            ReportPart::Table(table) => placing.table(table)?,
            ReportPart::Picture(picture) => placing.picture(picture),
        }
    }
    Ok((placing.placed, placing.page + 1))
}

/// How far the pages are filled.
struct Placing<'a> {
    fonts: &'a Fonts,
    right: f32,
    bottom: f32,
    page: usize,
    y: f32,
    placed: Vec<Placed>,
}

impl Placing<'_> {
    /// Goes on to the next page if this one has not so much room.
    fn find_room(&mut self, needed: f32) {
        if self.y + needed > self.bottom && self.y > MARGIN {
            self.page += 1;
            self.y = MARGIN;
        }
    }

    fn line(&self, size: f32, pieces: Vec<Piece>) -> PlacedLine {
        PlacedLine {
            page: self.page,
            y: self.y,
            size,
            pieces,
        }
    }

    fn text(&mut self, block: &TextBlock) -> Result<(), PrintError> {
        let size = size(&block.kind);
        let left = MARGIN + INDENT * depth(block);
        let is_heading = matches!(block.kind, BlockKind::Heading(_));
        let runs = (block.runs.as_slice(), is_heading);
        let wrapped = wrap(runs, self.fonts, (left, self.right), size)?;
        let mut lines = Vec::with_capacity(wrapped.len());
        // A heading alone at the foot of a page is no heading.
        let mut needed = if is_heading { 3.0 } else { 1.0 };
        for pieces in wrapped {
            self.find_room(needed * size * LEADING);
            needed = 1.0;
            self.y += size * LEADING;
            lines.push(self.line(size, pieces));
        }
        let label = match (&block.kind, lines.first()) {
            (BlockKind::Item { label, .. }, Some(first)) => Some(PlacedLine {
                pieces: vec![Piece {
                    x: left - INDENT,
                    bold: false,
                    text: label.clone(),
                }],
                ..first.clone()
            }),
            _ => None,
        };
        self.y += GAP;
        let kind = block.kind.clone();
        self.placed.push(Placed::Text { kind, label, lines });
        Ok(())
    }

    fn table(&mut self, table: &TextTable) -> Result<(), PrintError> {
        // The head is not left alone at the foot of a page.
        self.find_room(3.0 * TABLE_TEXT * LEADING);
        self.row(table, &table.head, true)?;
        for row in &table.rows {
            self.row(table, row, false)?;
        }
        self.y += GAP;
        Ok(())
    }

    fn row(&mut self, table: &TextTable, row: &[String], is_head: bool) -> Result<(), PrintError> {
        let (mut left, whole) = (MARGIN, self.right - MARGIN);
        let mut wrapped = Vec::with_capacity(row.len());
        for (text, percent) in row.iter().zip(&table.widths) {
            let width = whole * f32::from(*percent) / 100.0;
            let run = StyledRun {
                text: text.clone(),
                bold: is_head,
                italic: false,
            };
            let between = (left, left + width - CELL_GAP);
            let runs = (std::slice::from_ref(&run), false);
            wrapped.push(wrap(runs, self.fonts, between, TABLE_TEXT)?);
            left += width;
        }
        let mut cells = vec![Vec::new(); wrapped.len()];
        let most = wrapped.iter().map(Vec::len).max().unwrap_or_default();
        // Line by line: a row may be higher than a page.
        for number in 0..most {
            self.find_room(TABLE_TEXT * LEADING);
            self.y += TABLE_TEXT * LEADING;
            for (cell, lines) in cells.iter_mut().zip(&mut wrapped) {
                if let Some(pieces) = lines.get_mut(number) {
                    cell.push(self.line(TABLE_TEXT, std::mem::take(pieces)));
                }
            }
        }
        self.y += ROW_GAP;
        self.placed.push(Placed::Row { is_head, cells });
        Ok(())
    }

    fn picture(&mut self, picture: &Mosaic) {
        let rows = picture.tiles.len();
        let columns = picture.tiles.first().map_or(0, Vec::len);
        let tile = PICTURE_SIDE / tiles(rows.max(columns));
        let height = tile * tiles(rows);
        self.find_room(height);
        self.placed.push(Placed::Picture(PlacedPicture {
            page: self.page,
            y: self.y,
            tile,
            picture: picture.clone(),
        }));
        self.y += height + GAP;
    }
}

fn tiles(count: usize) -> f32 {
    u16::try_from(count.max(1)).map_or(f32::from(u16::MAX), f32::from)
}

fn size(kind: &BlockKind) -> f32 {
    match kind {
        BlockKind::Heading(1) => 16.0,
        BlockKind::Heading(2) => 13.0,
        BlockKind::Heading(_) => 12.0,
        _ => TEXT,
    }
}

fn depth(block: &TextBlock) -> f32 {
    u8::try_from(block.depth.min(6)).map_or(0.0, f32::from)
}

/// The lines of runs between left and right.
fn wrap(
    (runs, is_heading): (&[StyledRun], bool),
    fonts: &Fonts,
    (left, right): (f32, f32),
    size: f32,
) -> Result<Vec<Vec<Piece>>, PrintError> {
    let mut wrapping = Wrapping {
        left,
        right,
        x: left,
        lines: vec![Vec::new()],
    };
    for run in runs {
        let bold = run.bold || is_heading;
        let font = fonts.of(bold);
        for (number, line) in run.text.split('\n').enumerate() {
            if number > 0 {
                wrapping.next_line();
            }
            for word in line.split_inclusive(' ') {
                let mut widths = Vec::with_capacity(word.len());
                for it in word.chars() {
                    let it = if it == '\t' { ' ' } else { it };
                    widths.push((it, font.width(it, size)?));
                }
                wrapping.word(&widths, bold);
            }
        }
    }
    Ok(wrapping.lines)
}

struct Wrapping {
    left: f32,
    right: f32,
    x: f32,
    lines: Vec<Vec<Piece>>,
}

impl Wrapping {
    fn next_line(&mut self) {
        self.lines.push(Vec::new());
        self.x = self.left;
    }

    /// Puts a word on the line, or on the next; an address that is wider than a line is broken where the line ends.
    fn word(&mut self, word: &[(char, f32)], bold: bool) {
        let visible = word
            .iter()
            .filter(|it| it.0 != ' ')
            .map(|it| it.1)
            .sum::<f32>();
        if self.x + visible > self.right && self.x > self.left {
            self.next_line();
        }
        for (it, width) in word {
            if *it != ' ' && self.x + width > self.right {
                self.next_line();
            }
            self.character(*it, bold);
            self.x += width;
        }
    }

    fn character(&mut self, it: char, bold: bool) {
        let x = self.x;
        let Some(line) = self.lines.last_mut() else {
            return;
        };
        match line.last_mut() {
            Some(piece) if piece.bold == bold => piece.text.push(it),
            _ => line.push(Piece {
                x,
                bold,
                text: it.to_string(),
            }),
        }
    }
}
