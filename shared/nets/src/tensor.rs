//! Input of a network: numbers or bytes with a shape of four dimensions.

use rten::Value;
use rten_tensor::NdTensor;

/// An input of a network.
#[derive(Debug)]
pub struct Tensor(Value);

impl Tensor {
    /// A tensor of `f32`.
    ///
    /// # Panics
    ///
    /// When the shape has another number of elements.
    pub fn from_floats(shape: [usize; 4], numbers: Vec<f32>) -> Self {
        Self(NdTensor::from_data(shape, numbers).into())
    }

    /// A tensor of `u8`.
    ///
    /// # Panics
    ///
    /// When the shape has another number of elements.
    pub fn from_bytes(shape: [usize; 4], bytes: Vec<u8>) -> Self {
        Self(NdTensor::from_data(shape, bytes).into())
    }

    pub(crate) fn into_value(self) -> Value {
        self.0
    }
}
