//! What a look concludes of pictures, on a site of the test's own.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use super::*;
use crate::clock;
use crate::domain::{Image, ImageId, UserId};
use crate::store::ImageRow;

/// A picture with detail, told apart by its seed.
fn picture(seed: u32) -> vara_imaging::Picture {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let blocks: Vec<[u8; 3]> = (0..64)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let bytes = state.to_le_bytes();
            [bytes[0], bytes[1], bytes[2]]
        })
        .collect();
    let pixel = |at: u32| blocks[((at / 256 / 32) * 8 + at % 256 / 32) as usize];
    let rgb = (0..256 * 256).flat_map(pixel).collect();
    vara_imaging::Picture::from_rgb(256, 256, rgb).unwrap()
}

fn jpeg(seed: u32, quality: u8) -> Vec<u8> {
    vara_imaging::encode_jpeg(&picture(seed), quality).unwrap()
}

/// What a site has, by path: status, kind and bytes.
type Files = Arc<Mutex<BTreeMap<String, (u16, &'static str, Vec<u8>)>>>;

struct Site {
    base: String,
    files: Files,
    fetcher: Fetcher,
    row: ImageRow,
    known: Mutex<BTreeMap<String, String>>,
}

impl Site {
    async fn start() -> Self {
        let files = Files::default();
        let show = async |State(files): State<Files>, Path(path): Path<String>| -> Response {
            let files = files.lock().unwrap();
            match files.get(&path) {
                Some((status, kind, bytes)) => {
                    let status = StatusCode::from_u16(*status).unwrap();
                    (status, [(header::CONTENT_TYPE, *kind)], bytes.clone()).into_response()
                }
                None => StatusCode::NOT_FOUND.into_response(),
            }
        };
        let routes = Router::new()
            .route("/{*path}", get(show))
            .with_state(Arc::clone(&files));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let hashes = vara_imaging::pdq_dihedral(&picture(1)).unwrap();
        let image = Image::expected(
            ImageId::next(),
            UserId::random(),
            String::new(),
            clock::now(),
        );
        Self {
            base: format!("http://{host}"),
            files,
            fetcher: Fetcher::new(Some(&host)).unwrap(),
            row: ImageRow {
                image,
                pdq_quality: Some(hashes[0].quality),
                dihedral: hashes.iter().map(|it| it.pdq.to_string()).collect(),
                awaits_budget: false,
            },
            known: Mutex::default(),
        }
    }

    fn put(&self, path: &str, kind: &'static str, bytes: Vec<u8>) {
        let file = (200, kind, bytes);
        self.files.lock().unwrap().insert(path.to_owned(), file);
    }

    fn page(&self, body: &str) {
        let page = format!("<h1>A thread</h1><p>{}</p>{body}", "Words. ".repeat(50));
        self.put("t/1", "text/html", page.into_bytes());
    }

    fn drop(&self, path: &str) {
        self.files.lock().unwrap().remove(path);
    }

    fn link(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }

    /// A look at the page and these addresses, remembering what the looks before saw.
    async fn look(&self, items: &[&str]) -> LookOutcome {
        let known = self.known.lock().unwrap().clone();
        let hers = HerPicture::of(Some(&self.row), known);
        let page = self.link("t/1");
        let links = items.iter().map(|it| self.link(it));
        let urls: Vec<String> = std::iter::once(page.clone()).chain(links).collect();
        let looked = PageLooker::new(&self.fetcher, &hers)
            .look(&page, &urls)
            .await;
        self.known.lock().unwrap().extend(looked.pictures);
        looked.outcome
    }
}

#[tokio::test]
async fn a_picture_is_there_moved_or_replaced() {
    let site = Site::start().await;
    assert!(site.row.pdq_quality.unwrap() >= vara_imaging::MIN_QUALITY);
    let items = ["p/1.jpg"];
    site.page("<img src=\"/p/1.jpg\">");
    site.put("p/1.jpg", "image/jpeg", jpeg(1, 90));
    assert_eq!(site.look(&items).await, LookOutcome::Present);
    site.put("p/1.jpg", "image/jpeg", jpeg(1, 40));
    assert_eq!(
        site.look(&items).await,
        LookOutcome::Present,
        "encoded anew"
    );

    site.page("<p>Removed by a moderator.</p>");
    site.put("p/1.jpg", "image/jpeg", jpeg(2, 90));
    let replaced = site.look(&items).await;
    assert_eq!(
        replaced,
        LookOutcome::Blocked,
        "a placeholder is put before her"
    );

    site.drop("p/1.jpg");
    site.put("p/2.jpg", "image/jpeg", jpeg(1, 80));
    site.page("<img src=\"/p/9.jpg\"><img src='2.jpg'><img src=\"/p/2.jpg\">");
    assert_eq!(site.look(&items).await, LookOutcome::Moved);

    site.page("<img src=\"/p/2.jpg\">");
    site.put("p/2.jpg", "image/jpeg", jpeg(3, 80));
    assert_eq!(
        site.look(&items).await,
        LookOutcome::Gone,
        "404, and not on the page"
    );
    site.drop("t/1");
    assert_eq!(site.look(&items).await, LookOutcome::Gone);
}

#[tokio::test]
async fn a_page_that_showed_it_and_does_not_any_more_is_not_still_there() {
    let site = Site::start().await;
    site.page("<img src=\"/p/1.jpg\">");
    assert_eq!(
        site.look(&[]).await,
        LookOutcome::Present,
        "nobody saw it there yet"
    );
    site.put("p/1.jpg", "image/jpeg", jpeg(1, 90));
    assert_eq!(site.look(&[]).await, LookOutcome::Present);
    site.drop("p/1.jpg");
    assert_eq!(site.look(&[]).await, LookOutcome::Moved);
    // The answer for any address is the same: it says nothing.
    let site = Site::start().await;
    site.page("");
    let page = site.files.lock().unwrap()["t/1"].clone();
    let routes = Router::new().route(
        "/{*path}",
        get(async move || ([(header::CONTENT_TYPE, "text/html")], page.2.clone())),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let fetcher = Fetcher::new(Some(&host)).unwrap();
    let link = format!("http://{host}/t/1");
    let hers = HerPicture::default();
    let looked = PageLooker::new(&fetcher, &hers)
        .look(&link, std::slice::from_ref(&link))
        .await;
    assert_eq!(looked.outcome, LookOutcome::Blocked);
}

#[tokio::test]
async fn what_is_no_copy_counts_as_there_while_its_bytes_stay() {
    let site = Site::start().await;
    let items = ["p/1.jpg"];
    site.page("<img src=\"/p/1.jpg\">");
    site.put("p/1.jpg", "image/jpeg", jpeg(7, 90));
    assert_eq!(
        site.look(&items).await,
        LookOutcome::Present,
        "a part of hers, say"
    );
    site.page("");
    assert_eq!(
        site.look(&items).await,
        LookOutcome::Present,
        "the same bytes"
    );
    site.put("p/1.jpg", "image/jpeg", jpeg(8, 90));
    assert_eq!(site.look(&items).await, LookOutcome::Blocked);
    site.put("p/1.jpg", "image/jpeg", b"no picture".to_vec());
    assert_eq!(
        site.look(&items).await,
        LookOutcome::Present,
        "nobody can tell"
    );
}
