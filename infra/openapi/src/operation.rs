//! One operation: what is said of it, and what follows for all of its kind.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use utoipa::ToSchema;
use vara::domain::RECENT_SECONDS;

use crate::parts::{AnswerContent, Language, OperationAnswer, SharedParts};
use crate::schemas::{SchemaShape, reference, shape};

/// The content type of a browser's forms.
const FORM: &str = "application/x-www-form-urlencoded";

/// An operation. It is described by calling its methods.
pub(crate) struct Operation {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    id: &'static str,
    summary: &'static str,
    about: Option<&'static str>,
    language: Language,
    open: bool,
    /// What a caller must have done within the last minutes.
    step_up: Option<Value>,
    repeatable: bool,
    parameters: Vec<Value>,
    body: Option<(Value, Option<SchemaShape>)>,
    /// What the schema of the body becomes.
    reshape: fn(Value) -> Value,
    answers: Vec<OperationAnswer>,
    refusals: BTreeMap<u16, BTreeSet<&'static str>>,
}

impl Operation {
    /// An operation with a name for programs and one for people.
    pub(crate) fn new(
        method: &'static str,
        path: &'static str,
        id: &'static str,
        summary: &'static str,
    ) -> Self {
        let language = match path.starts_with("/auth/v1") {
            true => Language::Gotrue,
            false => Language::Envelope,
        };
        let (parameters, body, about) = (vec![], None, None);
        let (answers, refusals) = (vec![], BTreeMap::new());
        Self {
            method,
            path,
            id,
            summary,
            about,
            language,
            open: false,
            step_up: None,
            repeatable: method == "post",
            parameters,
            body,
            reshape: |it| it,
            answers,
            refusals,
        }
    }

    /// More of what it does.
    pub(crate) fn about(self, about: &'static str) -> Self {
        Self {
            about: Some(about),
            ..self
        }
    }

    /// It needs no token.
    pub(crate) fn open(self) -> Self {
        Self { open: true, ..self }
    }

    /// The caller must have entered the password within the last minutes.
    pub(crate) fn recent(self) -> Self {
        let asked = json!({ "needs": "recent", "maxAgeSeconds": RECENT_SECONDS });
        Self {
            step_up: Some(asked),
            ..self
        }
        .refuses(403, &["STEP_UP_REQUIRED"])
    }

    /// The same, for some calls only.
    pub(crate) fn recent_when(self, when: &str) -> Self {
        let mut it = self.recent();
        if let Some(asked) = &mut it.step_up {
            asked["when"] = when.into();
        }
        it
    }

    /// It does not honour an idempotency key.
    pub(crate) fn not_repeatable(self) -> Self {
        Self {
            repeatable: false,
            ..self
        }
    }

    fn parameter(mut self, place: &str, name: &str, about: &str, schema: Value) -> Self {
        let required = place == "path";
        self.parameters.push(json!({
            "name": name, "in": place, "required": required, "description": about, "schema": schema,
        }));
        self
    }

    /// A part of the address.
    pub(crate) fn part(self, name: &str, about: &str, schema: Value) -> Self {
        self.parameter("path", name, about, schema)
    }

    /// A header that is read.
    pub(crate) fn header(self, name: &str, about: &str) -> Self {
        self.parameter("header", name, about, json!({ "type": "string" }))
    }

    /// A thing's id in the address; what is no UUID is refused.
    pub(crate) fn id(self) -> Self {
        let schema = json!({ "type": "string", "format": "uuid" });
        self.part("id", "The id.", schema)
            .refuses(400, &["VALIDATION_ERROR"])
    }

    /// A thing's id in the address; what is no UUID does not exist.
    pub(crate) fn any_id(self) -> Self {
        self.part(
            "id",
            "The id; a UUID.",
            json!({ "type": "string", "minLength": 1 }),
        )
    }

    /// Something asked for in the query. A parameter that is given twice is refused.
    pub(crate) fn query(self, name: &str, about: &str, schema: Value) -> Self {
        let code = match self.language {
            Language::Envelope => "VALIDATION_ERROR",
            Language::Gotrue => "validation_failed",
        };
        self.parameter("query", name, about, schema)
            .refuses(400, &[code])
    }

    /// Something that must be in the query.
    pub(crate) fn demands(mut self, name: &str, about: &str, schema: Value) -> Self {
        self = self.query(name, about, schema);
        if let Some(last) = self.parameters.last_mut() {
            last["required"] = true.into();
        }
        self
    }

    /// A comma list in the query; an empty one is none.
    pub(crate) fn several(self, name: &str, about: &str, values: &[&str]) -> Self {
        let one = format!("({})", values.join("|"));
        let list = json!({ "type": "string", "pattern": format!("^({one}(,{one})*)?$") });
        self.query(name, about, list)
    }

    /// Which page of a list.
    pub(crate) fn paged(self) -> Self {
        let page = json!({ "type": "integer", "minimum": 1, "maximum": u32::MAX, "default": 1 });
        let limit = json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 20 });
        self.query("page", "The page, from 1.", page)
            .query("limit", "Items in a page.", limit)
    }

    /// A JSON body. Without one it is `{}`.
    pub(crate) fn takes<T: ToSchema>(self) -> Self {
        let shape = shape::<T>();
        let body = json!({ "required": shape.demanding });
        self.with_body(body, Some(shape))
    }

    /// Instead of the body as it is, what is made of its schema.
    pub(crate) fn or(self, reshape: fn(Value) -> Value) -> Self {
        Self { reshape, ..self }
    }

    /// A JSON body of the schema of this name.
    pub(crate) fn takes_named(self, name: &str) -> Self {
        let content = json!({ "application/json": { "schema": reference(name) } });
        self.with_body(json!({ "required": false, "content": content }), None)
    }

    /// Instead of JSON, the fields of a form.
    pub(crate) fn or_form(mut self, schema: Value) -> Self {
        if let Some((body, _)) = &mut self.body {
            body["content"][FORM] = json!({ "schema": schema });
        }
        self
    }

    /// A body of another kind.
    pub(crate) fn takes_form(mut self, kind: &str, required: bool, schema: Value) -> Self {
        let mut content = json!({});
        content[kind] = json!({ "schema": schema });
        self.body = Some((json!({ "required": required, "content": content }), None));
        self
    }

    fn with_body(mut self, body: Value, shape: Option<SchemaShape>) -> Self {
        self.body = Some((body, shape));
        match self.language {
            Language::Envelope => self
                .refuses(400, &["INVALID_JSON", "REQUEST_ERROR", "VALIDATION_ERROR"])
                .refuses(413, &["FST_ERR_CTP_BODY_TOO_LARGE"]),
            Language::Gotrue => self
                .refuses(400, &["bad_json", "validation_failed"])
                .refuses(413, &["bad_json"]),
        }
    }

    fn answer(mut self, status: u16, about: &'static str, content: AnswerContent) -> Self {
        self.answers.push(OperationAnswer {
            status,
            about,
            content,
            headers: vec![],
        });
        self
    }

    /// `{"data": T}`.
    pub(crate) fn data<T: ToSchema>(self, status: u16, about: &'static str) -> Self {
        self.answer(
            status,
            about,
            AnswerContent::Json(in_data, Some(shape::<T>())),
        )
    }

    /// `{"data": [T]}`.
    pub(crate) fn data_list<T: ToSchema>(self, about: &'static str) -> Self {
        let list = |it| in_data(json!({ "type": "array", "items": it }));
        self.answer(200, about, AnswerContent::Json(list, Some(shape::<T>())))
    }

    /// `{"data": [T], "meta": {"pagination": …}}`.
    pub(crate) fn page<T: ToSchema>(self, about: &'static str) -> Self {
        let list = |it| in_page(json!({ "type": "array", "items": it }));
        self.paged()
            .answer(200, about, AnswerContent::Json(list, Some(shape::<T>())))
    }

    /// A value between `data` and `meta` that is made of `T`.
    pub(crate) fn page_of<T: ToSchema>(self, about: &'static str, of: fn(Value) -> Value) -> Self {
        self.paged().plain_of::<T>(200, about, of)
    }

    /// `T` as it is.
    pub(crate) fn plain<T: ToSchema>(self, status: u16, about: &'static str) -> Self {
        self.answer(
            status,
            about,
            AnswerContent::Json(|it| it, Some(shape::<T>())),
        )
    }

    /// `T` as it is, or the user of the sign-in library.
    pub(crate) fn plain_or_user<T: ToSchema>(self, status: u16, about: &'static str) -> Self {
        self.plain_of::<T>(
            status,
            about,
            |it| json!({ "anyOf": [it, reference("AuthUser")] }),
        )
    }

    /// A value that is made of `T`.
    pub(crate) fn plain_of<T: ToSchema>(
        self,
        status: u16,
        about: &'static str,
        of: fn(Value) -> Value,
    ) -> Self {
        self.answer(status, about, AnswerContent::Json(of, Some(shape::<T>())))
    }

    /// An object of which nothing more is said.
    pub(crate) fn object(self, about: &'static str) -> Self {
        self.answer(
            200,
            about,
            AnswerContent::Json(|_| json!({ "type": "object" }), None),
        )
    }

    /// No body.
    pub(crate) fn nothing(self, status: u16, about: &'static str) -> Self {
        self.answer(status, about, AnswerContent::Nothing)
    }

    /// Bytes of this kind.
    pub(crate) fn bytes(self, kind: &'static str, about: &'static str) -> Self {
        self.answer(200, about, AnswerContent::Bytes(kind))
    }

    /// A text of this kind.
    pub(crate) fn text(self, kind: &'static str, about: &'static str) -> Self {
        self.answer(200, about, AnswerContent::Text(kind))
    }

    /// A page for somebody who opened a mailed link.
    pub(crate) fn mailed_page(self, status: u16, about: &'static str) -> Self {
        self.answer(status, about, AnswerContent::Text("text/html"))
    }

    /// Leads elsewhere.
    pub(crate) fn leads(mut self, about: &'static str) -> Self {
        self.answers.push(OperationAnswer {
            status: 303,
            about,
            content: AnswerContent::Nothing,
            headers: vec!["Location"],
        });
        self
    }

    /// Refusals of this status have one of these codes.
    pub(crate) fn refuses(mut self, status: u16, codes: &[&'static str]) -> Self {
        self.refusals.entry(status).or_default().extend(codes);
        self
    }

    /// Into the document.
    pub(crate) fn publish(mut self, tag: &str, document: &mut SharedParts) -> Value {
        self = self.with_what_all_have();
        let mut answers = serde_json::Map::new();
        for (status, codes) in &self.refusals {
            let codes: Vec<_> = codes.iter().copied().collect();
            let answer = document.refusal(self.language, *status, &codes);
            answers.insert(status.to_string(), answer);
        }
        let reads = self.method == "get";
        for it in self.answers {
            let status = it.status.to_string();
            if reads && it.status == 200 && matches!(it.content, AnswerContent::Json(..)) {
                answers.insert(
                    "304".into(),
                    json!({ "$ref": "#/components/responses/304" }),
                );
            }
            let answer = document.answer(self.language, self.repeatable, reads, it);
            add_answer(&mut answers, status, answer);
        }
        let mut out = json!({
            "operationId": self.id, "tags": [tag], "summary": self.summary, "responses": answers,
        });
        if let Some(about) = self.about {
            out["description"] = about.into();
        }
        if !self.open {
            out["security"] = json!([{ "token": [] }]);
        }
        if let Some(asked) = self.step_up {
            out["x-step-up"] = asked;
        }
        if !self.parameters.is_empty() {
            out["parameters"] = self.parameters.into();
        }
        if let Some((mut body, shape)) = self.body {
            if let Some(shape) = shape {
                let schema = (self.reshape)(document.schemas.send(shape));
                body["content"]["application/json"] = json!({ "schema": schema });
            }
            out["requestBody"] = body;
        }
        out
    }

    fn with_what_all_have(mut self) -> Self {
        if self.path.contains('{') {
            // An address that is cut by what is in its parts leads nowhere.
            self = self.refuses(404, &["NOT_FOUND"]);
        }
        if self.method == "options" || self.method == "head" {
            return self;
        }
        let has_json = |it: &OperationAnswer| {
            it.status == 200 && matches!(it.content, AnswerContent::Json(..))
        };
        if self.method == "get" && self.answers.iter().any(has_json) {
            self.parameters
                .push(json!({ "$ref": "#/components/parameters/IfNoneMatch" }));
        }
        if self.repeatable {
            self.parameters
                .push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
        }
        match self.language {
            Language::Envelope => {
                if !self.open {
                    self = self.refuses(
                        401,
                        &[
                            "AUTH_MISSING_TOKEN",
                            "AUTH_TOKEN_EXPIRED",
                            "AUTH_INVALID_TOKEN",
                        ],
                    );
                }
                if self.repeatable {
                    self = self
                        .refuses(400, &["VALIDATION_ERROR"])
                        .refuses(409, &["IDEMPOTENCY_IN_PROGRESS"])
                        .refuses(413, &["FST_ERR_CTP_BODY_TOO_LARGE"])
                        .refuses(422, &["IDEMPOTENCY_KEY_REUSED"]);
                }
                self.refuses(429, &["REQUEST_ERROR"])
                    .refuses(500, &["INTERNAL_ERROR"])
                    .refuses(503, &["SERVICE_UNAVAILABLE"])
            }
            Language::Gotrue => {
                if !self.open {
                    self = self
                        .refuses(401, &["no_authorization"])
                        .refuses(403, &["bad_jwt", "session_not_found", "user_not_found"]);
                }
                if self.repeatable {
                    self = self
                        .refuses(400, &["validation_failed"])
                        .refuses(409, &["conflict"])
                        .refuses(413, &["bad_json"])
                        .refuses(422, &["validation_failed"]);
                }
                self.refuses(429, &["over_request_rate_limit"])
                    .refuses(503, &["unexpected_failure"])
            }
        }
    }
}

fn in_data(it: Value) -> Value {
    json!({ "type": "object", "required": ["data"], "properties": { "data": it } })
}

/// `{"data": …, "meta": {"pagination": …}}`.
pub(crate) fn in_page(it: Value) -> Value {
    let meta = json!({
        "type": "object", "required": ["pagination"], "properties": { "pagination": reference("Pagination") },
    });
    json!({ "type": "object", "required": ["data", "meta"], "properties": { "data": it, "meta": meta } })
}

/// Adds an answer. One of a status that is there already adds its content types to it; a refusal, which is
/// described elsewhere, adds JSON.
fn add_answer(answers: &mut serde_json::Map<String, Value>, status: String, mut answer: Value) {
    let before = answers.get(&status).cloned().unwrap_or_default();
    if let Some(before) = before["content"].as_object() {
        for (kind, content) in before {
            answer["content"][kind.as_str()] = content.clone();
        }
    }
    if before["$ref"].is_string() && answer["content"]["text/html"].is_object() {
        answer["content"]["application/json"] = json!({ "schema": {} });
    }
    answers.insert(status, answer);
}
