//! One row: who calls what, and what is answered.

use reqwest::Method;
use serde_json::Value;

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Nobody: there is no `Authorization` header.
    Nobody,
    /// Whoever sends this header.
    Header(&'static str),
    /// A user of this row alone, who just signed up.
    New,
    /// The same, with one picture: `$image`.
    Owner,
    /// A user who has nothing and changes nothing, shared by many rows.
    Reader,
    /// A user with one picture, one finding, one new alert and one scan of hers, who changes nothing.
    Told,
    /// A user with many new alerts, of which each row has its own: `$alert`.
    Busy,
    /// A user with many findings that wait for her word, of which each row has its own: `$match`.
    Doubtful,
    /// Her token was good until an hour ago. Needs the local stack, as the next two do.
    Late,
    /// Her token is signed with another secret.
    Forged,
    /// Her token is ours but speaks of another issuer.
    Foreign,
    /// She has signed out everywhere.
    SignedOut,
    /// She has left.
    Gone,
}

impl Who {
    pub(crate) fn needs_local(self) -> bool {
        matches!(self, Self::Late | Self::Forged | Self::Foreign)
    }
}

/// What is sent.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// What time must have done before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aged {
    /// Her older refresh tokens were superseded long ago.
    Tolerance,
    /// Her sign-in was not used for years.
    SignIn,
}

/// What a refusal looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// `{"error": {"code", "message", "details"?}}`.
    Envelope,
    /// That of the sign-in library.
    Library,
}

/// A row.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) who: Who,
    /// What she did before, which must succeed or at least be answered.
    pub(crate) before: Vec<Call>,
    pub(crate) aged: Option<Aged>,
    /// What she did after that time.
    pub(crate) later: Vec<Call>,
    pub(crate) call: Call,
    pub(crate) status: u16,
    pub(crate) refusal: Option<(Language, &'static str)>,
    /// The shape of the body; without one there must be none.
    pub(crate) shape: Option<String>,
    /// Headers of the answer; an empty one must not be there.
    pub(crate) answered: Vec<(&'static str, &'static str)>,
    /// The gateway answers by itself, and not the function.
    pub(crate) by_gateway: bool,
}

/// The header that the api-client of the web app sends with every call.
const JSON: (&str, &str) = ("content-type", "application/json");

/// The page that calls.
pub(crate) const ORIGIN: &str = "http://localhost:3000";

pub(crate) fn call(method: Method, path: impl Into<String>) -> Call {
    Call {
        method,
        path: path.into(),
        headers: vec![("origin", ORIGIN.into()), (JSON.0, JSON.1.into())],
        body: Vec::new(),
    }
}

impl Call {
    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string().into_bytes();
        self
    }

    /// With this header, or without it if there is no value.
    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|it| it.0 != name);
        if !value.is_empty() {
            self.headers.push((name, value.to_owned()));
        }
        self
    }
}

/// A row that expects 200 and a body of any shape, until it says otherwise.
pub(crate) fn row(
    name: impl Into<String>,
    who: Who,
    method: Method,
    path: impl Into<String>,
) -> Row {
    Row {
        name: name.into(),
        who,
        before: Vec::new(),
        aged: None,
        later: Vec::new(),
        call: call(method, path),
        status: 200,
        refusal: None,
        shape: Some("any".into()),
        answered: Vec::new(),
        by_gateway: false,
    }
}

pub(crate) fn get(name: impl Into<String>, who: Who, path: impl Into<String>) -> Row {
    row(name, who, Method::GET, path)
}

pub(crate) fn post(name: impl Into<String>, who: Who, path: impl Into<String>) -> Row {
    row(name, who, Method::POST, path)
}

pub(crate) fn put(name: impl Into<String>, who: Who, path: impl Into<String>) -> Row {
    row(name, who, Method::PUT, path)
}

pub(crate) fn patch(name: impl Into<String>, who: Who, path: impl Into<String>) -> Row {
    row(name, who, Method::PATCH, path)
}

pub(crate) fn delete(name: impl Into<String>, who: Who, path: impl Into<String>) -> Row {
    row(name, who, Method::DELETE, path)
}

impl Row {
    pub(crate) fn json(mut self, body: Value) -> Self {
        self.call = self.call.json(&body);
        self
    }

    /// A body as it is, whatever it is.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.call.body = body.into();
        self
    }

    /// With this header, or without it if there is no value.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.call = self.call.header(name, value);
        self
    }

    /// As `fetch` and `XMLHttpRequest` call without the api-client: no content type of their own.
    pub(crate) fn raw(self) -> Self {
        self.with("content-type", "")
    }

    /// After this call of hers.
    pub(crate) fn after(mut self, before: Call) -> Self {
        self.before.push(before);
        self
    }

    pub(crate) fn aged(mut self, aged: Aged) -> Self {
        self.aged = Some(aged);
        self
    }

    /// After this call of hers, which followed the passing of time.
    pub(crate) fn later(mut self, call: Call) -> Self {
        self.later.push(call);
        self
    }

    /// Answered with this status and a body of this shape.
    pub(crate) fn gives(mut self, status: u16, shape: &str) -> Self {
        (self.status, self.shape) = (status, Some(shape.to_owned()));
        self
    }

    /// Answered with `data` of this shape.
    pub(crate) fn gives_data(self, status: u16, shape: &str) -> Self {
        self.gives(status, &format!("{{data: {shape}}}"))
    }

    /// Answered with the first page of a list of so many of these.
    pub(crate) fn gives_page(self, of: &str, limit: u32, total: u32) -> Self {
        let pages = total.div_ceil(limit);
        let data = if total == 0 {
            "[]".into()
        } else {
            format!("[{of}]+")
        };
        let page = format!("{{page: 1, limit: {limit}, total: {total}, totalPages: {pages}}}");
        self.gives(
            200,
            &format!("{{data: {data}, meta: {{pagination: {page}}}}}"),
        )
    }

    /// Answered with this status and nothing else.
    pub(crate) fn empty(mut self, status: u16) -> Self {
        (self.status, self.shape) = (status, None);
        self
    }

    /// Refused in the envelope, without details.
    pub(crate) fn refused(self, status: u16, code: &'static str) -> Self {
        self.refused_with(status, code, "")
    }

    /// Refused in the envelope, with details of this shape.
    pub(crate) fn refused_with(self, status: u16, code: &'static str, details: &str) -> Self {
        let details = if details.is_empty() {
            String::new()
        } else {
            format!(", details: {details}")
        };
        let shape = format!("{{error: {{code: \"{code}\", message: text{details}}}}}");
        Self {
            refusal: Some((Language::Envelope, code)),
            ..self.gives(status, &shape)
        }
    }

    /// 400 `VALIDATION_ERROR` that says where the mistake is.
    pub(crate) fn invalid(self) -> Self {
        self.refused_with(400, "VALIDATION_ERROR", "[Issue]+")
    }

    /// Refused in the sign-in library's language.
    pub(crate) fn denied(self, status: u16, code: &'static str) -> Self {
        self.denied_with(status, code, "")
    }

    pub(crate) fn denied_with(self, status: u16, code: &'static str, more: &str) -> Self {
        let codes = format!("code: \"{code}\", error_code: \"{code}\"");
        let shape = format!("{{{codes}, message: text, msg: text{more}}}");
        Self {
            refusal: Some((Language::Library, code)),
            ..self.gives(status, &shape)
        }
    }

    /// The answer has this header; an empty value says that it has not.
    pub(crate) fn answers(mut self, name: &'static str, value: &'static str) -> Self {
        self.answered.push((name, value));
        self
    }

    pub(crate) fn by_gateway(mut self) -> Self {
        self.by_gateway = true;
        self
    }

    /// Whether it can only be called where the system runs locally.
    pub(crate) fn needs_local(&self) -> bool {
        self.who.needs_local() || self.aged.is_some()
    }
}
