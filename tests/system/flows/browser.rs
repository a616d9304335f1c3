//! The web app in a browser: what it sends, and what it makes of the answers.
//!
//! Three things call: the api-client, a few raw calls of the picture screens, and the sign-in library.
//! Where an answer would make the real one fail (no JSON where it parses JSON, no code where it reads
//! one), the flow fails here.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use vara_tests::world::{PASSWORD, eventually};
use vara_tests::{Reply, Woman, World};

/// The page.
pub(crate) const ORIGIN: &str = "http://localhost:3000";

/// What the library was set up with; no token.
const KEY: &str = "placeholder-key";

/// The codes after which the api-client refreshes once and tries once more.
const REFRESHES: [&str; 3] = [
    "AUTH_TOKEN_EXPIRED",
    "AUTH_INVALID_TOKEN",
    "AUTH_UNAUTHORIZED",
];

/// A browser with the web app open.
pub(crate) struct Browser<'a> {
    pub(crate) world: &'a World,
    /// What the library keeps, if somebody is signed in.
    pub(crate) session: Option<Value>,
    /// The token the app itself keeps and calls with.
    pub(crate) token: Option<String>,
}

impl<'a> Browser<'a> {
    /// Nobody is signed in.
    pub(crate) fn open(world: &'a World) -> Self {
        Self {
            world,
            session: None,
            token: None,
        }
    }

    /// Somebody who just signed up.
    pub(crate) async fn signed_up(world: &'a World) -> (Self, String) {
        let email = format!("w{}@example.org", uuid::Uuid::new_v4().simple());
        let mut browser = Self::open(world);
        browser.sign_up(&email).await;
        (browser, email)
    }

    pub(crate) async fn sign_up(&mut self, email: &str) {
        let body = json!({
            "email": email, "password": PASSWORD, "data": {}, "gotrue_meta_security": {},
            "code_challenge": null, "code_challenge_method": null,
        });
        let path = "/signup?redirect_to=http%3A%2F%2Flocalhost%3A3000%2Fdashboard";
        let reply = self.library(Method::POST, path, None, Some(body)).await;
        self.keep(reply.expect(200).json.clone());
    }

    /// Signs in with a password; what was said if that was refused.
    pub(crate) async fn sign_in(&mut self, email: &str, password: &str) -> Result<(), String> {
        let body = json!({ "email": email, "password": password, "gotrue_meta_security": {} });
        let reply = self
            .library(Method::POST, "/token?grant_type=password", None, Some(body))
            .await;
        if reply.status == 200 {
            self.keep(reply.json);
            return Ok(());
        }
        Err(said(&reply))
    }

    /// Refreshes as the library does: the sign-in is kept if that succeeds or the trouble is passing, and
    /// thrown away after any other answer.
    pub(crate) async fn refresh(&mut self) -> bool {
        let token = self.session.as_ref().map(|it| it["refresh_token"].clone());
        let body = json!({ "refresh_token": token });
        let path = "/token?grant_type=refresh_token";
        let reply = self.library(Method::POST, path, None, Some(body)).await;
        match reply.status {
            200 => self.keep(reply.json),
            502..=504 => return false,
            _ => {
                said(&reply);
                self.forget();
            }
        }
        self.session.is_some()
    }

    /// The library takes it for a session only if these are there; the app reads these of the user.
    fn keep(&mut self, session: Value) {
        for name in ["access_token", "refresh_token"] {
            assert!(
                session[name].as_str().is_some_and(|it| !it.is_empty()),
                "{session}"
            );
        }
        assert!(session["expires_in"].as_u64() > Some(300), "{session}");
        let user = &session["user"];
        assert!(
            user["id"].is_string()
                && user["email"].is_string()
                && user["email_confirmed_at"].is_string()
        );
        self.token = session["access_token"].as_str().map(str::to_owned);
        self.session = Some(session);
    }

    /// What the app does when the library says that she is signed out.
    pub(crate) fn forget(&mut self) {
        (self.session, self.token) = (None, None);
    }

    /// What the button in the header does, and nothing else: nobody is told (Q35).
    pub(crate) fn log_out(&mut self) {
        self.token = None;
    }

    /// What the app does when the page is loaded: the library's session is the app's.
    pub(crate) fn reload(&mut self) {
        let session = self.session.as_ref();
        self.token = session
            .and_then(|it| it["access_token"].as_str())
            .map(str::to_owned);
    }

    /// A call of the library. Without a token it sends its key in that place.
    pub(crate) async fn library(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Reply {
        let has_body = method != Method::GET;
        let url = format!("{}/auth/v1{path}", self.world.gateway);
        let mut request = self
            .world
            .http
            .request(method, url)
            .header("origin", ORIGIN)
            .header("apikey", KEY)
            .header("x-client-info", "supabase-js-web/2.90.0")
            .header("x-supabase-api-version", "2024-01-01")
            .bearer_auth(token.unwrap_or(KEY));
        if has_body {
            request = request.header("content-type", "application/json;charset=UTF-8");
        }
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let reply = Reply::to(request).await;
        // Else the library sees a failed network, and tries again for half a minute.
        assert_eq!(reply.header("access-control-allow-origin"), ORIGIN);
        reply
    }

    /// A call of the library's as whoever is signed in.
    pub(crate) async fn library_as_her(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Reply {
        self.library(method, path, self.session_token(), body).await
    }

    fn session_token(&self) -> Option<&str> {
        self.session
            .as_ref()
            .and_then(|it| it["access_token"].as_str())
    }

    /// A call of the api-client, which refreshes and tries again once if it is told to.
    pub(crate) async fn api(&mut self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let first = self.once(method.clone(), path, body.clone()).await;
        let code = first.json["error"]["code"].as_str().unwrap_or_default();
        if first.status != 401 || !REFRESHES.contains(&code) {
            return first;
        }
        if self.refresh().await {
            return self.once(method, path, body).await;
        }
        // `/login?expired=true`
        self.forget();
        first
    }

    async fn once(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let token = self.token.as_deref().unwrap_or("null");
        let reply = self.world.call_as(Some(token), method, path, body).await;
        assert!(
            reply.json.is_object(),
            "the api-client reads JSON: {:?}",
            reply.bytes
        );
        if reply.status >= 400 {
            let error = &reply.json["error"];
            assert!(
                error["code"].is_string() && error["message"].is_string(),
                "{}",
                reply.json
            );
        }
        assert_eq!(reply.header("access-control-allow-origin"), ORIGIN);
        reply
    }

    pub(crate) async fn get(&mut self, path: &str) -> Reply {
        let reply = self.api(Method::GET, path, None).await;
        reply.expect(200);
        reply
    }

    pub(crate) async fn patch(&mut self, path: &str, body: Value) -> Reply {
        let reply = self.api(Method::PATCH, path, Some(body)).await;
        reply.expect(200);
        reply
    }

    /// A raw call of the picture screens: the token as it is, be it null, and no refresh (Q8).
    pub(crate) async fn fetch(&self, method: Method, path: &str) -> Reply {
        let request = self
            .world
            .http
            .request(method, format!("{}{path}", self.world.gateway));
        let token = self.token.as_deref().unwrap_or("null");
        let request = request.header("origin", ORIGIN).bearer_auth(token);
        Reply::to(request).await
    }

    /// The upload, as `XMLHttpRequest` sends it.
    pub(crate) async fn upload(&self, picture: Vec<u8>) -> Reply {
        let file = Part::bytes(picture)
            .file_name("IMG_0001.jpg")
            .mime_str("image/jpeg")
            .unwrap();
        let url = format!("{}/api/v1/images/upload", self.world.gateway);
        let request = self
            .world
            .http
            .post(url)
            .header("origin", ORIGIN)
            .bearer_auth(self.token.as_deref().unwrap_or("null"))
            .multipart(Form::new().part("file", file));
        let reply = Reply::to(request).await;
        assert!(
            !reply.json.is_null(),
            "the screen reads JSON: {:?}",
            reply.bytes
        );
        reply
    }

    /// What an `<img>` shows: no headers of ours, and nothing that forbids it on another page. Where the
    /// suite keeps the machine too busy for the intake, the answer is 503 and it is asked for again.
    pub(crate) async fn show(&self, address: &str) -> Reply {
        let reply = eventually("the picture is shown", async || {
            let request = self.world.http.get(address);
            let reply = Reply::to(request.header("sec-fetch-dest", "image")).await;
            (reply.status != 503).then_some(reply)
        })
        .await;
        if reply.status == 200 {
            assert_eq!(reply.header("cross-origin-resource-policy"), "cross-origin");
        }
        reply
    }

    /// What a tab of its own shows of an address.
    pub(crate) async fn open_in_a_tab(&self, address: &str) -> Reply {
        let request = self.world.http.get(address);
        Reply::to(request.header("sec-fetch-dest", "document")).await
    }

    /// The same user, for what is not the flow itself.
    pub(crate) fn woman(&self) -> Woman<'a> {
        let session = self.session.as_ref().unwrap();
        let email = session["user"]["email"].as_str().unwrap().to_owned();
        Woman::of(self.world, email, session)
    }
}

/// What the screens show of a refusal of the library's: the first of these that is there.
pub(crate) fn said(reply: &Reply) -> String {
    let names = ["msg", "message", "error_description", "error"];
    let text = names.into_iter().find_map(|it| reply.json[it].as_str());
    text.unwrap_or_else(|| panic!("nothing is said: {}", reply.json))
        .to_owned()
}
