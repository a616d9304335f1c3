//! Loads a network into the runtime and runs it, in stages where convolutions were taken out of it.

use std::fmt;
use std::sync::OnceLock;

use rten::{Model, ModelOptions, NodeId, Value, ValueOrView, op_registry};
use rten_tensor::NdTensorView;

use crate::error::ModelError;
use crate::stages::{ConvStep, GraphStage, split_model};
use crate::tensor::Tensor;
use crate::weights::Weights;

/// A loaded network with one input, ready to run.
pub struct NeuralNetwork {
    name: String,
    model: Model,
    input: NodeId,
    outputs: Vec<NodeId>,
    /// Empty when the runtime computes all of the network.
    stages: Vec<GraphStage<NodeId>>,
}

/// A value that a later stage uses.
struct LiveValue {
    id: NodeId,
    value: Value,
    /// The last stage that uses it.
    last_use: usize,
}

impl NeuralNetwork {
    /// Loads an embedded network. Only the operators that the four of them use are
    /// linked; the runtime knows many more.
    fn load_embedded(weights: &'static Weights) -> Result<Self, ModelError> {
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
        let unsplit = || load_error(weights.name, "it cannot be split into stages");
        let staged = split_model(weights.file, weights.outputs).ok_or_else(unsplit)?;
        let model = ModelOptions::with_ops(operators).load(staged.file);
        let mut network = Self::new(weights.name, model, weights.outputs)?;
        let by_id = |stage: GraphStage<String>| stage.map_ids(|name| network.model.find_node(name));
        let stages: Option<_> = staged.stages.into_iter().map(by_id).collect();
        network.stages = stages.ok_or_else(unsplit)?;
        Ok(network)
    }

    /// Loads a network from an ONNX file, with any operator. Its answer is the named output, or the
    /// first one. The file is trusted: nothing bounds the time and memory that it takes.
    ///
    /// # Errors
    ///
    /// [`ModelError::Load`] when the bytes are no model of one input, or have no such output.
    pub fn load(name: &str, file: Vec<u8>, output: Option<&str>) -> Result<Self, ModelError> {
        let model = ModelOptions::with_all_ops().load(file);
        let network = Self::new(name, model, output.as_slice())?;
        if network.model.input_ids().len() == 1 {
            Ok(network)
        } else {
            Err(load_error(name, "it does not take one input"))
        }
    }

    /// With these outputs, or the model's first when none is named.
    fn new(
        name: &str,
        model: Result<Model, rten::LoadError>,
        outputs: &[&str],
    ) -> Result<Self, ModelError> {
        let model = model.map_err(|error| load_error(name, &error.to_string()))?;
        // The inputs that a split adds come after the one of the network.
        let &[input, ..] = model.input_ids() else {
            return Err(load_error(name, "it takes no input"));
        };
        let named = outputs.iter().map(|output| model.node_id(output));
        let mut outputs = named
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| load_error(name, &error.to_string()))?;
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
    ///
    /// # Errors
    ///
    /// When the input is not of the shape that the network takes, or its output is not finite.
    pub fn run(&self, input: Tensor) -> Result<Vec<Vec<f32>>, ModelError> {
        let input = input.into_value();
        let values = if self.stages.is_empty() {
            self.run_model(vec![(self.input, input.into())], &self.outputs)?
        } else {
            // All stages in one task of the runtime's thread pool, instead of a task for each.
            rten::thread_pool().run(|| self.run_stages(input))?
        };
        values
            .into_iter()
            .map(|value| self.read_floats(value))
            .collect()
    }

    fn run_model(
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
        let mut live = vec![LiveValue {
            id: self.input,
            value: input,
            last_use: 0,
        }];
        for (index, stage) in self.stages.iter().enumerate() {
            let convolved = stage.convolution.as_ref().map(|step| step.input);
            // A value that no later stage uses is moved in, so that the runtime may overwrite it.
            let mut inputs: Vec<(NodeId, ValueOrView<'_>)> = Vec::new();
            let (kept, spent): (Vec<_>, Vec<_>) = live
                .into_iter()
                .partition(|it| it.last_use > index || Some(it.id) == convolved);
            inputs.extend(spent.into_iter().map(|it| (it.id, it.value.into())));
            inputs.extend(kept.iter().map(|it| (it.id, (&it.value).into())));
            let outputs: Vec<NodeId> = stage.outputs.iter().map(|(id, _)| *id).collect();
            let made = stage.outputs.iter().zip(self.run_model(inputs, &outputs)?);
            let made = made.map(|(&(id, last_use), value)| LiveValue {
                id,
                value,
                last_use,
            });
            live = kept.into_iter().chain(made).collect();
            if let Some(step) = &stage.convolution {
                let output = convolve(step, &live).ok_or_else(|| self.bad_answer())?;
                live.push(output);
                live.retain(|it| it.last_use > index);
            }
        }
        let output = |id| {
            let at = live.iter().position(|it| it.id == id)?;
            Some(live.swap_remove(at).value)
        };
        let outputs = self.outputs.iter().copied().map(output);
        outputs
            .collect::<Option<_>>()
            .ok_or_else(|| self.bad_answer())
    }

    fn read_floats(&self, value: Value) -> Result<Vec<f32>, ModelError> {
        let Value::FloatTensor(tensor) = value else {
            return Err(self.bad_answer());
        };
        let numbers = tensor.into_data();
        if numbers.iter().all(|number| number.is_finite()) {
            Ok(numbers)
        } else {
            Err(self.bad_answer())
        }
    }

    /// The error for an answer of another shape than this network is known to give.
    pub fn bad_answer(&self) -> ModelError {
        ModelError::Answer {
            model: self.name.clone(),
        }
    }
}

/// Computes the convolution of a stage; `None` when its input is missing or of another shape.
fn convolve(step: &ConvStep<NodeId>, live: &[LiveValue]) -> Option<LiveValue> {
    let input = live.iter().find(|it| it.id == step.input)?;
    let channels = NdTensorView::<f32, 4>::try_from(&input.value).ok()?;
    Some(LiveValue {
        id: step.output,
        value: step.convolution.run(channels)?.into(),
        last_use: step.last_use,
    })
}

fn load_error(name: &str, reason: &str) -> ModelError {
    ModelError::Load {
        model: name.to_owned(),
        reason: reason.to_owned(),
    }
}

impl fmt::Debug for NeuralNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NeuralNetwork").field(&self.name).finish()
    }
}

/// An embedded network that is loaded when it is first needed. A failure is
/// kept too, since the weights do not change.
#[derive(Debug)]
pub struct LazyNetwork {
    weights: &'static Weights,
    slot: OnceLock<Result<NeuralNetwork, ModelError>>,
}

impl LazyNetwork {
    /// The network with these weights, not loaded yet.
    pub const fn new(weights: &'static Weights) -> Self {
        Self {
            weights,
            slot: OnceLock::new(),
        }
    }

    /// The network, loaded by the first call.
    ///
    /// # Errors
    ///
    /// [`ModelError::Load`] when the weights cannot be loaded.
    pub fn get(&self) -> Result<&NeuralNetwork, ModelError> {
        let load = || NeuralNetwork::load_embedded(self.weights);
        self.slot.get_or_init(load).as_ref().map_err(Clone::clone)
    }

    /// The weights.
    pub fn weights(&self) -> &'static Weights {
        self.weights
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::weights;

    /// The runtime's own answer is what the stages must come to.
    #[test]
    fn stages_give_what_one_run_of_the_runtime_gives() {
        let networks = [
            (&weights::YUNET, [1, 3, 96, 160]),
            (&weights::SFACE, [1, 3, 112, 112]),
            (&weights::NSFWJS, [1, 224, 224, 3]),
            (&weights::EFFICIENTNET, [1, 3, 224, 224]),
        ];
        for (weights, shape) in networks {
            let count = shape.iter().product();
            let numbers = (0..count).map(|n| (n * 7 % 251) as f32 / 251.0);
            let input = || Tensor::from_floats(shape, numbers.clone().collect());
            let model = ModelOptions::with_all_ops().load_static_slice(weights.file);
            let whole = NeuralNetwork::new(weights.name, model, weights.outputs).unwrap();
            assert!(whole.stages.is_empty());
            let staged = NeuralNetwork::load_embedded(weights).unwrap();
            assert!(staged.stages.len() > 10);
            for (ours, theirs) in staged
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
