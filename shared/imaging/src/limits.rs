//! Limits of decoding: bytes, pixels, sides, memory, scans; a file over one is refused.

/// Largest file that is read: 25 MiB, the largest upload.
pub const MAX_BYTES: usize = 25 * 1024 * 1024;

/// Most pixels a picture may have: 64 times 1024 times 1024. A phone of 50 megapixels makes 8160x6144
/// (50,135,040), one of 64 makes 9248x6944 (64,218,112), so a cap of 64 million would refuse the latter.
pub const MAX_PIXELS: u64 = 64 * 1024 * 1024;

/// Longest side in pixels. Wider than any camera's panorama, and it keeps
/// every product of a side and a pixel size far from overflow.
pub const MAX_SIDE: u32 = 32_768;

/// Shortest side in pixels. Below it PDQ has no hash, and nothing can be seen.
pub const MIN_SIDE: u32 = 5;

/// Most memory the pixel buffers of one decode may take at its peak: 640 MiB.
/// The largest ordinary picture (67 million pixels, 8 bit) needs 201 MB, turned
/// upright 403 MB, progressive 604 MB. What a whole intake takes is measured by
/// `examples/large.rs`; the memory of the intake's function follows from it.
pub const MAX_MEMORY: u64 = 640 * 1024 * 1024;

// A progressive colour JPEG takes three bytes of pixels and six of
// coefficients for each pixel, and the largest must fit.
const _: () = assert!(9 * MAX_PIXELS <= MAX_MEMORY);

/// Most memory that what a PNG packs beside its pixels may take: 16 MiB.
pub const MAX_SIDE_DATA: u64 = 16 * 1024 * 1024;

/// Most scans a JPEG may have. Encoders write about ten; a file of thousands
/// is made to burn the reader's time.
pub const MAX_JPEG_SCANS: usize = 64;

/// The caps that hold for one decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes the file may have.
    pub bytes: usize,
    /// Most pixels the picture may have.
    pub pixels: u64,
    /// Longest side in pixels.
    pub side: u32,
    /// Most bytes of memory the pixel buffers may take together.
    pub memory: u64,
}

impl Limits {
    /// The limits of the product.
    pub const DEFAULT: Self = Self {
        bytes: MAX_BYTES,
        pixels: MAX_PIXELS,
        side: MAX_SIDE,
        memory: MAX_MEMORY,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
