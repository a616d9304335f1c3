//! One network in the runtime.

use std::fmt;
use std::sync::OnceLock;

use rten::{Model, ModelOptions, NodeId, Value, ValueOrView, op_registry};
use rten_tensor::NdTensorView;

use super::cut::{Stage, Taken, cut};
use super::error::ModelError;
use super::weights::Weights;

/// A loaded network with one input, ready to run.
pub(super) struct Network {
    name: String,
    model: Model,
    input: NodeId,
    outputs: Vec<NodeId>,
    /// Empty when the runtime computes all of it.
    stages: Vec<Stage<NodeId>>,
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
    fn embedded(weights: &'static Weights) -> Result<Self, ModelError> {
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
        let uncut = || failed(weights.name, "it cannot be cut into stages");
        let cut = cut(weights.file, weights.outputs).ok_or_else(uncut)?;
        let model = ModelOptions::with_ops(operators).load(cut.file);
        let mut network = Self::new(weights.name, model, weights.outputs)?;
        let by_id = |stage: Stage<String>| stage.renamed(|name| network.model.find_node(name));
        let stages: Option<_> = cut.stages.into_iter().map(by_id).collect();
        network.stages = stages.ok_or_else(uncut)?;
        Ok(network)
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
            let wanted: Vec<NodeId> = stage.wanted.iter().map(|(id, _)| *id).collect();
            let made = stage.wanted.iter().zip(self.ask(inputs, &wanted)?);
            let made = made.map(|(&(id, last), value)| Live { id, value, last });
            live = kept.into_iter().chain(made).collect();
            if let Some(taken) = &stage.then {
                let answer = convolved(taken, &live).ok_or_else(|| self.nonsense())?;
                live.push(answer);
                live.retain(|it| it.last > index);
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

/// The answer of what was taken out, on its way.
fn convolved(taken: &Taken<NodeId>, live: &[Live]) -> Option<Live> {
    let seen = live.iter().find(|it| it.id == taken.from)?;
    let planes = NdTensorView::<f32, 4>::try_from(&seen.value).ok()?;
    Some(Live {
        id: taken.to,
        value: taken.convolution.run(planes)?.into(),
        last: taken.last,
    })
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
    slot: OnceLock<Result<Network, ModelError>>,
}

impl Lazy {
    pub(super) const fn new(weights: &'static Weights) -> Self {
        Self {
            weights,
            slot: OnceLock::new(),
        }
    }

    /// The network, loaded by the first who asks.
    pub(super) fn get(&self) -> Result<&Network, ModelError> {
        let load = || Network::embedded(self.weights);
        self.slot.get_or_init(load).as_ref().map_err(Clone::clone)
    }

    pub(super) fn weights(&self) -> &'static Weights {
        self.weights
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use rten_tensor::NdTensor;

    use super::*;
    use crate::models::weights;

    /// The runtime's own answer is what the stages must come to.
    #[test]
    fn in_stages_as_at_once() {
        let networks = [
            (&weights::YUNET, [1, 3, 96, 160]),
            (&weights::SFACE, [1, 3, 112, 112]),
            (&weights::NSFWJS, [1, 224, 224, 3]),
            (&weights::LOOKS, [1, 3, 224, 224]),
        ];
        for (weights, shape) in networks {
            let count = shape.iter().product();
            let numbers = (0..count).map(|n| (n * 7 % 251) as f32 / 251.0);
            let input = || {
                Value::from(NdTensor::from_data(
                    shape,
                    numbers.clone().collect::<Vec<_>>(),
                ))
            };
            let model = ModelOptions::with_all_ops().load_static_slice(weights.file);
            let whole = Network::new(weights.name, model, weights.outputs).unwrap();
            assert!(whole.stages.is_empty());
            let cut = Network::embedded(weights).unwrap();
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
