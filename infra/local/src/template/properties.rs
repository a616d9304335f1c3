//! Reading one resource's properties without overlooking any: each is used, or
//! on the list of those that have no meaning here, or an error that names it.

use serde_json::{Map, Value};

use super::{error::TemplateError, intrinsics::Evaluator};

/// The properties of one resource (or of a part of one).
pub(super) struct Properties<'a> {
    place: String,
    evaluator: &'a Evaluator<'a>,
    map: Map<String, Value>,
}

impl<'a> Properties<'a> {
    /// Takes `map` apart; every key must be in `used` or in `ignored`.
    pub(super) fn new(
        evaluator: &'a Evaluator<'a>,
        place: impl Into<String>,
        map: &Value,
        used: &[&str],
        ignored: &[&str],
    ) -> Result<Self, TemplateError> {
        let place = place.into();
        let map = match map {
            Value::Object(map) => map.clone(),
            Value::Null => Map::new(),
            other => return Err(TemplateError::unusable(&place, other)),
        };
        let unknown = map
            .keys()
            .find(|key| !used.contains(&key.as_str()) && !ignored.contains(&key.as_str()));
        match unknown {
            Some(property) => Err(TemplateError::UnknownProperty {
                place,
                property: property.clone(),
            }),
            None => Ok(Self {
                place,
                evaluator,
                map,
            }),
        }
    }

    /// A part of this one, under the same rule.
    pub(super) fn part(
        &self,
        key: &str,
        used: &[&str],
        ignored: &[&str],
    ) -> Result<Self, TemplateError> {
        let part = self.map.get(key).unwrap_or(&Value::Null);
        Self::new(self.evaluator, self.path(key), part, used, ignored)
    }

    /// A list of parts of this one, under the same rule.
    pub(super) fn parts(
        &self,
        key: &str,
        used: &[&str],
        ignored: &[&str],
    ) -> Result<Vec<Self>, TemplateError> {
        match self.map.get(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| Self::new(self.evaluator, self.path(key), item, used, ignored))
                .collect(),
            Some(other) => Err(TemplateError::unusable(&self.path(key), other)),
        }
    }

    fn path(&self, key: &str) -> String {
        format!("{}.{key}", self.place)
    }

    /// The names of what is written.
    pub(super) fn keys(&self) -> impl Iterator<Item = &String> {
        self.map.keys()
    }

    /// The evaluated value, if written.
    pub(super) fn get(&self, key: &str) -> Result<Option<Value>, TemplateError> {
        self.map
            .get(key)
            .map(|value| self.evaluator.value(value))
            .transpose()
    }

    /// The text, if written.
    pub(super) fn text(&self, key: &str) -> Result<Option<String>, TemplateError> {
        self.map
            .get(key)
            .map(|value| self.evaluator.text(value))
            .transpose()
    }

    /// The text, which must be written.
    pub(super) fn needed(&self, key: &str) -> Result<String, TemplateError> {
        self.text(key)?
            .ok_or_else(|| TemplateError::MissingProperty(self.path(key)))
    }

    /// The whole number, if written.
    pub(super) fn number(&self, key: &str) -> Result<Option<u64>, TemplateError> {
        self.text(key)?
            .map(|text| {
                text.parse().map_err(|_| {
                    TemplateError::unusable(&self.path(key), &Value::String(text.clone()))
                })
            })
            .transpose()
    }

    /// The list of texts; nothing written is an empty list.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<String>, TemplateError> {
        match self.get(key)? {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                items.iter().map(|item| self.evaluator.text(item)).collect()
            }
            Some(other) => Err(TemplateError::unusable(&self.path(key), &other)),
        }
    }

    /// Refuses a value this reader cannot stand in for.
    pub(super) fn must_be(&self, key: &str, allowed: &[&str]) -> Result<(), TemplateError> {
        match self.text(key)? {
            Some(text) if !allowed.contains(&text.as_str()) => Err(TemplateError::unusable(
                &self.path(key),
                &Value::String(text),
            )),
            _ => Ok(()),
        }
    }
}

/// Refuses a section or an attribute that is not on the list.
pub(super) fn check_keys(value: &Value, place: &str, known: &[&str]) -> Result<(), TemplateError> {
    let map = value
        .as_object()
        .ok_or_else(|| TemplateError::unusable(place, value))?;
    match map.keys().find(|key| !known.contains(&key.as_str())) {
        Some(name) => Err(TemplateError::UnknownSection {
            name: name.clone(),
            place: place.to_owned(),
        }),
        None => Ok(()),
    }
}
