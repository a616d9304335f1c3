//! One look at the addresses of a request: fetched safely, without cookies, never shown to anybody.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use url::Url;
use uuid::Uuid;
use vara_evidence::sha256_hex;

use crate::domain::takedown::LookOutcome;
use crate::domain::takedown::recheck::{PageAnswer, conclude};
use crate::engines::{FetchRefusal, FetchedPage, Fetcher};

use super::her_picture::{HerPicture, ShownPicture};
use super::page_pictures::picture_links;

/// Words by which a page says that one has to prove to be a person or to sign in.
const WALLS: [&str; 5] = [
    "captcha",
    "cf-challenge",
    "verify you are human",
    "log in to continue",
    "sign in to continue",
];

/// The most bytes of a page in which walls are looked for.
const WALL_BYTES: usize = 20_000;

/// How much shorter or longer two pages may be that count as the same answer, in percent.
const ALIKE_PERCENT: usize = 5;

/// Looks at pages.
pub(super) struct PageLooker<'a> {
    fetcher: &'a Fetcher,
    hers: &'a HerPicture,
}

/// What a look saw.
pub(super) struct Looked {
    pub(super) outcome: LookOutcome,
    /// Where a picture was seen that shows her: the digest of its bytes by address.
    pub(super) pictures: BTreeMap<String, String>,
}

/// What a server answers for one address, and the digest of the picture there that shows her.
type AnswerAt = (PageAnswer, Option<String>);

impl<'a> PageLooker<'a> {
    pub(super) fn new(fetcher: &'a Fetcher, hers: &'a HerPicture) -> Self {
        Self { fetcher, hers }
    }

    /// What the servers answer for all addresses of a request together.
    pub(super) async fn look(&self, page: &str, urls: &[String]) -> Looked {
        let items: Vec<&str> = urls
            .iter()
            .map(String::as_str)
            .filter(|it| *it != page)
            .collect();
        let answers = urls
            .iter()
            .map(|it| self.answer(it, (it == page).then_some(&*items)));
        let (answers, seen): (Vec<_>, Vec<_>) = join_all(answers).await.into_iter().unzip();
        let seen = urls.iter().zip(seen);
        Looked {
            outcome: conclude(&answers),
            pictures: seen
                .filter_map(|(link, digest)| Some((link.clone(), digest?)))
                .collect(),
        }
    }

    /// What a server answers for one address. The page of the finding is also asked for the other addresses.
    async fn answer(&self, link: &str, items: Option<&[&str]>) -> AnswerAt {
        let page = match self.fetcher.page(link).await {
            Ok(page) => page,
            Err(FetchRefusal::Status(404 | 410)) => return (PageAnswer::Missing, None),
            Err(FetchRefusal::Status(_) | FetchRefusal::Redirects) => {
                return (PageAnswer::Blocked, None);
            }
            Err(_) => return (PageAnswer::Unreachable, None),
        };
        if !page.is_text {
            return self.picture(link, page).await;
        }
        if is_wall(&page.bytes) {
            return (PageAnswer::Blocked, None);
        }
        if self.is_soft_missing(link, &page).await {
            return (PageAnswer::SoftMissing, None);
        }
        match items {
            Some(items) => self.page(link, &page, items).await,
            None => (PageAnswer::There, None),
        }
    }

    /// What is at the address of a picture.
    async fn picture(&self, link: &str, start: FetchedPage) -> AnswerAt {
        let bytes = match self.fetcher.picture(link).await {
            Ok(bytes) => bytes,
            // No picture, or one that is too large: it is there, and that is all we know.
            Err(_) => start.bytes,
        };
        let digest = sha256_hex(&bytes);
        match self.hers.likeness(link, bytes).await {
            ShownPicture::Same => (PageAnswer::There, Some(digest)),
            ShownPicture::Other if self.hers.was_at(link) => (PageAnswer::Replaced, None),
            // A part of hers is no copy of it: what is there at first is what she asked about.
            ShownPicture::Other | ShownPicture::Unclear if !self.hers.was_at(link) => {
                (PageAnswer::There, Some(digest))
            }
            ShownPicture::Other | ShownPicture::Unclear => (PageAnswer::There, None),
        }
    }

    /// What the page of the finding shows.
    async fn page(&self, link: &str, page: &FetchedPage, items: &[&str]) -> AnswerAt {
        if !items.is_empty() && names_any(&page.bytes, items) {
            return (PageAnswer::There, None);
        }
        let shown = self.shown_on(link, page).await;
        match (shown, items.is_empty()) {
            (Some(digest), true) => (PageAnswer::There, Some(digest)),
            (Some(digest), false) => (PageAnswer::Elsewhere, Some(digest)),
            (None, true) if !self.hers.was_at(link) => (PageAnswer::There, None),
            (None, _) => (PageAnswer::WithoutItems, None),
        }
    }

    /// The digest of the first picture of a page that is a copy of hers.
    async fn shown_on(&self, link: &str, page: &FetchedPage) -> Option<String> {
        if !self.hers.is_comparable() {
            return None;
        }
        let links = picture_links(&String::from_utf8_lossy(&page.bytes), link);
        let fetched = join_all(links.iter().map(|it| self.fetcher.picture(it))).await;
        for (link, bytes) in links.iter().zip(fetched) {
            let Ok(bytes) = bytes else { continue };
            let digest = sha256_hex(&bytes);
            if self.hers.likeness(link, bytes).await == ShownPicture::Same {
                return Some(digest);
            }
        }
        None
    }

    /// Whether the server answers the same for an address beside it that cannot be there.
    async fn is_soft_missing(&self, link: &str, page: &FetchedPage) -> bool {
        let Some(sibling) = sibling(link) else {
            return false;
        };
        match self.fetcher.page(&sibling).await {
            Ok(other) => is_alike(page.bytes.len(), other.bytes.len()),
            Err(_) => false,
        }
    }
}

/// An address in the same place that nobody has made.
fn sibling(link: &str) -> Option<String> {
    let mut url = Url::parse(link).ok()?;
    url.set_query(None);
    let name = format!("{}", Uuid::new_v4().simple());
    url.path_segments_mut().ok()?.pop().push(&name);
    Some(url.into())
}

fn is_alike(one: usize, other: usize) -> bool {
    one.abs_diff(other) * 100 <= one.max(other) * ALIKE_PERCENT
}

fn is_wall(bytes: &[u8]) -> bool {
    let head = bytes.get(..WALL_BYTES).unwrap_or(bytes);
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    WALLS.iter().any(|it| head.contains(it))
}

fn names_any(bytes: &[u8], items: &[&str]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    items.iter().any(|it| {
        let path = Url::parse(it)
            .map(|it| it.path().to_owned())
            .unwrap_or_default();
        text.contains(it) || path.len() > 1 && text.contains(&path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_judged_by_their_bytes_alone() {
        assert!(is_alike(1000, 1040) && !is_alike(1000, 1100) && is_alike(0, 0));
        assert!(is_wall(b"<h1>Please solve the CAPTCHA</h1>") && !is_wall(b"<h1>A thread</h1>"));
        let page = b"<img src=\"/i/1.jpg\">";
        assert!(names_any(page, &["https://a.example/i/1.jpg"]));
        assert!(!names_any(
            page,
            &["https://a.example/i/2.jpg", "https://a.example/"]
        ));
        let beside = sibling("https://a.example/t/1?x=2").unwrap();
        assert!(beside.starts_with("https://a.example/t/") && !beside.contains("?x"));
    }
}

#[cfg(test)]
mod picture_tests;
