//! What can be done to a part of a picture.

/// What was done to a part of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// Thin or translucent marks over much of it, or upon a part.
    Watermarked,
    /// Something opaque upon a part: a bar, a sticker, words.
    Covered,
    /// A part made unclear: blurred or pixelated.
    Blurred,
}
