//! Model vectors: the numbers of a picture or a face, with the id of the model that made them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use vara_nets::Weights;

/// Which model made a vector: its name, and the checksum of its weights.
///
/// Its text is `name@` and 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ModelId {
    name: Cow<'static, str>,
    sha256: [u8; 32],
}

impl ModelId {
    /// A model by name and checksum of its weights.
    pub fn new(name: impl Into<Cow<'static, str>>, sha256: [u8; 32]) -> Self {
        let name = name.into();
        Self { name, sha256 }
    }

    /// The id of an embedded model.
    pub(super) fn of(weights: &Weights) -> Self {
        Self::new(weights.name, weights.sha256)
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of the weights.
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, hex::encode(self.sha256))
    }
}

impl fmt::Debug for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModelId({self})")
    }
}

/// The text is not `name@` and 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a model and the checksum of its weights")]
pub struct ParseModelIdError;

impl FromStr for ModelId {
    type Err = ParseModelIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, digits) = text.rsplit_once('@').ok_or(ParseModelIdError)?;
        if name.is_empty() {
            return Err(ParseModelIdError);
        }
        let mut sha256 = [0; 32];
        hex::decode_to_slice(digits, &mut sha256).map_err(|_| ParseModelIdError)?;
        Ok(Self::new(name.to_owned(), sha256))
    }
}

/// What a model says of a picture or a face, to be compared with others of
/// the same model.
#[derive(Clone, PartialEq)]
pub struct Vector {
    /// The model that made it.
    pub model: ModelId,
    /// The numbers.
    pub values: Vec<f32>,
}

impl Vector {
    /// A vector of length one; `None` when it has no direction.
    pub(super) fn normalise(model: ModelId, mut values: Vec<f32>) -> Option<Self> {
        let length = dot_product(&values, &values).sqrt();
        if !length.is_finite() || length <= 0.0 {
            return None;
        }
        for value in &mut values {
            *value = (f64::from(*value) / length) as f32;
        }
        Some(Self { model, values })
    }

    /// How much two vectors point the same way, -1 to 1; `None` when they are
    /// of different models or one has no direction.
    pub fn cosine(&self, other: &Self) -> Option<f32> {
        if self.model != other.model || self.values.len() != other.values.len() {
            return None;
        }
        let lengths =
            dot_product(&self.values, &self.values) * dot_product(&other.values, &other.values);
        let cosine = dot_product(&self.values, &other.values) / lengths.sqrt();
        cosine.is_finite().then_some(cosine.clamp(-1.0, 1.0) as f32)
    }
}

/// Only model and length: a face's numbers are as private as the face.
impl fmt::Debug for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vector")
            .field("model", &self.model)
            .field("length", &self.values.len())
            .finish_non_exhaustive()
    }
}

fn dot_product(a: &[f32], b: &[f32]) -> f64 {
    let products = a.iter().zip(b).map(|(&x, &y)| f64::from(x) * f64::from(y));
    products.sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn vector(name: &'static str, values: &[f32]) -> Vector {
        Vector {
            model: ModelId::new(name, [7; 32]),
            values: values.to_vec(),
        }
    }

    #[test]
    fn cosine_by_hand() {
        let (a, b) = (vector("m", &[3.0, 4.0]), vector("m", &[4.0, 3.0]));
        assert!((a.cosine(&b).unwrap() - 0.96).abs() < 1e-6);
        assert!((a.cosine(&vector("m", &[-6.0, -8.0])).unwrap() + 1.0).abs() < 1e-6);
    }

    #[test]
    fn different_models_are_not_compared() {
        let a = vector("m", &[1.0, 0.0]);
        assert_eq!(a.cosine(&vector("n", &[1.0, 0.0])), None);
        let mut retrained = a.clone();
        retrained.model = ModelId::new("m", [8; 32]);
        assert_eq!(a.cosine(&retrained), None);
        assert_eq!(a.cosine(&vector("m", &[1.0, 0.0, 0.0])), None);
    }

    #[test]
    fn nothing_has_no_direction() {
        let zero = vector("m", &[0.0, 0.0]);
        assert_eq!(zero.cosine(&vector("m", &[1.0, 0.0])), None);
        assert_eq!(Vector::normalise(zero.model.clone(), zero.values), None);
        let broken = vec![f32::NAN, 1.0];
        assert_eq!(Vector::normalise(zero.model, broken), None);
    }

    #[test]
    fn the_name_is_read_back() {
        let id = ModelId::new("a@b", *b"0123456789abcdefghijklmnopqrstuv");
        assert_eq!(id.to_string().parse(), Ok(id.clone()));
        assert!(id.to_string().starts_with("a@b@3031"));
        let upper = id.to_string().replace("6a", "6A");
        assert_eq!(upper.parse(), Ok(id));
        for wrong in ["", "a", "a@", "@", "a@12"] {
            assert_eq!(wrong.parse::<ModelId>(), Err(ParseModelIdError), "{wrong}");
        }
        let signs = format!("a@{}", "+1".repeat(32));
        assert_eq!(signs.parse::<ModelId>(), Err(ParseModelIdError));
        assert!(format!("@{}", "01".repeat(32)).parse::<ModelId>().is_err());
        assert!(format!("a@{}", "é".repeat(32)).parse::<ModelId>().is_err());
    }

    #[test]
    fn numbers_stay_out_of_logs() {
        let text = format!("{:?}", vector("m", &[0.125, 0.5]));
        assert!(!text.contains("0.125"), "{text}");
    }
}
