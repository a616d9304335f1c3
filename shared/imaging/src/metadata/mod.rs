//! Metadata of a picture file: whether it tells place, camera, provenance; never the values.
//!
//! Where she stood and which camera she owns are findings about her safety, so
//! their presence is reported; the values are not even read out of the bytes.

mod blocks;
mod bytes;
mod exif;
mod generator;
mod texts;

use blocks::MetadataBlock;
use bytes::contains;
use exif::Exif;

/// Which kinds of telling metadata a file carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MetadataFlags {
    /// The place where it was taken.
    pub gps: bool,
    /// A camera: a serial number, or maker and model.
    pub camera: bool,
    /// A serial number of the camera or its lens, which ties all pictures made
    /// with it together.
    pub serial: bool,
    /// A C2PA manifest (content credentials).
    pub c2pa: bool,
    /// The mark of an image generator. Marks are easily removed, so that there is
    /// none proves nothing.
    pub generator: bool,
}

/// Reads the metadata of a file in any format that is read. Bytes that
/// make no sense are passed over.
pub fn read_metadata(bytes: &[u8]) -> MetadataFlags {
    let mut found = MetadataFlags::default();
    for block in blocks::read_blocks(bytes) {
        match block {
            MetadataBlock::Exif(tiff) => found.add_exif(tiff),
            MetadataBlock::Xmp(packet) => found.add_xmp(packet),
            MetadataBlock::C2pa(manifest) => {
                found.c2pa = true;
                found.generator |= generator::has_source_statement(manifest);
            }
            MetadataBlock::GeneratorMark => found.generator = true,
            MetadataBlock::RawProfile(block) if block.starts_with(b"Exif\0") => {
                found.add_exif(&block)
            }
            MetadataBlock::RawProfile(block) => found.add_xmp(&block),
        }
    }
    found
}

impl MetadataFlags {
    fn add_exif(&mut self, tiff: &[u8]) {
        if let Some(exif) = Exif::parse(tiff) {
            self.gps |= exif.gps;
            self.camera |= exif.serial || (exif.maker && exif.model);
            self.serial |= exif.serial;
            self.generator |= exif.generator;
        }
    }

    fn add_xmp(&mut self, packet: &[u8]) {
        let has = |name: &str| contains(packet, name.as_bytes());
        let serial = has("SerialNumber");
        self.gps |= has("GPSLatitude") || has("GPSLongitude");
        self.camera |= serial || (has("tiff:Make") && has("tiff:Model"));
        self.serial |= serial;
        self.generator |= generator::is_marked_xmp(packet);
    }
}

/// The EXIF orientation, from the first EXIF block as browsers take it.
pub(crate) fn read_orientation(bytes: &[u8]) -> Option<u16> {
    blocks::read_blocks(bytes)
        .into_iter()
        .find_map(|block| match block {
            MetadataBlock::Exif(tiff) => Some(tiff),
            _ => None,
        })
        .and_then(Exif::parse)?
        .orientation
}
