//! What a file tells besides its pixels: whether, never what.
//!
//! Where she stood and which camera she owns are findings about her safety, so
//! their presence is reported; the values are not even read out of the bytes.

mod blocks;
mod bytes;
mod exif;
mod generator;
mod texts;

use blocks::Block;
use bytes::contains;
use exif::Exif;

/// Which kinds of telling metadata a file carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The place where it was taken.
    pub gps: bool,
    /// A camera: a serial number, or maker and model.
    pub camera: bool,
    /// A serial number of the camera or its lens, which ties all pictures made
    /// with it together.
    pub serial: bool,
    /// A C2PA manifest (content credentials).
    pub c2pa: bool,
    /// A mark of a program that makes pictures from words. Marks are removed
    /// easily; that there is none says nothing.
    pub generator: bool,
}

/// Looks through the metadata of a file in any format that is read. Bytes that
/// make no sense are passed over.
pub fn metadata(bytes: &[u8]) -> Found {
    let mut found = Found::default();
    for block in blocks::all(bytes) {
        match block {
            Block::Exif(tiff) => found.exif(tiff),
            Block::Xmp(packet) => found.xmp(packet),
            Block::C2pa(manifest) => {
                found.c2pa = true;
                found.generator |= generator::is_statement(manifest);
            }
            Block::Generated => found.generator = true,
            Block::WrittenDown(block) if block.starts_with(b"Exif\0") => found.exif(&block),
            Block::WrittenDown(block) => found.xmp(&block),
        }
    }
    found
}

impl Found {
    fn exif(&mut self, tiff: &[u8]) {
        if let Some(exif) = Exif::parse(tiff) {
            self.gps |= exif.gps;
            self.camera |= exif.serial || (exif.maker && exif.model);
            self.serial |= exif.serial;
            self.generator |= exif.generator;
        }
    }

    fn xmp(&mut self, packet: &[u8]) {
        let has = |name: &str| contains(packet, name.as_bytes());
        let serial = has("SerialNumber");
        self.gps |= has("GPSLatitude") || has("GPSLongitude");
        self.camera |= serial || (has("tiff:Make") && has("tiff:Model"));
        self.serial |= serial;
        self.generator |= generator::in_xmp(packet);
    }
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
