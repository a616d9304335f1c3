//! A ZIP file that is written entry by entry, and whose directory can be stored and gone on with.
//!
//! No entry and no file has 4 GiB or more: larger ones would need ZIP64.

use std::io::Write as _;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use serde::{Deserialize, Serialize};

use crate::domain::{Error, Result};

/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;

/// The version that is needed to unpack it: 2.0, which knows Deflate.
const VERSION: u16 = 20;

/// The first of January 1980, the first day that ZIP knows.
const DAY: u16 = 0b0000_0000_0010_0001;

/// Whether an entry is made smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// It is small already.
    Stored,
    /// It is text.
    Deflated,
}

/// What was written of a ZIP file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ZipDirectory {
    written: u64,
    entries: Vec<ZipEntry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ZipEntry {
    name: String,
    method: u16,
    crc: u32,
    packed: u32,
    size: u32,
    offset: u32,
}

impl ZipDirectory {
    /// How many bytes were written.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// The bytes of another entry.
    pub(super) fn add(&mut self, name: &str, bytes: &[u8], packing: Packing) -> Result<Vec<u8>> {
        let deflated;
        let (method, body) = match packing {
            Packing::Stored => (0, bytes),
            Packing::Deflated => {
                deflated = deflate(bytes)?;
                (8, deflated.as_slice())
            }
        };
        let mut crc = Crc::new();
        crc.update(bytes);
        let entry = ZipEntry {
            name: name.to_owned(),
            method,
            crc: crc.sum(),
            packed: small(body.len())?,
            size: small(bytes.len())?,
            offset: u32::try_from(self.written).map_err(|_| too_large())?,
        };
        let mut written = Vec::with_capacity(body.len() + name.len() + 30);
        written.extend(b"PK\x03\x04");
        entry.write_shared(&mut written)?;
        written.extend(name.as_bytes());
        written.extend(body);
        self.written += written.len() as u64;
        self.entries.push(entry);
        Ok(written)
    }

    /// The bytes that end the file.
    pub(super) fn end(&mut self) -> Result<Vec<u8>> {
        let start = u32::try_from(self.written).map_err(|_| too_large())?;
        let mut written = Vec::new();
        for entry in &self.entries {
            written.extend(b"PK\x01\x02");
            written.extend(VERSION.to_le_bytes());
            entry.write_shared(&mut written)?;
            // No comment, the first disk, no attributes.
            written.extend([0; 10]);
            written.extend(entry.offset.to_le_bytes());
            written.extend(entry.name.as_bytes());
        }
        let count = u16::try_from(self.entries.len()).map_err(|_| too_large())?;
        let size = small(written.len())?;
        written.extend(b"PK\x05\x06");
        written.extend([0; 4]);
        written.extend(count.to_le_bytes());
        written.extend(count.to_le_bytes());
        written.extend(size.to_le_bytes());
        written.extend(start.to_le_bytes());
        written.extend([0; 2]);
        self.written += written.len() as u64;
        Ok(written)
    }
}

impl ZipEntry {
    /// What the header before an entry and its line in the directory have in common.
    fn write_shared(&self, to: &mut Vec<u8>) -> Result<()> {
        for field in [VERSION, FLAGS, self.method, 0, DAY] {
            to.extend(field.to_le_bytes());
        }
        for field in [self.crc, self.packed, self.size] {
            to.extend(field.to_le_bytes());
        }
        let length = u16::try_from(self.name.len()).map_err(|_| too_large())?;
        to.extend(length.to_le_bytes());
        to.extend([0; 2]);
        Ok(())
    }
}

fn deflate(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.map_err(|err| Error::bug("packing an archive", err))
}

fn small(length: usize) -> Result<u32> {
    u32::try_from(length).map_err(|_| too_large())
}

fn too_large() -> Error {
    Error::bug("packing an archive", "it is too large for a ZIP file")
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _};

    use super::*;

    #[test]
    fn what_is_written_in_two_sittings_is_read_back_by_another_reader() {
        let mut directory = ZipDirectory::default();
        let text = "Dear Ms Á. ".repeat(500);
        let mut file = directory
            .add("a/ü.json", text.as_bytes(), Packing::Deflated)
            .unwrap();
        let stored = serde_json::to_string(&directory).unwrap();
        let mut directory: ZipDirectory = serde_json::from_str(&stored).unwrap();
        file.extend(
            directory
                .add("b.jpg", &[0xff; 300], Packing::Stored)
                .unwrap(),
        );
        file.extend(directory.add("empty", b"", Packing::Deflated).unwrap());
        file.extend(directory.end().unwrap());
        assert_eq!(directory.written(), file.len() as u64);
        assert!(file.len() < text.len());
        let mut read = zip::ZipArchive::new(Cursor::new(file)).unwrap();
        let wanted = [
            ("a/ü.json", text.as_bytes().to_vec()),
            ("b.jpg", vec![0xff; 300]),
            ("empty", Vec::new()),
        ];
        assert_eq!(read.len(), wanted.len());
        for (at, (name, bytes)) in wanted.into_iter().enumerate() {
            let mut entry = read.by_index(at).unwrap();
            assert_eq!(entry.name().unwrap(), name);
            let mut found = Vec::new();
            // The reader checks length and sum.
            entry.read_to_end(&mut found).unwrap();
            assert_eq!(found, bytes);
        }
    }
}
