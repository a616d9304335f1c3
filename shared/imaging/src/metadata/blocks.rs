//! Finds the metadata blocks (EXIF, XMP, C2PA, texts) of JPEG, PNG, WebP and GIF files.

use super::bytes::contains;
use super::{generator, texts};
use crate::format::{Format, PNG_SIGNATURE, sniff};
use crate::jpeg::{APP1, APP11, JpegSegments};

/// Blocks taken from one file; more are passed over.
const MAX_BLOCKS: usize = 64;

/// PNG texts read from one file. Each may be a small bomb.
const MAX_TEXTS: usize = 32;

/// Most bytes of an XMP packet that are read.
const MAX_XMP_BYTES: usize = 1024 * 1024;

/// One block of metadata.
pub(super) enum MetadataBlock<'a> {
    /// A TIFF structure.
    Exif(&'a [u8]),
    /// An XML packet.
    Xmp(&'a [u8]),
    /// A C2PA manifest, as far as it is in one piece.
    C2pa(&'a [u8]),
    /// A text that only image generators write.
    GeneratorMark,
    /// EXIF or XMP that `ImageMagick` wrote as a text (`Raw profile type`). Its
    /// orientation does not count.
    RawProfile(Vec<u8>),
}

/// The blocks of a file in their order.
pub(super) fn read_blocks(bytes: &[u8]) -> Vec<MetadataBlock<'_>> {
    match sniff(bytes) {
        Some(Format::Jpeg) => jpeg_blocks(bytes).take(MAX_BLOCKS).collect(),
        Some(Format::Png) => png_blocks(bytes).take(MAX_BLOCKS).collect(),
        Some(Format::WebP) => webp_blocks(bytes).take(MAX_BLOCKS).collect(),
        Some(Format::Gif) => gif_blocks(bytes),
        None => Vec::new(),
    }
}

fn xmp_block(packet: &[u8]) -> MetadataBlock<'_> {
    MetadataBlock::Xmp(&packet[..packet.len().min(MAX_XMP_BYTES)])
}

fn jpeg_blocks(bytes: &[u8]) -> impl Iterator<Item = MetadataBlock<'_>> {
    JpegSegments::new(bytes).filter_map(|segment| {
        let payload = segment.payload;
        match segment.marker {
            APP1 if payload.starts_with(b"Exif\0") => Some(MetadataBlock::Exif(payload)),
            // The main packet and its extensions.
            APP1 if payload.starts_with(b"http://ns.adobe.com/x") => Some(xmp_block(payload)),
            APP11 if contains(payload, b"c2pa") => Some(MetadataBlock::C2pa(payload)),
            _ => None,
        }
    })
}

fn png_blocks(bytes: &[u8]) -> impl Iterator<Item = MetadataBlock<'_>> {
    let chunks = Chunks {
        bytes,
        at: PNG_SIGNATURE.len(),
        kind: ChunkLayout::Png,
    };
    let mut texts = 0;
    chunks.filter_map(move |(name, data)| match name {
        b"eXIf" => Some(MetadataBlock::Exif(data)),
        b"caBX" => Some(MetadataBlock::C2pa(data)),
        b"tEXt" | b"zTXt" | b"iTXt" => {
            if let Some(packet) = data.strip_prefix(b"XML:com.adobe.xmp\0") {
                return Some(xmp_block(packet));
            }
            texts += 1;
            (texts <= MAX_TEXTS)
                .then(|| png_text_block(name, data))
                .flatten()
        }
        _ => None,
    })
}

/// The block that a text of a PNG holds, if it holds one.
fn png_text_block<'a>(name: &[u8; 4], data: &[u8]) -> Option<MetadataBlock<'a>> {
    let (keyword, text) = match name {
        b"zTXt" => texts::parse_compressed(data),
        b"iTXt" => texts::parse_international(data),
        _ => texts::parse_plain(data),
    }?;
    if keyword.starts_with(b"Raw profile type ") {
        return texts::decode_raw_profile(&text).map(MetadataBlock::RawProfile);
    }
    generator::is_marked_png_text(keyword, &text).then_some(MetadataBlock::GeneratorMark)
}

fn webp_blocks(bytes: &[u8]) -> impl Iterator<Item = MetadataBlock<'_>> {
    let chunks = Chunks {
        bytes,
        at: 12,
        kind: ChunkLayout::Riff,
    };
    chunks.filter_map(|(name, data)| match name {
        b"EXIF" => Some(MetadataBlock::Exif(data)),
        b"XMP " => Some(xmp_block(data)),
        b"C2PA" => Some(MetadataBlock::C2pa(data)),
        _ => None,
    })
}

/// GIF has no EXIF; its application blocks are found by their names.
fn gif_blocks(bytes: &[u8]) -> Vec<MetadataBlock<'_>> {
    let mut blocks = Vec::new();
    let name = b"XMP DataXMP";
    if let Some(at) = bytes.windows(name.len()).position(|part| part == name) {
        blocks.push(xmp_block(&bytes[at..]));
    }
    if contains(bytes, b"C2PA_GIF") {
        blocks.push(MetadataBlock::C2pa(bytes));
    }
    blocks
}

#[derive(Clone, Copy)]
enum ChunkLayout {
    /// Length, name, data, checksum.
    Png,
    /// Name, length, data, padding to even.
    Riff,
}

/// The chunks of a PNG or WebP file, as far as they are really there.
struct Chunks<'a> {
    bytes: &'a [u8],
    at: usize,
    kind: ChunkLayout,
}

impl<'a> Iterator for Chunks<'a> {
    type Item = (&'a [u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.bytes.get(self.at..)?;
        let (first, start) = start.split_first_chunk::<4>()?;
        let (second, body) = start.split_first_chunk::<4>()?;
        let (name, length, after) = match self.kind {
            ChunkLayout::Png => (second, u32::from_be_bytes(*first), 4),
            ChunkLayout::Riff => {
                let length = u32::from_le_bytes(*second);
                (first, length, length as usize % 2)
            }
        };
        let data = body.get(..length as usize)?;
        self.at += 8 + data.len() + after;
        Some((name, data))
    }
}
