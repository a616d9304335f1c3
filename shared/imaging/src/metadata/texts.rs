//! The texts of a PNG: a keyword and what it says, compressed or not.

use std::borrow::Cow;

/// Most bytes that one compressed text may unpack to; more is not looked at.
const MAX_UNPACKED: usize = 256 * 1024;

/// A keyword and its text.
pub(super) type Text<'a> = (&'a [u8], Cow<'a, [u8]>);

/// A `tEXt` chunk.
pub(super) fn plain(data: &[u8]) -> Option<Text<'_>> {
    let (keyword, text) = split(data)?;
    Some((keyword, Cow::Borrowed(text)))
}

/// A `zTXt` chunk.
pub(super) fn packed(data: &[u8]) -> Option<Text<'_>> {
    let (keyword, rest) = split(data)?;
    let (&method, text) = rest.split_first()?;
    (method == 0).then(|| (keyword, Cow::Owned(unpack(text))))
}

/// An `iTXt` chunk.
pub(super) fn international(data: &[u8]) -> Option<Text<'_>> {
    let (keyword, rest) = split(data)?;
    let (&[compressed, _method], rest) = rest.split_first_chunk()?;
    let (_language, rest) = split(rest)?;
    let (_translated, text) = split(rest)?;
    let text = if compressed == 0 {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(unpack(text))
    };
    Some((keyword, text))
}

/// A block of another format that a program wrote down as a text: a name, a
/// length, then hexadecimal digits in lines.
pub(super) fn written_down(text: &[u8]) -> Option<Vec<u8>> {
    let mut lines = text.trim_ascii_start().splitn(3, |byte| *byte == b'\n');
    let (_name, _length, digits) = (lines.next()?, lines.next()?, lines.next()?);
    let digits = digits.iter().filter(|byte| !byte.is_ascii_whitespace());
    let values: Option<Vec<u8>> = digits
        .map(|digit| u8::try_from(char::from(*digit).to_digit(16)?).ok())
        .collect();
    let values = values?;
    let (pairs, _) = values.as_chunks::<2>();
    Some(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// Up to the next zero, and behind it.
fn split(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let zero = data.iter().position(|byte| *byte == 0)?;
    Some((&data[..zero], &data[zero + 1..]))
}

/// What could be unpacked before the limit or the damage.
fn unpack(text: &[u8]) -> Vec<u8> {
    miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(text, MAX_UNPACKED).unwrap_or_else(
        |failed| {
            // The room made for more is still there, as zeros.
            let end = failed.output.iter().rposition(|byte| *byte != 0);
            failed.output[..end.map_or(0, |last| last + 1)].to_vec()
        },
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn three_kinds_of_texts() {
        let zip = miniz_oxide::deflate::compress_to_vec_zlib(b"hello", 6);
        let expect = Some((&b"key"[..], Cow::Borrowed(&b"hello"[..])));
        assert_eq!(plain(b"key\0hello"), expect);
        assert_eq!(packed(&[b"key\0\0", &zip[..]].concat()), expect);
        assert_eq!(international(b"key\0\0\0en\0Key\0hello"), expect);
        let long = [b"key\0\x01\0\0\0", &zip[..]].concat();
        assert_eq!(international(&long), expect);
    }

    #[test]
    fn blocks_written_down() {
        let text = b"\nexif\n      6\n457869\n660000\n";
        assert_eq!(written_down(text).unwrap(), b"Exif\0\0");
        assert_eq!(written_down(b"\nexif\n 6\nno digits"), None);
        assert_eq!(written_down(b"exif"), None);
    }

    #[test]
    fn broken_texts() {
        assert_eq!(plain(b"no zero"), None);
        assert_eq!(packed(b"key\0"), None);
        assert_eq!(packed(b"key\0\x07data"), None);
        assert_eq!(international(b"key\0\0"), None);
        assert_eq!(packed(b"key\0\0damaged").unwrap().1, Cow::Borrowed(b""));
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![b'a'; 9_000_000], 9);
        let (_, text) = packed(&[b"k\0\0", &bomb[..]].concat())
            .map(|(keyword, text)| (keyword.to_vec(), text.into_owned()))
            .unwrap();
        assert_eq!(text.len(), MAX_UNPACKED);
    }
}
