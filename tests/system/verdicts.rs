//! What is said of a found picture: whether it is hers, what was done to it, and what says so.

use image::RgbImage;
use serde_json::{Value, json};
use vara_tests::pictures::{captioned, cropped, jpeg, mirrored, photo};
use vara_tests::world::eventually;
use vara_tests::{Woman, World};

/// A photograph as somebody saves it.
fn saved(picture: &RgbImage) -> Vec<u8> {
    jpeg(picture, 88)
}

/// What was found of a picture on this page.
async fn found_on(her: &Woman<'_>, image: &Value, page: &str) -> Value {
    let path = format!(
        "/api/v1/images/{}/matches?limit=100",
        image["id"].as_str().unwrap()
    );
    eventually("the page is found", async || {
        let reply = her.get(&path).await;
        let found = reply.expect(200).data().as_array().unwrap().clone();
        found.into_iter().find(|it| it["sourceUrl"] == page)
    })
    .await
}

/// Each is certain, and says what was done and where hers lies in it.
pub(crate) async fn edited_copies_are_named(world: &World) {
    let _whole = world.whole().await;
    let original = photo("living-room-brick-wall");
    let mut pages = Vec::new();
    for (edit, copy, words) in [
        ("CROPPED", cropped(&original), "cropped"),
        ("MIRRORED", mirrored(&original), "mirrored"),
        ("CAPTIONED", captioned(&original), "given a caption"),
    ] {
        pages.push((edit, world.plant(saved(&copy)).await, words));
    }
    let her = world.woman().await;
    let image = her.upload(saved(&original)).await;
    for (edit, page, words) in pages {
        let found = found_on(&her, &image, &page).await;
        assert_eq!(found["confidence"], "HIGH", "{edit}: {found}");
        assert_eq!(found["matchType"], "MODIFIED", "{edit}");
        assert!(
            ["pdq", "geometry"].contains(&found["verificationEngine"].as_str().unwrap()),
            "{found}"
        );
        let evidence = &found["evidence"];
        assert_eq!(evidence["relation"], "EDITED", "{edit}: {evidence}");
        assert_eq!(evidence["edits"], json!([edit]), "{evidence}");
        assert_eq!(found["similarity"], evidence["score"]);
        let overlay = &evidence["overlay"];
        assert_eq!(overlay["region"].as_array().unwrap().len(), 8);
        assert_eq!(overlay["mirrored"], edit == "MIRRORED");
        assert_eq!(
            overlay["ownSize"],
            json!([original.width(), original.height()])
        );
        let alerts = her.get("/api/v1/alerts?limit=100").await;
        let mut alerts = alerts.data().as_array().unwrap().iter();
        let alert = alerts.find(|it| it["metadata"]["sourceUrl"] == page);
        let text = alert.unwrap()["description"].as_str().unwrap();
        assert!(text.contains(words), "{text}");
    }
}

/// Not hers: not found at all, or, where the engine insists, put to her.
pub(crate) async fn another_picture_is_put_to_her(world: &World) {
    let _whole = world.whole().await;
    let original = photo("kinkaku-ji");
    let other = photo("roman-colosseum");
    let stranger = world.plant(saved(&other)).await;
    let insisted = world.plant_changed(saved(&original), saved(&other)).await;
    let her = world.woman().await;
    let image = her.upload(saved(&original)).await;
    let found = found_on(&her, &image, &insisted).await;
    assert_eq!(found["confidence"], "LOW", "{found}");
    assert_eq!(
        (&found["reviewStatus"], &found["verificationEngine"]),
        (&json!("FLAGGED_FOR_REVIEW"), &Value::Null)
    );
    let relation = found["evidence"]["relation"].as_str().unwrap();
    assert!(["DIFFERENT", "SIMILAR"].contains(&relation), "{found}");
    let path = format!("/api/v1/images/{}/matches", image["id"].as_str().unwrap());
    let all = her.get(&path).await;
    let pages = all.data().as_array().unwrap().iter();
    assert!(pages.clone().all(|it| it["sourceUrl"] != stranger));
}

/// Another photograph of the same person is told as that, and not as a copy, once she agreed to the
/// recognition of her face.
pub(crate) async fn her_face_elsewhere(world: &World) {
    let _whole = world.whole().await;
    let (portrait, another) = (photo("obama-2009"), photo("obama-2012"));
    let page = world.plant_changed(saved(&portrait), saved(&another)).await;
    let her = world.woman().await;
    let consent = json!({ "faceRecognition": true });
    let said = her.patch("/api/v1/users/me/preferences", consent).await;
    assert!(said.expect(200).data()["faceRecognitionSince"].is_string());
    let image = her.upload(saved(&portrait)).await;
    assert_eq!(image["faceDetected"], true);
    let area = &image["faceMetadata"]["facialArea"];
    let right = area["x"].as_i64().unwrap() + area["w"].as_i64().unwrap();
    assert!(right <= i64::from(portrait.width()), "{area}");
    assert!(image["faceConfidence"].as_f64().unwrap() > 0.5);

    let found = found_on(&her, &image, &page).await;
    assert_eq!(found["evidence"]["relation"], "SAME_PERSON", "{found}");
    assert_eq!(found["evidence"]["faces"]["person"], "SAME");
    assert_eq!(
        (&found["faceVerified"], &found["confidence"]),
        (&json!("VERIFIED"), &json!("MEDIUM_HIGH"))
    );
    assert!(found["faceSimilarity"].as_f64().unwrap() > 0.4, "{found}");
    let alerts = her.alerts(1).await;
    assert_eq!(
        (&alerts[0]["type"], &alerts[0]["metadata"]["subtype"]),
        (&json!("IMAGE_MISUSE"), &json!("FACE_MATCH"))
    );
}
