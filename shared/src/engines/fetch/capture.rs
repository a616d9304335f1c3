//! Fetching for evidence: the whole answer of a page with every redirect, the headers, the address that answered
//! and the certificate of the server.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use reqwest::header::{ACCEPT, CONTENT_TYPE, DATE, LOCATION};
use reqwest::tls::TlsInfo;
use url::Url;

use super::{FetchRefusal, Fetcher, MAX_REDIRECTS, reason};
use crate::clock;
use crate::domain::Timestamp;

/// How long a capture of one address may take, redirects included.
const CAPTURE_TIMEOUT: Duration = Duration::from_secs(30);

/// The most bytes of headers that are kept.
const MAX_HEADER_BYTES: usize = 32 * 1024;

/// An answer on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapturedHop {
    /// The address that was asked.
    pub url: String,
    /// The status of the answer.
    pub status: u16,
    /// Where it led on to.
    pub location: Option<String>,
    /// When it came.
    pub at: Timestamp,
    /// The address of the network that answered.
    pub ip: Option<String>,
}

/// An answer as it came, whatever its status.
#[derive(Clone, Debug)]
pub struct CapturedAnswer {
    /// All answers on the way, this one last.
    pub hops: Vec<CapturedHop>,
    /// Its headers in their order, as text.
    pub headers: Vec<(String, String)>,
    /// Its body, with the content coding it came in.
    pub body: Bytes,
    /// The certificate of its server, in DER.
    pub certificate: Option<Vec<u8>>,
}

impl CapturedAnswer {
    /// The last answer.
    #[must_use]
    pub fn last(&self) -> Option<&CapturedHop> {
        self.hops.last()
    }

    /// A header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = self.headers.iter().find(|it| it.0 == name);
        named.map(|it| it.1.as_str())
    }

    /// Its media type as its server said.
    #[must_use]
    pub fn media_type(&self) -> &str {
        self.header(CONTENT_TYPE.as_str())
            .unwrap_or("application/octet-stream")
    }

    /// The time that its server said it was.
    #[must_use]
    pub fn server_time(&self) -> Option<Timestamp> {
        let said = httpdate::parse_http_date(self.header(DATE.as_str())?).ok()?;
        let since = said.duration_since(std::time::UNIX_EPOCH).ok()?;
        Timestamp::from_epoch_seconds(i64::try_from(since.as_secs()).ok()?)
    }
}

impl Fetcher {
    /// The answer at `link` of at most `most` bytes, whatever its status, asked for as a visitor's browser would.
    pub async fn capture(
        &self,
        link: &str,
        accept: &'static str,
        most: usize,
    ) -> Result<CapturedAnswer, FetchRefusal> {
        let captured = self.follow_capturing(link, accept, most);
        tokio::time::timeout(CAPTURE_TIMEOUT.max(self.total), captured)
            .await
            .unwrap_or(Err(FetchRefusal::TooSlow))
    }

    async fn follow_capturing(
        &self,
        link: &str,
        accept: &'static str,
        most: usize,
    ) -> Result<CapturedAnswer, FetchRefusal> {
        let mut url = Url::parse(link).map_err(|_| FetchRefusal::NotWeb)?;
        let mut hops = Vec::new();
        for _ in 0..=MAX_REDIRECTS {
            self.check(&url)?;
            let request = self.client.get(url.clone()).header(ACCEPT, accept);
            let reply = request.send().await.map_err(|err| reason(&err))?;
            let location = reply.headers().get(LOCATION);
            let location = location.and_then(|it| it.to_str().ok()).map(str::to_owned);
            let leads_on = location.clone().filter(|_| reply.status().is_redirection());
            hops.push(CapturedHop {
                url: url.to_string(),
                status: reply.status().as_u16(),
                location,
                at: clock::now(),
                ip: reply.remote_addr().map(|it| it.ip().to_string()),
            });
            match leads_on {
                Some(next) => url = url.join(&next).map_err(|_| FetchRefusal::NotWeb)?,
                None => return read(reply, hops, most).await,
            }
        }
        Err(FetchRefusal::Redirects)
    }
}

async fn read(
    mut reply: Response,
    hops: Vec<CapturedHop>,
    most: usize,
) -> Result<CapturedAnswer, FetchRefusal> {
    let mut headers = Vec::new();
    let mut left = MAX_HEADER_BYTES;
    for (name, value) in reply.headers() {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        left = left
            .checked_sub(name.as_str().len() + value.len())
            .ok_or(FetchRefusal::TooLarge)?;
        headers.push((name.as_str().to_owned(), value));
    }
    let tls = reply.extensions().get::<TlsInfo>();
    let certificate = tls.and_then(TlsInfo::peer_certificate).map(<[u8]>::to_vec);
    if reply.content_length().is_some_and(|it| it > most as u64) {
        return Err(FetchRefusal::TooLarge);
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = reply.chunk().await.map_err(|err| reason(&err))? {
        if body.len() + chunk.len() > most {
            return Err(FetchRefusal::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(CapturedAnswer {
        hops,
        headers,
        body: body.freeze(),
        certificate,
    })
}
