//! The fonts of printed texts, and how wide characters are in them. They have Latin, Greek and Cyrillic letters.

use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

use crate::PrintError;

/// Noto Sans, under the SIL Open Font License.
static REGULAR: &[u8] = include_bytes!("../fonts/NotoSans-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../fonts/NotoSans-Bold.ttf");

/// A font, to be measured and to be drawn with.
pub(crate) struct Font {
    pub(crate) drawn: krilla::text::Font,
    measured: FontRef<'static>,
}

/// Both weights.
pub(crate) struct Fonts {
    regular: Font,
    bold: Font,
}

/// A text of others as it can be printed: a question mark for each character that the font has no sign for.
///
/// # Errors
/// The font cannot be read.
pub fn printable(text: &str) -> Result<String, PrintError> {
    let font = FontRef::new(REGULAR).map_err(|_| unreadable())?;
    let signs = font.charmap();
    let known = |it: char| match signs.map(it) {
        Some(_) if !it.is_control() => it,
        _ => '?',
    };
    Ok(text.chars().map(known).collect())
}

fn unreadable() -> PrintError {
    PrintError::Write("a font cannot be read".to_owned())
}

impl Fonts {
    pub(crate) fn load() -> Result<Self, PrintError> {
        Ok(Self {
            regular: Font::load(REGULAR)?,
            bold: Font::load(BOLD)?,
        })
    }

    pub(crate) fn of(&self, is_bold: bool) -> &Font {
        if is_bold { &self.bold } else { &self.regular }
    }
}

impl Font {
    fn load(bytes: &'static [u8]) -> Result<Self, PrintError> {
        Ok(Self {
            drawn: krilla::text::Font::new(bytes.into(), 0).ok_or_else(unreadable)?,
            measured: FontRef::new(bytes).map_err(|_| unreadable())?,
        })
    }

    /// How wide a character is at a size, without kerning.
    pub(crate) fn width(&self, it: char, size: f32) -> Result<f32, PrintError> {
        let glyph = self.measured.charmap().map(it);
        let glyph = glyph.ok_or(PrintError::Script(it))?;
        let metrics = self
            .measured
            .glyph_metrics(Size::new(size), LocationRef::default());
        Ok(metrics.advance_width(glyph).unwrap_or_default())
    }
}
