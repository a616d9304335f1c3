//! Where each format keeps its metadata blocks.

use super::bytes::contains;
use super::{generator, texts};
use crate::format::{Format, PNG_SIGNATURE, sniff};
use crate::jpeg::{APP1, APP11, Segments};

/// Blocks taken from one file; more are passed over.
const MAX_BLOCKS: usize = 64;

/// PNG texts read from one file. Each may be a small bomb.
const MAX_TEXTS: usize = 32;

/// How much of an XMP packet is looked at.
const MAX_XMP: usize = 1024 * 1024;

/// One block of metadata.
pub(super) enum Block<'a> {
    /// A TIFF structure.
    Exif(&'a [u8]),
    /// An XML packet.
    Xmp(&'a [u8]),
    /// A C2PA manifest, as far as it is in one piece.
    C2pa(&'a [u8]),
    /// A text that a program leaves which makes pictures from words.
    Generated,
    /// EXIF or XMP that a program wrote down as a text. Nobody turns a picture
    /// by it.
    WrittenDown(Vec<u8>),
}

/// The blocks of a file in their order.
pub(super) fn all(bytes: &[u8]) -> Vec<Block<'_>> {
    match sniff(bytes) {
        Some(Format::Jpeg) => jpeg(bytes).take(MAX_BLOCKS).collect(),
        Some(Format::Png) => png(bytes).take(MAX_BLOCKS).collect(),
        Some(Format::WebP) => webp(bytes).take(MAX_BLOCKS).collect(),
        Some(Format::Gif) => gif(bytes),
        None => Vec::new(),
    }
}

fn xmp(packet: &[u8]) -> Block<'_> {
    Block::Xmp(&packet[..packet.len().min(MAX_XMP)])
}

fn jpeg(bytes: &[u8]) -> impl Iterator<Item = Block<'_>> {
    Segments::new(bytes).filter_map(|segment| {
        let payload = segment.payload;
        match segment.marker {
            APP1 if payload.starts_with(b"Exif\0") => Some(Block::Exif(payload)),
            // The main packet and its extensions.
            APP1 if payload.starts_with(b"http://ns.adobe.com/x") => Some(xmp(payload)),
            APP11 if contains(payload, b"c2pa") => Some(Block::C2pa(payload)),
            _ => None,
        }
    })
}

fn png(bytes: &[u8]) -> impl Iterator<Item = Block<'_>> {
    let chunks = Chunks {
        bytes,
        at: PNG_SIGNATURE.len(),
        kind: Kind::Png,
    };
    let mut texts = 0;
    chunks.filter_map(move |(name, data)| match name {
        b"eXIf" => Some(Block::Exif(data)),
        b"caBX" => Some(Block::C2pa(data)),
        b"tEXt" | b"zTXt" | b"iTXt" => {
            if let Some(packet) = data.strip_prefix(b"XML:com.adobe.xmp\0") {
                return Some(xmp(packet));
            }
            texts += 1;
            (texts <= MAX_TEXTS).then(|| text(name, data)).flatten()
        }
        _ => None,
    })
}

/// What a text of a PNG is beside a text.
fn text<'a>(name: &[u8; 4], data: &[u8]) -> Option<Block<'a>> {
    let (keyword, text) = match name {
        b"zTXt" => texts::packed(data),
        b"iTXt" => texts::international(data),
        _ => texts::plain(data),
    }?;
    if keyword.starts_with(b"Raw profile type ") {
        return texts::written_down(&text).map(Block::WrittenDown);
    }
    generator::in_png_text(keyword, &text).then_some(Block::Generated)
}

fn webp(bytes: &[u8]) -> impl Iterator<Item = Block<'_>> {
    let chunks = Chunks {
        bytes,
        at: 12,
        kind: Kind::Riff,
    };
    chunks.filter_map(|(name, data)| match name {
        b"EXIF" => Some(Block::Exif(data)),
        b"XMP " => Some(xmp(data)),
        b"C2PA" => Some(Block::C2pa(data)),
        _ => None,
    })
}

/// GIF has no EXIF; its application blocks are found by their names.
fn gif(bytes: &[u8]) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let name = b"XMP DataXMP";
    if let Some(at) = bytes.windows(name.len()).position(|part| part == name) {
        blocks.push(xmp(&bytes[at..]));
    }
    if contains(bytes, b"C2PA_GIF") {
        blocks.push(Block::C2pa(bytes));
    }
    blocks
}

#[derive(Clone, Copy)]
enum Kind {
    /// Length, name, data, checksum.
    Png,
    /// Name, length, data, padding to even.
    Riff,
}

/// The chunks of a PNG or WebP file, as far as they are really there.
struct Chunks<'a> {
    bytes: &'a [u8],
    at: usize,
    kind: Kind,
}

impl<'a> Iterator for Chunks<'a> {
    type Item = (&'a [u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.bytes.get(self.at..)?;
        let (first, start) = start.split_first_chunk::<4>()?;
        let (second, body) = start.split_first_chunk::<4>()?;
        let (name, length, after) = match self.kind {
            Kind::Png => (second, u32::from_be_bytes(*first), 4),
            Kind::Riff => {
                let length = u32::from_le_bytes(*second);
                (first, length, length as usize % 2)
            }
        };
        let data = body.get(..length as usize)?;
        self.at += 8 + data.len() + after;
        Some((name, data))
    }
}
