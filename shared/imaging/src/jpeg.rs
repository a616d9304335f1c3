//! Iterates over the segments of a JPEG file, for the size and the metadata.
//!
//! It decodes nothing, takes one pass over the bytes, and checks every length.

/// Start of frame, whatever the coding; the three that are not are tables.
pub(crate) fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

/// Start of scan: after its payload come the coded pixels.
pub(crate) const START_OF_SCAN: u8 = 0xda;
/// End of image.
pub(crate) const END_OF_IMAGE: u8 = 0xd9;
/// Application segment 1: EXIF and XMP.
pub(crate) const APP1: u8 = 0xe1;
/// Application segment 11: JUMBF boxes, C2PA among them.
pub(crate) const APP11: u8 = 0xeb;

/// One marker with what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JpegSegment<'a> {
    /// The byte after `0xff`.
    pub(crate) marker: u8,
    /// The segment without marker and length.
    pub(crate) payload: &'a [u8],
    /// Offset in the file of the first byte after the segment.
    pub(crate) end: usize,
}

/// The segments in order; pictures appended after the first one are entered
/// too, because phones hide previews there that carry their own EXIF.
pub(crate) struct JpegSegments<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> JpegSegments<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Moves behind the next marker and returns it. Coded pixels, fill bytes
    /// and garbage between segments are passed over.
    fn marker(&mut self) -> Option<u8> {
        loop {
            let rest = self.bytes.get(self.at..)?;
            let found = rest.iter().position(|&byte| byte == 0xff)?;
            self.at += found + 1;
            while self.bytes.get(self.at) == Some(&0xff) {
                self.at += 1;
            }
            let marker = *self.bytes.get(self.at)?;
            self.at += 1;
            // Zero is a stuffed 0xff, 0xd0..=0xd7 are restarts: both belong to
            // the coded pixels. 0x01 and 0xd8 stand alone.
            if !matches!(marker, 0x00 | 0x01 | 0xd0..=0xd8) {
                return Some(marker);
            }
        }
    }

    /// The payload at the current offset; `None` when it is shorter than its length says.
    fn payload(&mut self) -> Option<&'a [u8]> {
        let length = self.bytes.get(self.at..self.at + 2)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let payload = self.bytes.get(self.at + 2..self.at + length)?;
        self.at += length;
        Some(payload)
    }

    /// Jumps to the next appended picture, or to the end of the file.
    fn enter_appended(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let found = rest.windows(3).position(|start| start == b"\xff\xd8\xff");
        self.at = found.map_or(self.bytes.len(), |offset| self.at + offset);
    }
}

impl<'a> Iterator for JpegSegments<'a> {
    type Item = JpegSegment<'a>;

    fn next(&mut self) -> Option<JpegSegment<'a>> {
        let marker = self.marker()?;
        if marker == END_OF_IMAGE {
            let end = self.at;
            self.enter_appended();
            return Some(JpegSegment {
                marker,
                payload: &[],
                end,
            });
        }
        let payload = self.payload()?;
        Some(JpegSegment {
            marker,
            payload,
            end: self.at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn markers(bytes: &[u8]) -> Vec<u8> {
        JpegSegments::new(bytes).map(|it| it.marker).collect()
    }

    #[test]
    fn coded_pixels_are_passed_over() {
        let file = b"\xff\xd8\xff\xe1\0\x03A\xff\xda\0\x02\x12\xff\0\xff\xd3\x34\xff\xd9";
        assert_eq!(markers(file), [APP1, START_OF_SCAN, END_OF_IMAGE]);
    }

    #[test]
    fn appended_pictures_are_entered() {
        let file = b"\xff\xd8\xff\xd9junk\xff\xe1\0\x02\xff\xd8\xff\xe1\0\x02\xff\xd9";
        assert_eq!(markers(file), [END_OF_IMAGE, APP1, END_OF_IMAGE]);
    }

    #[test]
    fn a_lying_length_ends_the_walk() {
        assert!(markers(b"\xff\xd8\xff\xe1\xff\xffA").is_empty());
        assert!(markers(b"\xff\xd8\xff\xe1\0\x01A").is_empty());
        assert!(markers(b"\xff\xd8\xff\xe1\0").is_empty());
        assert!(markers(b"\xff\xd8\xff").is_empty());
    }
}
