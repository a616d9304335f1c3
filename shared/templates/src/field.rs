//! Fields of a template: their types, and the values that are filled in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;
use vara_domain::document::is_hidden;
use vara_domain::{Timestamp, credentials};

/// The most addresses in one field.
pub const MAX_URLS: usize = 20;

/// The most characters of an address.
const MAX_URL_CHARS: usize = 2000;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FieldType {
    /// One line.
    Text,
    /// Several lines.
    LongText,
    /// A name: one line.
    Name,
    /// A day: `2026-01-31`.
    Date,
    /// A moment: RFC 3339.
    Instant,
    /// One address on the web.
    Url,
    /// Addresses on the web.
    UrlList,
    /// A mail address.
    Email,
    /// A country: two letters of ISO 3166.
    Country,
    /// One of the choices.
    Choice,
    /// Yes or no.
    Bool,
}

/// Who signs a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SignerRole {
    /// The woman herself.
    #[serde(rename = "SELF")]
    Herself,
    /// Somebody whom she has authorised, in her or his own name.
    Agent,
}

/// A field of a template.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Whether the text is complete without it.
    #[serde(default)]
    pub required: bool,
    /// The most characters.
    pub max: usize,
    /// What it is called.
    pub label: String,
    /// What belongs into it.
    #[serde(default)]
    pub help: String,
    /// What can be chosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// Whether it tells who she is.
    #[serde(default)]
    pub sensitive: bool,
}

/// A value that was filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FieldValue {
    /// Yes or no.
    Bool(bool),
    /// Words, a date, a choice.
    Text(String),
    /// Addresses.
    Urls(Vec<String>),
}

/// Values by the names of their fields. What is not filled in is not there.
pub type FieldValues = BTreeMap<String, FieldValue>;

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// The field.
    pub field: String,
    /// What she is told.
    pub message: String,
}

impl Field {
    /// Takes a value, or says what is wrong with it. `None`: nothing is filled in.
    pub fn value(&self, value: &Value) -> Result<Option<FieldValue>, FieldFault> {
        let fault = |message: &str| FieldFault {
            field: self.name.clone(),
            message: format!("{}: {message}", self.label),
        };
        match (self.kind, value) {
            (_, Value::Null) => Ok(None),
            (FieldType::Bool, Value::Bool(it)) => Ok(Some(FieldValue::Bool(*it))),
            (FieldType::Bool, _) => Err(fault("please answer yes or no.")),
            (FieldType::UrlList, Value::Array(them)) if them.len() <= MAX_URLS => {
                let urls = them.iter().map(|it| it.as_str().and_then(web_address));
                let urls: Option<Vec<String>> = urls.collect();
                let urls = urls.ok_or_else(|| fault(WEB_ADDRESS))?;
                Ok((!urls.is_empty()).then_some(FieldValue::Urls(urls)))
            }
            (FieldType::UrlList, _) => Err(fault("this is a list of at most 20 web addresses.")),
            (_, Value::String(text)) => {
                let text = text.replace("\r\n", "\n");
                let text = text.trim();
                if text.is_empty() {
                    return Ok(None);
                }
                let text = self.text(text).map_err(fault)?;
                Ok(Some(FieldValue::Text(text)))
            }
            _ => Err(fault("this is a text.")),
        }
    }

    fn text(&self, text: &str) -> Result<String, &'static str> {
        if text.chars().count() > self.max {
            return Err("this is longer than there is room for.");
        }
        let is_long = self.kind == FieldType::LongText;
        if text
            .chars()
            .any(|it| is_hidden(it) && !(is_long && it == '\n'))
        {
            return Err(match is_long {
                true => "this holds characters that cannot be seen.",
                false => "this is one line, without characters that cannot be seen.",
            });
        }
        let is_valid = match self.kind {
            FieldType::Date => {
                text.len() == 10 && Timestamp::parse(&format!("{text}T00:00:00Z")).is_some()
            }
            FieldType::Instant => Timestamp::parse(text).is_some(),
            FieldType::Country => text.len() == 2 && text.bytes().all(|it| it.is_ascii_uppercase()),
            FieldType::Choice => self.choices.iter().any(|it| it == text),
            FieldType::Email => return credentials::email(text).ok_or("this is no mail address."),
            FieldType::Url => return web_address(text).ok_or(WEB_ADDRESS),
            FieldType::Text
            | FieldType::LongText
            | FieldType::Name
            | FieldType::UrlList
            | FieldType::Bool => true,
        };
        is_valid.then(|| text.to_owned()).ok_or(match self.kind {
            FieldType::Date => "please write the day like 2026-01-31.",
            FieldType::Instant => "please write the moment like 2026-01-31T12:00:00Z.",
            FieldType::Country => "please write the two letters of the country, like DE.",
            _ => "this is none of the choices.",
        })
    }
}

const WEB_ADDRESS: &str = "please write whole web addresses that begin with https:// or http://.";

/// The address as it is written into texts. It can stand between `<` and `>`.
fn web_address(text: &str) -> Option<String> {
    let text = text.trim();
    if text.chars().count() > MAX_URL_CHARS {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let has_login = !url.username().is_empty() || url.password().is_some();
    let is_web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
    let is_plain = |it: char| it.is_ascii_graphic() && !matches!(it, '<' | '>' | '"' | '\\' | '`');
    let address = String::from(url);
    (is_web && !has_login && address.chars().all(is_plain)).then_some(address)
}

impl super::Template {
    /// Takes the values that are filled in, or says everything that is wrong with them.
    pub fn values(&self, filled: &Map<String, Value>) -> Result<FieldValues, Vec<FieldFault>> {
        let mut values = FieldValues::new();
        let mut faults = Vec::new();
        for (name, value) in filled {
            let Some(field) = self.field(name) else {
                faults.push(FieldFault {
                    field: name.chars().take(60).collect(),
                    message: "There is no such field.".to_owned(),
                });
                continue;
            };
            match field.value(value) {
                Ok(Some(value)) => {
                    values.insert(name.clone(), value);
                }
                Ok(None) => {}
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() {
            Ok(values)
        } else {
            Err(faults)
        }
    }

    /// The required fields that are not filled in.
    pub fn missing(&self, values: &FieldValues) -> impl Iterator<Item = &Field> {
        let is_missing = |it: &&Field| it.required && !values.contains_key(&it.name);
        self.fields.iter().filter(is_missing)
    }
}
