//! The live feed: what a picture and its scan change is told, in the same frames both ways.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use vara_tests::World;
use vara_tests::pictures::mine_and_found;

const POLL: &str = "/api/v1/realtime/poll";
const EVENTS: &str = "/api/v1/realtime/events";

/// What a frame may hold. None of it says what a thing is about.
const MEMBERS: [&str; 6] = ["type", "seq", "topic", "id", "v", "at"];

pub(crate) async fn what_changes_is_told(world: &World) {
    let _whole = world.whole().await;
    let (mine, found) = mine_and_found();
    world.plant(found).await;
    let her = world.woman().await;
    let start = her.get(POLL).await;
    let place = |meta: &Value| {
        let epoch = meta["epoch"].as_str().unwrap().to_owned();
        (epoch, meta["head"].as_u64().unwrap())
    };
    let (epoch, seq) = place(&start.expect(200).json["meta"]);
    let upload = async {
        let image = her.upload(mine).await;
        let alert = her.alerts(1).await.remove(0);
        (image, her.scan().await, alert)
    };
    let waiting = format!("{POLL}?epoch={epoch}&seq={seq}&wait=20");
    let (first, (image, scan, alert)) = tokio::join!(her.get(&waiting), upload);
    assert_ne!(
        first.expect(200).json["data"],
        json!([]),
        "told while it waits"
    );

    let mut frames = Vec::new();
    let (mut from, mut at) = (epoch.clone(), seq);
    loop {
        let page = her.get(&format!("{POLL}?epoch={from}&seq={at}")).await;
        let page = &page.expect(200).json;
        assert_eq!(page["meta"]["gap"], false);
        let some = page["data"].as_array().unwrap();
        let Some(last) = some.last() else { break };
        (from, at) = (place(&page["meta"]).0, last["seq"].as_u64().unwrap());
        frames.extend(some.iter().cloned());
    }
    for (topic, thing) in [("image", &image), ("scan", &scan), ("alert", &alert)] {
        let is_told = |it: &&Value| it["topic"] == topic && it["id"] == thing["id"];
        assert!(frames.iter().any(|it| is_told(&it)), "{topic}: {frames:#?}");
    }
    assert!(
        frames.iter().any(|it| it["topic"] == "finding"),
        "{frames:#?}"
    );
    for (number, frame) in (seq + 1..).zip(&frames) {
        assert_eq!(frame["seq"], number);
        let members = frame.as_object().unwrap().keys();
        let others: Vec<_> = members
            .filter(|it| !MEMBERS.contains(&it.as_str()))
            .collect();
        assert!(others.is_empty(), "{others:?}");
    }

    let url = format!("{}{EVENTS}?wait=0", world.gateway);
    let stream = world.http.get(url).bearer_auth(&her.token);
    let stream = stream.header("last-event-id", format!("{epoch}.{seq}"));
    let stream = stream.send().await.unwrap().text().await.unwrap();
    let streamed = stream.lines().filter_map(|it| it.strip_prefix("data: "));
    let streamed: Vec<Value> = streamed
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    // A later one may have come since.
    assert_eq!(streamed[..frames.len()], frames);

    let away = her.delete("/api/v1/users/me").await;
    away.expect(200);
    her.get(POLL).await.expect(401);
}

pub(crate) async fn the_client_follows_through_broken_connections(world: &World) {
    let _whole = world.whole().await;
    let her = world.woman().await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/clients/js/check/stack.js");
    let mut node = Command::new("node");
    node.arg(script)
        .env("VARA_GATEWAY", &world.gateway)
        .env("VARA_TOKEN", &her.token);
    let ended = tokio::task::spawn_blocking(move || node.output()).await;
    let ended = ended.unwrap().expect("Node 20 is installed");
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{told}");
}
