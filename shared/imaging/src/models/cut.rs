//! Takes the convolutions of few planes out of a network, for
//! [`shallow`](super::shallow) to compute them.
//!
//! What is left falls into stages: between two of them one such convolution is
//! computed. The runtime is given a graph in which its answer is an input and
//! what it wants an output.

use std::collections::{BTreeSet, HashMap};

use rten_onnx::onnx::{
    AttributeProto, DataType, GraphProto, ModelProto, NodeProto, TensorProto, TypeProto,
    TypeProtoTensor, ValueInfoProto,
};

use super::shallow::{KINDS, Padding, Shallow};

/// An answer of fewer planes than this is not worth a stage of its own.
const FEWEST: usize = 16;

/// A network in stages.
#[derive(Debug)]
pub(super) struct Cut {
    /// What is left for the runtime.
    pub(super) file: Vec<u8>,
    pub(super) stages: Vec<Stage>,
}

/// What is computed at once, by names of values.
#[derive(Debug, Default)]
pub(super) struct Stage {
    /// What the runtime is asked for, each with the last stage that uses it.
    pub(super) wanted: Vec<(String, usize)>,
    /// What is computed here after it. None in the last stage.
    pub(super) then: Option<Taken>,
}

/// A convolution that was taken out.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) from: String,
    pub(super) to: String,
    /// The last stage that uses the answer.
    pub(super) last: usize,
    pub(super) convolution: Shallow,
}

/// The network cut for these outputs; `None` when it is not as ours are.
pub(super) fn cut(file: &[u8], outputs: &[&str]) -> Option<Cut> {
    let mut model = ModelProto::parse_buf(file).ok()?;
    let graph = model.graph.as_mut()?;
    let convolution =
        |node: &NodeProto| Some((node.output.first()?.clone(), shallow(graph, node)?));
    let taken: HashMap<String, Shallow> = graph.node.iter().filter_map(convolution).collect();
    graph.input.extend(taken.keys().map(numbers));
    let is_left = |node: &NodeProto| !node.output.iter().any(|it| taken.contains_key(it));
    let left = graph.node.iter().filter(|node| is_left(node)).cloned();
    let left = left.collect();
    let stages = Lives::followed(graph, &taken, outputs)?.stages(taken)?;
    graph.node = left;
    let wanted = stages.iter().flat_map(|stage| &stage.wanted);
    graph.output = wanted.map(|(name, _)| numbers(name)).collect();
    let file = model.write_buf().ok()?;
    Some(Cut { file, stages })
}

/// When each value that depends on the picture is made, and for how long it is needed.
struct Lives<'a> {
    picture: &'a str,
    /// The nodes that are taken out, in their order.
    cuts: Vec<&'a NodeProto>,
    /// The first stage in which a value is there, and the last that uses it.
    made: HashMap<&'a str, usize>,
    last: HashMap<&'a str, usize>,
    /// Those that are used outside of the stage that makes them.
    kept: BTreeSet<&'a str>,
}

impl<'a> Lives<'a> {
    /// Of all values: the nodes of a graph come after those whose answers they use.
    fn followed(
        graph: &'a GraphProto,
        taken: &HashMap<String, Shallow>,
        outputs: &[&'a str],
    ) -> Option<Self> {
        let picture = graph.input.first()?.name.as_deref()?;
        let mut lives = Self {
            picture,
            cuts: Vec::new(),
            made: HashMap::from([(picture, 0)]),
            last: HashMap::new(),
            kept: outputs.iter().copied().collect(),
        };
        for node in &graph.node {
            let stage = lives.cuts.len();
            let is_cut = taken.contains_key(node.output.first()?);
            let mut depends = false;
            for name in node.input.iter().map(String::as_str) {
                let Some(made) = lives.made.get(name) else {
                    continue;
                };
                depends = true;
                if is_cut || *made < stage {
                    lives.kept.insert(name);
                }
                lives.last.insert(name, stage);
            }
            if depends {
                lives.cuts.extend(is_cut.then_some(node));
                let made = node.output.iter().map(|it| (it.as_str(), lives.cuts.len()));
                lives.made.extend(made);
            }
        }
        lives
            .last
            .extend(outputs.iter().map(|it| (*it, usize::MAX)));
        Some(lives)
    }

    fn stages(self, mut taken: HashMap<String, Shallow>) -> Option<Vec<Stage>> {
        let mut stages = Vec::new();
        let mut answers = Vec::new();
        for node in &self.cuts {
            let [from, to] = [node.input.first()?, node.output.first()?];
            let convolution = taken.remove(to)?;
            answers.push(to.as_str());
            stages.push(Stage {
                wanted: Vec::new(),
                then: Some(Taken {
                    from: from.clone(),
                    to: to.clone(),
                    last: *self.last.get(to.as_str())?,
                    convolution,
                }),
            });
        }
        stages.push(Stage::default());
        for name in self.kept {
            if name != self.picture && !answers.contains(&name) {
                let wanted = &mut stages.get_mut(*self.made.get(name)?)?.wanted;
                wanted.push((name.to_owned(), *self.last.get(name)?));
            }
        }
        // All that was taken out of the graph must be computed.
        taken.is_empty().then_some(stages)
    }
}

/// The convolution, if it is one that is computed here.
fn shallow(graph: &GraphProto, node: &NodeProto) -> Option<Shallow> {
    let attribute = |name: &str| {
        node.attribute
            .iter()
            .find(|it| it.name.as_deref() == Some(name))
    };
    let pair = |name: &str, otherwise: i64| {
        let given = attribute(name).map(|it| it.ints.as_slice());
        match given {
            None => Some(otherwise),
            Some(&[down, across]) if down == across => Some(down),
            Some(_) => None,
        }
    };
    if node.op_type.as_deref() != Some("Conv") || pair("dilations", 1)? != 1 {
        return None;
    }
    let (shape, weights) = constant(graph, node.input.get(1)?)?;
    let sizes = shape.iter().map(|it| usize::try_from(*it).ok());
    let &[planes, each, side, across] = sizes.collect::<Option<Vec<_>>>()?.as_slice() else {
        return None;
    };
    let groups = attribute("group").and_then(|it| it.i).unwrap_or(1);
    let is_shallow = groups == if each == 1 { shape[0] } else { 1 };
    let is_known = KINDS.contains(&(each, side)) && across == side;
    if !is_shallow || !is_known || planes < FEWEST {
        return None;
    }
    let bias = match node.input.get(2) {
        Some(name) => constant(graph, name)?.1,
        None => vec![0.0; planes],
    };
    Some(Shallow {
        each,
        side,
        stride: usize::try_from(pair("strides", 1)?)
            .ok()
            .filter(|it| *it > 0)?,
        padding: padding(attribute("auto_pad"), attribute("pads"))?,
        weights,
        bias,
    })
}

fn padding(auto: Option<&AttributeProto>, pads: Option<&AttributeProto>) -> Option<[Padding; 2]> {
    match auto.and_then(|it| it.s.as_deref()) {
        Some("SAME_UPPER") => Some([Padding::Same; 2]),
        None | Some("NOTSET") => {
            let sides = pads.map_or(&[0; 4][..], |it| it.ints.as_slice());
            let sides: Option<Vec<usize>> =
                sides.iter().map(|it| usize::try_from(*it).ok()).collect();
            let &[top, left, bottom, right] = sides?.as_slice() else {
                return None;
            };
            Some([Padding::By([top, bottom]), Padding::By([left, right])])
        }
        Some(_) => None,
    }
}

/// The shape and numbers of a constant, which may be kept in eight bits.
fn constant(graph: &GraphProto, name: &str) -> Option<(Vec<i64>, Vec<f32>)> {
    let stored = |name: &str| {
        graph
            .initializer
            .iter()
            .find(|it| it.name.as_deref() == Some(name))
    };
    if let Some(tensor) = stored(name) {
        return Some((tensor.dims.clone(), floats(tensor)?));
    }
    let packed = graph
        .node
        .iter()
        .find(|node| node.output.iter().any(|it| it == name))?;
    if packed.op_type.as_deref() != Some("DequantizeLinear") {
        return None;
    }
    let part = |index: usize| stored(packed.input.get(index)?);
    let (tensor, scales, zeros) = (part(0)?, floats(part(1)?)?, bytes(part(2)?)?);
    let values = bytes(tensor)?;
    let each = values
        .len()
        .checked_div(scales.len())
        .filter(|it| *it > 0)?;
    let planes = values.chunks_exact(each).zip(&scales).zip(&zeros);
    let numbers = planes.flat_map(|((plane, scale), zero)| {
        plane
            .iter()
            .map(move |it| f32::from(i16::from(*it) - i16::from(*zero)) * scale)
    });
    Some((tensor.dims.clone(), numbers.collect()))
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

/// A value of the graph that is a tensor of numbers.
fn numbers(name: impl Into<String>) -> ValueInfoProto {
    let tensor = TypeProtoTensor {
        elem_type: Some(DataType::FLOAT),
        ..TypeProtoTensor::default()
    };
    ValueInfoProto {
        name: Some(name.into()),
        r#type: Some(TypeProto {
            tensor_type: Some(tensor),
            ..TypeProto::default()
        }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::models::weights;

    #[test]
    fn every_network_is_cut_at_all_of_them() {
        let outputs = [
            (&weights::YUNET, &super::super::detect::OUTPUTS[..], 15),
            (&weights::SFACE, &["fc1"], 14),
            (&weights::NSFWJS, &["output"], 18),
            (&weights::LOOKS, &["embedding"], 17),
        ];
        for (weights, outputs, convolutions) in outputs {
            let cut = cut(weights.file, outputs).unwrap();
            let taken = cut.stages.iter().filter(|stage| stage.then.is_some());
            assert_eq!(taken.count(), convolutions, "{}", weights.name);
            let last = cut.stages.last().unwrap();
            assert!(last.then.is_none());
            for output in outputs {
                assert!(
                    last.wanted.iter().any(|(name, _)| name == output),
                    "{output}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_network_is_not_cut() {
        assert!(cut(b"version https://git-lfs.github.com/spec/v1", &["out"]).is_none());
        assert!(cut(&weights::SFACE.file[..100_000], &["fc1"]).is_none());
        assert!(cut(weights::SFACE.file, &["no such output"]).is_none());
    }
}
