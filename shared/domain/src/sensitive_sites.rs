//! Adult sites and leak sites: findings there are more severe.
//!
//! The list is `sensitive_sites.txt`; its header says where it comes from and how it is maintained.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// Why a copy on a site is more severe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SensitiveSite {
    /// It is a site of adult content.
    Adult,
    /// It is known for pictures that were published against somebody's will.
    Leak,
}

const LIST: &str = include_str!("sensitive_sites.txt");

static SITES: LazyLock<HashMap<&'static str, SensitiveSite>> =
    LazyLock::new(|| LIST.lines().filter_map(entry).collect());

/// An entry of the list; nothing for a remark or a line that is not of its form.
fn entry(line: &'static str) -> Option<(&'static str, SensitiveSite)> {
    let (kind, domain) = line.split_once(' ')?;
    match kind {
        "adult" => Some((domain, SensitiveSite::Adult)),
        "leak" => Some((domain, SensitiveSite::Leak)),
        _ => None,
    }
}

/// What kind of sensitive site a host belongs to, by suffix on a dot.
#[must_use]
pub fn sensitive_site(host: &str) -> Option<SensitiveSite> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let mut suffixes = std::iter::successors(Some(host), |it| Some(it.split_once('.')?.1));
    suffixes.find_map(|it| SITES.get(it).copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CanonicalUrl;

    #[test]
    fn hosts_by_suffix_on_a_dot() {
        use SensitiveSite::{Adult, Leak};
        for (host, site) in [
            ("pornhub.com", Some(Adult)),
            ("de.pornhub.com", Some(Adult)),
            ("pornhub.com.", Some(Adult)),
            ("www.erome.com", Some(Leak)),
            ("forums.socialmediagirls.com", Some(Leak)),
            ("anything.xxx", Some(Adult)),
            ("notpornhub.com", None),
            ("pornhub.com.evil.example", None),
            ("xxx.example.net", None),
            ("forum.example.net", None),
            ("com", None),
            ("", None),
        ] {
            assert_eq!(sensitive_site(host), site, "{host}");
        }
    }

    #[test]
    fn the_list_is_sorted_and_holds_host_names_only() {
        let lines: Vec<_> = LIST
            .lines()
            .filter(|it| !it.is_empty() && !it.starts_with('#'))
            .collect();
        assert!(lines.is_sorted(), "sorted by kind and domain");
        for line in &lines {
            let (domain, _) = entry(line).unwrap_or_else(|| panic!("{line}"));
            let url = CanonicalUrl::parse(&format!("https://{domain}/")).unwrap();
            assert_eq!(url.host(), domain);
        }
        assert_eq!(SITES.len(), lines.len(), "each once");
    }
}
