//! A reader for the few EXIF entries that matter, made for hostile bytes.
//!
//! It follows at most two pointers, each once, reads a bounded number of
//! entries, and checks that the bytes of every offset are there.

use super::generator;

const DESCRIPTION: u16 = 0x010e;
const MAKE: u16 = 0x010f;
const MODEL: u16 = 0x0110;
const ORIENTATION: u16 = 0x0112;
const SOFTWARE: u16 = 0x0131;
const EXIF_POINTER: u16 = 0x8769;
const GPS_POINTER: u16 = 0x8825;
const USER_COMMENT: u16 = 0x9286;
const CAMERA_SERIAL: u16 = 0xc62f;
const BODY_SERIAL: u16 = 0xa431;
const LENS_SERIAL: u16 = 0xa435;
const LATITUDE: u16 = 0x0002;
const LONGITUDE: u16 = 0x0004;

/// Entries read in one directory; cameras write a few dozen.
const MAX_ENTRIES: usize = 512;

/// What was found in one EXIF block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Exif {
    pub(super) orientation: Option<u16>,
    pub(super) gps: bool,
    pub(super) maker: bool,
    pub(super) model: bool,
    pub(super) serial: bool,
    pub(super) generator: bool,
}

impl Exif {
    /// Reads a TIFF structure, with or without the `Exif` mark before it.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.strip_prefix(b"Exif\0\0").unwrap_or(bytes);
        let tiff = Tiff::new(bytes)?;
        let mut found = Self::default();
        let mut camera_directory = None;
        let mut gps_directory = None;
        for entry in tiff.directory(tiff.u32(4)?) {
            match entry.tag {
                ORIENTATION => found.orientation = tiff.u16(entry.at + 8),
                MAKE => found.maker = tiff.has_text(&entry),
                MODEL => found.model = tiff.has_text(&entry),
                CAMERA_SERIAL => found.serial |= tiff.has_text(&entry),
                SOFTWARE => {
                    found.generator |= tiff.value(&entry).is_some_and(generator::is_program);
                }
                DESCRIPTION => {
                    found.generator |= tiff
                        .value(&entry)
                        .is_some_and(generator::is_generation_settings);
                }
                EXIF_POINTER => camera_directory = tiff.u32(entry.at + 8),
                GPS_POINTER => gps_directory = tiff.u32(entry.at + 8),
                _ => {}
            }
        }
        if let Some(offset) = camera_directory {
            for entry in tiff.directory(offset) {
                match entry.tag {
                    BODY_SERIAL | LENS_SERIAL => found.serial |= tiff.has_text(&entry),
                    USER_COMMENT => {
                        found.generator |= tiff
                            .value(&entry)
                            .is_some_and(generator::is_generation_settings);
                    }
                    _ => {}
                }
            }
        }
        if let Some(offset) = gps_directory {
            found.gps = tiff
                .directory(offset)
                .any(|entry| matches!(entry.tag, LATITUDE | LONGITUDE));
        }
        Some(found)
    }
}

/// One entry of a directory: twelve bytes.
struct TiffEntry {
    tag: u16,
    /// Where the entry starts.
    at: usize,
}

struct Tiff<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

impl<'a> Tiff<'a> {
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let big_endian = match bytes.get(..4)? {
            b"MM\0\x2a" => true,
            b"II\x2a\0" => false,
            _ => return None,
        };
        Some(Self { bytes, big_endian })
    }

    fn u16(&self, at: usize) -> Option<u16> {
        let bytes = self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big_endian {
            u16::from_be_bytes(*bytes)
        } else {
            u16::from_le_bytes(*bytes)
        })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let bytes = self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big_endian {
            u32::from_be_bytes(*bytes)
        } else {
            u32::from_le_bytes(*bytes)
        })
    }

    /// The entries of a directory, as many as are really there.
    fn directory(&self, offset: u32) -> impl Iterator<Item = TiffEntry> {
        let offset = offset as usize;
        let count = usize::from(self.u16(offset).unwrap_or(0)).min(MAX_ENTRIES);
        (0..count).map_while(move |index| {
            let at = offset + 2 + index * 12;
            self.bytes.get(at..at + 12)?;
            let tag = self.u16(at)?;
            Some(TiffEntry { tag, at })
        })
    }

    /// Whether an entry of bytes has any that is neither zero nor blank.
    fn has_text(&self, entry: &TiffEntry) -> bool {
        self.value(entry)
            .is_some_and(|value| value.iter().any(|byte| !matches!(byte, 0 | b' ')))
    }

    /// The bytes of an entry: up to four in place, more elsewhere.
    fn value(&self, entry: &TiffEntry) -> Option<&'a [u8]> {
        let count = self.u32(entry.at + 4)? as usize;
        let at = if count <= 4 {
            entry.at + 8
        } else {
            self.u32(entry.at + 8)? as usize
        };
        self.bytes.get(at..at.checked_add(count)?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// A directory of ASCII, SHORT and pointer entries at the given offset;
    /// longer values are not needed here.
    fn directory(entries: &[(u16, u16, u32, [u8; 4])]) -> Vec<u8> {
        let mut bytes = (entries.len() as u16).to_be_bytes().to_vec();
        for (tag, kind, count, value) in entries {
            bytes.extend(tag.to_be_bytes());
            bytes.extend(kind.to_be_bytes());
            bytes.extend(count.to_be_bytes());
            bytes.extend(value);
        }
        bytes.extend([0; 4]);
        bytes
    }

    fn tiff(entries: &[(u16, u16, u32, [u8; 4])], more: &[u8]) -> Vec<u8> {
        [b"MM\0\x2a\0\0\0\x08", &directory(entries)[..], more].concat()
    }

    #[test]
    fn maker_and_model() {
        let entries = [(MAKE, 2, 3, *b"Xy\0\0"), (MODEL, 2, 2, *b" \0\0\0")];
        let found = Exif::parse(&tiff(&entries, &[])).unwrap();
        assert!(found.maker);
        assert!(!found.model, "a blank says nothing");
    }

    #[test]
    fn serial_behind_the_pointer() {
        let camera = directory(&[(BODY_SERIAL, 2, 3, *b"42\0\0")]);
        let entries = [(EXIF_POINTER, 4, 1, [0, 0, 0, 26])];
        let found = Exif::parse(&tiff(&entries, &camera)).unwrap();
        assert!(found.serial);
        assert!(!found.gps);
    }

    #[test]
    fn the_program_and_its_settings() {
        let text = b"Steps: 20, Sampler: Euler a\0";
        let camera = [
            &directory(&[(USER_COMMENT, 7, 28, [0, 0, 0, 44])])[..],
            text,
        ]
        .concat();
        let entries = [(EXIF_POINTER, 4, 1, [0, 0, 0, 26])];
        assert!(Exif::parse(&tiff(&entries, &camera)).unwrap().generator);
        let software = [(SOFTWARE, 2, 8, [0, 0, 0, 26])];
        let by = |name: &[u8]| Exif::parse(&tiff(&software, name)).unwrap().generator;
        assert!(by(b"NovelAI\0"));
        assert!(!by(b"darkroom"));
    }

    #[test]
    fn gps_needs_a_place() {
        let entries = [(GPS_POINTER, 4, 1, [0, 0, 0, 26])];
        let place = directory(&[(LATITUDE, 5, 3, [0; 4])]);
        assert!(Exif::parse(&tiff(&entries, &place)).unwrap().gps);
        let version_only = directory(&[(0, 1, 4, [2, 3, 0, 0])]);
        assert!(!Exif::parse(&tiff(&entries, &version_only)).unwrap().gps);
    }

    #[test]
    fn little_endian_orientation() {
        let bytes = b"Exif\0\0II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        assert_eq!(Exif::parse(bytes).unwrap().orientation, Some(6));
    }

    #[test]
    fn pointers_to_nowhere_find_nothing() {
        let entries = [
            (GPS_POINTER, 4, 1, [0xff; 4]),
            (EXIF_POINTER, 4, 1, [0, 0, 0, 8]),
            (MAKE, 2, u32::MAX, [0xff; 4]),
        ];
        assert_eq!(Exif::parse(&tiff(&entries, &[])), Some(Exif::default()));
    }
}
