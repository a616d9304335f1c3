//! `Edit` and `Edits`: the edits that can be made to a picture, and sets of them.

use std::fmt;

/// One thing that was done to a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edit {
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
}

impl Edit {
    /// All there are.
    pub const ALL: [Self; 7] = [
        Self::Cropped,
        Self::Rotated,
        Self::Mirrored,
        Self::Recoloured,
        Self::Captioned,
        Self::Embedded,
        Self::Stretched,
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
        }
    }
}

/// A set of edits.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Edits(u8);

impl Edits {
    /// Whether the set holds the edit.
    pub fn contains(self, edit: Edit) -> bool {
        self.0 & Self::bit(edit) != 0
    }

    /// Whether nothing was done.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The edits in the order of [`Edit::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Edit> {
        Edit::ALL
            .into_iter()
            .filter(move |&edit| self.contains(edit))
    }

    fn bit(edit: Edit) -> u8 {
        1 << edit as u8
    }
}

impl Extend<Edit> for Edits {
    fn extend<T: IntoIterator<Item = Edit>>(&mut self, edits: T) {
        for edit in edits {
            self.0 |= Self::bit(edit);
        }
    }
}

impl FromIterator<Edit> for Edits {
    fn from_iter<T: IntoIterator<Item = Edit>>(edits: T) -> Self {
        let mut set = Self::default();
        set.extend(edits);
        set
    }
}

impl fmt::Debug for Edits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set: Edits = [Edit::Stretched, Edit::Cropped, Edit::Cropped]
            .into_iter()
            .collect();
        assert!(set.iter().eq([Edit::Cropped, Edit::Stretched]));
        assert!(!set.contains(Edit::Mirrored) && !set.is_empty() && Edits::default().is_empty());
        assert!(
            Edit::ALL
                .into_iter()
                .collect::<Edits>()
                .iter()
                .eq(Edit::ALL)
        );
    }
}
