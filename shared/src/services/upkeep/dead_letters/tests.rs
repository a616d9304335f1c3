//! Dead letters: shown by ids and with a reason, sent back once, or twice when killed.

use super::*;
use crate::clock;
use crate::domain::{ImageId, ImageState, ScanId, ScanOrigin, ScanType, UserId};
use crate::services::scans::start::message;
use crate::testing::{BACKGROUND, BREACHES, INGEST, PROFILES, QUEUE, World, killed_after};

fn letters(world: &World) -> DeadLetters {
    DeadLetters {
        store: world.store.clone(),
        queues: world.queues.clone(),
        urls: vec![
            ("image-ingest", INGEST.into()),
            ("image-scan", QUEUE.into()),
            ("background-scan", BACKGROUND.into()),
            ("profile-scan", PROFILES.into()),
            ("breach-check", BREACHES.into()),
        ],
    }
}

fn upload(user: UserId, image: ImageId) -> String {
    let key = crate::objects::key::upload(user, image);
    json!({ "Records": [{ "s3": { "object": { "key": key } }, "requestParameters": { "sourceIPAddress": "203.0.113.9" } }] })
        .to_string()
}

fn shown(queues: &[DeadQueue], name: &str) -> Value {
    json!(queues.iter().find(|it| it.name == name).unwrap())
}

#[tokio::test]
async fn each_is_shown_by_its_ids_and_with_what_is_known_of_it() {
    let world = World::new().await;
    let failed = world
        .begun(ScanType::ImageScan, ScanOrigin::User, None)
        .await;
    let row = world.row(failed.id).await;
    let ended = row
        .scan
        .clone()
        .failed("The search engine is down.", None, clock::now());
    assert!(world.store.end_scan(&row, ended, None).await.unwrap());
    world
        .cloud
        .give_up(QUEUE, &serde_json::to_string(&message(&failed)).unwrap());
    let nobodys =
        json!({ "scanJobId": ScanId::next(), "userId": world.user, "email": "ana@example.org" });
    world.cloud.give_up(QUEUE, &nobodys.to_string());
    world.cloud.give_up(QUEUE, "ana@example.org");
    let image = world.announce(ImageState::Pending, clock::now()).await;
    world.cloud.give_up(INGEST, &upload(world.user, image.id));

    let queues = letters(&world).list().await.unwrap();
    assert_eq!(queues.len(), 5);
    let scans = shown(&queues, "image-scan");
    assert_eq!(scans["count"], 3);
    let first = &scans["messages"][0];
    assert_eq!(
        (&first["id"], &first["received"], &first["sentAt"]),
        (&json!("m0"), &json!(4), &json!("2027-01-15T08:00:00.000Z"))
    );
    assert_eq!(first["about"]["scanJobId"], json!(failed.id));
    assert_eq!(first["reason"], "FAILED: The search engine is down.");
    assert!(
        scans["messages"][1]["reason"]
            .as_str()
            .unwrap()
            .starts_with("GONE")
    );
    assert_eq!(scans["messages"][2]["about"], json!({ "bytes": 15 }));
    let ingest = shown(&queues, "image-ingest");
    assert_eq!(
        (
            &ingest["messages"][0]["about"]["imageId"],
            &ingest["messages"][0]["reason"]
        ),
        (&json!(image.id), &json!("PENDING"))
    );
    assert_eq!(
        shown(&queues, "breach-check"),
        json!({ "name": "breach-check", "count": 0, "messages": [] })
    );
    let all = json!(queues).to_string();
    for private in ["ana@example.org", "203.0.113.9"] {
        assert!(!all.contains(private), "{all}");
    }
    assert_eq!(world.cloud.given_up(QUEUE), 3, "looking takes nothing away");
}

#[tokio::test]
async fn all_of_a_queue_are_sent_back_to_it() {
    let world = World::new().await;
    let bodies: Vec<String> = (0..23).map(|it| format!("body {it}")).collect();
    for body in &bodies {
        world.cloud.give_up(QUEUE, body);
    }
    world.cloud.give_up(BREACHES, "stays");
    let done = letters(&world).send_back("image-scan").await.unwrap();
    assert_eq!(
        done,
        SentBack {
            queue: "image-scan",
            moved: 23,
            left: 0
        }
    );
    let told = world.cloud.told("SendMessage");
    let sent: Vec<_> = told
        .iter()
        .map(|it| it["MessageBody"].as_str().unwrap())
        .collect();
    assert_eq!(sent, bodies);
    assert!(told.iter().all(|it| it["QueueUrl"] == QUEUE));
    assert_eq!(world.cloud.given_up(BREACHES), 1);
    let again = letters(&world).send_back("image-scan").await.unwrap();
    assert_eq!((again.moved, again.left), (0, 0));
}

#[tokio::test]
async fn killed_at_every_step_none_is_lost() {
    let world = World::new().await;
    for body in ["one", "two"] {
        world.cloud.give_up(QUEUE, body);
    }
    let mut polls = 1;
    while !killed_after(polls, letters(&world).send_back("image-scan")).await {
        let told = world.cloud.told("SendMessage");
        let held = world.cloud.given_up(QUEUE);
        assert!(held + told.len() >= 2, "after {polls} steps");
        polls += 1;
    }
    assert_eq!(world.cloud.given_up(QUEUE), 0);
    let told = world.cloud.told("SendMessage");
    for body in ["one", "two"] {
        assert!(told.iter().any(|it| it["MessageBody"] == body));
    }
}

#[tokio::test]
async fn a_queue_we_do_not_have_is_not_found() {
    let world = World::new().await;
    let refused = letters(&world).send_back("other").await.unwrap_err();
    assert_eq!(refused.code, "QUEUE_NOT_FOUND");
}

#[tokio::test]
async fn a_bounce_is_shown_without_whose_address_it_is() {
    let world = World::new().await;
    let event = json!({
        "eventType": "Bounce",
        "bounce": {
            "bounceType": "Permanent", "timestamp": "2026-11-20T12:00:00Z",
            "bouncedRecipients": [{ "emailAddress": "ana@example.org" }],
        },
    });
    let body = json!({ "Type": "Notification", "Message": event.to_string() });
    world.cloud.give_up(BREACHES, &body.to_string());
    let queues = letters(&world).list().await.unwrap();
    assert!(!serde_json::to_string(&queues).unwrap().contains("ana@"));
    let letter = &queues.last().unwrap().messages[0];
    assert_eq!(letter.about["at"], "2026-11-20T12:00:00.000Z");
    assert_eq!(
        letter.reason,
        "Mail to an address that refuses it was not stopped"
    );
}

#[tokio::test]
async fn a_mail_is_shown_without_whom_it_is_for() {
    let world = World::new().await;
    let mail = json!({ "kind": "RECOVERY", "email": "ana@example.org", "askedAt": "2026-11-20T12:00:00Z" });
    world.cloud.give_up(BREACHES, &mail.to_string());
    let queues = letters(&world).list().await.unwrap();
    let shown = serde_json::to_value(&queues).unwrap();
    assert!(!shown.to_string().contains("ana@"), "{shown}");
    let letter = &queues.last().unwrap().messages[0];
    assert_eq!(letter.about["kind"], "RECOVERY");
    assert_eq!(letter.reason, "A mail was not sent");
}
