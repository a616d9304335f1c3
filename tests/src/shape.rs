//! A small language for the shape of JSON, so that a whole answer is said in one readable line.
//!
//! ```text
//! shape   = one ("|" one)*
//! one     = NAME | "text" | 12 | true | false | null
//!         | "{" field ("," field)* [", ..."] "}"     an object with these fields and, with "...", others
//!         | "[" shape "]" ["+"]                      a list of these; with "+" not an empty one
//! field   = name ["?"] ":" shape                     with "?" it may be absent
//! ```
//!
//! `NAME` is a kind (`any bool int number text string uuid date url object`) or a shape that was named.
//! `text` is not empty. An object has no fields but those that are said.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::CharIndices;

use serde_json::Value;

/// Shapes with names.
#[derive(Clone, Debug, Default)]
pub struct Shapes(BTreeMap<String, Shape>);

#[derive(Clone, Debug, PartialEq)]
enum Shape {
    Named(String),
    Exactly(Value),
    List { of: Box<Shape>, some: bool },
    Object { fields: Vec<Field>, open: bool },
    Either(Vec<Shape>),
}

#[derive(Clone, Debug, PartialEq)]
struct Field {
    name: String,
    optional: bool,
    shape: Shape,
}

impl Shapes {
    /// These shapes, by name.
    #[must_use]
    pub fn new(named: &[(&str, &str)]) -> Self {
        let read = |(name, text): &(&str, &str)| ((*name).to_owned(), parse(text));
        Self(named.iter().map(read).collect())
    }

    /// What is different about `value`, and where; nothing if it has the shape that `text` says.
    pub fn check(&self, text: &str, value: &Value) -> Result<(), String> {
        self.fits(&parse(text), value, "")
    }

    fn fits(&self, shape: &Shape, value: &Value, at: &str) -> Result<(), String> {
        match shape {
            Shape::Named(name) => match self.0.get(name) {
                Some(shape) => self.fits(shape, value, at),
                None => said(is(name, value), name, value, at),
            },
            Shape::Exactly(wanted) => said(wanted == value, &wanted.to_string(), value, at),
            Shape::Either(shapes) => self.either(shapes, value, at),
            Shape::List { of, some } => {
                let list = value.as_array();
                let list = list.ok_or_else(|| format!("{at}: a list is expected, not {value}"))?;
                said(!some || !list.is_empty(), "something in it", value, at)?;
                let mut items = list.iter().enumerate();
                items.try_for_each(|(index, it)| self.fits(of, it, &format!("{at}[{index}]")))
            }
            Shape::Object { fields, open } => self.object(fields, *open, value, at),
        }
    }

    fn either(&self, shapes: &[Shape], value: &Value, at: &str) -> Result<(), String> {
        let mut why = Vec::new();
        for shape in shapes {
            match self.fits(shape, value, at) {
                Ok(()) => return Ok(()),
                Err(it) => why.push(it),
            }
        }
        Err(why.join("; or "))
    }

    fn object(&self, fields: &[Field], open: bool, value: &Value, at: &str) -> Result<(), String> {
        let object = value.as_object();
        let object = object.ok_or_else(|| format!("{at}: an object is expected, not {value}"))?;
        for field in fields {
            let at = format!("{at}.{}", field.name);
            match object.get(&field.name) {
                Some(value) => self.fits(&field.shape, value, &at)?,
                None if field.optional => {}
                None => return Err(format!("{at}: is missing")),
            }
        }
        let known = |name: &String| fields.iter().any(|it| it.name == *name);
        match object.keys().find(|it| !open && !known(it)) {
            Some(name) => Err(format!("{at}.{name}: is not expected")),
            None => Ok(()),
        }
    }
}

fn said(fits: bool, wanted: &str, value: &Value, at: &str) -> Result<(), String> {
    match fits {
        true => Ok(()),
        false => Err(format!("{at}: {wanted} is expected, not {value}")),
    }
}

fn is(kind: &str, value: &Value) -> bool {
    let text = value.as_str();
    match kind {
        "any" => true,
        "bool" => value.is_boolean(),
        "int" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "text" => text.is_some_and(|it| !it.is_empty()),
        "string" => text.is_some(),
        "object" => value.is_object(),
        "uuid" => text.is_some_and(|it| it.len() == 36 && uuid::Uuid::parse_str(it).is_ok()),
        "url" => text.is_some_and(|it| it.starts_with("http://") || it.starts_with("https://")),
        "date" => text.is_some_and(is_date),
        other => panic!("there is no shape called {other}"),
    }
}

/// ISO-8601 in UTC with milliseconds, as the contract writes dates.
fn is_date(text: &str) -> bool {
    let pattern = b"0000-00-00T00:00:00.000Z";
    let fits = |(byte, wanted): (u8, &u8)| match wanted {
        b'0' => byte.is_ascii_digit(),
        other => byte == *other,
    };
    text.len() == pattern.len() && text.bytes().zip(pattern).all(fits)
}

fn parse(text: &str) -> Shape {
    let mut reader = Reader {
        text,
        rest: text.char_indices().peekable(),
    };
    let shape = reader.shape();
    reader.skip();
    assert!(reader.rest.peek().is_none(), "more than a shape: {text}");
    shape
}

struct Reader<'a> {
    text: &'a str,
    rest: Peekable<CharIndices<'a>>,
}

impl Reader<'_> {
    fn shape(&mut self) -> Shape {
        let first = self.one();
        if !self.takes('|') {
            return first;
        }
        let mut all = vec![first, self.one()];
        while self.takes('|') {
            all.push(self.one());
        }
        Shape::Either(all)
    }

    fn one(&mut self) -> Shape {
        if self.takes('{') {
            return self.object();
        }
        if self.takes('[') {
            return self.list();
        }
        if self.takes('"') {
            let mut text = String::new();
            for (_, next) in self.rest.by_ref() {
                if next == '"' {
                    return Shape::Exactly(text.into());
                }
                text.push(next);
            }
            panic!("a text has no end: {}", self.text);
        }
        let word = self.word();
        serde_json::from_str(&word).map_or(Shape::Named(word), Shape::Exactly)
    }

    fn list(&mut self) -> Shape {
        if self.takes(']') {
            return Shape::Exactly(Value::Array(Vec::new()));
        }
        let of = Box::new(self.shape());
        assert!(self.takes(']'), "a list has no end: {}", self.text);
        let some = self.takes('+');
        Shape::List { of, some }
    }

    fn object(&mut self) -> Shape {
        let (mut fields, mut open) = (Vec::new(), false);
        while !self.takes('}') {
            if self.takes('.') {
                open = self.takes('.') && self.takes('.');
            } else {
                let name = self.word();
                let optional = self.takes('?');
                assert!(self.takes(':'), "no shape of {name}: {}", self.text);
                let shape = self.shape();
                fields.push(Field {
                    name,
                    optional,
                    shape,
                });
            }
            self.takes(',');
        }
        Shape::Object { fields, open }
    }

    fn word(&mut self) -> String {
        self.skip();
        let mut word = String::new();
        let inside = |it: char| it.is_alphanumeric() || matches!(it, '_' | '-');
        while let Some((_, next)) = self.rest.next_if(|it| inside(it.1)) {
            word.push(next);
        }
        let at = self.rest.peek().map_or(self.text.len(), |it| it.0);
        assert!(!word.is_empty(), "no word at {at} of {}", self.text);
        word
    }

    fn takes(&mut self, wanted: char) -> bool {
        self.skip();
        self.rest.next_if(|it| it.1 == wanted).is_some()
    }

    fn skip(&mut self) {
        while self.rest.next_if(|it| it.1.is_whitespace()).is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shapes() -> Shapes {
        Shapes::new(&[
            ("Name", "text | null"),
            ("Thing", "{id: uuid, name: Name, of?: int}"),
        ])
    }

    const ID: &str = "0e7d5c2f-7a51-4b0b-9f1c-3a865a1f6d02";

    #[test]
    fn what_fits() {
        let thing = json!({ "id": ID, "name": null });
        for (shape, value) in [
            ("Thing", thing.clone()),
            (
                "{data: [Thing]+, meta: any}",
                json!({ "data": [thing], "meta": 1 }),
            ),
            ("[Thing]", json!([])),
            ("[]", json!([])),
            (
                "{status: \"NEW\" | \"VIEWED\", ...}",
                json!({ "status": "NEW", "x": 1 }),
            ),
            ("12 | true", json!(true)),
            ("date", json!("2026-01-31T12:34:56.789Z")),
            ("{}", json!({})),
            ("{a-b: number}", json!({ "a-b": 0.5 })),
        ] {
            assert_eq!(shapes().check(shape, &value), Ok(()), "{shape}");
        }
    }

    #[test]
    fn what_does_not_and_where() {
        let thing = json!({ "id": ID, "name": "" });
        for (shape, value, at) in [
            ("Thing", thing.clone(), ".name"),
            (
                "[Thing]",
                json!([{ "id": ID, "name": "x" }, thing]),
                "[1].name",
            ),
            (
                "Thing",
                json!({ "id": ID, "name": "x", "of": 1, "prints": 2 }),
                ".prints",
            ),
            ("Thing", json!({ "id": ID }), ".name"),
            ("Thing", json!({ "id": "x", "name": "x" }), ".id"),
            ("Thing", json!({ "id": ID, "name": "x", "of": null }), ".of"),
            ("[any]+", json!([]), ""),
            ("[any]", json!({}), ""),
            ("[]", json!([1]), ""),
            ("{a: {b: int}}", json!({ "a": { "b": 1.5 } }), ".a.b"),
            ("date", json!("2026-01-31T12:34:56Z"), ""),
            ("date", json!("2026-01-31 12:34:56.789Z"), ""),
            ("url", json!("javascript:alert(1)"), ""),
            ("\"NEW\" | null", json!("OLD"), ""),
        ] {
            let why = shapes().check(shape, &value).unwrap_err();
            assert!(why.starts_with(&format!("{at}: ")), "{shape}: {why}");
        }
    }

    #[test]
    #[should_panic(expected = "there is no shape called Thong")]
    fn a_name_must_be_known() {
        let _ = shapes().check("Thong", &json!(1));
    }

    #[test]
    #[should_panic(expected = "more than a shape")]
    fn a_shape_must_end() {
        let _ = shapes().check("int int", &json!(1));
    }
}
