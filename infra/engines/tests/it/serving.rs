//! The planted pages and pictures over HTTP.

use std::io::Cursor;

use axum::http::StatusCode;
use image::{ExtendedColorType, ImageFormat};
use serde_json::json;

use crate::pictures::{file, scene};
use crate::support::{BASE, Engines, Part, picture_path};

#[tokio::test]
async fn a_planted_picture_is_served_byte_by_byte() {
    let engines = Engines::new();
    let planted = engines.plant(&file(1), "https://a.example/").await;
    let path = picture_path(&planted);
    let answer = engines.get(path).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::OK, "image/jpeg")
    );
    assert_eq!(answer.bytes, file(1));
}

/// Indexes are of yesterday: the engine answers for the picture it saw, the page shows another one.
#[tokio::test]
async fn a_page_may_have_changed_since_it_was_indexed() {
    let engines = Engines::new();
    let (indexed, now) = (file(1), file(2));
    let page: &[u8] = b"https://a.example/";
    let parts: [Part; 3] = [
        ("image", Some("a.jpg"), &indexed),
        ("image_now", Some("b.jpg"), &now),
        ("page_url", None, page),
    ];
    let planted = engines.form("/_web", &parts).await;
    assert_eq!(planted.status, StatusCode::CREATED, "{}", planted.text());
    assert_eq!(engines.matches(&indexed).await.len(), 1);
    assert!(engines.matches(&now).await.is_empty());
    let url = planted.json()["image_url"].as_str().unwrap().to_owned();
    let answer = engines.get(url.strip_prefix(BASE).unwrap()).await;
    assert_eq!(answer.bytes, now);

    let png = encoded(ImageFormat::Png);
    let parts: [Part; 3] = [parts[0], ("image_now", Some("b.png"), &png), parts[2]];
    let refused = engines.form("/_web", &parts).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_type_follows_the_content_and_every_format_is_found() {
    let engines = Engines::new();
    let formats = [
        (ImageFormat::Jpeg, "jpg", "image/jpeg", "JPEG"),
        (ImageFormat::Png, "png", "image/png", "PNG"),
        (ImageFormat::WebP, "webp", "image/webp", "WEBP"),
        (ImageFormat::Gif, "gif", "image/gif", "GIF"),
    ];
    for (format, extension, mime, name) in formats {
        engines.delete("/_web").await;
        let picture = encoded(format);
        let planted = engines.plant(&picture, "https://a.example/").await;
        let image_url = planted["image_url"].as_str().unwrap();
        assert!(image_url.ends_with(&format!(".{extension}")), "{image_url}");
        let answer = engines.get(image_url.strip_prefix(BASE).unwrap()).await;
        assert_eq!(answer.header("content-type"), mime);
        assert_eq!(answer.bytes, picture);
        let matches = engines.matches(&file(1)).await;
        assert_eq!((matches.len(), &matches[0]["format"]), (1, &json!(name)));
    }
}

fn encoded(format: ImageFormat) -> Vec<u8> {
    let picture = scene(1, 480, 360);
    let mut file = Cursor::new(Vec::new());
    image::write_buffer_with_format(
        &mut file,
        picture.rgb(),
        picture.width(),
        picture.height(),
        ExtendedColorType::Rgb8,
        format,
    )
    .unwrap();
    file.into_inner()
}

#[tokio::test]
async fn the_page_shows_the_picture_under_its_title() {
    let engines = Engines::new();
    let picture = file(1);
    let parts: [Part; 3] = [
        ("image", Some("a.jpg"), &picture),
        ("page_url", None, b"https://a.example/?a=1&b=2"),
        ("title", None, b"<script>alert(1)</script>"),
    ];
    let planted = engines.form("/_web", &parts).await.json();
    let answer = engines
        .get(&format!("/web/{}", planted["id"].as_str().unwrap()))
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.header("content-type").starts_with("text/html"));
    let page = answer.text();
    assert!(page.contains(&format!(
        "<img src=\"{}\"",
        planted["image_url"].as_str().unwrap()
    )));
    assert!(
        page.contains("&lt;script&gt;") && !page.contains("<script>"),
        "{page}"
    );
    assert!(page.contains("https://a.example/?a=1&amp;b=2"), "{page}");
}

#[tokio::test]
async fn what_was_not_planted_is_not_there() {
    let engines = Engines::new();
    let planted = engines.plant(&file(1), "https://a.example/").await;
    let id = planted["id"].as_str().unwrap();
    for name in [
        "none",
        "none.jpg",
        &format!("{id}.png"),
        &format!("{id}.jpg.jpg"),
    ] {
        assert_eq!(
            engines.get(&format!("/web/{name}")).await.status,
            StatusCode::NOT_FOUND,
            "{name}"
        );
    }
}
