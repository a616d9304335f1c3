//! Takes the convolutions of few planes out of a network, for
//! [`shallow`](super::shallow) to compute them.
//!
//! What is left falls into stages: between two of them one such convolution is
//! computed. The runtime is given a graph in which its answer is an input and
//! what it wants an output.

use std::collections::{BTreeSet, HashMap};

use rten_onnx::onnx::{
    DataType, GraphProto, ModelProto, NodeProto, TypeProto, TypeProtoTensor, ValueInfoProto,
};

use super::joined::joined;
use super::shallow::Shallow;

/// A network in stages.
#[derive(Debug)]
pub(super) struct Cut {
    /// What is left for the runtime.
    pub(super) file: Vec<u8>,
    pub(super) stages: Vec<Stage<String>>,
}

/// What is computed at once. Values are known by their names, or by what the runtime calls them.
#[derive(Debug)]
pub(super) struct Stage<Id> {
    /// What the runtime is asked for, each with the last stage that uses it.
    pub(super) wanted: Vec<(Id, usize)>,
    /// What is computed here after it. None in the last stage.
    pub(super) then: Option<Taken<Id>>,
}

/// A convolution that was taken out.
#[derive(Debug)]
pub(super) struct Taken<Id> {
    pub(super) from: Id,
    pub(super) to: Id,
    /// The last stage that uses the answer.
    pub(super) last: usize,
    pub(super) convolution: Shallow,
}

impl Stage<String> {
    /// The same by other names; `None` when a value has none.
    pub(super) fn renamed<Id>(self, name: impl Fn(&str) -> Option<Id>) -> Option<Stage<Id>> {
        let wanted = self.wanted.iter();
        let wanted = wanted.map(|(it, last)| Some((name(it)?, *last)));
        let then = match self.then {
            None => None,
            Some(taken) => Some(Taken {
                from: name(&taken.from)?,
                to: name(&taken.to)?,
                last: taken.last,
                convolution: taken.convolution,
            }),
        };
        Some(Stage {
            wanted: wanted.collect::<Option<_>>()?,
            then,
        })
    }
}

/// The network cut for these outputs; `None` when it is not as ours are.
pub(super) fn cut(file: &[u8], outputs: &[&str]) -> Option<Cut> {
    let mut model = ModelProto::parse_buf(file).ok()?;
    let graph = model.graph.as_mut()?;
    let taken = joined(graph, outputs);
    let stages = Lives::followed(graph, &taken, outputs)?.stages(taken)?;
    let convolutions = stages.iter().filter_map(|stage| stage.then.as_ref());
    let answers: BTreeSet<&String> = convolutions.map(|taken| &taken.to).collect();
    let is_left = |node: &NodeProto| !node.output.iter().any(|it| answers.contains(it));
    graph.node.retain(is_left);
    graph.input.extend(answers.into_iter().map(numbers));
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

    fn stages(self, mut taken: HashMap<String, Shallow>) -> Option<Vec<Stage<String>>> {
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
        stages.push(Stage {
            wanted: Vec::new(),
            then: None,
        });
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
        let convolutions = [
            (&weights::YUNET, 27),
            (&weights::SFACE, 14),
            (&weights::NSFWJS, 18),
            (&weights::LOOKS, 17),
        ];
        for (weights, convolutions) in convolutions {
            let cut = cut(weights.file, weights.outputs).unwrap();
            let taken = cut.stages.iter().filter(|stage| stage.then.is_some());
            assert_eq!(taken.count(), convolutions, "{}", weights.name);
            let last = cut.stages.last().unwrap();
            assert!(last.then.is_none());
            for output in weights.outputs {
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
