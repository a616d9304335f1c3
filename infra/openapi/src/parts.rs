//! What operations have in common: their headers, their refusals, and the schemas they name.

use serde_json::{Value, json};
use vara::http::gotrue::GotrueError;

use crate::schemas::{SchemaShape, Schemas, reference, shape};

/// In which form an operation refuses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// The API's envelope.
    Envelope,
    /// The sign-in library's.
    Gotrue,
}

/// What an answer's body is.
pub(crate) enum AnswerContent {
    Nothing,
    Json(fn(Value) -> Value, Option<SchemaShape>),
    Bytes(&'static str),
    Text(&'static str),
}

/// An answer that is no refusal.
pub(crate) struct OperationAnswer {
    pub(crate) status: u16,
    pub(crate) about: &'static str,
    pub(crate) content: AnswerContent,
    pub(crate) headers: Vec<&'static str>,
}

/// What operations have in common, gathered while they are published.
#[derive(Default)]
pub(crate) struct SharedParts {
    /// The schemas.
    pub(crate) schemas: Schemas,
    /// The refusals.
    pub(crate) refusals: serde_json::Map<String, Value>,
}

const ALWAYS: [&str; 4] = [
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Correlation-Id",
];

/// Headers by name, as the document refers to them.
pub(crate) fn headers(names: &[&str]) -> Value {
    let all = ALWAYS.iter().chain(names);
    let headers = all.map(|it| {
        (
            (*it).to_owned(),
            json!({ "$ref": format!("#/components/headers/{it}") }),
        )
    });
    Value::Object(headers.collect())
}

impl SharedParts {
    pub(crate) fn answer(
        &mut self,
        language: Language,
        repeatable: bool,
        reads: bool,
        it: OperationAnswer,
    ) -> Value {
        let mut names = it.headers;
        if language == Language::Gotrue {
            names.push("X-Supabase-Api-Version");
        }
        if repeatable {
            names.push("Idempotency-Replayed");
        }
        let content = match it.content {
            AnswerContent::Nothing => None,
            AnswerContent::Json(of, shape) => {
                if reads && it.status == 200 {
                    names.push("ETag");
                }
                let schema = shape.map(|it| self.schemas.answer(it)).unwrap_or_default();
                Some(json!({ "application/json": { "schema": of(schema) } }))
            }
            AnswerContent::Bytes(kind) => Some(json!({ kind: {} })),
            AnswerContent::Text(kind) => Some(json!({ kind: { "schema": { "type": "string" } } })),
        };
        let mut out = json!({ "description": it.about, "headers": headers(&names) });
        if let Some(content) = content {
            out["content"] = content;
        }
        out
    }

    /// One refusal for all operations that refuse in the same way.
    pub(crate) fn refusal(&mut self, language: Language, status: u16, codes: &[&str]) -> Value {
        let name = format!("{status}-{}", codes.join("-"));
        if !self.refusals.contains_key(&name) {
            let schema = match language {
                Language::Envelope => envelope(codes),
                Language::Gotrue => self.gotrue(codes),
            };
            let mut names = match language {
                Language::Envelope => vec![],
                Language::Gotrue => vec!["X-Supabase-Api-Version", "X-Sb-Error-Code"],
            };
            if status == 429 {
                names.push("Retry-After");
            }
            let refusal = json!({
                "description": meaning(status), "headers": headers(&names),
                "content": { "application/json": { "schema": schema } },
            });
            self.refusals.insert(name.clone(), refusal);
        }
        json!({ "$ref": format!("#/components/responses/{name}") })
    }

    fn gotrue(&mut self, codes: &[&str]) -> Value {
        self.schemas.answer(shape::<GotrueError>());
        json!({
            "type": "object",
            "required": ["code", "error_code", "message", "msg"],
            "properties": {
                "code": { "type": "string", "enum": codes },
                "error_code": { "type": "string", "enum": codes },
                "message": { "type": "string", "minLength": 1 },
                "msg": { "type": "string", "minLength": 1 },
                "weak_password": reference("WeakPassword"),
            },
        })
    }
}

/// A refusal in the envelope.
pub(crate) fn envelope(codes: &[&str]) -> Value {
    let mut error = json!({
        "type": "object",
        "required": ["code", "message"],
        "properties": {
            "code": { "type": "string", "enum": codes },
            "message": { "type": "string", "minLength": 1 },
            "details": { "description": "Details for programs." },
        },
    });
    if codes.contains(&"VALIDATION_ERROR") {
        error["if"] = json!({ "properties": { "code": { "const": "VALIDATION_ERROR" } } });
        let issues = json!({ "type": "array", "items": reference("Issue") });
        error["then"] = json!({ "required": ["details"], "properties": { "details": issues } });
    }
    json!({ "type": "object", "required": ["error"], "properties": { "error": error } })
}

fn meaning(status: u16) -> &'static str {
    match status {
        400 => "The request is malformed or not valid. Repeating it does not help.",
        401 => "There is no valid token.",
        403 => "The caller may not do this.",
        404 => "It does not exist, or belongs to another user.",
        406 => "The content type is not accepted.",
        409 => "The present state does not allow this.",
        412 => "It is not what the caller expects it to be.",
        413 => "The body is too large.",
        422 => "The key was used for another request, or a rule for the value is not met.",
        428 => "The caller must say what it expects it to be.",
        429 => "Too many requests.",
        500 => "An error of the server.",
        _ => "Temporarily unavailable. Try again later.",
    }
}
