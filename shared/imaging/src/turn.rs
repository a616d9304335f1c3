//! The eight orientations of a picture: four rotations, mirrored or not.

/// One of the eight symmetries of a rectangle, in the order of the PDQ
/// reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Turn {
    /// As it is.
    Keep,
    /// A quarter turn against the clock.
    Rotate90,
    /// Upside down.
    Rotate180,
    /// A quarter turn with the clock.
    Rotate270,
    /// Top and bottom exchanged.
    FlipX,
    /// Left and right exchanged, as in a mirror.
    FlipY,
    /// Rows and columns exchanged.
    Transpose,
    /// Rows and columns exchanged over the other diagonal.
    AntiTranspose,
}

impl Turn {
    /// All eight; the order of [`pdq_dihedral`](crate::pdq_dihedral).
    pub const ALL: [Self; 8] = [
        Self::Keep,
        Self::Rotate90,
        Self::Rotate180,
        Self::Rotate270,
        Self::FlipX,
        Self::FlipY,
        Self::Transpose,
        Self::AntiTranspose,
    ];

    /// What sets a picture upright that carries this EXIF orientation.
    /// Values outside 1..=8 mean nothing and turn nothing.
    pub fn from_exif(orientation: u16) -> Self {
        match orientation {
            2 => Self::FlipY,
            3 => Self::Rotate180,
            4 => Self::FlipX,
            5 => Self::Transpose,
            6 => Self::Rotate270,
            7 => Self::AntiTranspose,
            8 => Self::Rotate90,
            _ => Self::Keep,
        }
    }

    /// Where each pixel of the turned picture is found in the original.
    pub(crate) fn walk(self, width: usize, height: usize) -> Walk {
        let (w, last) = (width as isize, (width * height) as isize - 1);
        let (right, bottom) = (w - 1, last - (w - 1));
        let (rows, columns) = match self {
            Self::Keep | Self::Rotate180 | Self::FlipX | Self::FlipY => (height, width),
            _ => (width, height),
        };
        let (start, down, across) = match self {
            Self::Keep => (0, w, 1),
            Self::Rotate90 => (right, -1, w),
            Self::Rotate180 => (last, -w, -1),
            Self::Rotate270 => (bottom, 1, -w),
            Self::FlipX => (bottom, -w, 1),
            Self::FlipY => (right, w, -1),
            Self::Transpose => (0, 1, w),
            Self::AntiTranspose => (last, -1, -w),
        };
        Walk {
            rows,
            columns,
            start,
            down,
            across,
        }
    }
}

/// A turned picture as index arithmetic over the original's pixels, so that a
/// turn can be read without being made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    /// Height of the turned picture.
    pub(crate) rows: usize,
    /// Width of the turned picture.
    pub(crate) columns: usize,
    start: isize,
    down: isize,
    across: isize,
}

impl Walk {
    /// Index in the original of the turned picture's pixel.
    #[inline(always)]
    pub(crate) fn index(&self, row: usize, column: usize) -> usize {
        (self.start + row as isize * self.down + column as isize * self.across) as usize
    }
}
