//! Numbers that are part of a network.

use rten_onnx::onnx::{DataType, GraphProto, NodeProto, TensorProto};

/// Numbers that are part of the network.
pub(super) enum Constant<'a> {
    Plain(&'a TensorProto),
    /// In eight bits; for each plane what they are multiplied with, and which of them is zero.
    Packed([&'a TensorProto; 3]),
}

impl<'a> Constant<'a> {
    pub(super) fn named(graph: &'a GraphProto, name: &str) -> Option<Self> {
        let stored = |name: &str| {
            let mut tensors = graph.initializer.iter();
            tensors.find(|it| it.name.as_deref() == Some(name))
        };
        if let Some(tensor) = stored(name) {
            return Some(Self::Plain(tensor));
        }
        let makes_it = |node: &&NodeProto| node.output.iter().any(|it| it == name);
        let packed = graph.node.iter().find(makes_it)?;
        if packed.op_type.as_deref() != Some("DequantizeLinear") {
            return None;
        }
        let part = |index: usize| stored(packed.input.get(index)?);
        Some(Self::Packed([part(0)?, part(1)?, part(2)?]))
    }

    pub(super) fn shape(&self) -> &[i64] {
        let (Self::Plain(tensor) | Self::Packed([tensor, ..])) = self;
        &tensor.dims
    }

    pub(super) fn numbers(&self) -> Option<Vec<f32>> {
        let [values, scales, zeros] = match self {
            Self::Plain(tensor) => return floats(tensor),
            Self::Packed(parts) => parts,
        };
        let (values, scales, zeros) = (bytes(values)?, floats(scales)?, bytes(zeros)?);
        let each = values.len().checked_div(scales.len());
        let each = each.filter(|it| *it > 0)?;
        let planes = values.chunks_exact(each).zip(&scales).zip(&zeros);
        let numbers = planes.flat_map(|((plane, scale), zero)| {
            let number = move |it: &i8| f32::from(i16::from(*it) - i16::from(*zero)) * scale;
            plane.iter().map(number)
        });
        Some(numbers.collect())
    }
}

fn floats(tensor: &TensorProto) -> Option<Vec<f32>> {
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

fn bytes(tensor: &TensorProto) -> Option<Vec<i8>> {
    let raw = tensor
        .raw_data
        .as_ref()
        .filter(|_| tensor.data_type == Some(DataType::INT8))?;
    Some(raw.borrow().iter().map(|it| it.cast_signed()).collect())
}
