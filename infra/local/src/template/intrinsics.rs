//! What `Ref`, `Fn::Sub` and their like come to on this machine. Knows names and
//! addresses; builds no resources.

use serde_json::{Map, Value};

use super::{
    error::TemplateError,
    names::{self, NamedProperties},
    place::Place,
};

/// Evaluates intrinsics against one template and one place.
pub(super) struct Evaluator<'a> {
    pub(super) template: &'a Value,
    pub(super) place: &'a Place,
}

/// `None` is `AWS::NoValue`: the property is as if it were not written.
type Evaluated = Result<Option<Value>, TemplateError>;

impl Evaluator<'_> {
    /// Evaluates a property that must come to something.
    pub(super) fn value(&self, value: &Value) -> Result<Value, TemplateError> {
        self.evaluate(value)
            .map(|value| value.unwrap_or(Value::Null))
    }

    /// Evaluates to text; numbers and booleans are written out, as CloudFormation does.
    pub(super) fn text(&self, value: &Value) -> Result<String, TemplateError> {
        match self.value(value)? {
            Value::String(text) => Ok(text),
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(flag) => Ok(flag.to_string()),
            other => Err(TemplateError::unusable("text", &other)),
        }
    }

    /// Whether a named condition holds.
    pub(super) fn condition(&self, name: &str) -> Result<bool, TemplateError> {
        let rule = self
            .template
            .pointer(&format!("/Conditions/{name}"))
            .ok_or_else(|| TemplateError::UnknownReference(name.to_owned()))?;
        self.truth(rule)
    }

    /// The physical name of a resource, which `property` may say.
    pub(super) fn physical(&self, logical: &str, property: &str) -> Result<String, TemplateError> {
        self.named(logical)?.physical(property)
    }

    /// What `Ref` of a resource comes to.
    pub(super) fn reference_to(&self, logical: &str) -> Result<String, TemplateError> {
        self.named(logical)?.reference()
    }

    /// What `Fn::GetAtt` comes to.
    pub(super) fn attribute_of(
        &self,
        logical: &str,
        attribute: &str,
    ) -> Result<String, TemplateError> {
        self.named(logical)?.attribute(attribute)
    }

    fn named<'b>(&'b self, logical: &'b str) -> Result<NamedProperties<'b>, TemplateError> {
        let resource = self
            .template
            .pointer(&format!("/Resources/{logical}"))
            .ok_or_else(|| TemplateError::UnknownReference(logical.to_owned()))?;
        Ok(NamedProperties {
            logical,
            resource,
            place: self.place,
            text: Box::new(|written| self.text(written)),
        })
    }

    fn evaluate(&self, value: &Value) -> Evaluated {
        match value {
            Value::Object(map) if map.len() == 1 => {
                let Some((key, argument)) = map.iter().next() else {
                    return Ok(Some(value.clone()));
                };
                self.call(key, argument)
                    .unwrap_or_else(|| self.object(map).map(Some))
            }
            Value::Object(map) => self.object(map).map(Some),
            Value::Array(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    list.extend(self.evaluate(item)?);
                }
                Ok(Some(Value::Array(list)))
            }
            scalar => Ok(Some(scalar.clone())),
        }
    }

    fn object(&self, map: &Map<String, Value>) -> Result<Value, TemplateError> {
        let mut object = Map::new();
        for (key, value) in map {
            if let Some(value) = self.evaluate(value)? {
                object.insert(key.clone(), value);
            }
        }
        Ok(Value::Object(object))
    }

    /// `None` when `key` is no intrinsic.
    fn call(&self, key: &str, argument: &Value) -> Option<Evaluated> {
        Some(match key {
            "Ref" => self.reference(argument),
            "Fn::GetAtt" => self.attribute(argument).map(Some),
            "Fn::Sub" => self.substitute(argument).map(Some),
            "Fn::Join" => self.join(argument).map(Some),
            "Fn::Split" => self.split(argument).map(Some),
            "Fn::Select" => self.select(argument).map(Some),
            "Fn::If" => self.choose(argument),
            "Fn::Equals" | "Fn::Not" | "Fn::And" | "Fn::Or" => self
                .truth(&Value::Object(Map::from_iter([(
                    key.to_owned(),
                    argument.clone(),
                )])))
                .map(|truth| Some(Value::Bool(truth))),
            _ => return None,
        })
    }

    fn reference(&self, argument: &Value) -> Evaluated {
        match argument.as_str() {
            Some("AWS::NoValue") => Ok(None),
            Some(name) => self.name(name).map(|value| Some(Value::String(value))),
            None => Err(TemplateError::unusable("Ref", argument)),
        }
    }

    fn name(&self, name: &str) -> Result<String, TemplateError> {
        if let Some(pseudo) = names::pseudo_parameter(name) {
            return Ok(pseudo.to_owned());
        }
        if let Some(value) = self.place.parameters.get(name) {
            return Ok(value.clone());
        }
        if let Some(parameter) = self.template.pointer(&format!("/Parameters/{name}")) {
            return parameter
                .get("Default")
                .ok_or_else(|| TemplateError::ParameterWithoutValue(name.to_owned()))
                .and_then(|default| self.text(default));
        }
        self.reference_to(name)
    }

    fn attribute(&self, argument: &Value) -> Result<Value, TemplateError> {
        match argument.as_array().map(Vec::as_slice) {
            Some([Value::String(resource), Value::String(attribute)]) => {
                self.attribute_of(resource, attribute).map(Value::String)
            }
            _ => Err(TemplateError::unusable("Fn::GetAtt", argument)),
        }
    }

    fn substitute(&self, argument: &Value) -> Result<Value, TemplateError> {
        let none = Map::new();
        let (text, own) = match argument {
            Value::String(text) => (text, &none),
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(text), Value::Object(own)] => (text, own),
                _ => return Err(TemplateError::unusable("Fn::Sub", argument)),
            },
            _ => return Err(TemplateError::unusable("Fn::Sub", argument)),
        };
        let mut filled = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            filled.push_str(before);
            let (name, after) = after
                .split_once('}')
                .ok_or_else(|| TemplateError::unusable("Fn::Sub", argument))?;
            if let Some(literal) = name.strip_prefix('!') {
                filled.push_str(&format!("${{{literal}}}"));
            } else if let Some(value) = own.get(name) {
                filled.push_str(&self.text(value)?);
            } else if let Some((resource, attribute)) = name.split_once('.') {
                filled.push_str(&self.attribute_of(resource, attribute)?);
            } else {
                filled.push_str(&self.name(name)?);
            }
            rest = after;
        }
        filled.push_str(rest);
        Ok(Value::String(filled))
    }

    fn join(&self, argument: &Value) -> Result<Value, TemplateError> {
        let Some([Value::String(between), list]) = argument.as_array().map(Vec::as_slice) else {
            return Err(TemplateError::unusable("Fn::Join", argument));
        };
        let Value::Array(items) = self.value(list)? else {
            return Err(TemplateError::unusable("Fn::Join", argument));
        };
        let parts = items
            .iter()
            .map(|item| self.text(item))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Value::String(parts.join(between)))
    }

    fn split(&self, argument: &Value) -> Result<Value, TemplateError> {
        match argument.as_array().map(Vec::as_slice) {
            Some([Value::String(at), text]) => Ok(self
                .text(text)?
                .split(at.as_str())
                .map(Value::from)
                .collect()),
            _ => Err(TemplateError::unusable("Fn::Split", argument)),
        }
    }

    fn select(&self, argument: &Value) -> Result<Value, TemplateError> {
        let Some([index, list]) = argument.as_array().map(Vec::as_slice) else {
            return Err(TemplateError::unusable("Fn::Select", argument));
        };
        let list = self.value(list)?;
        self.text(index)?
            .parse::<usize>()
            .ok()
            .and_then(|index| list.get(index).cloned())
            .ok_or_else(|| TemplateError::unusable("Fn::Select", argument))
    }

    fn choose(&self, argument: &Value) -> Evaluated {
        match argument.as_array().map(Vec::as_slice) {
            Some([Value::String(condition), yes, no]) => {
                self.evaluate(if self.condition(condition)? { yes } else { no })
            }
            _ => Err(TemplateError::unusable("Fn::If", argument)),
        }
    }

    pub(super) fn truth(&self, rule: &Value) -> Result<bool, TemplateError> {
        let unusable = || TemplateError::unusable("a condition", rule);
        let (key, argument) = rule
            .as_object()
            .filter(|map| map.len() == 1)
            .and_then(|map| map.iter().next())
            .ok_or_else(unusable)?;
        let list = argument.as_array().map(Vec::as_slice);
        match (key.as_str(), list) {
            ("Condition", _) => self.condition(argument.as_str().ok_or_else(unusable)?),
            ("Fn::Equals", Some([left, right])) => Ok(self.text(left)? == self.text(right)?),
            ("Fn::Not", Some([inner])) => self.truth(inner).map(|truth| !truth),
            ("Fn::And", Some(all)) => all
                .iter()
                .try_fold(true, |truth, one| Ok(truth & self.truth(one)?)),
            ("Fn::Or", Some(any)) => any
                .iter()
                .try_fold(false, |truth, one| Ok(truth | self.truth(one)?)),
            ("Fn::Contains", Some([Value::Array(texts), text])) => {
                let text = self.text(text)?;
                let same = |one| self.text(one).map(|it| it == text);
                texts
                    .iter()
                    .try_fold(false, |truth, one| Ok(truth | same(one)?))
            }
            _ => Err(unusable()),
        }
    }
}

#[cfg(test)]
mod tests {

    use serde_json::{Value, json};

    use super::{Evaluator, Place};

    fn place() -> Place {
        Place {
            parameters: [("Stage".to_owned(), "local".to_owned())].into(),
            sqs_url: "http://127.0.0.1:9324".to_owned(),
            gateway_url: "http://localhost:4000".to_owned(),
        }
    }

    fn evaluate(value: Value) -> Value {
        let template = json!({
            "Parameters": {"Stage": {"Default": "dev"}, "Mail": {"Default": "a@b.c"}},
            "Conditions": {
                "IsLocal": {"Fn::Equals": [{"Ref": "Stage"}, "local"]},
                "IsProd": {"Fn::Not": [{"Condition": "IsLocal"}]},
            },
            "Resources": {
                "Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "${AWS::StackName}-q"}}},
            },
        });
        let place = place();
        Evaluator {
            template: &template,
            place: &place,
        }
        .value(&value)
        .unwrap()
    }

    #[test]
    fn parameters_defaults_and_resources() {
        assert_eq!(
            evaluate(json!({"Fn::Sub": "${Stage} ${Mail} ${!Kept} ${Q.QueueName} ${Q}"})),
            "local a@b.c ${Kept} vara-local-q http://127.0.0.1:9324/000000000000/vara-local-q"
        );
    }

    #[test]
    fn conditions_choose() {
        assert_eq!(evaluate(json!({"Fn::If": ["IsProd", "a", "b"]})), "b");
        assert_eq!(
            evaluate(json!([{"Fn::If": ["IsLocal", {"Ref": "AWS::NoValue"}, "b"]}, 1])),
            json!([1])
        );
    }

    #[test]
    fn lists() {
        assert_eq!(
            evaluate(json!({"Fn::Select": ["1", {"Fn::Split": ["@", {"Ref": "Mail"}]}]})),
            "b.c"
        );
        assert_eq!(
            evaluate(json!({"Fn::Join": ["-", ["x", {"Ref": "Stage"}]]})),
            "x-local"
        );
    }
}
