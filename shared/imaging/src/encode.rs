//! JPEG encoding from pixels alone, without any metadata.

use jpeg_encoder::{ColorType, Encoder};

use crate::picture::Picture;

/// Why a picture could not be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// JPEG has no room for a side this long.
    #[error("a JPEG side has at most 65535 pixels")]
    TooLong,
    /// The encoder refused.
    #[error("the picture could not be encoded: {0}")]
    Encoder(String),
}

/// Writes a picture as JPEG, quality 1..=100.
///
/// The file is made from the pixels alone: no EXIF, GPS, XMP, IPTC, colour
/// profile, comment or embedded thumbnail can be in it. The only application
/// segment is JFIF's own, which states the version and a square pixel.
pub fn encode_jpeg(picture: &Picture, quality: u8) -> Result<Vec<u8>, EncodeError> {
    let side = |side: u32| u16::try_from(side).map_err(|_| EncodeError::TooLong);
    let (width, height) = (side(picture.width())?, side(picture.height())?);
    // A tenth of the raw pixels is about what quality 85 takes.
    let mut file = Vec::with_capacity(picture.rgb().len() / 10);
    Encoder::new(&mut file, quality.clamp(1, 100))
        .encode(picture.rgb(), width, height, ColorType::Rgb)
        .map_err(|error| EncodeError::Encoder(error.to_string()))?;
    Ok(file)
}
