//! Reads the convolutions that [`shallow`](super::shallow) computes, and joins them with what is done
//! to their answers: a scale and a shift of each plane, what bends it, and a look at the largest of
//! four. Each of these passes over the numbers costs about as much as the convolution.

use std::collections::{BTreeSet, HashMap};

use rten_onnx::onnx::{AttributeProto, GraphProto, NodeProto};

use super::constant::Constant;
use super::shallow::{Padding, Shallow};

/// The bounds of numbers that are left as they are.
const ANYTHING: [f32; 2] = [f32::NEG_INFINITY, f32::INFINITY];

/// The convolutions that are computed here, by the names of their answers. In the graph each of them
/// is left as one node that stands for what it was joined with, too.
pub(super) fn joined(graph: &mut GraphProto, outputs: &[&str]) -> HashMap<String, Shallow> {
    let mut found = Vec::new();
    let mut gone = BTreeSet::new();
    for (index, node) in graph.node.iter().enumerate() {
        let Some(mut convolution) = convolution(graph, node) else {
            continue;
        };
        let mut last = node;
        while let Some((next, node)) = only_user(graph, last, outputs)
            && join(&mut convolution, graph, node).is_some()
        {
            gone.insert(next);
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
        .retain(|_| index.next().is_none_or(|it| !gone.contains(&it)));
    taken
}

/// What alone is made of the answer of a node.
fn only_user<'a>(
    graph: &'a GraphProto,
    node: &NodeProto,
    outputs: &[&str],
) -> Option<(usize, &'a NodeProto)> {
    let [answer] = node.output.as_slice() else {
        return None;
    };
    let uses = |node: &NodeProto| node.input.contains(answer);
    let mut users = graph.node.iter().enumerate().filter(|(_, node)| uses(node));
    let user = users.next()?;
    let is_only = users.next().is_none() && !outputs.contains(&answer.as_str());
    (is_only && user.1.input.first() == Some(answer)).then_some(user)
}

/// Has the convolution do what the node does; `None` when it cannot.
fn join(convolution: &mut Shallow, graph: &GraphProto, node: &NodeProto) -> Option<()> {
    let kind = node.op_type.as_deref()?;
    if convolution.pooled || (convolution.within != ANYTHING && kind != "MaxPool") {
        return None;
    }
    let planes = convolution.bias.len();
    let constant = |index: usize| {
        let name = node.input.get(index).filter(|it| !it.is_empty())?;
        Constant::named(graph, name)?.numbers()
    };
    let constants = |index| constant(index).filter(|it| it.len() == planes);
    let one = |index| match constant(index)?.as_slice() {
        [one] => Some(*one),
        _ => None,
    };
    match kind {
        "BatchNormalization" => {
            let [scale, shift] = [constants(1)?, constants(2)?];
            let [mean, variance] = [constants(3)?, constants(4)?];
            let least = attribute(node, "epsilon").map_or(Some(1e-5), |it| it.f)?;
            let each = convolution.weights.len() / planes;
            let weights = convolution.weights.chunks_exact_mut(each);
            for (plane, weights) in weights.enumerate() {
                let scale = scale[plane] / (variance[plane] + least).sqrt();
                weights.iter_mut().for_each(|weight| *weight *= scale);
                let bias = &mut convolution.bias[plane];
                *bias = (*bias - mean[plane]) * scale + shift[plane];
            }
        }
        "Relu" => convolution.within = [0.0, f32::INFINITY],
        "Clip" if node.input.len() == 3 => convolution.within = [one(1)?, one(2)?],
        "PRelu" => {
            convolution.slopes = constants(1)?;
            convolution.within = [0.0, f32::INFINITY];
        }
        "MaxPool" => {
            let is = |name, sides: &[i64]| attribute(node, name).is_some_and(|it| it.ints == sides);
            let rounds_up = attribute(node, "ceil_mode").is_some_and(|it| it.i.unwrap_or(0) != 0);
            let is_known =
                is("kernel_shape", &[2, 2]) && is("strides", &[2, 2]) && is("pads", &[0; 4]);
            convolution.pooled = (is_known && !rounds_up).then_some(true)?;
        }
        _ => return None,
    }
    Some(())
}

fn attribute<'a>(node: &'a NodeProto, name: &str) -> Option<&'a AttributeProto> {
    let mut attributes = node.attribute.iter();
    attributes.find(|it| it.name.as_deref() == Some(name))
}

/// The convolution, if it is one that is computed here.
fn convolution(graph: &GraphProto, node: &NodeProto) -> Option<Shallow> {
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
    let weights = Constant::named(graph, node.input.get(1)?)?;
    let sizes = weights.shape().iter().map(|it| usize::try_from(*it).ok());
    let &[planes, each, side, across] = sizes.collect::<Option<Vec<_>>>()?.as_slice() else {
        return None;
    };
    let groups = attribute(node, "group").and_then(|it| it.i).unwrap_or(1);
    let is_shallow = groups == if each == 1 { weights.shape()[0] } else { 1 };
    if !is_shallow || across != side || planes == 0 {
        return None;
    }
    let bias = match node.input.get(2) {
        Some(name) => Constant::named(graph, name)?.numbers()?,
        None => vec![0.0; planes],
    };
    let convolution = Shallow {
        each,
        side,
        stride: usize::try_from(pair("strides", 1)?).ok()?,
        padding: padding(attribute(node, "auto_pad"), attribute(node, "pads"))?,
        weights: weights.numbers()?,
        bias,
        within: ANYTHING,
        slopes: vec![0.0; planes],
        pooled: false,
    };
    convolution.is_known().then_some(convolution)
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

    /// Two planes of three by three, and what is done to the answer `a`.
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
    fn what_is_done_to_the_answer_alone_is_part_of_it() {
        let clipped = node("Clip", &["b", "none", "six"], "c");
        let mut graph = graph(vec![scaled("a", "b"), clipped, pool("c", "d", 2)]);
        let taken = joined(&mut graph, &["d"]);
        assert_eq!((taken.len(), graph.node.len()), (1, 1));
        assert_eq!(graph.node[0].output, ["d"]);
        let it = &taken["d"];
        let near = |a: f32, b: f32| (a - b).abs() < 1e-5;
        assert!(near(it.weights[0], 1.0) && near(it.weights[9], 3.0));
        assert!(near(it.bias[0], -0.5) && near(it.bias[1], 3.25));
        assert_eq!((it.within, it.pooled), ([0.0, 6.0], true));
    }

    #[test]
    fn each_plane_has_its_slope() {
        let bent = node("PRelu", &["a", "shift"], "b");
        let taken = joined(&mut graph(vec![bent]), &["b"]);
        assert_eq!(taken["b"].slopes, [0.5, 0.25]);
        assert_eq!(taken["b"].within, [0.0, f32::INFINITY]);
    }

    #[test]
    fn what_others_need_too_or_is_not_known_stays() {
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
            let taken = joined(&mut graph, &[output]);
            assert_eq!(graph.node.len(), before, "{output}");
            assert_eq!(taken["a"].within, ANYTHING);
            assert!(!taken["a"].pooled);
        }
        // A scale after a bend is another thing.
        let mut bent = graph(vec![relu(), scaled("b", "c")]);
        assert_eq!(joined(&mut bent, &["c"])["b"].bias, [0.0, 0.0]);
        assert_eq!(bent.node.len(), 2);
    }
}
