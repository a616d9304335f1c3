//! What a report is made of: texts, tables, pictures.

/// A part of a report.
#[derive(Clone, Debug)]
pub enum ReportPart {
    /// Markdown.
    Text(String),
    /// A table.
    Table(TextTable),
    /// A picture.
    Picture(Mosaic),
}

/// A table.
#[derive(Clone, Debug, Default)]
pub struct TextTable {
    /// The width of each column as a part of the whole, in percent.
    pub widths: Vec<u8>,
    /// The names of the columns.
    pub head: Vec<String>,
    /// The rows, each with a cell for each column.
    pub rows: Vec<Vec<String>>,
}

/// A picture of few colours, drawn as a mosaic.
#[derive(Clone, Debug, Default)]
pub struct Mosaic {
    /// Red, green and blue of each tile, row by row.
    pub tiles: Vec<Vec<[u8; 3]>>,
    /// What it shows, for whoever does not see it.
    pub alternative: String,
}
