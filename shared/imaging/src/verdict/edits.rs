//! `PictureEdit` and `PictureEdits`: the edits that can be made to a picture, and sets of them.

use std::fmt;

use crate::geometry::ChangeKind;

/// One thing that was done to a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PictureEdit {
    /// A part is missing at its edges.
    Cropped,
    /// Turned by any angle.
    Rotated,
    /// Seen in a mirror.
    Mirrored,
    /// Brighter, darker, or in other colours or none.
    Recoloured,
    /// Words or bars above, below or upon it.
    Captioned,
    /// Put into something larger: a screenshot, a collage, a frame.
    Embedded,
    /// Its sides are in another proportion.
    Stretched,
    /// Thin or translucent marks upon it.
    Watermarked,
    /// A part hidden under something: a bar, a sticker, another picture.
    Covered,
    /// A part made unclear: blurred or pixelated.
    BlurredPart,
}

impl From<ChangeKind> for PictureEdit {
    fn from(kind: ChangeKind) -> Self {
        match kind {
            ChangeKind::Watermarked => Self::Watermarked,
            ChangeKind::Covered => Self::Covered,
            ChangeKind::Blurred => Self::BlurredPart,
        }
    }
}

impl PictureEdit {
    /// All there are.
    pub const ALL: [Self; 10] = [
        Self::Cropped,
        Self::Rotated,
        Self::Mirrored,
        Self::Recoloured,
        Self::Captioned,
        Self::Embedded,
        Self::Stretched,
        Self::Watermarked,
        Self::Covered,
        Self::BlurredPart,
    ];

    /// Its name in lines of output, which does not change.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cropped => "cropped",
            Self::Rotated => "rotated",
            Self::Mirrored => "mirrored",
            Self::Recoloured => "recoloured",
            Self::Captioned => "captioned",
            Self::Embedded => "embedded",
            Self::Stretched => "stretched",
            Self::Watermarked => "watermarked",
            Self::Covered => "covered",
            Self::BlurredPart => "blurred part",
        }
    }
}

/// A set of edits.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct PictureEdits(u16);

impl PictureEdits {
    /// Whether the set holds the edit.
    pub fn contains(self, edit: PictureEdit) -> bool {
        self.0 & Self::bit(edit) != 0
    }

    /// Whether nothing was done.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The edits in the order of [`PictureEdit::ALL`].
    pub fn iter(self) -> impl Iterator<Item = PictureEdit> {
        PictureEdit::ALL
            .into_iter()
            .filter(move |&edit| self.contains(edit))
    }

    fn bit(edit: PictureEdit) -> u16 {
        1 << edit as u8
    }
}

impl Extend<PictureEdit> for PictureEdits {
    fn extend<T: IntoIterator<Item = PictureEdit>>(&mut self, edits: T) {
        for edit in edits {
            self.0 |= Self::bit(edit);
        }
    }
}

impl FromIterator<PictureEdit> for PictureEdits {
    fn from_iter<T: IntoIterator<Item = PictureEdit>>(edits: T) -> Self {
        let mut set = Self::default();
        set.extend(edits);
        set
    }
}

impl fmt::Debug for PictureEdits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set: PictureEdits = [
            PictureEdit::Stretched,
            PictureEdit::Cropped,
            PictureEdit::Cropped,
        ]
        .into_iter()
        .collect();
        assert!(
            set.iter()
                .eq([PictureEdit::Cropped, PictureEdit::Stretched])
        );
        assert!(
            !set.contains(PictureEdit::Mirrored)
                && !set.is_empty()
                && PictureEdits::default().is_empty()
        );
        assert!(
            PictureEdit::ALL
                .into_iter()
                .collect::<PictureEdits>()
                .iter()
                .eq(PictureEdit::ALL)
        );
    }
}
