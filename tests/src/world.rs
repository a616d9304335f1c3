//! The running system.

use std::future::Future;
use std::time::Duration;

use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use uuid::Uuid;
use vara_local::{Options, Stack};

use crate::behind::Behind;
use crate::pictures::{self, mine_and_found};
use crate::reply::Reply;

/// The password of everybody in the tests.
pub const PASSWORD: &str = "Correct-Horse-7";

/// How long anything may take that the system does by itself, before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// The system under test: raised for this run, or one that runs elsewhere.
pub struct World {
    /// Where the API is.
    pub gateway: String,
    /// Where the stand-ins are.
    pub engines: String,
    /// For calls.
    pub http: Client,
    stack: Option<Stack>,
    faults: OnceCell<tokio::sync::RwLock<()>>,
}

impl World {
    /// Raises the local stack, or takes the system that `VARA_GATEWAY` and `VARA_ENGINES` name.
    pub async fn start() -> Self {
        if let (Ok(gateway), Ok(engines)) =
            (std::env::var("VARA_GATEWAY"), std::env::var("VARA_ENGINES"))
        {
            return Self {
                gateway,
                engines,
                http: client(),
                stack: None,
                faults: OnceCell::new(),
            };
        }
        let options = Options {
            traces: true,
            ..Options::for_tests()
        };
        Self::raise(options).await
    }

    /// Raises a local stack as it is asked for.
    pub async fn raise(options: Options) -> Self {
        let http = client();
        let stack = Stack::start(options)
            .await
            .unwrap_or_else(|err| panic!("the local stack did not start: {err}"));
        let (gateway, engines) = (
            stack.gateway_url().to_owned(),
            stack.engines_url().to_owned(),
        );
        Self {
            gateway,
            engines,
            http,
            stack: Some(stack),
            faults: OnceCell::new(),
        }
    }

    /// Ends what was raised.
    pub async fn stop(self) {
        if let Some(stack) = self.stack {
            stack.stop().await;
        }
    }

    /// The local stack, for tests that break it. Those are left out where there is none.
    #[must_use]
    pub fn stack(&self) -> &Stack {
        self.stack
            .as_ref()
            .expect("this test needs the local stack")
    }

    /// Whether processes and queues can be reached.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.stack.is_some()
    }

    /// What only time does; see [`Behind`].
    #[must_use]
    pub fn behind(&self) -> Behind {
        Behind::of(self.stack())
    }

    /// Held while an engine is broken, so that tests which need it whole wait.
    pub async fn broken(&self) -> tokio::sync::RwLockWriteGuard<'_, ()> {
        self.faults
            .get_or_init(async || tokio::sync::RwLock::default())
            .await
            .write()
            .await
    }

    /// Held while the engines must be whole.
    pub async fn whole(&self) -> tokio::sync::RwLockReadGuard<'_, ()> {
        self.faults
            .get_or_init(async || tokio::sync::RwLock::default())
            .await
            .read()
            .await
    }

    /// A call by nobody.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        self.call_as(None, method, path, body).await
    }

    /// A call with this token.
    pub async fn call_as(
        &self,
        token: Option<&str>,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Reply {
        let mut request = self.http.request(method, format!("{}{path}", self.gateway));
        request = request
            .header("origin", "http://localhost:3000")
            .header("content-type", "application/json");
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        Reply::to(request).await
    }

    /// Puts a picture on a page of the tiny web; the page's address.
    pub async fn plant(&self, picture: Vec<u8>) -> String {
        let page = format!("https://forum-{}.example.net/t/42", Uuid::new_v4().simple());
        self.plant_at(picture, &page).await;
        page
    }

    /// Puts a picture on this page.
    pub async fn plant_at(&self, picture: Vec<u8>, page: &str) {
        self.plant_file(picture, None, page).await;
    }

    async fn plant_file(&self, picture: Vec<u8>, now: Option<Vec<u8>>, page: &str) {
        let file = |bytes| {
            let part = Part::bytes(bytes).file_name("found.jpg");
            part.mime_str("image/jpeg").unwrap()
        };
        let mut form = Form::new()
            .part("image", file(picture))
            .text("page_url", page.to_owned())
            .text("title", "A thread");
        if let Some(now) = now {
            form = form.part("image_now", file(now));
        }
        let reply = self
            .http
            .post(format!("{}/_web", self.engines))
            .multipart(form)
            .send()
            .await
            .unwrap();
        assert_eq!(reply.status(), 201, "{}", reply.text().await.unwrap());
    }

    /// A picture of hers, and so many pages which the engine knows for showing it and which by now show
    /// something else.
    pub async fn plant_doubtful(&self, pages: usize) -> Vec<u8> {
        let (mine, copy) = mine_and_found();
        for _ in 0..pages {
            self.plant_changed(copy.clone(), pictures::mine()).await;
        }
        mine
    }

    /// Puts a picture on a page which shows another one since it was indexed; the page's address.
    pub async fn plant_changed(&self, indexed: Vec<u8>, now: Vec<u8>) -> String {
        let page = format!("https://forum-{}.example.net/t/42", Uuid::new_v4().simple());
        self.plant_file(indexed, Some(now), &page).await;
        page
    }

    /// Puts a profile on the tiny social network.
    pub async fn profile(&self, profile: Value) {
        self.put("/_web/profiles", profile).await;
    }

    /// Has a breach hold an address.
    pub async fn breach(&self, email: &str, name: &str) {
        let breach = json!({ "email": email, "breach": { "Name": name } });
        self.put("/_web/breaches", breach).await;
    }

    async fn put(&self, path: &str, body: Value) {
        let request = self.http.post(format!("{}{path}", self.engines));
        let reply = request.body(body.to_string()).send().await.unwrap();
        assert_eq!(reply.status(), 201, "{}", reply.text().await.unwrap());
    }

    /// Breaks an engine on purpose.
    pub async fn fault(&self, fault: Value) {
        let reply = self
            .http
            .post(format!("{}/_fault", self.engines))
            .body(fault.to_string());
        let reply = reply
            .header("content-type", "application/json")
            .send()
            .await
            .unwrap();
        assert!(
            reply.status().is_success(),
            "{}",
            reply.text().await.unwrap()
        );
    }

    /// Repairs everything.
    pub async fn repair(&self) {
        self.http
            .delete(format!("{}/_fault", self.engines))
            .send()
            .await
            .unwrap();
    }

    /// The link in the newest mail to an address that holds `part`; waits until there is one.
    pub async fn mailed(&self, to: &str, part: &str) -> String {
        eventually("the mail has come", async || {
            let mails = self.mail(to).await;
            let links = mails
                .iter()
                .flat_map(|it| it["links"].as_array().cloned().unwrap_or_default());
            let mut links = links.filter_map(|it| it.as_str().map(str::to_owned));
            links.rfind(|it| it.contains(part))
        })
        .await
    }

    /// What was mailed to an address, oldest first.
    pub async fn mail(&self, to: &str) -> Vec<Value> {
        let reply = self
            .http
            .get(format!("{}/_mail", self.engines))
            .send()
            .await
            .unwrap();
        let all: Vec<Value> = serde_json::from_str(&reply.text().await.unwrap()).unwrap();
        all.into_iter()
            .filter(|mail| mail["to"].to_string().contains(to))
            .collect()
    }
}

fn client() -> Client {
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// Asks again until there is an answer.
pub async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut ask: impl FnMut() -> F,
) -> T {
    let ask_until = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, ask_until)
        .await
        .unwrap_or_else(|_| panic!("it never came to this: {what}"))
}
