//! Fetcher of foreign pictures, safe against SSRF: address checks at connect time, redirects, size and
//! time limits.
//!
//! The address a link leads to is checked when it is connected to, not before, so it cannot change in
//! between; every redirect is checked like the first link; nothing is sent that says who is asking; the
//! body is counted as it comes. See `safety/requirements.md`, part 7.

mod capture;
mod page;
mod version;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use tracing::Instrument;
use url::{Host, Url};

use super::address::is_public;
use crate::domain::{BoxError, FetchedVersion};
use crate::traces::TARGET;

pub use capture::{CapturedAnswer, CapturedHop};
pub use page::FetchedPage;
pub use version::FetchedPicture;

/// How often a link may lead to another.
const MAX_REDIRECTS: usize = 3;

/// The most bytes a picture may have.
const MAX_BYTES: usize = 10 * 1024 * 1024;

const USER_AGENT: &str = "Mozilla/5.0 (compatible; Vara/1.0)";

/// Why a link was not followed, or what it led to was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchRefusal {
    /// Not an absolute http or https address.
    #[error("not a web address")]
    NotWeb,
    /// It carries a user name or a password.
    #[error("address with credentials")]
    Credentials,
    /// A port other than 80 and 443.
    #[error("port not allowed")]
    Port,
    /// It leads to an address that is not the public internet.
    #[error("address not public")]
    NotPublic,
    /// It leads on and on.
    #[error("too many redirects")]
    Redirects,
    /// It answered with something else than success.
    #[error("status {0}")]
    Status(u16),
    /// What came is not a picture we read.
    #[error("not a picture")]
    NotAPicture,
    /// More bytes than we take.
    #[error("too large")]
    TooLarge,
    /// It took too long.
    #[error("too slow")]
    TooSlow,
    /// It could not be found or reached, or broke off.
    #[error("unreachable")]
    Unreachable,
}

/// How long a fetch may take.
#[derive(Clone, Copy, Debug)]
struct Patience {
    connect: Duration,
    /// Between two pieces of an answer.
    idle: Duration,
    /// Everything, redirects included.
    total: Duration,
}

const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(3),
    idle: Duration::from_secs(4),
    total: Duration::from_secs(10),
};

/// Turns a host name into addresses.
type Lookup =
    Arc<dyn Fn(String) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// The one client for links that come from outside.
#[derive(Clone, Debug)]
pub struct Fetcher {
    client: Client,
    /// The one host and port that may be reached although it is not public.
    allowed: Option<(String, u16)>,
    total: Duration,
}

impl Fetcher {
    /// A fetcher. `allowed` is the one `host:port` that may be reached although it is not public; only
    /// the local stack names one.
    pub fn new(allowed: Option<&str>) -> Result<Self, BoxError> {
        Self::with(allowed, Arc::new(system_lookup), PATIENCE)
    }

    fn with(allowed: Option<&str>, lookup: Lookup, patience: Patience) -> Result<Self, BoxError> {
        let allowed = allowed.map(host_and_port).transpose()?;
        let resolver = PublicOnly {
            lookup,
            except: allowed.as_ref().map(|it| it.0.clone()),
        };
        let client = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(Policy::none())
            .referer(false)
            .tls_info(true)
            .no_proxy()
            .dns_resolver(Arc::new(resolver))
            .connect_timeout(patience.connect)
            .read_timeout(patience.idle)
            .pool_idle_timeout(Duration::from_secs(5))
            .build()?;
        Ok(Self {
            client,
            allowed,
            total: patience.total,
        })
    }

    /// The picture at `link`, by its bytes and not by its name.
    pub async fn picture(&self, link: &str) -> Result<Bytes, FetchRefusal> {
        let fetched = self.picture_unless(link, None).await?;
        // Nobody is asked for less than the whole here.
        fetched.bytes.ok_or(FetchRefusal::Status(304))
    }

    /// The picture at `link`. The server that sent the version `known` may say that it is the same.
    pub async fn picture_unless(
        &self,
        link: &str,
        known: Option<&FetchedVersion>,
    ) -> Result<FetchedPicture, FetchRefusal> {
        let span = tracing::info_span!(target: TARGET, "fetch");
        tokio::time::timeout(self.total, self.follow(link, known))
            .instrument(span)
            .await
            .unwrap_or(Err(FetchRefusal::TooSlow))
    }

    async fn follow(
        &self,
        link: &str,
        known: Option<&FetchedVersion>,
    ) -> Result<FetchedPicture, FetchRefusal> {
        let mut url = Url::parse(link).map_err(|_| FetchRefusal::NotWeb)?;
        for _ in 0..=MAX_REDIRECTS {
            self.check(&url)?;
            let from = version::digest(url.as_str().as_bytes());
            let known = known.filter(|it| it.from == from);
            let request = self.client.get(url.clone()).header(ACCEPT, "image/*");
            let reply = version::conditional(request, known).send().await;
            let reply = reply.map_err(|err| reason(&err))?;
            if let (StatusCode::NOT_MODIFIED, Some(known)) = (reply.status(), known) {
                return Ok(FetchedPicture::unchanged(known));
            }
            if !reply.status().is_redirection() {
                let headers = reply.headers().clone();
                return Ok(FetchedPicture::new(from, &headers, body(reply).await?));
            }
            let next = reply
                .headers()
                .get(LOCATION)
                .and_then(|it| it.to_str().ok());
            url = url
                .join(next.ok_or(FetchRefusal::Status(reply.status().as_u16()))?)
                .map_err(|_| FetchRefusal::NotWeb)?;
        }
        Err(FetchRefusal::Redirects)
    }

    /// Sends `body` to an address somebody named, and says with which status it was answered. Nothing
    /// else of the answer is read, and it leads nowhere else.
    pub async fn post(
        &self,
        link: &str,
        headers: &[(&'static str, String)],
        body: String,
    ) -> Result<u16, FetchRefusal> {
        let url = Url::parse(link).map_err(|_| FetchRefusal::NotWeb)?;
        self.check(&url)?;
        let mut request = self.client.post(url).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let sent = tokio::time::timeout(self.total, request.send());
        let reply = sent.await.map_err(|_| FetchRefusal::TooSlow)?;
        let status = reply.map_err(|err| reason(&err))?.status();
        if status.is_success() {
            Ok(status.as_u16())
        } else {
            Err(FetchRefusal::Status(status.as_u16()))
        }
    }

    /// Everything that can be said of a link before it is resolved.
    fn check(&self, url: &Url) -> Result<(), FetchRefusal> {
        check(url, self.allowed.as_ref())
    }
}

/// Whether we would call an address that somebody names for us to call: https, and not of a network of
/// our own. `allowed` is the one `host:port` for which neither counts.
#[must_use]
pub fn may_be_called(link: &str, allowed: Option<&str>) -> bool {
    let allowed = allowed.and_then(|it| host_and_port(it).ok());
    Url::parse(link).is_ok_and(|url| {
        let excepted = allowed.as_ref().map(|it| it.0.as_str()) == url.host_str();
        (url.scheme() == "https" || excepted) && check(&url, allowed.as_ref()).is_ok()
    })
}

fn check(url: &Url, except: Option<&(String, u16)>) -> Result<(), FetchRefusal> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(FetchRefusal::NotWeb);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(FetchRefusal::Credentials);
    }
    let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
        return Err(FetchRefusal::NotWeb);
    };
    match except {
        Some((name, allowed)) if host.to_string() == *name => {
            return if port == *allowed {
                Ok(())
            } else {
                Err(FetchRefusal::NotPublic)
            };
        }
        _ => {}
    }
    if !matches!(port, 80 | 443) {
        return Err(FetchRefusal::Port);
    }
    // A literal address never reaches the resolver. `Url` has already read the odd spellings
    // (octal, hexadecimal, one big number) as the browser would.
    match host {
        Host::Ipv4(it) if !is_public(it.into()) => Err(FetchRefusal::NotPublic),
        Host::Ipv6(it) if !is_public(it.into()) => Err(FetchRefusal::NotPublic),
        _ => Ok(()),
    }
}

/// The body of an answer, if it is a picture.
async fn body(mut reply: Response) -> Result<Bytes, FetchRefusal> {
    // A part of a picture, or none, is a success too, but none that was asked for.
    if reply.status() != StatusCode::OK {
        return Err(FetchRefusal::Status(reply.status().as_u16()));
    }
    let claimed = reply
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|it| it.to_str().ok())
        .unwrap_or_default();
    if !claimed.to_ascii_lowercase().starts_with("image/") {
        return Err(FetchRefusal::NotAPicture);
    }
    if reply
        .content_length()
        .is_some_and(|it| it > MAX_BYTES as u64)
    {
        return Err(FetchRefusal::TooLarge);
    }
    let mut bytes = BytesMut::new();
    while let Some(chunk) = reply.chunk().await.map_err(|err| reason(&err))? {
        if bytes.len() + chunk.len() > MAX_BYTES {
            return Err(FetchRefusal::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    if vara_imaging::sniff(&bytes).is_none() {
        return Err(FetchRefusal::NotAPicture);
    }
    Ok(bytes.freeze())
}

/// Why a request failed. Our own refusals travel through the client's errors.
fn reason(err: &reqwest::Error) -> FetchRefusal {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(err);
    while let Some(it) = cause {
        if let Some(refusal) = it.downcast_ref::<FetchRefusal>() {
            return *refusal;
        }
        cause = it.source();
    }
    if err.is_timeout() {
        FetchRefusal::TooSlow
    } else {
        FetchRefusal::Unreachable
    }
}

fn host_and_port(text: &str) -> Result<(String, u16), BoxError> {
    let url = Url::parse(&format!("http://{text}/"))?;
    match (url.host_str(), url.port_or_known_default()) {
        (Some(host), Some(port)) if url.path() == "/" && url.query().is_none() => {
            Ok((host.to_owned(), port))
        }
        _ => Err("not a host and a port".into()),
    }
}

fn system_lookup(host: String) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> {
    Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.collect()) })
}

/// A resolver that knows public addresses only. What it answers is what is connected to.
struct PublicOnly {
    lookup: Lookup,
    except: Option<String>,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let excepted = self.except.as_deref() == Some(name.as_str());
        let found = (self.lookup)(name.as_str().to_owned());
        Box::pin(async move {
            let found = found.await?;
            // One bad address is enough: a name with both kinds is made to slip through.
            if !excepted && !found.iter().all(|it| is_public(it.ip())) {
                return Err(FetchRefusal::NotPublic.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod corpus_tests;
