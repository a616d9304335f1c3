//! The trace a message is part of, which rustack takes and forgets: here it travels as an attribute of
//! the message that nobody is shown.

use rustack_sqs_model::{
    input::{ReceiveMessageInput, SendMessageInput},
    output::ReceiveMessageOutput,
    types::MessageAttributeValue,
};

/// Its name as AWS has it, and as it travels.
const NAME: &str = "AWSTraceHeader";
const HIDDEN: &str = "vara-local.trace";

/// Keeps the trace of a message that is sent.
pub(super) fn kept(mut input: SendMessageInput) -> SendMessageInput {
    let trace = input.message_system_attributes.remove(NAME);
    if let Some(trace) = trace.and_then(|it| it.string_value) {
        let trace = MessageAttributeValue {
            data_type: "String".to_owned(),
            string_value: Some(trace),
            binary_value: None,
        };
        input.message_attributes.insert(HIDDEN.to_owned(), trace);
    }
    input
}

/// Asks for it, whatever else is asked for; whether it is to be told.
pub(super) fn wanted(input: &mut ReceiveMessageInput) -> bool {
    input.message_attribute_names.push(HIDDEN.to_owned());
    let asked = &input.attribute_names;
    asked.iter().any(|it| it == "All" || it == NAME)
}

/// Tells it where AWS does, if it was asked for.
pub(super) fn told(mut output: ReceiveMessageOutput, asked: bool) -> ReceiveMessageOutput {
    for message in &mut output.messages {
        let trace = message.message_attributes.remove(HIDDEN);
        if let Some(trace) = trace.and_then(|it| it.string_value).filter(|_| asked) {
            message.attributes.insert(NAME.to_owned(), trace);
        }
        if message.message_attributes.is_empty() {
            message.md5_of_message_attributes = None;
        }
    }
    output
}
