//! The container of a pack: a ZIP file in one form only, so that the same entries always are the same bytes.
//!
//! Entries are stored, not compressed, sorted by name, without times. A file in any other form is refused: nothing
//! can hide between entries, and a change of any byte is found.

use std::collections::BTreeMap;

use flate2::Crc;

/// The entries of a pack, by name.
pub type Entries = BTreeMap<String, Vec<u8>>;

/// The most bytes of a pack that is read.
pub const MAX_CONTAINER_BYTES: usize = 256 * 1024 * 1024;

/// The most entries of a pack.
const MAX_ENTRIES: usize = 20_000;

/// The most parts of a name: a file of a pack lies in one folder, and the pack may lie in the payload of a bag.
const MAX_DEPTH: usize = 4;

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
/// Version 2.0.
const VERSION: u16 = 20;
/// 1 January 1980, the first day there is.
const DATE: u16 = 0x0021;
const LOCAL_BYTES: usize = 30;

/// The file of these entries; `None` if they are too large for the form.
#[must_use]
pub fn write_container(entries: &Entries) -> Option<Vec<u8>> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in entries {
        let offset = u32::try_from(file.len()).ok()?;
        let about = about(name, bytes)?;
        put32(&mut file, LOCAL);
        put16(&mut file, VERSION);
        file.extend_from_slice(&about);
        file.extend_from_slice(name.as_bytes());
        file.extend_from_slice(bytes);
        put32(&mut directory, CENTRAL);
        put16(&mut directory, VERSION);
        put16(&mut directory, VERSION);
        directory.extend_from_slice(&about);
        // Comment, disk, attributes: nothing.
        directory.extend_from_slice(&[0; 10]);
        put32(&mut directory, offset);
        directory.extend_from_slice(name.as_bytes());
    }
    let offset = u32::try_from(file.len()).ok()?;
    let count = u16::try_from(entries.len()).ok()?;
    let length = u32::try_from(directory.len()).ok()?;
    file.extend_from_slice(&directory);
    put32(&mut file, END);
    put32(&mut file, 0);
    put16(&mut file, count);
    put16(&mut file, count);
    put32(&mut file, length);
    put32(&mut file, offset);
    put16(&mut file, 0);
    Some(file)
}

/// What the local header and the directory say alike: flags, method, time, checksum, sizes.
fn about(name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let size = u32::try_from(bytes.len()).ok()?;
    let mut crc = Crc::new();
    crc.update(bytes);
    let mut about = Vec::with_capacity(24);
    // Names are UTF-8; nothing is compressed.
    put16(&mut about, 1 << 11);
    put16(&mut about, 0);
    put16(&mut about, 0);
    put16(&mut about, DATE);
    put32(&mut about, crc.sum());
    put32(&mut about, size);
    put32(&mut about, size);
    put16(&mut about, u16::try_from(name.len()).ok()?);
    put16(&mut about, 0);
    Some(about)
}

fn put16(to: &mut Vec<u8>, it: u16) {
    to.extend_from_slice(&it.to_le_bytes());
}

fn put32(to: &mut Vec<u8>, it: u32) {
    to.extend_from_slice(&it.to_le_bytes());
}

/// Why a file is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContainerFault {
    /// It is no container, or a larger one than is read.
    Foreign,
    /// It is not as it was written; what is named is the first entry that is not.
    Changed(String),
}

/// The entries of a file in this form.
///
/// # Errors
/// It has any other form.
pub fn read_container(file: &[u8]) -> Result<Entries, ContainerFault> {
    if file.len() > MAX_CONTAINER_BYTES {
        return Err(ContainerFault::Foreign);
    }
    let (mut entries, mut ends, mut rest) = (Entries::new(), Vec::new(), file);
    while rest.starts_with(&LOCAL.to_le_bytes()) {
        let (name, bytes, behind) = read_entry(rest).ok_or_else(|| fault(&ends))?;
        let changed = || ContainerFault::Changed(name.to_owned());
        let before = entries.insert(name.to_owned(), bytes.to_vec());
        if before.is_some() || entries.len() > MAX_ENTRIES {
            return Err(changed());
        }
        ends.push((file.len() - behind.len(), name));
        rest = behind;
    }
    let written = write_container(&entries).ok_or(ContainerFault::Foreign)?;
    if written == file {
        return Ok(entries);
    }
    let differs = written.iter().zip(file).position(|(a, b)| a != b);
    let differs = differs.unwrap_or(written.len().min(file.len()));
    let at = ends.partition_point(|(end, _)| *end <= differs);
    match ends.get(at) {
        Some((_, name)) => Err(ContainerFault::Changed((*name).to_owned())),
        None => Err(fault(&ends)),
    }
}

/// What cannot be read behind the entries that could.
fn fault(ends: &[(usize, &str)]) -> ContainerFault {
    match ends.last() {
        Some((_, name)) => ContainerFault::Changed(format!("what follows {name}")),
        None => ContainerFault::Foreign,
    }
}

/// The first entry: its name, its bytes, and what follows.
fn read_entry(rest: &[u8]) -> Option<(&str, &[u8], &[u8])> {
    let (header, behind) = rest.split_at_checked(LOCAL_BYTES)?;
    let size = u32::from_le_bytes(header.get(18..22)?.try_into().ok()?);
    let length = u16::from_le_bytes(header.get(26..28)?.try_into().ok()?);
    let (name, behind) = behind.split_at_checked(usize::from(length))?;
    let (bytes, behind) = behind.split_at_checked(usize::try_from(size).ok()?)?;
    let name = std::str::from_utf8(name).ok().filter(|it| is_name(it))?;
    Some((name, bytes, behind))
}

/// A file, or a file in a few folders.
fn is_name(name: &str) -> bool {
    let is_part = |it: &str| {
        let is_plain =
            |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b"-._".contains(&it);
        !it.is_empty() && !it.starts_with('.') && it.bytes().all(is_plain)
    };
    name.split('/').count() <= MAX_DEPTH && name.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Entries {
        let entry = |name: &str, bytes: &[u8]| (name.to_owned(), bytes.to_vec());
        Entries::from([
            entry("a.json", b"{}"),
            entry("b/c.txt", b"text"),
            entry("b/empty", b""),
        ])
    }

    #[test]
    fn what_is_written_is_read_and_any_change_is_found() {
        let file = write_container(&entries()).expect("a file");
        assert_eq!(read_container(&file), Ok(entries()));
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert_ne!(read_container(&changed), Ok(entries()), "changed at {at}");
            assert!(read_container(&file[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in [
            "../a",
            "/a",
            "a/../b",
            "a//b",
            "a/b/c/d/e",
            ".a",
            "A",
            "a b",
            "",
        ] {
            let file = write_container(&Entries::from([(name.to_owned(), Vec::new())]));
            let read = read_container(&file.expect("a file"));
            assert_eq!(read, Err(ContainerFault::Foreign), "{name}");
        }
    }
}
