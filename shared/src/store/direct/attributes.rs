//! A row as the table's JSON has it, read as its type without a map of it in between: texts are borrowed
//! from the answer wherever no escape is in them.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeOwned, Deserializer, Error as _, IgnoredAny, IntoDeserializer, MapAccess, Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};

type Unreadable = serde::de::value::Error;

/// The attributes of a row or of a map in it.
pub(super) struct Attributes<'a>(Vec<(Cow<'a, str>, Attribute<'a>)>);

#[derive(Deserialize)]
enum Attribute<'a> {
    #[serde(borrow)]
    S(Cow<'a, str>),
    #[serde(borrow)]
    N(Cow<'a, str>),
    #[serde(borrow)]
    B(Cow<'a, str>),
    #[serde(rename = "BOOL")]
    Bool(bool),
    #[serde(rename = "NULL")]
    Null(IgnoredAny),
    #[serde(borrow)]
    M(Attributes<'a>),
    #[serde(borrow)]
    L(Vec<Attribute<'a>>),
    #[serde(rename = "SS")]
    Texts(Vec<String>),
}

impl Attributes<'_> {
    /// An attribute, if it is text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let (_, found) = self.0.iter().find(|(it, _)| it == name)?;
        match found {
            Attribute::S(text) => Some(text),
            _ => None,
        }
    }

    /// The row as its type; `None` if it is not that.
    pub(super) fn read<T: DeserializeOwned>(self) -> Option<T> {
        T::deserialize(Attribute::M(self)).ok()
    }
}

/// A name, borrowed where it can be: a `Cow` by itself never is.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Attributes<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader<'a>(PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for Reader<'a> {
            type Value = Attributes<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("attributes")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut attributes = Vec::with_capacity(map.size_hint().unwrap_or(24));
                while let Some((Name(name), attribute)) = map.next_entry()? {
                    attributes.push((name, attribute));
                }
                Ok(Attributes(attributes))
            }
        }

        from.deserialize_map(Reader(PhantomData))
    }
}

impl<'de> IntoDeserializer<'de, Unreadable> for Attribute<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Attribute<'de> {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self {
            Self::S(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Self::S(Cow::Owned(text)) => visitor.visit_string(text),
            Self::N(number) => visit_number(&number, visitor),
            Self::B(text) => {
                let bytes = STANDARD.decode(&*text).map_err(Unreadable::custom)?;
                visitor.visit_byte_buf(bytes)
            }
            Self::Bool(it) => visitor.visit_bool(it),
            Self::Null(_) => visitor.visit_unit(),
            Self::M(map) => visitor.visit_map(MapDeserializer::new(map.0.into_iter())),
            Self::L(list) => visitor.visit_seq(SeqDeserializer::new(list.into_iter())),
            Self::Texts(list) => visitor.visit_seq(SeqDeserializer::new(list.into_iter())),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self {
            Self::Null(_) => visitor.visit_none(),
            some => visitor.visit_some(some),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        match self {
            Self::S(variant) => visitor.visit_enum(variant.into_deserializer()),
            Self::M(map) => {
                let map = MapDeserializer::new(map.0.into_iter());
                visitor.visit_enum(MapAccessDeserializer::new(map))
            }
            _ => Err(Unreadable::custom("not a variant")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

fn visit_number<'de, V: Visitor<'de>>(number: &str, visitor: V) -> Result<V::Value, Unreadable> {
    if let Ok(it) = number.parse::<u64>() {
        visitor.visit_u64(it)
    } else if let Ok(it) = number.parse::<i64>() {
        visitor.visit_i64(it)
    } else {
        visitor.visit_f64(number.parse().map_err(Unreadable::custom)?)
    }
}
