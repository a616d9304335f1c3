//! Reads the convolutions that [`small_conv`](crate::small_conv) computes from an ONNX graph, and
//! fuses them with the operators that follow: batch normalisation, activation and max pooling. Each
//! of these, computed in a pass of its own, costs about as much as the convolution.

use std::collections::{BTreeSet, HashMap};

use rten_onnx::onnx::{AttributeProto, GraphProto, NodeProto};

use crate::constant::Constant;
use crate::small_conv::{Padding, SmallConv};

/// The clamp that changes nothing.
const UNCLAMPED: [f32; 2] = [f32::NEG_INFINITY, f32::INFINITY];

/// Reads the convolutions that are computed here, by the names of their outputs. In the graph one
/// node is left for each, which stands also for the operators it was fused with.
pub(crate) fn take_convolutions(
    graph: &mut GraphProto,
    outputs: &[&str],
) -> HashMap<String, SmallConv> {
    let mut found = Vec::new();
    let mut fused = BTreeSet::new();
    for (index, node) in graph.node.iter().enumerate() {
        let Some(mut convolution) = read_convolution(graph, node) else {
            continue;
        };
        let mut last = node;
        while let Some((next, node)) = only_user(graph, last, outputs)
            && fuse(&mut convolution, graph, node).is_some()
        {
            fused.insert(next);
            last = node;
        }
        found.push((index, last.output.clone(), convolution));
    }
    let mut taken = HashMap::new();
    for (index, output, convolution) in found {
        taken.extend(output.first().map(|name| (name.clone(), convolution)));
        graph.node[index].output = output;
    }
    let mut index = 0..;
    graph
        .node
        .retain(|_| index.next().is_none_or(|it| !fused.contains(&it)));
    taken
}

/// The one node that uses the output of a node; `None` when there are others, or the output is asked
/// for.
fn only_user<'a>(
    graph: &'a GraphProto,
    node: &NodeProto,
    outputs: &[&str],
) -> Option<(usize, &'a NodeProto)> {
    let [output] = node.output.as_slice() else {
        return None;
    };
    let uses = |node: &NodeProto| node.input.contains(output);
    let mut users = graph.node.iter().enumerate().filter(|(_, node)| uses(node));
    let user = users.next()?;
    let is_only = users.next().is_none() && !outputs.contains(&output.as_str());
    (is_only && user.1.input.first() == Some(output)).then_some(user)
}

/// Adds what the node does to the convolution; `None` when it cannot.
fn fuse(convolution: &mut SmallConv, graph: &GraphProto, node: &NodeProto) -> Option<()> {
    let kind = node.op_type.as_deref()?;
    if convolution.has_max_pool || (convolution.clamp != UNCLAMPED && kind != "MaxPool") {
        return None;
    }
    let channels = convolution.bias.len();
    let constant = |index: usize| {
        let name = node.input.get(index).filter(|it| !it.is_empty())?;
        Constant::find(graph, name)?.to_floats()
    };
    let constants = |index| constant(index).filter(|it| it.len() == channels);
    let scalar = |index| match constant(index)?.as_slice() {
        [one] => Some(*one),
        _ => None,
    };
    match kind {
        "BatchNormalization" => {
            let [scale, shift] = [constants(1)?, constants(2)?];
            let [mean, variance] = [constants(3)?, constants(4)?];
            let epsilon = attribute(node, "epsilon").map_or(Some(1e-5), |it| it.f)?;
            let length = convolution.weights.len() / channels;
            let weights = convolution.weights.chunks_exact_mut(length);
            for (channel, weights) in weights.enumerate() {
                let scale = scale[channel] / (variance[channel] + epsilon).sqrt();
                weights.iter_mut().for_each(|weight| *weight *= scale);
                let bias = &mut convolution.bias[channel];
                *bias = (*bias - mean[channel]) * scale + shift[channel];
            }
        }
        "Relu" => convolution.clamp = [0.0, f32::INFINITY],
        "Clip" if node.input.len() == 3 => convolution.clamp = [scalar(1)?, scalar(2)?],
        "PRelu" => {
            convolution.slopes = constants(1)?;
            convolution.clamp = [0.0, f32::INFINITY];
        }
        "MaxPool" => {
            let is = |name, sides: &[i64]| attribute(node, name).is_some_and(|it| it.ints == sides);
            let rounds_up = attribute(node, "ceil_mode").is_some_and(|it| it.i.unwrap_or(0) != 0);
            let is_supported =
                is("kernel_shape", &[2, 2]) && is("strides", &[2, 2]) && is("pads", &[0; 4]);
            convolution.has_max_pool = (is_supported && !rounds_up).then_some(true)?;
        }
        _ => return None,
    }
    Some(())
}

fn attribute<'a>(node: &'a NodeProto, name: &str) -> Option<&'a AttributeProto> {
    let mut attributes = node.attribute.iter();
    attributes.find(|it| it.name.as_deref() == Some(name))
}

/// Reads a convolution; `None` when it is not one that is computed here.
fn read_convolution(graph: &GraphProto, node: &NodeProto) -> Option<SmallConv> {
    let pair = |name: &str, otherwise: i64| {
        let given = attribute(node, name).map(|it| it.ints.as_slice());
        match given {
            None => Some(otherwise),
            Some(&[down, across]) if down == across => Some(down),
            Some(_) => None,
        }
    };
    if node.op_type.as_deref() != Some("Conv") || pair("dilations", 1)? != 1 {
        return None;
    }
    let weights = Constant::find(graph, node.input.get(1)?)?;
    let sizes = weights.shape().iter().map(|it| usize::try_from(*it).ok());
    let &[channels, input_channels, kernel, across] = sizes.collect::<Option<Vec<_>>>()?.as_slice()
    else {
        return None;
    };
    let groups = attribute(node, "group").and_then(|it| it.i).unwrap_or(1);
    let is_small = groups
        == if input_channels == 1 {
            weights.shape()[0]
        } else {
            1
        };
    if !is_small || across != kernel || channels == 0 {
        return None;
    }
    let bias = match node.input.get(2) {
        Some(name) => Constant::find(graph, name)?.to_floats()?,
        None => vec![0.0; channels],
    };
    let convolution = SmallConv {
        input_channels,
        kernel,
        stride: usize::try_from(pair("strides", 1)?).ok()?,
        padding: read_padding(attribute(node, "auto_pad"), attribute(node, "pads"))?,
        weights: weights.to_floats()?,
        bias,
        clamp: UNCLAMPED,
        slopes: vec![0.0; channels],
        has_max_pool: false,
    };
    convolution.is_supported().then_some(convolution)
}

fn read_padding(
    auto: Option<&AttributeProto>,
    pads: Option<&AttributeProto>,
) -> Option<[Padding; 2]> {
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

#[cfg(test)]
mod tests {
    use rten_onnx::onnx::{DataType, TensorProto};

    use super::*;

    fn node(kind: &str, input: &[&str], output: &str) -> NodeProto {
        NodeProto {
            input: input.iter().map(|it| (*it).to_owned()).collect(),
            output: vec![output.to_owned()],
            op_type: Some(kind.to_owned()),
            ..NodeProto::default()
        }
    }

    fn with(mut node: NodeProto, name: &str, i: Option<i64>, ints: &[i64]) -> NodeProto {
        node.attribute.push(AttributeProto {
            name: Some(name.to_owned()),
            i,
            ints: ints.to_vec(),
            ..AttributeProto::default()
        });
        node
    }

    fn constant(name: &str, dims: &[i64], numbers: &[f32]) -> TensorProto {
        TensorProto {
            name: Some(name.to_owned()),
            dims: dims.to_vec(),
            data_type: Some(DataType::FLOAT),
            float_data: numbers.to_vec(),
            ..TensorProto::default()
        }
    }

    /// Two channels, kernels of three by three, and what is done to the output `a`.
    fn graph(after: Vec<NodeProto>) -> GraphProto {
        let convolution = with(node("Conv", &["picture", "w"], "a"), "group", Some(2), &[]);
        let mut graph = GraphProto {
            node: vec![with(convolution, "pads", None, &[1; 4])],
            initializer: vec![
                constant("w", &[2, 1, 3, 3], &[1.0; 18]),
                constant("scale", &[2], &[2.0, 3.0]),
                constant("shift", &[2], &[0.5, 0.25]),
                constant("mean", &[2], &[1.0, -1.0]),
                constant("variance", &[2], &[4.0 - 1e-5, 1.0 - 1e-5]),
                constant("none", &[], &[0.0]),
                constant("six", &[], &[6.0]),
            ],
            ..GraphProto::default()
        };
        graph.node.extend(after);
        graph
    }

    fn pool(from: &str, to: &str, side: i64) -> NodeProto {
        let sides = [side; 2];
        let pool = with(node("MaxPool", &[from], to), "kernel_shape", None, &sides);
        with(with(pool, "strides", None, &sides), "pads", None, &[0; 4])
    }

    fn scaled(from: &str, to: &str) -> NodeProto {
        let inputs = [from, "scale", "shift", "mean", "variance"];
        node("BatchNormalization", &inputs, to)
    }

    #[test]
    fn what_alone_uses_the_output_is_fused() {
        let clipped = node("Clip", &["b", "none", "six"], "c");
        let mut graph = graph(vec![scaled("a", "b"), clipped, pool("c", "d", 2)]);
        let taken = take_convolutions(&mut graph, &["d"]);
        assert_eq!((taken.len(), graph.node.len()), (1, 1));
        assert_eq!(graph.node[0].output, ["d"]);
        let it = &taken["d"];
        let near = |a: f32, b: f32| (a - b).abs() < 1e-5;
        assert!(near(it.weights[0], 1.0) && near(it.weights[9], 3.0));
        assert!(near(it.bias[0], -0.5) && near(it.bias[1], 3.25));
        assert_eq!((it.clamp, it.has_max_pool), ([0.0, 6.0], true));
    }

    #[test]
    fn each_channel_has_its_slope() {
        let activation = node("PRelu", &["a", "shift"], "b");
        let taken = take_convolutions(&mut graph(vec![activation]), &["b"]);
        assert_eq!(taken["b"].slopes, [0.5, 0.25]);
        assert_eq!(taken["b"].clamp, [0.0, f32::INFINITY]);
    }

    #[test]
    fn what_others_use_too_or_is_not_supported_stays() {
        let relu = || node("Relu", &["a"], "b");
        let sum = node("Add", &["a", "b"], "c");
        for (after, output) in [
            (vec![relu(), sum], "c"),
            (vec![relu()], "a"),
            (vec![node("Clip", &["a", "picture", "six"], "b")], "b"),
            (vec![pool("a", "b", 3)], "b"),
            (vec![node("Sub", &["six", "a"], "b")], "b"),
        ] {
            let mut graph = graph(after);
            let before = graph.node.len();
            let taken = take_convolutions(&mut graph, &[output]);
            assert_eq!(graph.node.len(), before, "{output}");
            assert_eq!(taken["a"].clamp, UNCLAMPED);
            assert!(!taken["a"].has_max_pool);
        }
        // A scale after an activation cannot be fused.
        let mut activated = graph(vec![relu(), scaled("b", "c")]);
        assert_eq!(
            take_convolutions(&mut activated, &["c"])["b"].bias,
            [0.0, 0.0]
        );
        assert_eq!(activated.node.len(), 2);
    }
}
