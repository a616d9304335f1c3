//! A fresh world per test, and short ways to call it.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

pub(crate) const BASE: &str = "http://127.0.0.1:4010";
const BOUNDARY: &str = "a-boundary-no-picture-holds";

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |it| it.to_str().unwrap())
    }
}

/// Where the host of pictures serves what was planted.
pub(crate) fn picture_path(planted: &Value) -> &str {
    let url = planted["image_url"].as_str().unwrap();
    url.strip_prefix(BASE).unwrap()
}

/// One part of a form: name, file name, content.
pub(crate) type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

/// The stand-ins, with nothing planted.
#[derive(Clone)]
pub(crate) struct Engines(Router);

impl Engines {
    pub(crate) fn new() -> Self {
        Self(vara_engines::router(BASE))
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.0.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        Answer {
            status: parts.status,
            headers: parts.headers,
            bytes,
        }
    }

    pub(crate) async fn get(&self, uri: &str) -> Answer {
        self.call(Method::GET, uri, "").await
    }

    pub(crate) async fn post(&self, uri: &str, body: &Value) -> Answer {
        self.call(Method::POST, uri, &body.to_string()).await
    }

    pub(crate) async fn delete(&self, uri: &str) -> Answer {
        self.call(Method::DELETE, uri, "").await
    }

    pub(crate) async fn call(&self, method: Method, uri: &str, body: &str) -> Answer {
        let request = Request::builder().method(method).uri(uri);
        // Every call carries a key: only TinEye looks at it.
        let request = request.header("x-api-key", "local-key");
        self.send(request.body(Body::from(body.to_owned())).unwrap())
            .await
    }

    pub(crate) async fn form(&self, uri: &str, parts: &[Part<'_>]) -> Answer {
        self.send(
            form(uri)
                .header("x-api-key", "local-key")
                .body(body(parts))
                .unwrap(),
        )
        .await
    }

    /// Plants a picture on a page; answers what the control route answered.
    pub(crate) async fn plant(&self, picture: &[u8], page: &str) -> Value {
        let parts: [Part; 2] = [
            ("image", Some("a.jpg"), picture),
            ("page_url", None, page.as_bytes()),
        ];
        let answer = self.form("/_web", &parts).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        answer.json()
    }

    /// Plants a picture with further facts.
    pub(crate) async fn plant_more(
        &self,
        picture: &[u8],
        page: &str,
        more: &[(&str, &str)],
    ) -> Value {
        let mut parts: Vec<Part> = vec![
            ("image", Some("a.jpg"), picture),
            ("page_url", None, page.as_bytes()),
        ];
        parts.extend(
            more.iter()
                .map(|(name, text)| (*name, None, text.as_bytes())),
        );
        let answer = self.form("/_web", &parts).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        answer.json()
    }

    /// Searches by bytes.
    pub(crate) async fn search(&self, picture: &[u8]) -> Answer {
        self.search_with("", picture).await
    }

    pub(crate) async fn search_with(&self, query: &str, picture: &[u8]) -> Answer {
        let uri = format!("/tineye/rest/search/{query}");
        self.form(&uri, &[("image_upload", Some("q.jpg"), picture)])
            .await
    }

    /// The matches of a search by bytes.
    pub(crate) async fn matches(&self, picture: &[u8]) -> Vec<Value> {
        let answer = self.search(picture).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()["results"]["matches"]
            .as_array()
            .unwrap()
            .clone()
    }
}

/// A multipart request that still wants its body.
pub(crate) fn form(uri: &str) -> axum::http::request::Builder {
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    Request::builder()
        .method(Method::POST)
        .uri(uri)
        .header("content-type", content_type)
}

pub(crate) fn body(parts: &[Part<'_>]) -> Body {
    let mut bytes = Vec::new();
    for (name, file, content) in parts {
        let file = file
            .map(|it| format!("; filename=\"{it}\""))
            .unwrap_or_default();
        let head = format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n"
        );
        bytes.extend_from_slice(head.as_bytes());
        bytes.extend_from_slice(content);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    Body::from(bytes)
}
