//! What is the same for every call: limits, repeated calls, marks of content.

use std::net::Ipv4Addr;

use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use vara_tests::pictures::mine;
use vara_tests::{PASSWORD, Reply, Woman, World};

/// What the local stack sets for the sign-in routes.
const LIMIT: usize = 1200;

/// How many calls are under way at once.
const AT_ONCE: usize = 16;

/// The address that the first command prints, opened in a browser: every link of the page works.
pub(crate) async fn the_local_page_leads_where_it_says(world: &World) {
    let get = async |url: String| {
        let reply = world.http.get(&url).send().await.unwrap();
        assert_eq!(reply.status(), 200, "{url}");
        reply.text().await.unwrap()
    };
    let page = get(format!("{}/", world.gateway)).await;
    let links: Vec<&str> = page
        .split("href=\"")
        .skip(1)
        .filter_map(|it| it.split('"').next())
        .collect();
    for wanted in ["/api/v1/docs", "/_local/tour", "/_local/logs/api-images"] {
        assert!(links.contains(&wanted), "{links:?}");
    }
    for link in links {
        let url = match link.starts_with('/') {
            true => format!("{}{link}", world.gateway),
            false => link.to_owned(),
        };
        get(url).await;
    }
    let tour = get(format!("{}/_local/tour", world.gateway)).await;
    assert!(tour.contains(&format!("api={}", world.gateway)), "{tour}");
}

/// Calls of one address until it has too many; another address goes on.
pub(crate) async fn too_many_are_refused(world: &World) {
    let somebody = Client::builder()
        .local_address(Some(Ipv4Addr::new(127, 0, 0, 77).into()))
        .build()
        .unwrap();
    let url = format!("{}/api/v1/auth/logout", world.gateway);
    let call = async || {
        let request = somebody
            .post(&url)
            .header("origin", "http://localhost:3000");
        Reply::to(request).await
    };
    // A window may end meanwhile; within so many calls one lies whole.
    let mut over = None;
    for _ in 0..4 * LIMIT / AT_ONCE {
        let calls = (0..AT_ONCE).map(|_| call());
        let replies = futures_util::future::join_all(calls).await;
        for reply in replies.iter().filter(|it| it.status != 429) {
            reply.expect(204);
        }
        over = replies.into_iter().find(|it| it.status == 429);
        if over.is_some() {
            break;
        }
    }
    let over = over.unwrap();
    over.refused(429, "REQUEST_ERROR");
    assert_eq!(over.header("x-ratelimit-limit"), LIMIT.to_string());
    assert_eq!(over.header("x-ratelimit-remaining"), "0");
    assert_eq!(over.header("retry-after"), over.header("x-ratelimit-reset"));
    let other = world.call(Method::POST, "/api/v1/auth/logout", None).await;
    other.expect(204);
}

/// Each parameter that the API's description names, on each of its routes: twice, it is refused before
/// the route is asked; in odd case, it is another parameter, which nobody reads.
pub(crate) async fn parameters_are_named_once(world: &World) {
    let document = world.call(Method::GET, "/api/v1/openapi.json", None).await;
    let mut seen = 0;
    for (path, operations) in document.expect(200).json["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let path = path
                .replace("{platform}", "instagram")
                .replace("{id}", "0e7d5c2f-7a51-4b0b-9f1c-3a865a1f6d02");
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            for parameter in parameters.filter(|it| it["in"] == "query") {
                let name = parameter["name"].as_str().unwrap();
                let ask = async |query: &str| {
                    let path = format!("{path}?{query}");
                    world.call(method.clone(), &path, None).await
                };
                for twice in [
                    format!("{name}=1&{name}=1"),
                    format!("{name}=a&x=1&{name}=b"),
                ] {
                    let reply = ask(&twice).await;
                    match path.starts_with("/auth/v1/") {
                        true => assert_eq!(
                            reply.expect(400).json["error_code"],
                            "validation_failed",
                            "{path} {twice}"
                        ),
                        false => reply.refused(400, "VALIDATION_ERROR"),
                    }
                }
                let (upper, plain) = (
                    ask(&format!("{}=%20", name.to_uppercase())).await,
                    ask("").await,
                );
                assert_eq!(upper.status, plain.status, "{path} {name}");
                assert_eq!(upper.json, plain.json, "{path} {name}");
                seen += 1;
            }
        }
    }
    assert!(seen > 20, "only {seen} parameters are described");
    let her = world.woman().await;
    let body = json!({ "email": her.email, "password": PASSWORD, "refresh_token": "x" });
    for query in [
        "grant_type=refresh_token&grant_type=password",
        "grant_type=password&grant_type=refresh_token",
    ] {
        let path = format!("/auth/v1/token?{query}");
        let reply = world.call(Method::POST, &path, Some(body.clone())).await;
        assert!(reply.expect(400).json["access_token"].is_null());
    }
    let lists = [
        "/api/v1/alerts?STATUS=x&PAGE=x",
        "/api/v1/scans?Type=x&LIMIT=x",
        "/api/v1/images?Filter=x",
    ];
    for path in lists {
        her.get(path).await.expect(200);
    }
}

async fn with_key(her: &Woman<'_>, key: &str, path: &str, body: Value) -> Reply {
    let request = her
        .world
        .http
        .post(format!("{}{path}", her.world.gateway))
        .bearer_auth(&her.token)
        .header("origin", "http://localhost:3000")
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .body(body.to_string());
    Reply::to(request).await
}

pub(crate) async fn repeated_posts_are_done_once(world: &World) {
    let her = world.woman().await;
    let path = "/api/v1/onboarding/responses";
    let answers =
        |it: &str| json!({ "responses": [{ "questionId": "photo-sharing", "response": it }] });
    let first = with_key(&her, "one", path, answers("never")).await;
    first.expect(201);
    let again = with_key(&her, "one", path, answers("never")).await;
    assert_eq!(again.expect(201).json, first.json);
    assert_eq!(again.header("idempotency-replayed"), "true");
    with_key(&her, "one", path, answers("rarely"))
        .await
        .refused(422, "IDEMPOTENCY_KEY_REUSED");
    // A form that is sent again has another boundary.
    let (picture, mut ids) = (mine(), Vec::new());
    for _ in 0..2 {
        let file = Part::bytes(picture.clone())
            .file_name("me.jpg")
            .mime_str("image/jpeg");
        let request = world
            .http
            .post(format!("{}/api/v1/images/upload", world.gateway))
            .bearer_auth(&her.token)
            .header("idempotency-key", "picture")
            .multipart(Form::new().part("file", file.unwrap()));
        let reply = Reply::to(request).await;
        ids.push(reply.expect(201).data()["id"].clone());
    }
    assert_eq!(ids[0], ids[1]);
    assert_eq!(her.get("/api/v1/images").await.total(), 1);
}

pub(crate) async fn what_is_unchanged_is_not_sent_again(world: &World) {
    let her = world.woman().await;
    let ask = async |mark: &str| {
        let request = world
            .http
            .get(format!("{}/api/v1/users/me", world.gateway))
            .bearer_auth(&her.token)
            .header("if-none-match", mark);
        Reply::to(request).await
    };
    let first = ask("\"none\"").await;
    let mark = first.expect(200).header("etag").to_owned();
    let again = ask(&mark).await;
    assert!(again.expect(304).bytes.is_empty());
    her.patch("/api/v1/users/me", json!({ "displayName": "Ana" }))
        .await
        .expect(200);
    let changed = ask(&mark).await;
    assert_eq!(changed.expect(200).data()["profile"]["displayName"], "Ana");
    assert_ne!(changed.header("etag"), mark);
}
