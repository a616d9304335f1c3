//! An answer of the API.

use reqwest::RequestBuilder;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::described;

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, if it is JSON; else null.
    pub json: Value,
    /// Its body.
    pub bytes: Vec<u8>,
}

impl Reply {
    /// Makes a call of the API and reads the answer, which must be one that the API's description has.
    #[track_caller]
    pub fn to(request: RequestBuilder) -> impl Future<Output = Self> {
        let caller = std::panic::Location::caller();
        async move {
            let (client, request) = request.build_split();
            let request = request.unwrap();
            let (method, path) = (request.method().clone(), request.url().path().to_owned());
            let reply = Self::read(client.execute(request).await.unwrap()).await;
            let told = described::check(&method, &path, reply.status, &reply.headers, &reply.bytes);
            if let Err(why) = told {
                panic!("{caller}: {why}");
            }
            reply
        }
    }

    async fn read(reply: reqwest::Response) -> Self {
        let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
        let bytes = reply.bytes().await.unwrap().to_vec();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Self {
            status,
            headers,
            json,
            bytes,
        }
    }

    /// The answer, which must have this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> &Self {
        assert_eq!(
            self.status,
            status,
            "{}",
            String::from_utf8_lossy(&self.bytes)
        );
        self
    }

    /// `data` of the envelope.
    #[track_caller]
    #[must_use]
    pub fn data(&self) -> &Value {
        let data = &self.json["data"];
        assert!(!data.is_null(), "no data in {}", self.json);
        data
    }

    /// `meta.pagination.total`.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.json["meta"]["pagination"]["total"].as_u64().unwrap()
    }

    /// A refusal with this status and code, in the envelope and readable by the web page.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        self.expect(status);
        let error = &self.json["error"];
        assert_eq!(error["code"], code, "{}", self.json);
        assert!(
            error["message"].as_str().is_some_and(|it| !it.is_empty()),
            "{}",
            self.json
        );
        assert_eq!(
            self.header("access-control-allow-origin"),
            "http://localhost:3000"
        );
    }

    /// A header, empty if absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|it| it.to_str().ok())
            .unwrap_or_default()
    }
}
