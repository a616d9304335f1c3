//! Reads constant tensors of an ONNX graph: `f32` as stored, or dequantised from eight bits.

use rten_onnx::onnx::{DataType, GraphProto, NodeProto, TensorProto};

/// A constant tensor of a graph.
pub(crate) enum Constant<'a> {
    Plain(&'a TensorProto),
    /// Values in eight bits, and the scale and the zero point of each channel.
    Quantised([&'a TensorProto; 3]),
}

impl<'a> Constant<'a> {
    pub(crate) fn find(graph: &'a GraphProto, name: &str) -> Option<Self> {
        let stored = |name: &str| {
            let mut tensors = graph.initializer.iter();
            tensors.find(|it| it.name.as_deref() == Some(name))
        };
        if let Some(tensor) = stored(name) {
            return Some(Self::Plain(tensor));
        }
        let makes_it = |node: &&NodeProto| node.output.iter().any(|it| it == name);
        let dequantise = graph.node.iter().find(makes_it)?;
        if dequantise.op_type.as_deref() != Some("DequantizeLinear") {
            return None;
        }
        let part = |index: usize| stored(dequantise.input.get(index)?);
        Some(Self::Quantised([part(0)?, part(1)?, part(2)?]))
    }

    pub(crate) fn shape(&self) -> &[i64] {
        let (Self::Plain(tensor) | Self::Quantised([tensor, ..])) = self;
        &tensor.dims
    }

    pub(crate) fn to_floats(&self) -> Option<Vec<f32>> {
        let [values, scales, zeros] = match self {
            Self::Plain(tensor) => return read_floats(tensor),
            Self::Quantised(parts) => parts,
        };
        let (values, scales, zeros) = (
            read_bytes(values)?,
            read_floats(scales)?,
            read_bytes(zeros)?,
        );
        let length = values.len().checked_div(scales.len());
        let length = length.filter(|it| *it > 0)?;
        let channels = values.chunks_exact(length).zip(&scales).zip(&zeros);
        let numbers = channels.flat_map(|((channel, scale), zero)| {
            let number = move |it: &i8| f32::from(i16::from(*it) - i16::from(*zero)) * scale;
            channel.iter().map(number)
        });
        Some(numbers.collect())
    }
}

fn read_floats(tensor: &TensorProto) -> Option<Vec<f32>> {
    if tensor.data_type != Some(DataType::FLOAT) {
        return None;
    }
    match &tensor.raw_data {
        Some(raw) => {
            let raw = raw.borrow();
            let (numbers, rest) = raw.as_chunks::<4>();
            rest.is_empty()
                .then(|| numbers.iter().map(|it| f32::from_le_bytes(*it)).collect())
        }
        None => Some(tensor.float_data.clone()),
    }
}

fn read_bytes(tensor: &TensorProto) -> Option<Vec<i8>> {
    let raw = tensor
        .raw_data
        .as_ref()
        .filter(|_| tensor.data_type == Some(DataType::INT8))?;
    Some(raw.borrow().iter().map(|it| it.cast_signed()).collect())
}
