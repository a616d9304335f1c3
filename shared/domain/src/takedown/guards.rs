//! Guards against misuse of requests: what may be asked for, how much, and what is not sent.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::named_values::named_values;
use crate::{Match, MatchStatus, ReviewStatus, Tier};

/// The most new requests of a day.
pub const MAX_NEW_A_DAY: u32 = 20;

/// The most requests that are open at once.
pub const MAX_OPEN: u32 = 100;

const LIST: &str = include_str!("../../../catalogue/public_interest.txt");

/// Why a finding is none that she can ask about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotYours {
    /// She said that it is not her.
    Dismissed,
    /// She was asked whether it is her, and has not answered.
    Unanswered,
    /// Nothing but a weak likeness speaks for it.
    Unsure,
}

impl NotYours {
    /// In words for her.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::Dismissed => "You said that this is not you, so it cannot be asked for.",
            Self::Unanswered => "Please say first whether this is you.",
            Self::Unsure => "We are not sure enough that this is you to ask for it.",
        }
    }
}

/// Whether she can ask for the removal of a finding: it is of a picture of hers, and it was confirmed, by her or by
/// our own comparison.
///
/// # Errors
///
/// Why she cannot.
pub fn may_ask(found: &Match) -> Result<(), NotYours> {
    if found.status == MatchStatus::Dismissed || found.review_status == ReviewStatus::Dismissed {
        return Err(NotYours::Dismissed);
    }
    match found.review_status {
        ReviewStatus::Confirmed => Ok(()),
        ReviewStatus::Active if found.confidence.is_some_and(|it| it >= Tier::Medium) => Ok(()),
        ReviewStatus::Active => Err(NotYours::Unsure),
        _ => Err(NotYours::Unanswered),
    }
}

named_values! {
    /// Why a page may be of public interest.
    PublicInterest {
        /// A site of news.
        News = "NEWS",
        /// A court, or a collection of decisions.
        Court = "COURT",
        /// A government.
        Government = "GOVERNMENT",
        /// An archive of the web.
        Archive = "ARCHIVE",
    }
}

static SITES: LazyLock<HashMap<&'static str, PublicInterest>> =
    LazyLock::new(|| LIST.lines().filter_map(entry).collect());

fn entry(line: &'static str) -> Option<(&'static str, PublicInterest)> {
    let (kind, domain) = line.split_once(' ')?;
    let kind = match kind {
        "news" => PublicInterest::News,
        "court" => PublicInterest::Court,
        "government" => PublicInterest::Government,
        "archive" => PublicInterest::Archive,
        _ => return None,
    };
    Some((domain, kind))
}

/// Whether pages of a host are often of public interest, by the longest suffix on a dot.
#[must_use]
pub fn public_interest(host: &str) -> Option<PublicInterest> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let mut suffixes = std::iter::successors(Some(host), |it| Some(it.split_once('.')?.1));
    suffixes.find_map(|it| SITES.get(it).copied())
}

/// The domain under which somebody registered this host; the host itself if it is an address or a public suffix.
#[must_use]
pub fn registrable_domain(host: &str) -> String {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    match psl::domain_str(&host) {
        Some(domain) if !is_address(&host) => domain.to_owned(),
        _ => host,
    }
}

fn is_address(host: &str) -> bool {
    let parsed = url::Host::parse(host);
    host.starts_with('[') || matches!(parsed, Ok(url::Host::Ipv4(_) | url::Host::Ipv6(_)))
}

/// Whether a mailbox belongs to whoever runs this host: a mail may go to the site itself and to nobody else.
#[must_use]
pub fn is_of_site(mailbox: &str, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let Some(site) = psl::domain_str(&host).filter(|_| !is_address(&host)) else {
        return false;
    };
    let domain = mailbox.rsplit_once('@').map(|it| registrable_domain(it.1));
    domain.is_some_and(|it| it == site)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::finding;
    use crate::{ImageId, ScanId, Timestamp};

    fn found(status: MatchStatus, review_status: ReviewStatus, tier: Tier) -> Match {
        let now = Timestamp::from_epoch_seconds(1_800_000_000).expect("a time");
        Match {
            status,
            review_status,
            confidence: Some(tier),
            ..finding(ImageId::next(), ScanId::next(), "https://a.example/1", now)
        }
    }

    #[test]
    fn only_what_is_hers_can_be_asked_for() {
        use MatchStatus::{Actioned, Dismissed, FlaggedForReview, New, Reviewed};
        use ReviewStatus as R;
        for (status, review, tier, answer) in [
            (New, R::Active, Tier::High, Ok(())),
            (Actioned, R::Active, Tier::Medium, Ok(())),
            (New, R::Active, Tier::Low, Err(NotYours::Unsure)),
            (Reviewed, R::Confirmed, Tier::Low, Ok(())),
            (
                FlaggedForReview,
                R::FlaggedForReview,
                Tier::High,
                Err(NotYours::Unanswered),
            ),
            (
                Dismissed,
                R::Dismissed,
                Tier::High,
                Err(NotYours::Dismissed),
            ),
            (Dismissed, R::Active, Tier::High, Err(NotYours::Dismissed)),
        ] {
            assert_eq!(
                may_ask(&found(status, review, tier)),
                answer,
                "{status:?} {review:?}"
            );
        }
    }

    #[test]
    fn pages_of_public_interest_by_suffix() {
        for (host, wanted) in [
            ("www.nytimes.com", Some(PublicInterest::News)),
            ("web.archive.org", Some(PublicInterest::Archive)),
            ("www.ftc.gov", Some(PublicInterest::Government)),
            ("ca9.uscourts.gov", Some(PublicInterest::Court)),
            ("notbbc.com", None),
            ("gov.example", None),
        ] {
            assert_eq!(public_interest(host), wanted, "{host}");
        }
        let lines = LIST.lines().filter(|it| !it.starts_with('#')).count();
        assert_eq!(
            SITES.len(),
            lines,
            "every line is an entry, and none is there twice"
        );
    }

    #[test]
    fn a_mail_goes_to_the_site_and_to_nobody_else() {
        for (mailbox, host, wanted) in [
            ("abuse@example.net", "forum-1.example.net", true),
            ("abuse@mail.example.net", "example.net", true),
            ("abuse@example.co.uk", "www.example.co.uk", true),
            ("abuse@other.co.uk", "www.example.co.uk", false),
            ("abuse@co.uk", "co.uk", false),
            ("eve@example.com", "example.net", false),
            ("a@127.0.0.1", "127.0.0.1", false),
            ("a@localhost", "localhost", false),
        ] {
            assert_eq!(is_of_site(mailbox, host), wanted, "{mailbox} {host}");
        }
        assert_eq!(registrable_domain("A.B.Example.CO.UK."), "example.co.uk");
        assert_eq!(registrable_domain("10.0.0.1"), "10.0.0.1");
    }
}
