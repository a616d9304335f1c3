//! `/api/v1/images`.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use vara_tests::pictures::{jpeg, mine, picture, with_metadata};
use vara_tests::world::eventually;
use vara_tests::{Reply, Woman, World};

pub(crate) async fn signed_address(world: &World) {
    let her = world.woman().await;
    let sent = her.send(mine(), "image/jpeg").await;
    let early = sent.expect(201).data()["signedUrl"].as_str().unwrap();
    assert_eq!(sent.data()["status"], "ACTIVE");
    // Asked for at once, it comes when the picture has been taken in; on a busy machine it says that it
    // is not ready, and nothing else.
    let shown = eventually("the picture is shown", async || {
        let shown = Reply::to(world.http.get(early)).await;
        match shown.status {
            503 => {
                assert_eq!(shown.json["error"]["code"], "IMAGE_NOT_READY");
                None
            }
            _ => Some(shown),
        }
    })
    .await;
    assert_eq!(shown.expect(200).header("content-type"), "image/jpeg");
    let image = her.ready(sent.data()["id"].as_str().unwrap()).await;
    assert_eq!(image["hash"].as_str().unwrap().len(), 64);

    let address = image["signedUrl"].as_str().unwrap();
    assert!(address.starts_with(&world.gateway), "{address}");
    let shown = Reply::to(world.http.get(address)).await;
    assert_eq!(shown.expect(200).header("content-type"), "image/jpeg");
    assert_eq!(shown.header("cross-origin-resource-policy"), "cross-origin");
    let decoded = image::load_from_memory(&shown.bytes).unwrap();
    assert_eq!((decoded.width(), decoded.height()), (800, 600));

    for forged in [
        address.replace("size=display", "size=thumb"),
        address.replace(&her.id, "0e7d5c2f-7a51-4b0b-9f1c-3a865a1f6d02"),
        address.replace("expires=", "expires=9"),
        address.replace("&session=", "&was="),
        address[..address.len() - 4].to_owned(),
    ] {
        assert_eq!(
            Reply::to(world.http.get(&forged)).await.status,
            403,
            "{forged}"
        );
    }
    let other = world.http.get(address.replace("expires=", "expires=x"));
    assert_eq!(Reply::to(other).await.status, 400);
}

/// What was given to a sign-in ends with it, and with no other.
pub(crate) async fn an_address_ends_with_its_sign_in(world: &World) {
    let her = world.woman().await;
    let image = her.upload(mine()).await;
    let phone = her.sign_in().await;
    let path = format!("/api/v1/images/{}", image["id"].as_str().unwrap());
    let on_phone = phone.get(&path).await;
    let addresses = [&image, on_phone.expect(200).data()].map(|it| it["signedUrl"].clone());
    let status = async |address: &Value| {
        let request = world.http.get(address.as_str().unwrap());
        Reply::to(request).await.status
    };
    for address in &addresses {
        assert_eq!(status(address).await, 200);
    }
    let out = "/auth/v1/logout?scope=local";
    phone.call(Method::POST, out, None).await.expect(204);
    let [here, there] = &addresses;
    assert_eq!((status(here).await, status(there).await), (200, 403));
}

/// Turned upright, and nothing left of where and with what it was taken.
pub(crate) async fn location_is_removed_and_told(world: &World) {
    let her = world.woman().await;
    let image = her.upload(with_metadata(&mine())).await;
    assert_eq!(image["locationFound"], true);
    let shown = world
        .http
        .get(image["signedUrl"].as_str().unwrap())
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    let upright = image::load_from_memory(&shown).unwrap();
    assert_eq!(
        (upright.width(), upright.height()),
        (600, 800),
        "it lay on its side"
    );
    for trace in [
        &b"Exif"[..],
        b"SecretCa",
        b"ICC_PROFILE",
        b"http://ns.adobe.com",
    ] {
        assert!(
            !shown.windows(trace.len()).any(|it| it == trace),
            "{}",
            String::from_utf8_lossy(trace)
        );
    }
    assert_eq!(her.upload(mine()).await["locationFound"], false);
}

pub(crate) async fn not_pictures(world: &World) {
    let her = world.woman().await;
    let file = |bytes: &[u8], claim: &'static str| her.send(bytes.to_vec(), claim);
    file(b"%PDF-1.7 not a picture", "image/jpeg")
        .await
        .refused(400, "INVALID_FILE_TYPE");
    file(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png")
        .await
        .refused(400, "INVALID_FILE_TYPE");
    file(b"", "image/jpeg")
        .await
        .refused(400, "INVALID_FILE_TYPE");
    her.send(mine(), "application/pdf")
        .await
        .refused(400, "INVALID_FILE_TYPE");
    // A header that claims 65535 x 65535 pixels.
    let mut bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff\0\0\xff\xff\x08\x06\0\0\0".to_vec();
    bomb.extend_from_slice(&[0; 64]);
    file(&bomb, "image/png")
        .await
        .refused(400, "INVALID_FILE_TYPE");

    let url = format!("{}/api/v1/images/upload", world.gateway);
    let request = || {
        world
            .http
            .post(&url)
            .bearer_auth(&her.token)
            .header("origin", "http://localhost:3000")
    };
    let json = request()
        .header("content-type", "application/json")
        .body("{}");
    Reply::to(json)
        .await
        .refused(406, "FST_INVALID_MULTIPART_CONTENT_TYPE");
    let none = request().multipart(Form::new().text("note", "no file"));
    Reply::to(none).await.refused(400, "NO_FILE_PROVIDED");
    let part = || {
        Part::bytes(mine())
            .file_name("a.jpg")
            .mime_str("image/jpeg")
            .unwrap()
    };
    let two = request().multipart(Form::new().part("file", part()).part("more", part()));
    Reply::to(two).await.refused(413, "FST_FILES_LIMIT");
    assert_eq!(
        her.get("/api/v1/images").await.total(),
        0,
        "nothing was kept"
    );
}

/// Over 10 MB, in words for her.
pub(crate) async fn too_large(world: &World) {
    let her = world.woman().await;
    let reply = her.send(vec![0xff; 10_600_000], "image/jpeg").await;
    reply.refused(413, "FST_REQ_FILE_TOO_LARGE");
    let said = reply.json["error"]["message"].as_str().unwrap();
    assert!(said.contains("10 MB") && !said.contains('/'), "{said}");
    assert_eq!(her.get("/api/v1/images").await.total(), 0);
}

/// What is larger than a function takes is decided on before it is stored, and looked at afterwards.
pub(crate) async fn large_uploads(world: &World) {
    let her = world.woman().await;
    for bytes in [4_400_001, 5_100_000, 7_000_000, 9_100_000] {
        let sent = her.send(of_size(bytes), "image/jpeg").await;
        let image = sent.expect(201).data();
        assert_eq!(
            (&image["state"], &image["userId"]),
            (&json!("PENDING"), &json!(her.id))
        );
        her.ready(image["id"].as_str().unwrap()).await;
    }
    assert_eq!(her.get("/api/v1/images").await.total(), 4);

    let words = "#!/bin/sh\n".repeat(500_000).into_bytes();
    for (bytes, claim) in [
        (words, "image/jpeg"),
        (of_size(5_000_000), "application/pdf"),
    ] {
        let sent = her.send(bytes, claim).await;
        let id = sent.expect(201).data()["id"].as_str().unwrap().to_owned();
        let image = looked_at(&her, &id).await;
        assert_eq!(image["state"], "REJECTED", "{image}");
        let reason = image["rejectedReason"].as_str().unwrap();
        assert!(reason.contains("JPEG, PNG"), "{reason}");
    }
    assert_eq!(her.get("/api/v1/images").await.total(), 4);

    let stranger = Woman {
        token: "nobody".to_owned(),
        ..world.woman().await
    };
    let denied = stranger.send(of_size(5_000_000), "image/jpeg").await;
    denied.refused(403, "AUTH_INVALID_TOKEN");
}

/// A picture in a file of about so many bytes. What stands behind its end counts for the way it takes
/// and for nothing else.
fn of_size(bytes: usize) -> Vec<u8> {
    let mut file = jpeg(&picture(9, 1200, 900), 95);
    file.resize(bytes, 0);
    file
}

/// A picture once the intake has looked at it.
async fn looked_at(her: &Woman<'_>, id: &str) -> Value {
    eventually("the intake has looked at it", async || {
        let reply = her.get(&format!("/api/v1/images/{id}")).await;
        let image = reply.data().clone();
        (image["state"] != "EXPECTED" && image["state"] != "PENDING").then_some(image)
    })
    .await
}

/// What stands for the answer of a bucket that closed before it had read everything.
const HUNG_UP: u16 = 0;

/// Sends a file with a ticket; the bucket's answer.
async fn send_with(world: &World, ticket: &Value, bytes: Vec<u8>) -> u16 {
    let mut form = Form::new();
    for (name, value) in ticket["upload"]["fields"].as_object().unwrap() {
        form = form.text(name.clone(), value.as_str().unwrap().to_owned());
    }
    let form = form
        .text("Content-Type", "image/jpeg")
        .part("file", Part::bytes(bytes).file_name("me.jpg"));
    let sent = world
        .http
        .post(ticket["upload"]["url"].as_str().unwrap())
        .multipart(form)
        .send()
        .await;
    sent.map_or(HUNG_UP, |it| it.status().as_u16())
}

async fn ticket(her: &Woman<'_>) -> (Value, String) {
    let reply = her.post("/api/v1/images/tickets", json!({})).await;
    let ticket = reply.expect(201).data().clone();
    let id = ticket["image"]["id"].as_str().unwrap().to_owned();
    (ticket, id)
}

pub(crate) async fn tickets(world: &World) {
    let her = world.woman().await;
    let (given, id) = ticket(&her).await;
    assert_eq!(given["upload"]["maxBytes"], 25 * 1024 * 1024);
    assert_eq!(
        her.get("/api/v1/images").await.total(),
        0,
        "it is listed when it has come"
    );
    // Larger than what fits through a function.
    let mut large = jpeg(&picture(7, 1200, 900), 95);
    large.resize(7_000_000, 0);
    assert!(matches!(send_with(world, &given, large).await, 200..=204));
    her.ready(&id).await;
    assert_eq!(her.get("/api/v1/images").await.total(), 1);

    let (given, _) = ticket(&her).await;
    let too_large = send_with(world, &given, vec![0xff; 26 * 1024 * 1024 + 1]).await;
    assert!(
        matches!(too_large, HUNG_UP | 400),
        "the policy limits the size"
    );
    let (mut forged, _) = ticket(&her).await;
    forged["upload"]["fields"]["key"] = json!("uploads/somebody/else");
    // AWS says 403, the local bucket 400.
    assert!(
        matches!(send_with(world, &forged, mine()).await, 400 | 403),
        "the policy names the key"
    );
}

/// What comes with a ticket is looked at when it has come.
pub(crate) async fn rejected_by_the_intake(world: &World) {
    let her = world.woman().await;
    let truncated = {
        let whole = mine();
        whole[..200].to_vec()
    };
    for bytes in [b"#!/bin/sh\necho not a picture".to_vec(), truncated] {
        let (given, id) = ticket(&her).await;
        assert!(matches!(send_with(world, &given, bytes).await, 200..=204));
        let image = looked_at(&her, &id).await;
        assert_eq!(
            (&image["state"], &image["status"]),
            (&json!("REJECTED"), &json!("ARCHIVED")),
            "{image}"
        );
        assert!(
            image["rejectedReason"]
                .as_str()
                .is_some_and(|it| it.len() > 10),
            "{image}"
        );
        assert_eq!(image["signedUrl"], Value::Null);
    }
    assert_eq!(her.get("/api/v1/images").await.total(), 0);
    assert_eq!(her.get("/api/v1/images?filter=archived").await.total(), 2);
}

pub(crate) async fn cap_of_fifty(world: &World) {
    let her = world.woman().await;
    let (_, first) = ticket(&her).await;
    for _ in 1..50 {
        ticket(&her).await;
    }
    her.post("/api/v1/images/tickets", json!({}))
        .await
        .refused(409, "IMAGE_LIMIT_REACHED");
    her.send(mine(), "image/jpeg")
        .await
        .refused(409, "IMAGE_LIMIT_REACHED");
    her.delete(&format!("/api/v1/images/{first}"))
        .await
        .expect(204);
    her.send(mine(), "image/jpeg").await.expect(201);
}

pub(crate) async fn filters_and_pages(world: &World) {
    let _whole = world.whole().await;
    let her = world.woman().await;
    let mut sent = Vec::new();
    for _ in 0..3 {
        sent.push(her.upload(mine()).await["id"].as_str().unwrap().to_owned());
    }
    for id in &sent {
        eventually("it was scanned", async || {
            let reply = her.get(&format!("/api/v1/images/{id}")).await;
            reply.data()["lastScanned"].is_string().then_some(())
        })
        .await;
    }
    her.delete(&format!("/api/v1/images/{}", sent[1]))
        .await
        .expect(204);
    for (filter, total) in [
        ("", 2),
        ("?filter=all", 2),
        ("?filter=scanned", 2),
        ("?filter=not_scanned", 0),
        ("?filter=archived", 1),
    ] {
        assert_eq!(
            her.get(&format!("/api/v1/images{filter}")).await.total(),
            total,
            "{filter}"
        );
    }
    let first = her.get("/api/v1/images?limit=1&page=1").await;
    assert_eq!(first.data()[0]["id"], sent[2], "newest first");
    assert_eq!(
        her.get("/api/v1/images?limit=1&page=2").await.data()[0]["id"],
        sent[0]
    );
    her.get("/api/v1/images?filter=mine")
        .await
        .refused(400, "VALIDATION_ERROR");
    her.get("/api/v1/images/not-an-id")
        .await
        .refused(400, "VALIDATION_ERROR");
}

pub(crate) async fn put_away_and_purged(world: &World) {
    let her = world.woman().await;
    let image = her.upload(mine()).await;
    let path = format!("/api/v1/images/{}", image["id"].as_str().unwrap());
    her.delete(&path).await.expect(204);
    let kept = her.get(&path).await;
    assert_eq!(kept.expect(200).data()["status"], "ARCHIVED");
    assert!(kept.data()["archivedAt"].is_string());
    let address = kept.data()["signedUrl"].as_str().unwrap();
    assert_eq!(
        Reply::to(world.http.get(address)).await.status,
        200,
        "kept until it is purged"
    );
    her.delete(&path).await.expect(204);
    her.get(&path).await.refused(404, "IMAGE_NOT_FOUND");
    Reply::to(world.http.get(address)).await.expect(404);
    her.delete(&path).await.refused(404, "IMAGE_NOT_FOUND");
}
