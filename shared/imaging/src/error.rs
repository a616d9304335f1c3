//! Errors of decoding; their texts may be shown to her.

/// Why a file could not be read as a picture.
///
/// The text of each is plain and may be shown to her; details for the log are
/// in the fields.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes are none of the formats we read.
    #[error("This file is not a picture we can read. JPEG, PNG and WebP work.")]
    NotAPicture,
    /// The file is larger than the limit.
    #[error("This file is too large. The limit is {} MB.", .limit / 1024 / 1024)]
    TooManyBytes {
        /// Size of the file.
        bytes: usize,
        /// Largest size taken.
        limit: usize,
    },
    /// The picture has more pixels than the limit.
    #[error("This picture has too many pixels. The limit is {} megapixels.", .limit / 1_000_000)]
    TooManyPixels {
        /// Pixels the file claims.
        pixels: u64,
        /// Most pixels taken.
        limit: u64,
    },
    /// One side is longer than the limit.
    #[error("This picture is too wide or too tall. The limit is {limit} pixels.")]
    TooLong {
        /// The longer side the file claims.
        side: u32,
        /// Longest side taken.
        limit: u32,
    },
    /// One side is shorter than [`MIN_SIDE`](crate::MIN_SIDE).
    #[error("This picture is too small to be recognised.")]
    TooSmall,
    /// Reading it would take more memory than the limit.
    #[error("This picture takes too much memory to read.")]
    TooMuchMemory {
        /// Bytes the pixel buffers would take.
        bytes: u64,
        /// Most bytes allowed.
        limit: u64,
    },
    /// The file ends before the picture does.
    #[error("This file is incomplete: the end of the picture is missing.")]
    Truncated,
    /// A known format, in a variant that cannot be read.
    #[error("This kind of picture cannot be read. Saving it again as JPEG helps.")]
    Unsupported(String),
    /// The file contradicts itself or its format.
    #[error("This picture is damaged and cannot be read.")]
    Corrupt(String),
}

impl DecodeError {
    /// A file that breaks the rules of its format.
    pub(crate) fn corrupt(detail: impl Into<String>) -> Self {
        Self::Corrupt(detail.into())
    }
}

impl From<image::ImageError> for DecodeError {
    fn from(error: image::ImageError) -> Self {
        use image::ImageError;
        match error {
            ImageError::IoError(io) if io.kind() == std::io::ErrorKind::UnexpectedEof => {
                Self::Truncated
            }
            ImageError::Unsupported(inner) => Self::Unsupported(inner.to_string()),
            other => Self::Corrupt(other.to_string()),
        }
    }
}
