//! Format sniffing by magic bytes: JPEG, PNG, WebP, GIF.

/// A picture format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// JPEG, baseline and progressive.
    Jpeg,
    /// PNG; of an animated one the still picture.
    Png,
    /// WebP, lossy and lossless; of an animated one the first frame.
    WebP,
    /// GIF; the first frame.
    Gif,
}

impl Format {
    /// The media type, as in `Content-Type`.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
        }
    }
}

pub(crate) const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The format of a file by its magic bytes. Names and claimed types do not count.
pub fn sniff(bytes: &[u8]) -> Option<Format> {
    if bytes.starts_with(b"\xff\xd8\xff") {
        Some(Format::Jpeg)
    } else if bytes.starts_with(PNG_SIGNATURE) {
        Some(Format::Png)
    } else if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
        Some(Format::Gif)
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some(Format::WebP)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magic_bytes_decide() {
        assert_eq!(sniff(b"\xff\xd8\xff\xe0"), Some(Format::Jpeg));
        assert_eq!(sniff(b"\x89PNG\r\n\x1a\n...."), Some(Format::Png));
        assert_eq!(sniff(b"GIF87a"), Some(Format::Gif));
        assert_eq!(sniff(b"GIF89a"), Some(Format::Gif));
        assert_eq!(sniff(b"RIFF\x10\0\0\0WEBPVP8 "), Some(Format::WebP));
    }

    #[test]
    fn everything_else_is_refused() {
        let others: [&[u8]; 7] = [
            b"",
            b"\xff\xd8",
            b"<svg xmlns=",
            b"RIFF\x10\0\0\0WAVE",
            b"GIF88a",
            b"%PDF-1.7",
            b"\0\0\0\x20ftypheic",
        ];
        for bytes in others {
            assert_eq!(sniff(bytes), None, "{bytes:?}");
        }
    }
}
