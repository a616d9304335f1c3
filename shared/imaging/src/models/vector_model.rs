//! The model of the likeness vector: the embedded one, or an ONNX file in its place.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use vara_nets::weights::EFFICIENTNET;
use vara_nets::{LazyNetwork, ModelError, NeuralNetwork, Tensor};

use super::pixels;
use super::vector::{ModelId, Vector};
use crate::picture::Picture;

/// How a picture is made square.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SquareFit {
    /// All of it, squashed.
    Squash,
    /// The largest square in its middle.
    Middle,
}

/// What numbers a model wants for a pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PixelValues {
    /// The bytes as they are, pixel after pixel: `u8`, 1 x side x side x 3.
    Bytes,
    /// Each byte less the mean, over the deviation, colour after colour:
    /// `f32`, 1 x 3 x side x side. In units of bytes, red, green, blue.
    Planes {
        /// What is subtracted.
        mean: [f32; 3],
        /// What the rest is divided by.
        deviation: [f32; 3],
    },
}

/// An ONNX file that makes a vector of a picture, to be used in the place of
/// the embedded model.
///
/// The file is trusted: nothing bounds the time and memory that it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelFile {
    /// What the model is called. Its checksum is added to every vector.
    pub name: String,
    /// Where the file is.
    pub path: PathBuf,
    /// Side of its square input.
    pub side: u32,
    /// How pictures are made square.
    pub fit: SquareFit,
    /// What it wants for a pixel.
    pub values: PixelValues,
    /// The output that is the vector; its first one when `None`.
    pub output: Option<String>,
}

impl ModelFile {
    /// The vision half of CLIP `ViT-B/32`, exported with an output
    /// `image_embeds`.
    pub fn clip(path: impl Into<PathBuf>) -> Self {
        Self {
            name: "clip_vit_b32".to_owned(),
            path: path.into(),
            side: 224,
            fit: SquareFit::Middle,
            values: PixelValues::Planes {
                mean: [122.770_94, 116.746_01, 104.093_74],
                deviation: [68.500_53, 66.632_16, 70.323_16],
            },
            output: Some("image_embeds".to_owned()),
        }
    }

    /// The copy detector SSCD with its normalisation in the graph and bytes
    /// for input.
    pub fn sscd(path: impl Into<PathBuf>) -> Self {
        Self {
            name: "sscd".to_owned(),
            path: path.into(),
            side: 288,
            fit: SquareFit::Squash,
            values: PixelValues::Bytes,
            output: None,
        }
    }
}

/// A model that makes a vector of a picture.
#[derive(Debug)]
pub(super) struct VectorModel {
    id: ModelId,
    side: u32,
    fit: SquareFit,
    values: PixelValues,
    source: VectorModelSource,
}

#[derive(Debug)]
enum VectorModelSource {
    Embedded(Box<LazyNetwork>),
    File(Box<NeuralNetwork>),
}

impl VectorModel {
    /// `EfficientNet-lite0`, the numbers before its last layer.
    pub(super) fn embedded() -> Self {
        Self {
            id: ModelId::of(&EFFICIENTNET),
            side: 224,
            fit: SquareFit::Squash,
            values: PixelValues::Planes {
                mean: [127.0; 3],
                deviation: [128.0; 3],
            },
            source: VectorModelSource::Embedded(Box::new(LazyNetwork::new(&EFFICIENTNET))),
        }
    }

    pub(super) fn read(file: &ModelFile) -> Result<Self, ModelError> {
        let bytes = read_file(&file.name, &file.path)?;
        let sha256 = Sha256::digest(&bytes).into();
        let network = NeuralNetwork::load(&file.name, bytes, file.output.as_deref())?;
        Ok(Self {
            id: ModelId::new(file.name.clone(), sha256),
            side: file.side,
            fit: file.fit,
            values: file.values,
            source: VectorModelSource::File(Box::new(network)),
        })
    }

    pub(super) fn id(&self) -> &ModelId {
        &self.id
    }

    pub(super) fn vector(&self, picture: &Picture) -> Result<Vector, ModelError> {
        let network = match &self.source {
            VectorModelSource::Embedded(lazy) => lazy.get()?,
            VectorModelSource::File(network) => network,
        };
        let part = match self.fit {
            SquareFit::Squash => None,
            SquareFit::Middle => Some(pixels::center_square(picture)),
        };
        let square = pixels::resize(picture, part, self.side, self.side)
            .ok_or_else(|| network.bad_answer())?;
        let values = network.run(self.input(square))?.pop();
        Vector::normalise(self.id.clone(), values.unwrap_or_default())
            .ok_or_else(|| network.bad_answer())
    }

    fn input(&self, square: Picture) -> Tensor {
        let side = self.side as usize;
        match self.values {
            PixelValues::Bytes => {
                let bytes = square.rgb().to_vec();
                Tensor::from_bytes([1, side, side, 3], bytes)
            }
            PixelValues::Planes { mean, deviation } => {
                let numbers = pixels::to_planes(&square, |channel, value| {
                    (f32::from(value) - mean[channel]) / deviation[channel]
                });
                Tensor::from_floats([1, 3, side, side], numbers)
            }
        }
    }
}

fn read_file(name: &str, path: &Path) -> Result<Vec<u8>, ModelError> {
    std::fs::read(path).map_err(|error| ModelError::Unreadable {
        model: name.to_owned(),
        reason: error.to_string(),
    })
}
