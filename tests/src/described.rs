//! The description of the API, held against every answer that a test sees.
//!
//! What is described is read more strictly here than by callers: an object has no fields but those that
//! are named.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::{Draft, Validator};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::{Map, Value, json};

/// The document that is served.
const DOCUMENT: &str = include_str!("../../infra/openapi/openapi.json");

static DESCRIBED: LazyLock<Described> = LazyLock::new(Described::read);

/// What is documented of an answer's body.
#[derive(Clone)]
enum Body {
    None,
    Json(Arc<Validator>),
    /// Of this content type.
    Other(String),
}

struct Described {
    document: Value,
    known: Mutex<HashMap<(String, String, u16, String), Body>>,
}

/// What is wrong with an answer, by the description; nothing if it is one that is described.
pub fn check(
    method: &Method,
    path: &str,
    status: u16,
    headers: &HeaderMap,
    bytes: &[u8],
) -> Result<(), String> {
    DESCRIBED
        .check(method, path, status, headers, bytes)
        .map_err(|why| format!("{method} {path} was answered {status}: {why}"))
}

impl Described {
    fn read() -> Self {
        let mut document = serde_json::from_str(DOCUMENT).unwrap();
        close(&mut document);
        let known = Mutex::default();
        Self { document, known }
    }

    fn check(
        &self,
        method: &Method,
        path: &str,
        status: u16,
        headers: &HeaderMap,
        bytes: &[u8],
    ) -> Result<(), String> {
        let name = method.as_str().to_lowercase();
        let Some(template) = self.template(path, &name) else {
            return undescribed(method, status);
        };
        let kind = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
        let kind = kind.unwrap_or_default();
        let body = self.body(&template, &name, status, kind)?;
        match body {
            Body::None if bytes.is_empty() => Ok(()),
            Body::None => Err("there should be no body".to_owned()),
            Body::Other(wanted) if kind.starts_with(&wanted) => Ok(()),
            Body::Other(wanted) => Err(format!("{wanted} is described, not {kind}")),
            Body::Json(_) if !kind.starts_with("application/json") => {
                Err(format!("JSON is described, not {kind}"))
            }
            Body::Json(validator) => {
                let body = serde_json::from_slice(bytes).map_err(|err| err.to_string())?;
                let faults: Vec<String> = validator
                    .iter_errors(&body)
                    .map(|it| format!("{}: {it}", it.instance_path()))
                    .collect();
                match faults.is_empty() {
                    true => Ok(()),
                    false => Err(format!("{}\n{body:#}", faults.join("\n"))),
                }
            }
        }
    }

    /// The described address that a path is at, if it has this method; words win over parts that differ.
    fn template(&self, path: &str, method: &str) -> Option<String> {
        let all = self.document["paths"].as_object().unwrap();
        let fitting = all.keys().filter(|it| fits(it, path));
        let closest = fitting.min_by_key(|it| it.matches('{').count())?;
        all[closest].get(method).map(|_| closest.clone())
    }

    fn body(&self, template: &str, method: &str, status: u16, kind: &str) -> Result<Body, String> {
        let key = (template.into(), method.into(), status, kind.into());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(body) = known.get(&key) {
            return Ok(body.clone());
        }
        let body = self.described(template, method, status, kind)?;
        known.insert(key, body.clone());
        Ok(body)
    }

    /// What is described of an answer; of its content types, the one of this `kind` before the first.
    fn described(
        &self,
        template: &str,
        method: &str,
        status: u16,
        kind: &str,
    ) -> Result<Body, String> {
        let answers = &self.document["paths"][template][method]["responses"];
        let answer = answers.get(status.to_string());
        let answer = answer.ok_or_else(|| "this status is not described".to_owned())?;
        let place = answer["$ref"].as_str().and_then(|it| it.strip_prefix('#'));
        let answer = place.map_or(answer, |it| self.document.pointer(it).unwrap());
        let Some(content) = answer.get("content").and_then(Value::as_object) else {
            return Ok(Body::None);
        };
        let same = content.iter().find(|it| kind.starts_with(it.0.as_str()));
        let (kind, content) = same.or_else(|| content.iter().next()).unwrap();
        if kind != "application/json" {
            return Ok(Body::Other(kind.clone()));
        }
        let whole =
            json!({ "allOf": [content["schema"]], "components": self.document["components"] });
        let options = jsonschema::options().with_draft(Draft::Draft202012);
        let validator = options.should_validate_formats(true).build(&whole);
        Ok(Body::Json(Arc::new(validator.unwrap())))
    }
}

/// An address or method that is not described is one there is not.
fn undescribed(method: &Method, status: u16) -> Result<(), String> {
    match status {
        404 | 413 | 429 => Ok(()),
        204 if method == Method::OPTIONS => Ok(()),
        200 | 401 | 304 if method == Method::HEAD => Ok(()),
        _ => Err("there is no such operation in the description".to_owned()),
    }
}

fn fits(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(part), Some(it)) if part.starts_with('{') => {
                if it.is_empty() {
                    return false;
                }
            }
            (Some(part), Some(it)) if part == it => {}
            _ => return false,
        }
    }
}

/// No fields but those that are named.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            for (_, it) in map
                .iter_mut()
                .filter(|it| !["if", "then"].contains(&it.0.as_str()))
            {
                close(it);
            }
            if is_closed_object(map) {
                map.insert("additionalProperties".to_owned(), false.into());
            }
        }
        Value::Array(list) => list.iter_mut().for_each(close),
        _ => {}
    }
}

fn is_closed_object(map: &Map<String, Value>) -> bool {
    map.get("type") == Some(&json!("object"))
        && map.get("properties").is_some_and(Value::is_object)
        && !map.contains_key("additionalProperties")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(method: &Method, path: &str, status: u16, body: &Value) -> Result<(), String> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
        check(method, path, status, &headers, body.to_string().as_bytes())
    }

    #[test]
    fn what_is_described_fits_and_what_is_not_does_not() {
        let refused = |code: &str| json!({ "error": { "code": code, "message": "No." } });
        let (get, path) = (Method::GET, "/api/v1/alerts/all-of-them");
        answer(&get, path, 404, &refused("ALERT_NOT_FOUND")).unwrap();
        answer(&get, path, 404, &refused("IMAGE_NOT_FOUND")).unwrap_err();
        answer(&get, path, 409, &refused("ALERT_NOT_FOUND")).unwrap_err();
        answer(&get, path, 404, &json!({ "error": "No." })).unwrap_err();
        let deleted = json!({ "data": { "deleted": 1, "message": "Gone." } });
        answer(&Method::DELETE, "/api/v1/alerts/all", 200, &deleted).unwrap();
        let more = json!({ "data": { "deleted": 1, "message": "Gone.", "more": 1 } });
        answer(&Method::DELETE, "/api/v1/alerts/all", 200, &more).unwrap_err();
        // Words win: this is not an alert called `all`.
        answer(&get, "/api/v1/alerts/all", 200, &deleted).unwrap_err();
        answer(&get, "/api/v1/no-such", 404, &json!({})).unwrap();
        answer(&get, "/api/v1/no-such", 200, &json!({})).unwrap_err();
    }
}
