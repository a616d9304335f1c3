//! The section `Rules`: what a template asks of its parameters.

use serde_json::Value;

use super::{error::TemplateError, intrinsics::Evaluator, properties::check_keys};

/// Refuses parameters that CloudFormation would refuse before it makes anything.
pub(super) fn check(evaluator: &Evaluator<'_>) -> Result<(), TemplateError> {
    let rules = evaluator.template.get("Rules").and_then(Value::as_object);
    for (name, rule) in rules.into_iter().flatten() {
        check_keys(rule, name, &["Assertions", "RuleCondition"])?;
        if let Some(condition) = rule.get("RuleCondition")
            && !evaluator.truth(condition)?
        {
            continue;
        }
        let assertions = rule.get("Assertions").and_then(Value::as_array);
        let assertions = assertions.ok_or_else(|| TemplateError::unusable(name, rule))?;
        for assertion in assertions {
            check_keys(assertion, name, &["Assert", "AssertDescription"])?;
            if !evaluator.truth(&assertion["Assert"])? {
                let description = assertion["AssertDescription"].as_str();
                return Err(TemplateError::Refused {
                    rule: name.clone(),
                    description: description.unwrap_or_default().to_owned(),
                });
            }
        }
    }
    Ok(())
}
