//! Fetching a page or a file only to see whether it is there: no cookies, at most a megabyte, nothing is run.

use bytes::{Bytes, BytesMut};
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use reqwest::{Response, StatusCode};
use tracing::Instrument;
use url::Url;

use super::{FetchRefusal, Fetcher, MAX_REDIRECTS, reason};
use crate::traces::TARGET;

/// The most bytes that are read of a page; the rest is left out.
const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// A page or a file as a server sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedPage {
    /// Its first bytes.
    pub bytes: Bytes,
    /// Whether the server calls it text.
    pub is_text: bool,
}

impl Fetcher {
    /// What a server answers for `link`, checked like a picture's address at every redirect.
    pub async fn page(&self, link: &str) -> Result<FetchedPage, FetchRefusal> {
        let span = tracing::info_span!(target: TARGET, "fetch");
        tokio::time::timeout(self.total, self.follow_page(link))
            .instrument(span)
            .await
            .unwrap_or(Err(FetchRefusal::TooSlow))
    }

    async fn follow_page(&self, link: &str) -> Result<FetchedPage, FetchRefusal> {
        let mut url = Url::parse(link).map_err(|_| FetchRefusal::NotWeb)?;
        for _ in 0..=MAX_REDIRECTS {
            self.check(&url)?;
            let request = self.client.get(url.clone());
            let request = request.header(ACCEPT, "text/html, image/*;q=0.9, */*;q=0.5");
            let reply = request.send().await.map_err(|err| reason(&err))?;
            let status = reply.status();
            if !status.is_redirection() {
                return page_of(reply).await;
            }
            let next = reply.headers().get(LOCATION);
            let next = next.and_then(|it| it.to_str().ok());
            let next = next.ok_or(FetchRefusal::Status(status.as_u16()))?;
            url = url.join(next).map_err(|_| FetchRefusal::NotWeb)?;
        }
        Err(FetchRefusal::Redirects)
    }
}

async fn page_of(mut reply: Response) -> Result<FetchedPage, FetchRefusal> {
    if reply.status() != StatusCode::OK {
        return Err(FetchRefusal::Status(reply.status().as_u16()));
    }
    let kind = reply.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|it| it.to_str().ok()).unwrap_or("text/html");
    let is_text = kind.to_ascii_lowercase().starts_with("text/");
    let mut bytes = BytesMut::new();
    while bytes.len() < MAX_PAGE_BYTES {
        match reply.chunk().await.map_err(|err| reason(&err))? {
            Some(chunk) => bytes.extend_from_slice(&chunk),
            None => break,
        }
    }
    bytes.truncate(MAX_PAGE_BYTES);
    Ok(FetchedPage {
        bytes: bytes.freeze(),
        is_text,
    })
}
