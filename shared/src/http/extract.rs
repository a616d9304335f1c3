//! Extractors of JSON bodies, queries and path parameters, with refusals in the envelope.

use std::collections::HashMap;
use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

use super::ApiError;
use crate::domain::{Error, ErrorKind, Page, Result};

/// One validation error of a request.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Issue {
    /// The kind of the error.
    pub code: &'static str,
    /// In words.
    pub message: String,
    /// Where.
    pub path: Vec<Value>,
}

impl Issue {
    /// Something wrong with the field or parameter `name`.
    pub fn at(name: &str, message: impl Into<String>) -> Self {
        Self {
            code: "custom",
            message: message.into(),
            path: vec![name.into()],
        }
    }

    /// The refusal that lists these.
    #[must_use]
    pub fn refuse(issues: &[Self]) -> Error {
        let message = issues.first().map_or_else(
            || "This request is not valid.".to_owned(),
            |it| it.message.clone(),
        );
        Error::invalid("VALIDATION_ERROR", message).with_details(json!(issues))
    }
}

/// A JSON body, or an empty one.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        // Read before it is shaped, so that a body that is no JSON at all is told apart from one of the wrong shape.
        let JsonBody(value) = JsonBody::from_request(request, state).await?;
        // It would be read as the fields in their order.
        if value.is_array() {
            let issue = Issue {
                code: "invalid_type",
                message: "The request is a list where an object is expected.".into(),
                path: Vec::new(),
            };
            return Err(Issue::refuse(&[issue]).into());
        }
        Ok(Self(shape(value)?))
    }
}

/// A body of any JSON, or an empty one.
pub struct JsonBody(pub Value);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state).await.map_err(|err| {
            if err.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
                Error::new(
                    ErrorKind::TooLarge,
                    "FST_ERR_CTP_BODY_TOO_LARGE",
                    "This request is larger than we take.",
                )
            } else {
                Error::invalid("REQUEST_ERROR", "The request could not be read.")
            }
        })?;
        let value = json_or_empty(&bytes)
            .map_err(|_| Error::invalid("INVALID_JSON", "The request is not valid JSON."))?;
        Ok(Self(value))
    }
}

/// What a body says. An empty one counts as `{}`: those who call send its content type with every call.
pub(super) fn json_or_empty(body: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice(if body.is_empty() { b"{}" } else { body })
}

/// Reads a field that may be absent (`None`) or `null` (`Some(None)`).
pub fn given<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A value as its type, or where it is not of that type.
pub fn shape<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_path_to_error::deserialize(value).map_err(|err| {
        let path = err.path().iter().filter_map(segment).collect();
        Issue::refuse(&[Issue {
            code: "invalid_type",
            message: err.inner().to_string(),
            path,
        }])
    })
}

/// `target` with the changes of `patch` (RFC 7396): `null` removes, objects go together, all else
/// replaces.
#[must_use]
pub fn merged(target: Value, patch: Value) -> Value {
    let Value::Object(patch) = patch else {
        return patch;
    };
    let mut target = match target {
        Value::Object(target) => target,
        _ => Map::new(),
    };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(&name);
        } else {
            let before = target.remove(&name).unwrap_or_default();
            target.insert(name, merged(before, value));
        }
    }
    Value::Object(target)
}

fn segment(it: &serde_path_to_error::Segment) -> Option<Value> {
    use serde_path_to_error::Segment;
    match it {
        Segment::Seq { index } => Some(json!(index)),
        Segment::Map { key } => Some(json!(key)),
        Segment::Enum { variant } => Some(json!(variant)),
        Segment::Unknown => None,
    }
}

/// The query parameters, each of which is named once. Names are compared exactly: `Page` is not `page`.
///
/// *Invariant:* a query that names a parameter twice is refused before any route, so that the rate
/// limit and the handler cannot read different values from one query. `layers` parses the query once
/// and the handler gets the same value.
#[derive(Clone, Debug, Default)]
pub struct Params(HashMap<String, String>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match parts.extensions.get::<Self>() {
            Some(params) => Ok(params.clone()),
            None => Ok(Self::parse(parts.uri.query().unwrap_or_default())?),
        }
    }
}

impl Params {
    /// Reads a query string; refuses one that names a parameter twice.
    pub(super) fn parse(query: &str) -> Result<Self> {
        let mut params = HashMap::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()).into_owned() {
            if params.contains_key(&name) {
                let issue = Issue::at(&name, "Each parameter may be given only once.");
                return Err(Issue::refuse(&[issue]));
            }
            params.insert(name, value);
        }
        Ok(Self(params))
    }

    /// A parameter as it was sent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// `page` and `limit`.
    pub fn page(&self) -> Result<Page> {
        Ok(Page {
            number: self.number("page", 1, u32::MAX)?,
            limit: self.number("limit", 20, Page::MAX_LIMIT)?,
        })
    }

    /// A parameter of a known set.
    pub fn one<T: FromStr>(&self, name: &str) -> Result<Option<T>> {
        self.get(name).map(|text| known(name, text)).transpose()
    }

    /// A comma list of a known set; absent and empty are `None`.
    pub fn list<T: FromStr>(&self, name: &str) -> Result<Option<Vec<T>>> {
        match self.get(name) {
            None | Some("") => Ok(None),
            Some(text) => text
                .split(',')
                .map(|it| known(name, it.trim()))
                .collect::<Result<_>>()
                .map(Some),
        }
    }

    fn number(&self, name: &str, default: u32, most: u32) -> Result<u32> {
        let Some(text) = self.get(name) else {
            return Ok(default);
        };
        let refuse = || {
            Issue::refuse(&[Issue::at(
                name,
                format!("{name} must be a whole number from 1 to {most}"),
            )])
        };
        text.trim()
            .parse()
            .ok()
            .filter(|it| (1..=most).contains(it))
            .ok_or_else(refuse)
    }
}

fn known<T: FromStr>(name: &str, text: &str) -> Result<T> {
    text.parse()
        .map_err(|_| Issue::refuse(&[Issue::at(name, format!("{name} has no value of this name"))]))
}

/// An id from the path; not a UUID is refused.
pub fn id<T>(text: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T> {
    parse(text).ok_or_else(|| Issue::refuse(&[Issue::at("id", "This is not an id.")]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(query: &str) -> Params {
        Params::parse(query).unwrap()
    }

    #[test]
    fn a_parameter_named_twice_is_refused_and_case_counts() {
        for twice in [
            "grant_type=refresh_token&grant_type=password",
            "grant_type=password&x=1&grant%5Ftype=password",
            "page=1&page=1",
            "a&a",
            "a=&a",
        ] {
            let refused = Params::parse(twice).unwrap_err();
            assert_eq!(refused.code, "VALIDATION_ERROR", "{twice}");
        }
        let odd = params("Grant_Type=refresh_token&grant_type=password&GRANT_TYPE=x");
        assert_eq!(odd.get("grant_type"), Some("password"));
        assert_eq!(params("Grant_Type=password").get("grant_type"), None);
        assert_eq!(params("PAGE=9").page().unwrap().number, 1);
        assert_eq!(params("").get("page"), None);
    }

    #[test]
    fn pages() {
        assert_eq!(
            params("").page().unwrap(),
            Page {
                number: 1,
                limit: 20
            }
        );
        assert_eq!(
            params("page=3&limit=100").page().unwrap(),
            Page {
                number: 3,
                limit: 100
            }
        );
        for bad in [
            "page=abc",
            "page=0",
            "page=",
            "limit=0",
            "limit=101",
            "limit=1.5",
            "page=-1",
        ] {
            assert_eq!(
                params(bad).page().unwrap_err().code,
                "VALIDATION_ERROR",
                "{bad}"
            );
        }
    }

    #[test]
    fn patches_of_rfc_7396() {
        for (target, patch, result) in [
            (
                json!({ "a": "b" }),
                json!({ "a": "c" }),
                json!({ "a": "c" }),
            ),
            (
                json!({ "a": "b" }),
                json!({ "b": "c" }),
                json!({ "a": "b", "b": "c" }),
            ),
            (
                json!({ "a": "b", "b": "c" }),
                json!({ "a": null }),
                json!({ "b": "c" }),
            ),
            (
                json!({ "a": ["b"] }),
                json!({ "a": "c" }),
                json!({ "a": "c" }),
            ),
            (
                json!({ "a": "c" }),
                json!({ "a": ["b"] }),
                json!({ "a": ["b"] }),
            ),
            (
                json!({ "a": { "b": "c" } }),
                json!({ "a": { "b": "d", "c": null } }),
                json!({ "a": { "b": "d" } }),
            ),
            (json!(["a"]), json!(["c"]), json!(["c"])),
            (
                json!({ "e": null }),
                json!({ "a": 1 }),
                json!({ "e": null, "a": 1 }),
            ),
            (
                json!({}),
                json!({ "a": { "bb": { "c": null } } }),
                json!({ "a": { "bb": {} } }),
            ),
        ] {
            assert_eq!(
                merged(target.clone(), patch.clone()),
                result,
                "{target} {patch}"
            );
        }
    }

    #[test]
    fn lists() {
        use crate::domain::AlertStatus;
        let all = params("status=NEW,VIEWED")
            .list::<AlertStatus>("status")
            .unwrap()
            .unwrap();
        assert_eq!(all, [AlertStatus::New, AlertStatus::Viewed]);
        assert!(
            params("status=")
                .list::<AlertStatus>("status")
                .unwrap()
                .is_none()
        );
        assert!(params("status=NOPE").list::<AlertStatus>("status").is_err());
    }
}
