//! Her requests to remove: from a finding to what came back, through the mail service and a site that are stand-ins.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;
use vara::domain::Role;
use vara_tests::pictures::mine_and_found;
use vara_tests::world::eventually;
use vara_tests::{Reply, Woman, World};

use crate::faults::send;

pub(crate) const TAKEDOWNS: &str = "/api/v1/takedowns";

/// Has a page of the site answer so.
async fn set_page(world: &World, name: &str, status: u16) {
    let body = json!({ "status": status }).to_string();
    let request = world.http.post(format!("{}/_thread/{name}", world.engines));
    let request = request
        .header("content-type", "application/json")
        .body(body);
    // It is no operation of ours, so it is not held against the description.
    assert_eq!(request.send().await.unwrap().status(), 204);
}

pub(crate) fn facts(her: &Woman<'_>) -> Value {
    json!({
        "harm": "INTIMATE", "name": "Ana Kovač", "email": her.email, "country": "DE",
        "reason": "He published it after we parted.", "wasAdult": true, "evidenceSkipped": true,
    })
}

/// A finding of hers on a page of the site, and its alert.
pub(crate) async fn found_on<'a>(world: &'a World, name: &str) -> (Woman<'a>, Value) {
    set_page(world, name, 200).await;
    let (mine, found) = mine_and_found();
    let page = format!("{}/thread/{name}", world.engines);
    world.plant_at(found, &page).await;
    let her = world.woman().await;
    her.upload(mine).await;
    let alert = her.alerts(1).await.remove(0);
    (her, alert)
}

/// The approval of the text of a request, each statement ticked.
pub(crate) async fn approval(her: &Woman<'_>, path: &str) -> Value {
    let text = her
        .get(&format!("{path}/text"))
        .await
        .expect(200)
        .data()
        .clone();
    let shown = her.get(path).await.expect(200).data().clone();
    let statements = text["statements"].as_array().unwrap().iter();
    let ticked: Vec<&Value> = statements.map(|it| &it["id"]).collect();
    json!({
        "textHash": text["sha256"], "signedName": "Ana Kovač", "statements": ticked,
        "checkedAddress": shown["target"],
    })
}

async fn approved(her: &Woman<'_>, path: &str) -> Value {
    let approval = approval(her, path).await;
    let approve = format!("{path}/approve");
    let mut unread = approval.clone();
    unread["textHash"] = json!("0".repeat(64));
    her.post(&approve, unread)
        .await
        .refused(409, "TEXT_CHANGED");
    her.post(&approve, approval)
        .await
        .expect(200)
        .data()
        .clone()
}

/// Waits until the request stands so.
async fn stands(her: &Woman<'_>, path: &str, state: &str) -> Value {
    eventually(&format!("the request is {state}"), async || {
        let shown = her.get(path).await.expect(200).data().clone();
        (shown["state"] == state).then_some(shown)
    })
    .await
}

/// Has the request looked after as if it were so many hours later.
async fn hours_later(her: &Woman<'_>, id: &str, hours: i64) {
    her.world.behind().takedown_ages(&her.id, id, hours).await;
    let message = json!({ "userId": her.id, "takedownId": id });
    // Twice: messages come as often as they like.
    for _ in 0..2 {
        send(her.world, "TakedownUrgentQueue", &message.to_string(), 0).await;
    }
}

pub(crate) async fn from_a_finding_to_what_came_back(world: &World) {
    let _whole = world.whole().await;
    let name = Uuid::new_v4().simple().to_string();
    let (her, alert) = found_on(world, &name).await;
    let finding = &alert["metadata"]["matchId"];
    let asked = json!({ "findingIds": [finding], "harm": "INTIMATE", "country": "DE" });
    let proposals = her.post(&format!("{TAKEDOWNS}/proposals"), asked).await;
    let ways = proposals.expect(200).data()[0]["proposals"].clone();
    let chosen: Vec<_> = ways
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["isPreselected"] == true)
        .collect();
    assert_eq!(
        (chosen.len(), &chosen[0]["law"]),
        (1, &json!("US_TIDA")),
        "{ways}"
    );

    let new = json!({ "findingId": finding, "recipientId": "fastly", "law": "EU_DSA", "facts": facts(&her) });
    let made = her.post(TAKEDOWNS, new.clone()).await;
    let path = made.expect(201).header("location").to_owned();
    let id = made.data()["id"].as_str().unwrap().to_owned();
    assert_eq!(
        her.post(TAKEDOWNS, new).await.expect(201).data()["id"],
        id.as_str()
    );
    let approved = approved(&her, &path).await;
    assert_eq!(
        (&approved["publicState"], &approved["nextActor"]),
        (&json!("ON_ITS_WAY"), &json!("US"))
    );
    stands(&her, &path, "SENT").await;

    let mails = world.mail("abuse@fastly.com").await;
    let mails: Vec<&Value> = mails
        .iter()
        .filter(|it| it["tags"]["user"] == her.id.as_str())
        .collect();
    assert_eq!(mails.len(), 1, "sent once");
    let alias = mails[0]["reply_to"].as_str().unwrap();
    assert!(
        alias.starts_with("c-") && alias.ends_with("@post.vara.test"),
        "{alias}"
    );
    let text = her.get(&format!("{path}/text")).await;
    assert_eq!(mails[0]["text"], text.expect(200).data()["body"]);
    assert!(
        mails[0]["text"]
            .as_str()
            .unwrap()
            .contains(&format!("/thread/{name}"))
    );
    // The mail service tells what became of it, by the rule of the template.
    let tags = &mails[0]["tags"];
    let news = json!({
        "userId": tags["user"], "takedownId": tags["takedown"],
        "mail": { "kind": "Delivery", "attempt": tags["attempt"], "bounce": "", "at": mails[0]["at"] },
    });
    for _ in 0..2 {
        send(world, "TakedownQueue", &news.to_string(), 0).await;
    }
    let received = eventually("the recipient has it", async || {
        let shown = her.get(&path).await.expect(200).data().clone();
        (shown["publicState"] == "RECEIVED").then_some(shown)
    })
    .await;
    assert_eq!(
        (&received["receipt"], &received["nextActor"]),
        (&json!("SMTP"), &json!("THEM"))
    );
    assert!(received["dueAt"].is_string());
    let shown = her
        .get(&format!("/api/v1/alerts/{}", alert["id"].as_str().unwrap()))
        .await;
    let shown = shown.expect(200).data();
    assert_eq!(shown["takedown"]["state"], "RECEIVED");
    assert!(
        shown["description"]
            .as_str()
            .unwrap()
            .ends_with("Your request to have it removed was received.")
    );

    set_page(world, &name, 404).await;
    hours_later(&her, &id, 2).await;
    eventually("it was looked at", async || {
        let shown = her.get(&path).await.expect(200).data().clone();
        (shown["lastLook"]["outcome"] == "GONE").then_some(())
    })
    .await;
    assert_eq!(
        her.get(&path).await.data()["publicState"],
        "RECEIVED",
        "one look is not enough"
    );
    hours_later(&her, &id, 7).await;
    let gone = stands(&her, &path, "GONE").await;
    assert_eq!(gone["publicState"], "REMOVED");

    set_page(world, &name, 200).await;
    hours_later(&her, &id, 26).await;
    stands(&her, &path, "CAME_BACK").await;
    let listed = her.get(&format!("{TAKEDOWNS}?state=READY")).await;
    let next = &listed.expect(200).data()[0];
    assert_eq!((&next["round"], &next["before"]), (&json!(2), &json!(id)));
    assert_eq!(next["facts"]["name"], "Ana Kovač");

    let shown = her.get(&path).await;
    let told: Vec<&str> = shown.expect(200).data()["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        told,
        [
            "takedown.created",
            "takedown.completed",
            "takedown.approved",
            "takedown.queued",
            "takedown.claimed",
            "takedown.sent",
            "takedown.received",
            "takedown.gone",
            "takedown.seen",
        ]
    );
    let verified = her.get("/api/v1/events/verify").await;
    assert_eq!(verified.expect(200).data()["ok"], true);
}

/// Has a mail come, as the mail service stores it.
async fn comes(world: &World, mail: Value) {
    let request = world.http.post(format!("{}/_mail/inbound", world.engines));
    let reply = request.body(mail.to_string()).send().await.unwrap();
    assert_eq!(reply.status(), 202, "{}", reply.text().await.unwrap());
}

pub(crate) async fn a_recipient_answers_by_mail(world: &World) {
    let _whole = world.whole().await;
    let name = Uuid::new_v4().simple().to_string();
    let (her, alert) = found_on(world, &name).await;
    let finding = &alert["metadata"]["matchId"];
    // Not the recipient of another case: a host gets one mail a minute.
    let new = json!({ "findingId": finding, "recipientId": "fansly", "law": "EU_DSA", "facts": facts(&her) });
    let made = her.post(TAKEDOWNS, new).await;
    let path = made.expect(201).header("location").to_owned();
    approved(&her, &path).await;
    stands(&her, &path, "SENT").await;
    let sent = world.mail("support@fansly.com").await;
    let sent = sent.iter().find(|it| it["tags"]["user"] == her.id.as_str());
    let alias = sent.unwrap()["reply_to"].clone();

    let forged = json!({
        "to": alias, "from": "support@fansly.com", "proved": false, "text": "It has been removed.",
    });
    comes(world, forged).await;
    let received = json!({
        "to": alias, "from": "support@fansly.com", "messageId": "one@fansly.com",
        "text": "We have received your report. Your ticket number is 4711-22.",
    });
    // Twice: mails come as often as they like.
    for _ in 0..2 {
        comes(world, received.clone()).await;
    }
    let known = stands(&her, &path, "ACKNOWLEDGED").await;
    assert_eq!(
        (&known["receipt"], &known["reference"]),
        (&json!("REPLY"), &json!("4711-22"))
    );
    assert!(known["dueAt"].is_string());

    let removed = json!({ "to": alias, "from": "support@fansly.com", "text": "The content has been removed." });
    set_page(world, &name, 404).await;
    comes(world, removed).await;
    // It is looked at, and is not gone by words.
    eventually("it was looked at", async || {
        let shown = her.get(&path).await.expect(200).data().clone();
        (shown["state"] == "CLAIMED_GONE" && shown["lastLook"].is_object()).then_some(())
    })
    .await;
    let mails = eventually("all mails are there", async || {
        let mails = her.get(&format!("{path}/mails")).await;
        let mails = mails.expect(200).data().as_array().unwrap().clone();
        (mails.len() == 3).then_some(mails)
    })
    .await;
    let unverified = mails.iter().filter(|it| it["isVerified"] == false);
    assert_eq!(unverified.count(), 1);
    let says = mails
        .iter()
        .find(|it| it["kind"] == "SAYS_REMOVED" && it["isVerified"] == true);
    let id = says.unwrap()["id"].as_str().unwrap();
    let text = her.get(&format!("{path}/mails/{id}")).await;
    assert_eq!(
        text.expect(200).data()["text"],
        "The content has been removed."
    );
    let stranger = world.woman().await;
    let theirs = stranger.get(&format!("{path}/mails/{id}")).await;
    theirs.refused(404, "TAKEDOWN_NOT_FOUND");
}

pub(crate) async fn staff_see_how_requests_stand_and_nothing_of_hers(world: &World) {
    const OVERVIEW: &str = "/api/v1/admin/takedowns";
    let _whole = world.whole().await;
    let name = Uuid::new_v4().simple().to_string();
    let (her, alert) = found_on(world, &name).await;
    let finding = &alert["metadata"]["matchId"];
    // Not the recipient of another case: a host gets one mail a minute.
    let new = json!({ "findingId": finding, "recipientId": "onlyfans", "law": "EU_DSA", "facts": facts(&her) });
    let made = her.post(TAKEDOWNS, new).await;
    let path = made.expect(201).header("location").to_owned();
    her.get(OVERVIEW).await.refused(403, "FORBIDDEN");
    approved(&her, &path).await;
    stands(&her, &path, "SENT").await;
    let admin = world.behind().token_as(&her.id, Role::Admin).await;
    // An answer of just before may be given again.
    let seen = eventually("it is counted with its host", async || {
        let reply = world
            .call_as(Some(&admin), Method::GET, OVERVIEW, None)
            .await;
        let seen = reply.expect(200).data().clone();
        let hosts = seen["hosts"].as_array().unwrap();
        let host = hosts.iter().find(|it| it["host"] == "onlyfans.com")?;
        (host["open"] == 1 && host["toBeSent"] == 0).then_some(seen)
    })
    .await;
    assert!(seen["open"].as_u64() >= Some(1) && seen["waitsForRecipientSince"].is_string());
    let id = path.rsplit('/').next().unwrap();
    let shown = seen.to_string();
    for hers in [
        &her.id,
        &her.email,
        id,
        &name,
        "Ana",
        finding.as_str().unwrap(),
    ] {
        assert!(!shown.contains(hers), "{hers} in {shown}");
    }
}

pub(crate) async fn a_form_is_hers_to_send_and_a_request_hers_to_take_back(world: &World) {
    let _whole = world.whole().await;
    let name = Uuid::new_v4().simple().to_string();
    let (her, alert) = found_on(world, &name).await;
    let finding = &alert["metadata"]["matchId"];
    let new = json!({ "findingId": finding, "recipientId": "google-search", "law": "TERMS" });
    let made = her.post(TAKEDOWNS, new).await;
    let path = made.expect(201).header("location").to_owned();
    let tag = made.header("etag").to_owned();
    let missing = made.data()["missing"].as_array().unwrap();
    assert!(
        missing.iter().any(|it| it["field"] == "wasAdult"),
        "{missing:?}"
    );
    let patch = json!({ "facts": facts(&her) }).to_string();
    let request = world
        .http
        .request(Method::PATCH, format!("{}{path}", world.gateway));
    let request = request.bearer_auth(&her.token).header("if-match", tag);
    let request = request
        .header("content-type", "application/json")
        .body(patch);
    assert_eq!(
        Reply::to(request).await.expect(200).data()["state"],
        "READY"
    );
    let with_her = approved(&her, &path).await;
    assert_eq!(
        (&with_her["state"], &with_her["nextActor"]),
        (&json!("WITH_HER"), &json!("YOU"))
    );
    let submitted = her
        .post(&format!("{path}/submit"), json!({ "reference": "1-2" }))
        .await;
    assert_eq!(submitted.expect(200).data()["receipt"], "HER_WORD");
    let refused = her
        .post(&format!("{path}/answer"), json!({ "kind": "REFUSED" }))
        .await;
    let steps = refused.expect(200).data()["steps"]
        .as_array()
        .unwrap()
        .clone();
    assert!(
        steps.iter().any(|it| it["step"] == "FOLLOW_UP"),
        "{steps:?}"
    );
    let taken_back = her.post(&format!("{path}/withdraw"), json!({})).await;
    assert_eq!(taken_back.expect(200).data()["publicState"], "STOPPED");
    let stranger = world.woman().await;
    stranger.get(&path).await.refused(404, "TAKEDOWN_NOT_FOUND");
}
