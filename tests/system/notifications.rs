//! Being told outside the app: where she wants it, without a word of what it is.

use serde_json::{Value, json};
use uuid::Uuid;
use vara_tests::pictures::mine_and_found;
use vara_tests::world::eventually;
use vara_tests::{Reply, World};

use crate::faults::send;

const PREFERENCES: &str = "/api/v1/users/me/preferences";

pub(crate) async fn preferences(world: &World) {
    let her = world.woman().await;
    let first = her.get(PREFERENCES).await;
    let channels = &first.expect(200).data()["channels"];
    assert_eq!(channels, &json!({ "email": false, "webhook": null }));
    let quiet = json!({ "from": "22:00", "until": "07:00" });
    her.patch(
        PREFERENCES,
        json!({ "quietHours": quiet, "utcOffsetMinutes": 60 }),
    )
    .await
    .expect(200);
    let seen = her.get(PREFERENCES).await;
    assert_eq!(seen.data()["quietHours"], quiet);
    her.patch(PREFERENCES, json!({ "utcOffsetMinutes": "x" }))
        .await
        .refused(400, "VALIDATION_ERROR");
    // Times that could be stored and not be read back.
    for time in ["0000-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"] {
        her.patch(PREFERENCES, json!({ "pausedUntil": time }))
            .await
            .refused(400, "VALIDATION_ERROR");
        assert_eq!(
            her.get(PREFERENCES).await.expect(200).data()["pausedUntil"],
            Value::Null
        );
    }
    let sent = her.get("/api/v1/users/me/notifications").await;
    assert_eq!(sent.expect(200).data(), &json!([]));
}

pub(crate) async fn told_once_and_stopped(world: &World) {
    let _whole = world.whole().await;
    let her = world.woman().await;
    let hook = format!("{}/hooks/{}", world.engines, her.id);
    let wanted = json!({ "channels": { "email": true, "webhook": hook } });
    let set = her.patch(PREFERENCES, wanted).await;
    let secret = set.expect(200).data()["webhookSecret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_"));
    // Whoever sat at her device could have set it: she is told in the app.
    let told = her.alerts(1).await.remove(0);
    assert_eq!(told["severity"], "INFO");
    let (mine, found) = mine_and_found();
    world.plant(found).await;
    her.upload(mine).await;
    her.alerts(2).await;
    let mail = eventually("she is mailed", async || {
        world
            .stack()
            .invoke("schedule-notify", json!({}))
            .await
            .unwrap();
        updates(world, &her.email).await.pop()
    })
    .await;
    assert_eq!(mail["subject"], "You have an update");
    let calls = eventually("her webhook is called", async || {
        let calls = hooks(world, &her.id).await;
        (!calls.is_empty()).then_some(calls)
    })
    .await;
    assert_eq!(calls[0]["body"]["type"], "update.available");
    assert_eq!(calls[0]["body"]["data"], json!({}));
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        assert!(calls[0]["headers"][name].is_string(), "{name}");
    }
    // However often it looks.
    for _ in 0..3 {
        let again = world.stack().invoke("schedule-notify", json!({}));
        again.await.unwrap();
    }
    assert_eq!(updates(world, &her.email).await.len(), 1);
    assert_eq!(hooks(world, &her.id).await.len(), 1);
    let sent = her.get("/api/v1/users/me/notifications").await;
    let sent = sent.expect(200).data().as_array().unwrap().clone();
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|it| it["outcome"] == "SENT"), "{sent:?}");
    let text = mail["text"].as_str().unwrap();
    let stop = text.lines().find(|it| it.contains("/users/stop/")).unwrap();
    for (request, status) in [
        (world.http.get(stop), 200),
        (world.http.post(stop), 200),
        (world.http.post(stop), 404),
    ] {
        let reply = Reply::to(request).await;
        let kind = reply.expect(status).header("content-type").to_owned();
        assert!(kind.starts_with("text/html"), "{kind}");
    }
    let seen = her.get(PREFERENCES).await;
    let channels = &seen.expect(200).data()["channels"];
    assert_eq!(channels, &json!({ "email": false, "webhook": null }));
}

/// One mail at sign-up asks whether she wants mail; a program that opens its links answers nothing.
pub(crate) async fn asked_at_sign_up(world: &World) {
    let _whole = world.whole().await;
    let her = world.woman().await;
    let links = eventually("she is asked", async || {
        world
            .stack()
            .invoke("schedule-notify", json!({}))
            .await
            .unwrap();
        let mails = world.mail(&her.email).await;
        let asking = mails
            .iter()
            .find(|it| it["text"].to_string().contains("/users/mail/"))?;
        assert_eq!(asking["subject"], "How would you like to hear from us?");
        Some(asking["links"].as_array().unwrap().clone())
    })
    .await;
    let links: Vec<&str> = links.iter().filter_map(Value::as_str).collect();
    assert_eq!(links.len(), 3, "{links:?}");
    let wants_mail = async || {
        let seen = her.get(PREFERENCES).await;
        seen.expect(200).data()["channels"]["email"].clone()
    };
    for link in &links {
        Reply::to(world.http.head(*link)).await.expect(200);
        let page = Reply::to(world.http.get(*link)).await;
        let page = page.expect(200);
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
    }
    assert_eq!(wants_mail().await, json!(false));
    let yes = links.iter().find(|it| it.ends_with("/yes")).unwrap();
    Reply::to(world.http.post(*yes)).await.expect(200);
    assert_eq!(wants_mail().await, json!(true));
    // Each link of the mail is used up by that.
    for link in &links {
        Reply::to(world.http.post(*link)).await.expect(404);
    }
    assert_eq!(wants_mail().await, json!(true));
}

/// A mailbox that refuses mail, or somebody who marks it as unwanted: no more goes there, and the app says so.
pub(crate) async fn mail_that_is_refused_stops(world: &World) {
    let _whole = world.whole().await;
    for (name, reason) in [("bounce", "BOUNCED"), ("complaint", "COMPLAINED")] {
        let label = Uuid::new_v4().simple();
        let email = format!("{name}+{label}@simulator.amazonses.com");
        let her = world.woman_at(email).await;
        let told = eventually("the mail service tells of it", async || {
            let tick = world.stack().invoke("schedule-notify", json!({}));
            tick.await.unwrap();
            let reply = world.http.get(format!("{}/_mail/feedback", world.engines));
            let told: Vec<Value> =
                serde_json::from_str(&reply.send().await.unwrap().text().await.unwrap()).unwrap();
            let hers = |it: &Value| it["Message"].to_string().contains(&label.to_string());
            told.into_iter().find(hers)
        })
        .await;
        // The topic delivers it, twice.
        for _ in 0..2 {
            send(world, "MailFeedbackQueue", &told.to_string(), 0).await;
        }
        eventually("mail is stopped", async || {
            let seen = her.get(PREFERENCES).await;
            let stop = &seen.expect(200).data()["mailStop"];
            (stop["reason"] == reason).then_some(())
        })
        .await;
        assert_eq!(her.alerts(1).await[0]["severity"], "INFO");
        // Her word opens it again.
        let again = json!({ "channels": { "email": true } });
        let seen = her.patch(PREFERENCES, again).await;
        assert_eq!(seen.expect(200).data()["mailStop"], Value::Null);
    }
}

/// The mails to her that say there is something new.
async fn updates(world: &World, email: &str) -> Vec<Value> {
    let mut mails = world.mail(email).await;
    mails.retain(|it| it["text"].as_str().unwrap().contains("something new"));
    mails
}

/// The calls of her webhook.
async fn hooks(world: &World, name: &str) -> Vec<Value> {
    let reply = world.http.get(format!("{}/_hooks", world.engines)).send();
    let text = reply.await.unwrap().text().await.unwrap();
    let mut calls: Vec<Value> = serde_json::from_str(&text).unwrap();
    calls.retain(|it| it["name"] == name);
    calls
}
