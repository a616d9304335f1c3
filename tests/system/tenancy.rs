//! Who may call: nobody, a stranger, the owner.

mod lists;
pub(crate) mod things;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;
use vara::domain::Role;
use vara_tests::World;
use vara_tests::pictures::mine_and_found;

use lists::{ADMINS, BY_OTHER_MEANS, CLOSED, OPEN, REFUSED, REVIEWERS};
use things::{append, asked, document, download, evidence, takedown};

/// The addresses of the golden lists, those of the template and those of the functions are the same.
pub(crate) async fn every_address_is_listed(_: &World) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let listed: BTreeSet<&str> = OPEN
        .iter()
        .chain(CLOSED)
        .chain(ADMINS)
        .map(|it| it.1)
        .chain(REVIEWERS.iter().map(|it| it.1))
        .chain(BY_OTHER_MEANS.iter().copied())
        .collect();
    let template = fs::read_to_string(root.join("template.yaml")).unwrap();
    let routes: Vec<&str> = template
        .split("{Key: \"ANY ")
        .skip(1)
        .filter_map(|it| it.split('"').next())
        .collect();
    assert!(routes.len() > 20, "only {routes:?} are in the template");
    let leads = |route: &str, path: &str| match route.strip_suffix("{proxy+}") {
        Some(start) => path.starts_with(start),
        None => path == route,
    };
    for path in &listed {
        let led = routes.iter().any(|route| leads(route, path));
        assert!(led, "no route of the template leads to {path}");
    }
    for route in &routes {
        let led = listed.iter().any(|path| leads(route, path));
        assert!(led, "nobody is told who may call {route}");
    }
    let mut served = BTreeSet::new();
    for function in fs::read_dir(root.join("functions/api")).unwrap() {
        for file in fs::read_dir(function.unwrap().path().join("src")).unwrap() {
            let file = file.unwrap().path();
            if file.is_file() && !file.ends_with("tests.rs") {
                served.extend(addresses(&fs::read_to_string(file).unwrap()));
            }
        }
    }
    // The sign-in library's base itself, with and without a slash, is answered like unknown addresses.
    served.retain(|it| !["/auth/v1", "/auth/v1/"].contains(&it.as_str()));
    let served: BTreeSet<&str> = served.iter().map(String::as_str).collect();
    assert_eq!(served, listed);
}

/// The addresses in `.route("…"`, with `ID` for what differs.
fn addresses(source: &str) -> Vec<String> {
    let routes = source.split(".route(").skip(1);
    let texts = routes.filter_map(|it| it.trim_start().strip_prefix('"')?.split('"').next());
    let plain = texts.map(|it| {
        let parts = it.split('/').map(|part| match part {
            part if part.starts_with('{') => "ID",
            part => part,
        });
        parts.collect::<Vec<_>>().join("/")
    });
    plain.collect()
}

pub(crate) async fn nobody(world: &World) {
    for &(method, path) in OPEN {
        world
            .call(method.parse().unwrap(), path, None)
            .await
            .expect(200);
    }
    let ended = world.woman().await;
    ended
        .post("/auth/v1/logout?scope=global", json!({}))
        .await
        .expect(204);
    let reviewed = REVIEWERS.iter().map(|it| (it.0, it.1));
    let closed = CLOSED.iter().chain(ADMINS).copied();
    for (method, path) in closed.chain(reviewed) {
        let path = path.replace("ID", "0e7d5c2f-7a51-4b0b-9f1c-3a865a1f6d02");
        let method: Method = method.parse().unwrap();
        let none = world.call(method.clone(), &path, None).await;
        let bad = world
            .call_as(Some("null"), method.clone(), &path, None)
            .await;
        let revoked = ended.call(method, &path, None).await;
        if path.starts_with("/auth/") {
            assert_eq!(
                none.expect(401).json["error_code"],
                "no_authorization",
                "{path}"
            );
            assert_eq!(bad.expect(403).json["error_code"], "bad_jwt", "{path}");
            assert_eq!(
                revoked.expect(403).json["error_code"],
                "session_not_found",
                "{path}"
            );
        } else {
            none.refused(401, "AUTH_MISSING_TOKEN");
            bad.refused(401, "AUTH_INVALID_TOKEN");
            assert_eq!(
                bad.json["error"]["details"],
                json!({ "expired": false, "requiresReauth": true })
            );
            revoked.refused(401, "AUTH_INVALID_TOKEN");
        }
    }
}

/// Being somebody is not enough, and neither is looking at what is put before one for review.
pub(crate) async fn admins(world: &World) {
    let her = world.woman().await;
    let reviewer = world.behind().token_as(&her.id, Role::Reviewer).await;
    let admin = world.behind().token_as(&her.id, Role::Admin).await;
    for &(method, path) in ADMINS {
        // Of the switches one is set to what it is.
        let path = path.replace("switches/ID", "switches/scheduled-scans");
        let path = path.replace("ID", "image-ingest");
        let body = (method == "PUT").then(|| json!({ "isOn": true, "reason": "a test" }));
        for (token, status) in [(&her.token, 403), (&reviewer, 403), (&admin, 200)] {
            let method: Method = method.parse().unwrap();
            let reply = world
                .call_as(Some(token), method, &path, body.clone())
                .await;
            match status {
                403 => reply.refused(403, "FORBIDDEN"),
                _ => drop(reply.expect(200)),
            }
        }
    }
    for &(method, path, status) in REVIEWERS {
        let path = path.replace("ID", "0e7d5c2f-7a51-4b0b-9f1c-3a865a1f6d02");
        let body = (method == "POST").then(|| json!({ "verdict": "DISMISS" }));
        for (token, status) in [(&her.token, 403), (&reviewer, status), (&admin, status)] {
            let method: Method = method.parse().unwrap();
            let reply = world.call_as(Some(token), method, &path, body.clone());
            reply.await.expect(status);
        }
    }
}

pub(crate) async fn strangers(world: &World) {
    let _whole = world.whole().await;
    let (mine, found) = mine_and_found();
    world.plant(found).await;
    let (her, stranger) = (world.woman().await, world.woman().await);
    let image = her.upload(mine).await;
    let alert = her.alerts(1).await.remove(0);
    let scan = her.scan().await;

    let text = |it: &Value| it["id"].as_str().unwrap().to_owned();
    let (image, alert, scan) = (text(&image), text(&alert), text(&scan));
    let matches = her.get(&format!("/api/v1/images/{image}/matches")).await;
    let found = text(&matches.expect(200).data()[0]);
    let plan = her.get("/api/v1/protection-plan").await;
    let item = text(&plan.expect(200).data()["items"][0]);
    let told = json!({ "email": format!("other-{}", her.email) });
    let account = her.post("/api/v1/accounts/connect/other", told).await;
    let account = text(account.expect(201).data());
    let note = format!("note-{account}");
    append(&her, &note).await;
    let session = text(&her.get("/api/v1/auth/sessions").await.expect(200).data()[0]);
    let document = document(&her).await;
    let file = download(&her, &document).await;
    let (record, export) = evidence(world, &her).await;
    let takedown = takedown(&her, &found).await;
    let things = [
        ("/api/v1/documents/downloads/", &file, "FILE_NOT_FOUND"),
        ("/api/v1/auth/sessions/", &session, "SESSION_NOT_FOUND"),
        ("/api/v1/events/streams/", &note, "STREAM_NOT_FOUND"),
        ("/api/v1/documents/", &document, "DOCUMENT_NOT_FOUND"),
        ("/api/v1/evidence/exports/", &export, "EXPORT_NOT_FOUND"),
        ("/api/v1/evidence/", &record, "EVIDENCE_NOT_FOUND"),
        ("/api/v1/takedowns/", &takedown, "TAKEDOWN_NOT_FOUND"),
        ("/api/v1/accounts/", &account, "ACCOUNT_NOT_FOUND"),
        ("/api/v1/images/", &image, "IMAGE_NOT_FOUND"),
        ("/api/v1/alerts/", &alert, "ALERT_NOT_FOUND"),
        ("/api/v1/scans/", &scan, "SCAN_NOT_FOUND"),
        ("/api/v1/matches/", &found, "MATCH_NOT_FOUND"),
        ("/api/v1/protection-plan/", &item, "ITEM_NOT_FOUND"),
    ];
    stranger.get("/api/v1/protection-plan").await.expect(200);
    // What is connected is named by its network, not by an id, and a note by whoever writes it.
    let is_named_by_caller = |it: &(&str, &str)| {
        it.1.contains("connect")
            || it.1.contains("/templates/")
            || *it == ("POST", "/api/v1/events/streams/ID")
    };
    let of_somebody = |it: &(&str, &str)| it.1.contains("ID") && !is_named_by_caller(it);
    for (method, path) in CLOSED.iter().copied().filter(of_somebody) {
        let thing = things.iter().find(|it| path.starts_with(it.0));
        let (_, id, code) = thing.unwrap_or_else(|| panic!("whose thing is at {path}?"));
        let path = path.replace("ID", id);
        let body = json!({ "status": "COMPLETED", "action": "DISMISS", "name": "mine" });
        let body = match path.starts_with("/api/v1/alerts") {
            true => json!({ "status": "DISMISSED", "action": "DISMISS" }),
            false if path.starts_with("/api/v1/documents") => {
                json!({ "body": "a", "version": 1, "sha256": "", "signedName": "Ana", "fields": {} })
            }
            false if path.starts_with("/api/v1/takedowns") => {
                json!({ "textHash": "", "kind": "ACKNOWLEDGED", "step": "FOLLOW_UP" })
            }
            false => body,
        };
        let method: Method = method.parse().unwrap();
        let body = (method != Method::GET).then_some(body);
        stranger.call(method, &path, body).await.refused(404, code);
    }
    let target = json!({ "type": "IMAGE_SCAN", "targetId": image });
    stranger
        .post("/api/v1/scans/trigger", target)
        .await
        .refused(404, "IMAGE_NOT_FOUND");
    let target = json!({ "imageId": image });
    stranger
        .post("/api/v1/proxy/tokens", target)
        .await
        .refused(404, "IMAGE_NOT_FOUND");
    assert_eq!(
        stranger
            .delete("/api/v1/alerts/all")
            .await
            .expect(200)
            .data()["deleted"],
        0
    );
    for list in [
        "/api/v1/images",
        "/api/v1/alerts",
        "/api/v1/scans",
        "/api/v1/documents",
        "/api/v1/evidence",
        "/api/v1/takedowns",
        "/api/v1/matches/flagged",
    ] {
        assert_eq!(stranger.get(list).await.total(), 0, "{list}");
    }
    // Nothing of hers was touched.
    assert_eq!(
        her.get(&format!("/api/v1/alerts/{alert}"))
            .await
            .expect(200)
            .data()["status"],
        "NEW"
    );
    assert_eq!(
        her.get(&format!("/api/v1/images/{image}"))
            .await
            .expect(200)
            .data()["status"],
        "ACTIVE"
    );
    assert_eq!(her.get("/api/v1/protection-plan").await.data(), plan.data());
    let answer = json!({ "responses": [{ "questionId": "photo-sharing", "response": "never" }] });
    her.post("/api/v1/onboarding/responses", answer)
        .await
        .expect(201);
    let theirs = stranger.get("/api/v1/onboarding/results").await;
    assert_eq!(
        theirs.expect(200).data(),
        &json!({ "completed": false, "responses": [] })
    );
}

/// The owner is let in everywhere.
pub(crate) async fn owner(world: &World) {
    let _whole = world.whole().await;
    let mine = world.plant_doubtful(2).await;
    let her = world.woman().await;
    let mut image = her.upload(mine).await;
    let alert = her.alerts(2).await.remove(0);
    let scan = her.scan().await;
    let flagged = her.get("/api/v1/matches/flagged").await;
    // One of two she has judged, so that it can be asked for; the other waits for the routes below.
    let asked_for = flagged.data()[1]["id"].as_str().unwrap().to_owned();
    let confirm = format!("/api/v1/matches/{asked_for}/confirm");
    her.post(&confirm, json!({})).await.expect(200);
    image["findingId"] = json!(asked_for);
    let plan = her.get("/api/v1/protection-plan").await;
    let told = json!({ "email": format!("other-{}", her.email) });
    let account = her.post("/api/v1/accounts/connect/other", told).await;
    let note = format!("note-{}", Uuid::new_v4());
    append(&her, &note).await;
    her.sign_in().await;
    let sessions = her.get("/api/v1/auth/sessions").await;
    let sessions = sessions.expect(200).data().as_array().unwrap();
    let other = sessions.iter().find(|it| it["current"] == false);
    let letter = document(&her).await;
    let file = download(&her, &letter).await;
    let (record, export) = evidence(world, &her).await;
    let things = [
        ("/api/v1/auth/sessions/", other.unwrap()["id"].clone()),
        ("/api/v1/events/streams/", json!(note)),
        ("/api/v1/documents/templates/", json!("statement")),
        ("/api/v1/documents/downloads/", json!(file)),
        ("/api/v1/documents/", json!(letter)),
        ("/api/v1/evidence/exports/", json!(export)),
        ("/api/v1/evidence/", json!(record)),
        (
            "/api/v1/takedowns/",
            json!(takedown(&her, &asked_for).await),
        ),
        ("/api/v1/accounts/connect/", json!("instagram")),
        (
            "/api/v1/accounts/",
            account.expect(201).data()["id"].clone(),
        ),
        ("/api/v1/images/", image["id"].clone()),
        ("/api/v1/alerts/", alert["id"].clone()),
        ("/api/v1/scans/", scan["id"].clone()),
        ("/api/v1/matches/", flagged.data()[0]["id"].clone()),
        (
            "/api/v1/protection-plan/",
            plan.data()["items"][0]["id"].clone(),
        ),
    ];
    // What is taken away or replaced, she first looks at: her answers make her another plan.
    let mut routes = CLOSED.to_vec();
    routes.sort_by_key(|it| {
        let replaces = it.1 == "/api/v1/onboarding/responses";
        let erases = it.1 == "/api/v1/documents/ID/erase";
        let removes = it.0 == "DELETE" || erases;
        (removes, it.1 == "/api/v1/users/me", erases, replaces)
    });
    // She can be gone only once; `step_up` erases.
    let kept = routes
        .into_iter()
        .filter(|it| it.1 != "/api/v1/users/me/erase");
    for (method, route) in kept {
        let mut path = route.to_owned();
        if route.contains("ID") {
            let thing = things.iter().find(|it| route.starts_with(it.0));
            let (_, id) = thing.unwrap_or_else(|| panic!("whose thing is at {route}?"));
            path = route.replace("ID/ID", "ID/0");
            path = path.replace("versions/ID", "versions/1");
            path = path.replace("parts/ID", "parts/1");
            path = path.replace("ID", id.as_str().unwrap());
        }
        if (method, route) == ("DELETE", "/api/v1/auth/sessions") {
            path.push_str("?scope=others");
        }
        if route == "/api/v1/realtime/events" {
            // It would wait for news.
            path.push_str("?wait=0");
        }
        let method: Method = method.parse().unwrap();
        let body = (!matches!(method, Method::GET | Method::DELETE)).then(|| asked(route, &image));
        let reply = her.call(method.clone(), &path, body).await;
        let call = format!("{method} {route}");
        match REFUSED.iter().find(|it| it.0 == route || it.0 == call) {
            Some((_, status, code)) => reply.refused(*status, code),
            None => assert!(
                (200..300).contains(&reply.status),
                "{route}: {}",
                reply.json
            ),
        }
    }
}
