//! Canonical URLs of pages and pictures (tracking parameters removed), and the platform they belong to.

use serde::{Deserialize, Serialize};
use url::Url;

/// An http(s) address in one spelling, so that the same page is the same finding.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CanonicalUrl(String);

/// Query parameters that say how a visitor came, not what she sees.
const TRACKING: [&str; 6] = ["fbclid", "gclid", "igshid", "mc_cid", "mc_eid", "ref_src"];

impl CanonicalUrl {
    /// Canonical form of `text`: lower-case host, no default port, no fragment, no credentials, no
    /// tracking parameters. `None` if it is not an http or https address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut url = Url::parse(text.trim()).ok()?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return None;
        }
        url.set_fragment(None);
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
        let kept: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(key, _)| !key.starts_with("utm_") && !TRACKING.contains(&&**key))
            .map(|(key, value)| (key.into_owned(), value.into_owned()))
            .collect();
        if kept.len() != url.query_pairs().count() {
            url.set_query(None);
            if !kept.is_empty() {
                url.query_pairs_mut().extend_pairs(kept);
            }
        }
        Some(Self(url.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host, in lower case.
    #[must_use]
    pub fn host(&self) -> String {
        Url::parse(&self.0)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default()
    }
}

impl std::fmt::Display for CanonicalUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Hosts of the networks the screen knows, and the spelling it expects.
const PLATFORMS: [(&str, &str); 11] = [
    ("instagram.com", "Instagram"),
    ("facebook.com", "Facebook"),
    ("fb.com", "Facebook"),
    ("twitter.com", "Twitter"),
    ("x.com", "Twitter"),
    ("tiktok.com", "TikTok"),
    ("linkedin.com", "LinkedIn"),
    ("youtube.com", "YouTube"),
    ("reddit.com", "Reddit"),
    ("pinterest.com", "Pinterest"),
    ("tumblr.com", "Tumblr"),
];

/// The network a host belongs to, by suffix on a dot: `x.com` is Twitter, `netflix.com` is not.
#[must_use]
pub fn platform_of(host: &str) -> Option<&'static str> {
    PLATFORMS
        .iter()
        .find(|(suffix, _)| {
            host.strip_suffix(suffix)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
        .map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling() {
        for (text, want) in [
            (
                "HTTPS://Example.NET:443/a?b=1#frag",
                "https://example.net/a?b=1",
            ),
            ("http://user:pw@example.net/a", "http://example.net/a"),
            (
                "https://example.net/a?utm_source=x&id=7&fbclid=q",
                "https://example.net/a?id=7",
            ),
            (
                "https://example.net/a?utm_source=x",
                "https://example.net/a",
            ),
            (" https://example.net ", "https://example.net/"),
        ] {
            assert_eq!(CanonicalUrl::parse(text).unwrap().as_str(), want);
        }
        for text in [
            "",
            "javascript:alert(1)",
            "ftp://example.net/",
            "/a",
            "data:image/png;base64,AA",
        ] {
            assert_eq!(CanonicalUrl::parse(text), None, "{text}");
        }
    }

    #[test]
    fn platforms_by_suffix() {
        assert_eq!(platform_of("x.com"), Some("Twitter"));
        assert_eq!(platform_of("mobile.twitter.com"), Some("Twitter"));
        assert_eq!(platform_of("www.instagram.com"), Some("Instagram"));
        assert_eq!(platform_of("netflix.com"), None);
        assert_eq!(platform_of("instagram.com.evil.example"), None);
    }
}
