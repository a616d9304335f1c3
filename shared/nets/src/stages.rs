//! Splits an ONNX graph into stages at the convolutions that [`small_conv`](crate::small_conv)
//! computes.
//!
//! Between two stages one such convolution is computed. The runtime is given a graph in which its
//! output is an input, and its input an output.

use std::collections::{BTreeSet, HashMap};

use rten_onnx::onnx::{
    DataType, GraphProto, ModelProto, NodeProto, TypeProto, TypeProtoTensor, ValueInfoProto,
};

use crate::fusion::take_convolutions;
use crate::small_conv::SmallConv;

/// A network in stages.
#[derive(Debug)]
pub(crate) struct StagedModel {
    /// The ONNX file of what is left for the runtime.
    pub(crate) file: Vec<u8>,
    pub(crate) stages: Vec<GraphStage<String>>,
}

/// What the runtime computes in one run, and the convolution that follows. `Id` is how a value is
/// known: its name in the graph, or its id in the runtime.
#[derive(Debug)]
pub(crate) struct GraphStage<Id> {
    /// The values that the runtime is asked for, each with the last stage that uses it.
    pub(crate) outputs: Vec<(Id, usize)>,
    /// What is computed here after the run. `None` in the last stage.
    pub(crate) convolution: Option<ConvStep<Id>>,
}

/// A convolution that was taken out of the graph.
#[derive(Debug)]
pub(crate) struct ConvStep<Id> {
    pub(crate) input: Id,
    pub(crate) output: Id,
    /// The last stage that uses the output.
    pub(crate) last_use: usize,
    pub(crate) convolution: SmallConv,
}

impl GraphStage<String> {
    /// The same stage with other ids; `None` when a value has none.
    pub(crate) fn map_ids<Id>(self, id: impl Fn(&str) -> Option<Id>) -> Option<GraphStage<Id>> {
        let outputs = self.outputs.iter();
        let outputs = outputs.map(|(name, last_use)| Some((id(name)?, *last_use)));
        let convolution = match self.convolution {
            None => None,
            Some(step) => Some(ConvStep {
                input: id(&step.input)?,
                output: id(&step.output)?,
                last_use: step.last_use,
                convolution: step.convolution,
            }),
        };
        Some(GraphStage {
            outputs: outputs.collect::<Option<_>>()?,
            convolution,
        })
    }
}

/// Splits the network for these outputs; `None` when its graph is not built as those of the
/// embedded networks are.
pub(crate) fn split_model(file: &[u8], outputs: &[&str]) -> Option<StagedModel> {
    let mut model = ModelProto::parse_buf(file).ok()?;
    let graph = model.graph.as_mut()?;
    let convolutions = take_convolutions(graph, outputs);
    let stages = Liveness::of(graph, &convolutions, outputs)?.into_stages(convolutions)?;
    let steps = stages.iter().filter_map(|stage| stage.convolution.as_ref());
    let computed: BTreeSet<&String> = steps.map(|step| &step.output).collect();
    let is_left = |node: &NodeProto| !node.output.iter().any(|it| computed.contains(it));
    graph.node.retain(is_left);
    graph.input.extend(computed.into_iter().map(float_tensor));
    let wanted = stages.iter().flat_map(|stage| &stage.outputs);
    graph.output = wanted.map(|(name, _)| float_tensor(name)).collect();
    let file = model.write_buf().ok()?;
    Some(StagedModel { file, stages })
}

/// In which stages each value lives that depends on the input of the network.
struct Liveness<'a> {
    input: &'a str,
    /// The nodes at which the graph is split, in its order.
    splits: Vec<&'a NodeProto>,
    /// The stage that makes a value, and the last that uses it.
    made_in: HashMap<&'a str, usize>,
    last_use: HashMap<&'a str, usize>,
    /// The values that are used outside the stage that makes them.
    crossing: BTreeSet<&'a str>,
}

impl<'a> Liveness<'a> {
    /// In one pass: the nodes of a graph come after those whose outputs they use.
    fn of(
        graph: &'a GraphProto,
        convolutions: &HashMap<String, SmallConv>,
        outputs: &[&'a str],
    ) -> Option<Self> {
        let input = graph.input.first()?.name.as_deref()?;
        let mut liveness = Self {
            input,
            splits: Vec::new(),
            made_in: HashMap::from([(input, 0)]),
            last_use: HashMap::new(),
            crossing: outputs.iter().copied().collect(),
        };
        for node in &graph.node {
            let stage = liveness.splits.len();
            let is_split = convolutions.contains_key(node.output.first()?);
            let mut depends = false;
            for name in node.input.iter().map(String::as_str) {
                let Some(made_in) = liveness.made_in.get(name) else {
                    continue;
                };
                depends = true;
                if is_split || *made_in < stage {
                    liveness.crossing.insert(name);
                }
                liveness.last_use.insert(name, stage);
            }
            if depends {
                liveness.splits.extend(is_split.then_some(node));
                let stage = liveness.splits.len();
                let made = node.output.iter().map(|it| (it.as_str(), stage));
                liveness.made_in.extend(made);
            }
        }
        let last_use = outputs.iter().map(|it| (*it, usize::MAX));
        liveness.last_use.extend(last_use);
        Some(liveness)
    }

    fn into_stages(
        self,
        mut convolutions: HashMap<String, SmallConv>,
    ) -> Option<Vec<GraphStage<String>>> {
        let mut stages = Vec::new();
        let mut computed = Vec::new();
        for node in &self.splits {
            let [input, output] = [node.input.first()?, node.output.first()?];
            let convolution = convolutions.remove(output)?;
            computed.push(output.as_str());
            stages.push(GraphStage {
                outputs: Vec::new(),
                convolution: Some(ConvStep {
                    input: input.clone(),
                    output: output.clone(),
                    last_use: *self.last_use.get(output.as_str())?,
                    convolution,
                }),
            });
        }
        stages.push(GraphStage {
            outputs: Vec::new(),
            convolution: None,
        });
        for name in self.crossing {
            if name != self.input && !computed.contains(&name) {
                let outputs = &mut stages.get_mut(*self.made_in.get(name)?)?.outputs;
                outputs.push((name.to_owned(), *self.last_use.get(name)?));
            }
        }
        // Everything that was taken out of the graph must be computed.
        convolutions.is_empty().then_some(stages)
    }
}

/// Declares a value of the graph as a tensor of `f32`.
fn float_tensor(name: impl Into<String>) -> ValueInfoProto {
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
    use crate::weights;

    #[test]
    fn every_embedded_network_is_split_at_all_its_small_convolutions() {
        let convolutions = [
            (&weights::YUNET, 27),
            (&weights::SFACE, 14),
            (&weights::NSFWJS, 18),
            (&weights::EFFICIENTNET, 17),
        ];
        for (weights, convolutions) in convolutions {
            let staged = split_model(weights.file, weights.outputs).unwrap();
            let taken = staged.stages.iter().filter(|it| it.convolution.is_some());
            assert_eq!(taken.count(), convolutions, "{}", weights.name);
            let last = staged.stages.last().unwrap();
            assert!(last.convolution.is_none());
            for output in weights.outputs {
                assert!(
                    last.outputs.iter().any(|(name, _)| name == output),
                    "{output}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_network_is_not_split() {
        assert!(split_model(b"version https://git-lfs.github.com/spec/v1", &["out"]).is_none());
        assert!(split_model(&weights::SFACE.file[..100_000], &["fc1"]).is_none());
        assert!(split_model(weights::SFACE.file, &["no such output"]).is_none());
    }
}
