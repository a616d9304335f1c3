//! Domains as TinEye names them.

use url::{Host, Url};

/// Second levels under which names are sold in many countries. The real service has the
/// whole public suffix list; pages here are invented.
const SECOND_LEVELS: [&str; 8] = ["ac", "co", "com", "edu", "gov", "net", "ne", "org"];

/// The host of a page and the registered domain above it.
pub(crate) fn domains(page: &Url) -> (String, String) {
    let domain = page.host_str().unwrap_or_default().to_owned();
    let registered = match page.host() {
        Some(Host::Domain(name)) => registered(name).to_owned(),
        _ => domain.clone(),
    };
    (domain, registered)
}

fn registered(domain: &str) -> &str {
    let mut labels = domain.rsplit('.');
    let (Some(top), Some(second)) = (labels.next(), labels.next()) else {
        return domain;
    };
    let third = labels
        .next()
        .filter(|_| top.len() == 2 && SECOND_LEVELS.contains(&second));
    let length = top.len() + 1 + second.len() + third.map_or(0, |it| it.len() + 1);
    &domain[domain.len() - length..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registered_domain_is_above_the_host() {
        let of = |url: &str| domains(&Url::parse(url).unwrap()).1;
        assert_eq!(of("https://a.forum.example.net/t/42"), "example.net");
        assert_eq!(of("https://example.net/"), "example.net");
        assert_eq!(of("https://www.shop.co.uk/x"), "shop.co.uk");
        assert_eq!(of("https://co.uk/x"), "co.uk");
        assert_eq!(of("http://localhost:80/"), "localhost");
        assert_eq!(of("http://127.0.0.1:4010/x"), "127.0.0.1");
    }
}
