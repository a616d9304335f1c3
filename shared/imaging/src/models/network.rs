//! One network in the runtime.

use std::fmt;
use std::sync::OnceLock;

use rten::{Model, ModelOptions, NodeId, Value, ValueOrView, op_registry};

use super::error::ModelError;
use super::weights::Weights;

/// A loaded network with one input, ready to run.
pub(super) struct Network {
    name: String,
    model: Model,
    input: NodeId,
    outputs: Vec<NodeId>,
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
        let model = ModelOptions::with_ops(operators).load_static_slice(weights.file);
        Self::new(weights.name, model, outputs)
    }

    /// A network that somebody brings along, with any operator.
    pub(super) fn foreign(
        name: &str,
        file: Vec<u8>,
        output: Option<&str>,
    ) -> Result<Self, ModelError> {
        let model = ModelOptions::with_all_ops().load(file);
        Self::new(name, model, output.as_slice())
    }

    /// With these outputs, or its first when none is named.
    fn new(
        name: &str,
        model: Result<Model, rten::LoadError>,
        outputs: &[&str],
    ) -> Result<Self, ModelError> {
        let failed = |reason: String| ModelError::Load {
            model: name.to_owned(),
            reason,
        };
        let model = model.map_err(|error| failed(error.to_string()))?;
        let &[input] = model.input_ids() else {
            return Err(failed("it does not take one input".to_owned()));
        };
        let named = outputs.iter().map(|output| model.node_id(output));
        let mut outputs = named
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| failed(error.to_string()))?;
        if outputs.is_empty() {
            outputs.extend(model.output_ids().first());
        }
        Ok(Self {
            name: name.to_owned(),
            model,
            input,
            outputs,
        })
    }

    /// Runs the network; the numbers of each output, flat and all finite.
    pub(super) fn run(&self, input: ValueOrView<'_>) -> Result<Vec<Vec<f32>>, ModelError> {
        let values = self
            .model
            .run(vec![(self.input, input)], &self.outputs, None)
            .map_err(|error| ModelError::Run {
                model: self.name.clone(),
                reason: error.to_string(),
            })?;
        values
            .into_iter()
            .map(|value| self.numbers(value))
            .collect()
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
