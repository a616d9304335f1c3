//! Somebody who uses the system, as the screens do it for her.

use reqwest::multipart::{Form, Part};
use reqwest::{Method, Url};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::reply::Reply;
use crate::world::{PASSWORD, World, eventually};

/// A user with a session.
pub struct Woman<'a> {
    /// Where she lives.
    pub world: &'a World,
    /// Her id.
    pub id: String,
    /// Her address.
    pub email: String,
    /// Her access token.
    pub token: String,
    /// Her refresh token.
    pub refresh: String,
}

impl World {
    /// A new user, signed up as the screens do it.
    pub async fn woman(&self) -> Woman<'_> {
        let email = format!("w{}@example.org", Uuid::new_v4().simple());
        self.woman_at(email).await
    }

    /// The same with this address.
    pub async fn woman_at(&self, email: String) -> Woman<'_> {
        let body =
            json!({ "email": email, "password": PASSWORD, "data": {}, "gotrue_meta_security": {} });
        let reply = self.call(Method::POST, "/auth/v1/signup", Some(body)).await;
        reply.expect(200);
        Woman::of(self, email, &reply.json)
    }
}

impl<'a> Woman<'a> {
    /// From the answer to a sign-up or sign-in.
    #[must_use]
    pub fn of(world: &'a World, email: String, session: &Value) -> Self {
        let text = |it: &Value| {
            it.as_str()
                .unwrap_or_else(|| panic!("no session in {session}"))
                .to_owned()
        };
        Self {
            world,
            email,
            id: text(&session["user"]["id"]),
            token: text(&session["access_token"]),
            refresh: text(&session["refresh_token"]),
        }
    }

    /// Signs in on another device.
    pub async fn sign_in(&self) -> Woman<'a> {
        let body = json!({ "email": self.email, "password": PASSWORD });
        let reply = self
            .world
            .call(
                Method::POST,
                "/auth/v1/token?grant_type=password",
                Some(body),
            )
            .await;
        Woman::of(self.world, self.email.clone(), &reply.expect(200).json)
    }

    /// Uses the link of her first mail where she is signed in, as the sign-in library does: from then on it is
    /// known that she reads her address.
    pub async fn confirm(&self) {
        let link = self.world.mailed(&self.email, "type=signup").await;
        let link = Url::parse(&link).unwrap();
        let token = link.query_pairs().find(|it| it.0 == "token").unwrap().1;
        let body = json!({ "token_hash": token, "type": "signup" });
        self.post("/auth/v1/verify", body).await.expect(200);
    }

    /// A call of hers.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        self.world
            .call_as(Some(&self.token), method, path, body)
            .await
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, None).await
    }

    /// Sends.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Changes.
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.call(Method::PATCH, path, Some(body)).await
    }

    /// Removes.
    pub async fn delete(&self, path: &str) -> Reply {
        self.call(Method::DELETE, path, None).await
    }

    /// Sends a file, as the upload screen does.
    pub async fn send(&self, bytes: Vec<u8>, claim: &str) -> Reply {
        let file = Part::bytes(bytes)
            .file_name("me.jpg")
            .mime_str(claim)
            .unwrap();
        let url = format!("{}/api/v1/images/upload", self.world.gateway);
        let request = self
            .world
            .http
            .post(url)
            .bearer_auth(&self.token)
            .header("origin", "http://localhost:3000");
        Reply::to(request.multipart(Form::new().part("file", file))).await
    }

    /// Uploads a picture and waits until it has been taken in; the picture.
    pub async fn upload(&self, picture: Vec<u8>) -> Value {
        let reply = self.send(picture, "image/jpeg").await;
        let id = reply.expect(201).data()["id"].as_str().unwrap().to_owned();
        self.ready(&id).await
    }

    /// Waits until a picture has been taken in.
    pub async fn ready(&self, id: &str) -> Value {
        eventually("the picture is ready", async || {
            let reply = self.get(&format!("/api/v1/images/{id}")).await;
            let image = reply.expect(200).data().clone();
            assert_ne!(image["state"], "REJECTED", "{image}");
            (image["state"] == "READY").then_some(image)
        })
        .await
    }

    /// Starts a scan of everything and waits for its end; the scan.
    pub async fn scan(&self) -> Value {
        let reply = self
            .post("/api/v1/scans/trigger", json!({ "type": "IMAGE_SCAN" }))
            .await;
        self.ended(reply.expect(202).data()["id"].as_str().unwrap())
            .await
    }

    /// Waits for the end of a scan; the scan.
    pub async fn ended(&self, id: &str) -> Value {
        eventually("the scan has ended", async || {
            let reply = self.get(&format!("/api/v1/scans/{id}")).await;
            let scan = reply.expect(200).data().clone();
            matches!(scan["status"].as_str(), Some("COMPLETED" | "FAILED")).then_some(scan)
        })
        .await
    }

    /// Waits until she has this many alerts; all of them.
    pub async fn alerts(&self, count: usize) -> Vec<Value> {
        eventually("she has her alerts", async || {
            let reply = self.get("/api/v1/alerts?limit=100").await;
            let alerts = reply.expect(200).data().as_array().unwrap().clone();
            assert!(
                alerts.len() <= count,
                "more alerts than were planted: {alerts:#?}"
            );
            (alerts.len() == count).then_some(alerts)
        })
        .await
    }
}
