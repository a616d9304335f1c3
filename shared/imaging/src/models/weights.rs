//! The embedded weights. Origin and licence of each are beside the files, in
//! `models/README.md`.

use super::detect::OUTPUTS;
use super::error::ModelError;
use super::vector::ModelId;

/// One embedded network.
#[derive(Debug)]
pub(super) struct Weights {
    pub(super) name: &'static str,
    pub(super) sha256: [u8; 32],
    length: usize,
    pub(super) file: &'static [u8],
    /// Which of its answers are asked for.
    pub(super) outputs: &'static [&'static str],
}

macro_rules! weights {
    ($name:literal, $length:literal, $sha256:literal, $outputs:expr) => {
        Weights {
            name: $name,
            sha256: hex($sha256),
            length: $length,
            file: include_bytes!(concat!("../../models/", $name, ".onnx")),
            outputs: $outputs,
        }
    };
}

pub(super) static YUNET: Weights = weights!(
    "yunet_2023mar_dyn",
    229_689,
    b"02da707ab34bbc4a8f5b77fea5803869d46f7d52e53f23f64c724db2f7415976",
    &OUTPUTS
);
pub(super) static SFACE: Weights = weights!(
    "sface_2021dec_w8",
    9_931_644,
    b"c1a525cc047515ea2f934e4034ad3ed0b1fcf56466bb53d04259ac1e109c773d",
    &["fc1"]
);
pub(super) static NSFWJS: Weights = weights!(
    "nsfwjs_mobilenet_v2_w8",
    2_953_312,
    b"af4eb4c0296e79cb0e4bae0965a6572e3cb37f22d4fd2625c4ed2a4327b1e95f",
    &["output"]
);
pub(super) static LOOKS: Weights = weights!(
    "efficientnet_lite0_w8",
    5_093_707,
    b"720914d8b5dad99f9f6a9d7fd998a1eac891cb6ea48551073b4e3345906964b7",
    &["embedding"]
);

/// All of them.
pub(super) const ALL: [&Weights; 4] = [&YUNET, &SFACE, &NSFWJS, &LOOKS];

impl Weights {
    /// Whether the build holds the file and not a pointer to it. Length is
    /// enough for that; a test compares the checksums.
    pub(super) fn check(&self) -> Result<(), ModelError> {
        if self.file.len() == self.length {
            Ok(())
        } else {
            Err(ModelError::Missing { model: self.name })
        }
    }

    /// What vectors of this model are marked with.
    pub(super) fn id(&self) -> ModelId {
        ModelId::new(self.name, self.sha256)
    }
}

/// Thirty-two bytes from their text. A wrong digit fails the build.
const fn hex(text: &[u8; 64]) -> [u8; 32] {
    let mut bytes = [0; 32];
    let mut index = 0;
    while index < 32 {
        bytes[index] = digit(text[2 * index]) << 4 | digit(text[2 * index + 1]);
        index += 1;
    }
    bytes
}

const fn digit(character: u8) -> u8 {
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
