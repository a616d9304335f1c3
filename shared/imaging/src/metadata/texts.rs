//! Parses PNG text chunks: a keyword and a text, compressed or not.

use std::borrow::Cow;

/// Most bytes that one compressed text may inflate to; the rest is ignored.
const MAX_INFLATED_BYTES: usize = 256 * 1024;

/// A keyword and its text.
pub(super) type Text<'a> = (&'a [u8], Cow<'a, [u8]>);

/// Parses a `tEXt` chunk.
pub(super) fn parse_plain(data: &[u8]) -> Option<Text<'_>> {
    let (keyword, text) = split_at_zero(data)?;
    Some((keyword, Cow::Borrowed(text)))
}

/// Parses a `zTXt` chunk.
pub(super) fn parse_compressed(data: &[u8]) -> Option<Text<'_>> {
    let (keyword, rest) = split_at_zero(data)?;
    let (&method, text) = rest.split_first()?;
    (method == 0).then(|| (keyword, Cow::Owned(inflate(text))))
}

/// Parses an `iTXt` chunk.
pub(super) fn parse_international(data: &[u8]) -> Option<Text<'_>> {
    let (keyword, rest) = split_at_zero(data)?;
    let (&[compressed, _method], rest) = rest.split_first_chunk()?;
    let (_language, rest) = split_at_zero(rest)?;
    let (_translated, text) = split_at_zero(rest)?;
    let text = if compressed == 0 {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(inflate(text))
    };
    Some((keyword, text))
}

/// Decodes a block of another format that `ImageMagick` wrote as a text: a name, a
/// length, then hexadecimal digits in lines.
pub(super) fn decode_raw_profile(text: &[u8]) -> Option<Vec<u8>> {
    let mut lines = text.trim_ascii_start().splitn(3, |byte| *byte == b'\n');
    let (_name, _length, digits) = (lines.next()?, lines.next()?, lines.next()?);
    let digits = digits.iter().filter(|byte| !byte.is_ascii_whitespace());
    let mut digits: Vec<u8> = digits.copied().collect();
    // Half a byte at the end, of a text that was cut, is passed over.
    digits.truncate(digits.len() & !1);
    hex::decode(digits).ok()
}

/// Splits at the next zero byte, which is left out.
fn split_at_zero(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let zero = data.iter().position(|byte| *byte == 0)?;
    Some((&data[..zero], &data[zero + 1..]))
}

/// Inflates up to the limit, or up to the damage.
fn inflate(text: &[u8]) -> Vec<u8> {
    miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(text, MAX_INFLATED_BYTES)
        .unwrap_or_else(|failed| {
            // The room made for more is still there, as zeros.
            let end = failed.output.iter().rposition(|byte| *byte != 0);
            failed.output[..end.map_or(0, |last| last + 1)].to_vec()
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn three_kinds_of_texts() {
        let zip = miniz_oxide::deflate::compress_to_vec_zlib(b"hello", 6);
        let expect = Some((&b"key"[..], Cow::Borrowed(&b"hello"[..])));
        assert_eq!(parse_plain(b"key\0hello"), expect);
        assert_eq!(parse_compressed(&[b"key\0\0", &zip[..]].concat()), expect);
        assert_eq!(parse_international(b"key\0\0\0en\0Key\0hello"), expect);
        let long = [b"key\0\x01\0\0\0", &zip[..]].concat();
        assert_eq!(parse_international(&long), expect);
    }

    #[test]
    fn blocks_written_down() {
        let text = b"\nexif\n      6\n457869\n660000\n";
        assert_eq!(decode_raw_profile(text).unwrap(), b"Exif\0\0");
        assert_eq!(decode_raw_profile(b"\nexif\n 6\nno digits"), None);
        assert_eq!(decode_raw_profile(b"exif"), None);
    }

    #[test]
    fn broken_texts() {
        assert_eq!(parse_plain(b"no zero"), None);
        assert_eq!(parse_compressed(b"key\0"), None);
        assert_eq!(parse_compressed(b"key\0\x07data"), None);
        assert_eq!(parse_international(b"key\0\0"), None);
        assert_eq!(
            parse_compressed(b"key\0\0damaged").unwrap().1,
            Cow::Borrowed(b"")
        );
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![b'a'; 9_000_000], 9);
        let (_, text) = parse_compressed(&[b"k\0\0", &bomb[..]].concat())
            .map(|(keyword, text)| (keyword.to_vec(), text.into_owned()))
            .unwrap();
        assert_eq!(text.len(), MAX_INFLATED_BYTES);
    }
}
