//! Runs neural networks in ONNX form on the CPU: tensors in, numbers out.
//!
//! [`rten`](https://crates.io/crates/rten) computes them, but for the convolutions over few
//! channels, which it computes slowly: `fusion` and `stages` take those out of the graph, and
//! `small_conv` computes them. Four networks are embedded with their [weights]; a [`LazyNetwork`]
//! loads one of them when it is first asked.
//!
//! What may not enter this crate: pictures, what an answer means, thresholds, and any code of ours
//! that is `unsafe`.

mod constant;
mod error;
mod fusion;
mod network;
mod small_conv;
mod stages;
mod tensor;
pub mod weights;

pub use error::ModelError;
pub use network::{LazyNetwork, NeuralNetwork};
pub use tensor::Tensor;
pub use weights::Weights;
