//! What a file tells besides its pixels: whether, never what.
//!
//! Where she stood and which camera she owns are findings about her safety, so
//! their presence is reported; the values are not even read out of the bytes.

mod blocks;
mod exif;

use blocks::Block;
use exif::Exif;

/// Which kinds of telling metadata a file carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The place where it was taken.
    pub gps: bool,
    /// A camera: a serial number, or maker and model.
    pub camera: bool,
    /// A C2PA manifest (content credentials).
    pub c2pa: bool,
}

/// Looks through the metadata of a file in any format that is read. Bytes that
/// make no sense are passed over.
pub fn metadata(bytes: &[u8]) -> Found {
    let mut found = Found::default();
    for block in blocks::all(bytes) {
        match block {
            Block::Exif(tiff) => {
                if let Some(exif) = Exif::parse(tiff) {
                    found.gps |= exif.gps;
                    found.camera |= exif.serial || (exif.maker && exif.model);
                }
            }
            Block::Xmp(packet) => {
                let has = |name: &str| contains(packet, name.as_bytes());
                found.gps |= has("GPSLatitude") || has("GPSLongitude");
                found.camera |= has("SerialNumber") || (has("tiff:Make") && has("tiff:Model"));
            }
            Block::C2pa => found.c2pa = true,
        }
    }
    found
}

/// The EXIF orientation, from the first EXIF block as browsers take it.
pub(crate) fn orientation(bytes: &[u8]) -> Option<u16> {
    blocks::all(bytes)
        .into_iter()
        .find_map(|block| match block {
            Block::Exif(tiff) => Some(tiff),
            _ => None,
        })
        .and_then(Exif::parse)?
        .orientation
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|part| part == needle)
}
