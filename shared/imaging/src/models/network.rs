//! One network in the runtime.

use std::fmt;
use std::sync::OnceLock;

use rten::{Model, ModelOptions, NodeId, Value, ValueOrView, op_registry};
use rten_tensor::NdTensor;

use super::cut::{self, cut};
use super::error::ModelError;
use super::shallow::Shallow;
use super::weights::Weights;

/// A loaded network with one input, ready to run.
pub(super) struct Network {
    name: String,
    model: Model,
    input: NodeId,
    outputs: Vec<NodeId>,
    /// Empty when the runtime computes all of it.
    stages: Vec<Stage>,
}

/// As in [`cut`], by ids.
struct Stage {
    wanted: Vec<NodeId>,
    /// The last stage that uses each of them.
    last: Vec<usize>,
    then: Option<Taken>,
}

struct Taken {
    from: NodeId,
    to: NodeId,
    last: usize,
    convolution: Shallow,
}

/// A value on its way through the stages.
struct Live {
    id: NodeId,
    value: Value,
    /// The last stage that uses it.
    last: usize,
}

impl Network {
    /// An embedded network. Only the operators that the four of them use are
    /// linked; the runtime knows many more.
    fn embedded(weights: &'static Weights, outputs: &[&str]) -> Result<Self, ModelError> {
        let operators = op_registry!(
            Add,
            AveragePool,
            BatchNormalization,
            Clip,
            Conv,
            DequantizeLinear,
            Flatten,
            Gemm,
            Identity,
            MaxPool,
            Mul,
            PRelu,
            Pad,
            ReduceMean,
            Relu,
            Reshape,
            Resize,
            Sigmoid,
            Softmax,
            Sub,
            Transpose
        );
        let failed = || failed(weights.name, "it cannot be cut into stages");
        let cut = cut(weights.file, outputs).ok_or_else(failed)?;
        let model = ModelOptions::with_ops(operators).load(cut.file);
        let mut network = Self::new(weights.name, model, outputs)?;
        let stages = cut.stages.into_iter().map(|it| network.stage(it));
        network.stages = stages.collect::<Option<_>>().ok_or_else(failed)?;
        Ok(network)
    }

    fn stage(&self, stage: cut::Stage) -> Option<Stage> {
        let id = |name: &str| self.model.find_node(name);
        let (names, last): (Vec<_>, Vec<_>) = stage.wanted.into_iter().unzip();
        let then = match stage.then {
            None => None,
            Some(taken) => Some(Taken {
                from: id(&taken.from)?,
                to: id(&taken.to)?,
                last: taken.last,
                convolution: taken.convolution,
            }),
        };
        let wanted = names.iter().map(|name| id(name)).collect::<Option<_>>()?;
        Some(Stage { wanted, last, then })
    }

    /// A network that somebody brings along, with any operator.
    pub(super) fn foreign(
        name: &str,
        file: Vec<u8>,
        output: Option<&str>,
    ) -> Result<Self, ModelError> {
        let model = ModelOptions::with_all_ops().load(file);
        let network = Self::new(name, model, output.as_slice())?;
        if network.model.input_ids().len() == 1 {
            Ok(network)
        } else {
            Err(failed(name, "it does not take one input"))
        }
    }

    /// With these outputs, or its first when none is named.
    fn new(
        name: &str,
        model: Result<Model, rten::LoadError>,
        outputs: &[&str],
    ) -> Result<Self, ModelError> {
        let model = model.map_err(|error| failed(name, &error.to_string()))?;
        // The first is the picture; what a cut makes inputs comes after it.
        let &[input, ..] = model.input_ids() else {
            return Err(failed(name, "it takes no input"));
        };
        let named = outputs.iter().map(|output| model.node_id(output));
        let mut outputs = named
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| failed(name, &error.to_string()))?;
        if outputs.is_empty() {
            outputs.extend(model.output_ids().first());
        }
        Ok(Self {
            name: name.to_owned(),
            model,
            input,
            outputs,
            stages: Vec::new(),
        })
    }

    /// Runs the network; the numbers of each output, flat and all finite.
    pub(super) fn run(&self, input: Value) -> Result<Vec<Vec<f32>>, ModelError> {
        let values = if self.stages.is_empty() {
            self.ask(vec![(self.input, input.into())], &self.outputs)?
        } else {
            // All of it where the runtime would go for each stage.
            rten::thread_pool().run(|| self.run_stages(input))?
        };
        values
            .into_iter()
            .map(|value| self.numbers(value))
            .collect()
    }

    fn ask(
        &self,
        inputs: Vec<(NodeId, ValueOrView<'_>)>,
        outputs: &[NodeId],
    ) -> Result<Vec<Value>, ModelError> {
        let values = self.model.run(inputs, outputs, None);
        values.map_err(|error| ModelError::Run {
            model: self.name.clone(),
            reason: error.to_string(),
        })
    }

    fn run_stages(&self, input: Value) -> Result<Vec<Value>, ModelError> {
        let mut live = vec![Live {
            id: self.input,
            value: input,
            last: 0,
        }];
        for (index, stage) in self.stages.iter().enumerate() {
            let from = stage.then.as_ref().map(|taken| taken.from);
            // What nobody needs afterwards is given away, to be written over.
            let mut inputs: Vec<(NodeId, ValueOrView<'_>)> = Vec::new();
            let (kept, spent): (Vec<_>, Vec<_>) = live
                .into_iter()
                .partition(|it| it.last > index || Some(it.id) == from);
            inputs.extend(spent.into_iter().map(|it| (it.id, it.value.into())));
            inputs.extend(kept.iter().map(|it| (it.id, (&it.value).into())));
            let made = self.ask(inputs, &stage.wanted)?;
            live = kept;
            let made = stage.wanted.iter().zip(&stage.last).zip(made);
            live.extend(made.map(|((&id, &last), value)| Live { id, value, last }));
            if let Some(taken) = &stage.then {
                let answer = Self::convolve(taken, &mut live, index);
                live.push(answer.ok_or_else(|| self.nonsense())?);
            }
        }
        let output = |id| {
            let at = live.iter().position(|it| it.id == id)?;
            Some(live.swap_remove(at).value)
        };
        let outputs = self.outputs.iter().copied().map(output);
        outputs
            .collect::<Option<_>>()
            .ok_or_else(|| self.nonsense())
    }

    /// The answer of what was taken out after this stage.
    fn convolve(taken: &Taken, live: &mut Vec<Live>, stage: usize) -> Option<Live> {
        let at = live.iter().position(|it| it.id == taken.from)?;
        let seen = if live[at].last > stage {
            live[at].value.clone()
        } else {
            live.swap_remove(at).value
        };
        let planes = NdTensor::<f32, 4>::try_from(seen).ok()?;
        Some(Live {
            id: taken.to,
            value: taken.convolution.run(planes)?.into(),
            last: taken.last,
        })
    }

    fn numbers(&self, value: Value) -> Result<Vec<f32>, ModelError> {
        let Value::FloatTensor(tensor) = value else {
            return Err(self.nonsense());
        };
        let numbers = tensor.into_data();
        if numbers.iter().all(|number| number.is_finite()) {
            Ok(numbers)
        } else {
            Err(self.nonsense())
        }
    }

    /// The answer is not what this network is known to give.
    pub(super) fn nonsense(&self) -> ModelError {
        ModelError::Answer {
            model: self.name.clone(),
        }
    }
}

fn failed(name: &str, reason: &str) -> ModelError {
    ModelError::Load {
        model: name.to_owned(),
        reason: reason.to_owned(),
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Network").field(&self.name).finish()
    }
}

/// An embedded network that is loaded when it is first needed. A failure is
/// kept too: the weights will not get better.
#[derive(Debug)]
pub(super) struct Lazy {
    weights: &'static Weights,
    outputs: &'static [&'static str],
    slot: OnceLock<Result<Network, ModelError>>,
}

impl Lazy {
    pub(super) const fn new(weights: &'static Weights, outputs: &'static [&'static str]) -> Self {
        Self {
            weights,
            outputs,
            slot: OnceLock::new(),
        }
    }

    /// The network, loaded by the first who asks.
    pub(super) fn get(&self) -> Result<&Network, ModelError> {
        let load = || Network::embedded(self.weights, self.outputs);
        self.slot.get_or_init(load).as_ref().map_err(Clone::clone)
    }

    pub(super) fn weights(&self) -> &'static Weights {
        self.weights
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::models::{detect, weights};

    /// The runtime's own answer is what the stages must come to.
    #[test]
    fn in_stages_as_at_once() {
        let networks = [
            (&weights::YUNET, &detect::OUTPUTS[..], [1, 3, 96, 160]),
            (&weights::SFACE, &["fc1"], [1, 3, 112, 112]),
            (&weights::NSFWJS, &["output"], [1, 224, 224, 3]),
            (&weights::LOOKS, &["embedding"], [1, 3, 224, 224]),
        ];
        for (weights, outputs, shape) in networks {
            let count = shape.iter().product();
            let numbers = (0..count).map(|n| (n * 7 % 251) as f32 / 251.0);
            let input = || {
                Value::from(NdTensor::from_data(
                    shape,
                    numbers.clone().collect::<Vec<_>>(),
                ))
            };
            let model = ModelOptions::with_all_ops().load_static_slice(weights.file);
            let whole = Network::new(weights.name, model, outputs).unwrap();
            assert!(whole.stages.is_empty());
            let cut = Network::embedded(weights, outputs).unwrap();
            assert!(cut.stages.len() > 10);
            for (ours, theirs) in cut
                .run(input())
                .unwrap()
                .iter()
                .zip(whole.run(input()).unwrap())
            {
                let largest = theirs.iter().fold(0.0, |most: f32, it| most.max(it.abs()));
                assert_eq!(ours.len(), theirs.len());
                for (ours, theirs) in ours.iter().zip(&theirs) {
                    let apart = (ours - theirs).abs();
                    assert!(
                        apart <= 1e-4 * largest.max(1.0),
                        "{}: {ours} {theirs}",
                        weights.name
                    );
                }
            }
        }
    }
}
