//! What the template's own text does not say: values of parameters, and where things listen.

use std::collections::BTreeMap;

/// Everything the template's own text does not say.
#[derive(Debug, Clone)]
pub struct Place {
    /// Values of the template's parameters; the others take their defaults.
    pub parameters: BTreeMap<String, String>,
    /// Where SQS listens, without a trailing slash; queue URLs start with it.
    pub sqs_url: String,
    /// Where the gateway listens; stands for the API's own endpoint.
    pub gateway_url: String,
}
