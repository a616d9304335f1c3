//! A picture's bytes behind its signed address, as browsers ask for them.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use axum::response::Response;
use vara::clock;
use vara::domain::{Image, ImageId, ImageState, Timestamp, UserId};
use vara::objects::{Objects, key};
use vara::services::pictures::image_addresses::ImageAddresses;
use vara::services::pictures::images::Images;
use vara::services::record::event_log::EventLog;
use vara::testing::{Cloud, TestApi};

use crate::routes::{App, routes};

/// The function, with a woman who is signed in.
struct Case {
    api: TestApi,
    objects: Objects,
    user: UserId,
    token: String,
}

impl Case {
    async fn new() -> Self {
        let objects = Cloud::start().await.objects();
        let api = TestApi::build(routes(), |gate, store| {
            // Addresses only are looked at here: no key is asked for.
            let log = EventLog::new(store.clone(), Cloud::vault_at("http://127.0.0.1:9"));
            let images = Images::new(
                store,
                objects.clone(),
                ImageAddresses {
                    keys: gate.keys().clone(),
                    public_url: "https://vara.example".into(),
                },
                log,
            );
            App {
                gate,
                service: images,
            }
        })
        .await;
        let (user, token) = api.woman("ana@example.net").await;
        Self {
            api,
            objects,
            user,
            token,
        }
    }

    /// A picture of hers, announced then, whose copies say which they are; where its address leads.
    async fn picture(&self, state: ImageState, announced: Timestamp) -> String {
        let image = Image {
            state,
            ..Image::expected(ImageId::next(), self.user, "s".into(), announced)
        };
        assert!(self.api.store.announce_image(&image, None).await.unwrap());
        for (object, says) in [
            (key::display(self.user, image.id), "large"),
            (key::thumbnail(self.user, image.id), "small"),
        ] {
            let put = self.objects.put(&object, "image/jpeg", says.into()).await;
            put.unwrap();
        }
        let uri = "/api/v1/images?page=1&limit=50";
        let list = self.api.send(Method::GET, uri, &self.token, "").await;
        let url = TestApi::data(list, 200)[0]["signedUrl"].clone();
        let path = url.as_str().unwrap().strip_prefix("https://vara.example");
        path.unwrap().to_owned()
    }

    /// What a browser is answered that fetches for this destination; none is an older browser.
    async fn fetch(&self, uri: &str, destination: Option<&str>) -> Response {
        let mut request = Request::get(uri);
        if let Some(destination) = destination {
            request = request.header("sec-fetch-dest", destination);
        }
        self.api.reply(request.body(Body::empty()).unwrap()).await
    }
}

async fn text(reply: Response) -> String {
    let bytes = axum::body::to_bytes(reply.into_body(), 10_000).await;
    String::from_utf8(bytes.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn the_tile_of_the_gallery_gets_the_small_copy_and_all_else_the_large_one() {
    let case = Case::new().await;
    let uri = case.picture(ImageState::Ready, clock::now()).await;
    for (destination, copy) in [
        (Some("image"), "small"),
        (Some("document"), "large"),
        (Some("empty"), "large"),
        (None, "large"),
    ] {
        let reply = case.fetch(&uri, destination).await;
        assert_eq!(reply.status(), StatusCode::OK);
        let headers = reply.headers();
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["cross-origin-resource-policy"], "cross-origin");
        let varies = headers.get_all("vary").iter();
        assert!(varies.into_iter().any(|it| it == "sec-fetch-dest"));
        assert_eq!(text(reply).await, copy, "{destination:?}");
    }
}

#[tokio::test]
async fn a_picture_whose_intake_is_late_is_to_be_asked_for_again() {
    let case = Case::new().await;
    let announced = clock::now().minus_seconds(600);
    let uri = case.picture(ImageState::Pending, announced).await;
    let reply = case.fetch(&uri, Some("image")).await;
    assert_eq!(reply.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(reply.headers()["retry-after"], "2");
    assert_eq!(reply.headers()["cache-control"], "no-store");
    assert!(text(reply).await.contains("IMAGE_NOT_READY"));
}

#[tokio::test]
async fn an_address_that_lacks_a_part_is_not_complete() {
    let case = Case::new().await;
    let uri = case.picture(ImageState::Ready, clock::now()).await;
    let status = async |uri: &str| case.fetch(uri, None).await.status().as_u16();
    for name in ["user", "size", "expires", "signature"] {
        let without = uri.replace(&format!("{name}="), "was=");
        assert_eq!(status(&without).await, 400, "{without}");
    }
    let broken = uri.replace("session=", "session=x");
    assert_eq!(status(&broken).await, 400, "{broken}");
    // Without its session it is another address, which nobody signed.
    let moved = uri.replace("session=", "was=");
    assert_eq!(status(&moved).await, 403, "{moved}");
}
