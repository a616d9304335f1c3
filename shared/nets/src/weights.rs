//! The embedded networks: ONNX files with their checksums and outputs. Origin and licence of each
//! are beside the files, in `models/README.md`.

use crate::error::ModelError;

/// The file of an embedded network.
#[derive(Debug)]
pub struct Weights {
    /// Name of the network.
    pub name: &'static str,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    length: usize,
    pub(crate) file: &'static [u8],
    /// The outputs that a run gives, in their order.
    pub(crate) outputs: &'static [&'static str],
}

macro_rules! weights {
    ($name:literal, $length:literal, $sha256:literal, $outputs:expr) => {
        Weights {
            name: $name,
            sha256: parse_hex($sha256),
            length: $length,
            file: include_bytes!(concat!("../models/", $name, ".onnx")),
            outputs: $outputs,
        }
    };
}

/// `YuNet`: faces and five landmarks. The outputs are class, object, box and landmarks, each for the
/// strides 8, 16 and 32.
pub static YUNET: Weights = weights!(
    "yunet_2023mar_dyn",
    229_689,
    b"02da707ab34bbc4a8f5b77fea5803869d46f7d52e53f23f64c724db2f7415976",
    &[
        "cls_8", "cls_16", "cls_32", "obj_8", "obj_16", "obj_32", "bbox_8", "bbox_16", "bbox_32",
        "kps_8", "kps_16", "kps_32",
    ]
);
/// `SFace`: 128 numbers for an aligned face.
pub static SFACE: Weights = weights!(
    "sface_2021dec_w8",
    9_931_644,
    b"c1a525cc047515ea2f934e4034ad3ed0b1fcf56466bb53d04259ac1e109c773d",
    &["fc1"]
);
/// `MobileNet` v2 of nsfwjs: scores of five classes of intimacy.
pub static NSFWJS: Weights = weights!(
    "nsfwjs_mobilenet_v2_w8",
    2_953_312,
    b"af4eb4c0296e79cb0e4bae0965a6572e3cb37f22d4fd2625c4ed2a4327b1e95f",
    &["output"]
);
/// `EfficientNet-lite0`: 1280 numbers for a picture.
pub static EFFICIENTNET: Weights = weights!(
    "efficientnet_lite0_w8",
    5_093_707,
    b"720914d8b5dad99f9f6a9d7fd998a1eac891cb6ea48551073b4e3345906964b7",
    &["embedding"]
);

/// All embedded networks.
pub const ALL: [&Weights; 4] = [&YUNET, &SFACE, &NSFWJS, &EFFICIENTNET];

impl Weights {
    /// Checks that the build holds the file and not a pointer to it. Length is
    /// enough for that; a test compares the checksums.
    ///
    /// # Errors
    ///
    /// [`ModelError::Missing`] when it does not.
    pub fn check(&self) -> Result<(), ModelError> {
        if self.file.len() == self.length {
            Ok(())
        } else {
            Err(ModelError::Missing { model: self.name })
        }
    }
}

/// Thirty-two bytes from their text. A wrong digit fails the build.
const fn parse_hex(text: &[u8; 64]) -> [u8; 32] {
    let mut bytes = [0; 32];
    let mut index = 0;
    while index < 32 {
        bytes[index] = parse_digit(text[2 * index]) << 4 | parse_digit(text[2 * index + 1]);
        index += 1;
    }
    bytes
}

const fn parse_digit(character: u8) -> u8 {
    match character {
        b'0'..=b'9' => character - b'0',
        b'a'..=b'f' => character - b'a' + 10,
        _ => panic!("not a digit of a checksum"),
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_files_are_the_ones_named() {
        for weights in ALL {
            let sum: [u8; 32] = Sha256::digest(weights.file).into();
            assert_eq!(sum, weights.sha256, "{}", weights.name);
            assert_eq!(weights.check(), Ok(()), "{}", weights.name);
        }
    }

    #[test]
    fn a_pointer_in_place_of_a_file_is_noticed() {
        let pointer = Weights {
            name: "pointer",
            sha256: [0; 32],
            length: 1000,
            file: b"version https://git-lfs.github.com/spec/v1",
            outputs: &[],
        };
        assert_eq!(
            pointer.check(),
            Err(ModelError::Missing { model: "pointer" })
        );
    }
}
