//! Allowed redirect targets of mailed links.

use url::{Origin, Url};

use crate::settings::Env;

/// The pages of the web app.
#[derive(Clone, Debug)]
pub struct Redirects {
    site: Url,
    origins: Vec<Origin>,
    /// Outside production any page on this machine will do.
    local: bool,
}

impl Redirects {
    /// Pages of `origins`, the first of which is the site. `None` if one of them is no address.
    #[must_use]
    pub fn new(origins: &[String], production: bool) -> Option<Self> {
        let urls: Vec<Url> = origins
            .iter()
            .map(|it| Url::parse(it))
            .collect::<Result<_, _>>()
            .ok()?;
        let site = urls.first()?.clone();
        Some(Self {
            site,
            origins: urls.iter().map(Url::origin).collect(),
            local: !production,
        })
    }

    /// The pages of `WEB_ORIGINS`, and outside production those on this machine. `None`: noted in `env` why not.
    #[must_use]
    pub fn read(env: &Env) -> Option<Self> {
        let redirects = Self::new(&env.list("WEB_ORIGINS"), env.text("STAGE") == "prod");
        if redirects.is_none() {
            env.problem("WEB_ORIGINS has no entry or one that is no address".into());
        }
        redirects
    }

    /// The page that was asked for, if it is one of ours; else the site.
    #[must_use]
    pub fn choose(&self, wanted: Option<&str>) -> Url {
        let mut url = wanted
            .and_then(|it| Url::parse(it).ok())
            .filter(|it| self.allows(it))
            .unwrap_or_else(|| self.site.clone());
        url.set_fragment(None);
        url
    }

    /// A page of the site.
    #[must_use]
    pub fn page(&self, path: &str) -> Url {
        let mut url = self.site.clone();
        url.set_path(path);
        url
    }

    fn allows(&self, url: &Url) -> bool {
        let plain = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none();
        let here = || self.local && matches!(url.host_str(), Some("localhost" | "127.0.0.1"));
        plain && (self.origins.contains(&url.origin()) || here())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(production: bool, wanted: &str) -> String {
        let origins = [
            "https://app.example".to_owned(),
            "https://beta.example:8443".to_owned(),
        ];
        Redirects::new(&origins, production)
            .unwrap()
            .choose(Some(wanted))
            .to_string()
    }

    #[test]
    fn pages_of_ours() {
        for fine in [
            "https://app.example/reset-password?x=1",
            "https://beta.example:8443/dashboard",
        ] {
            assert_eq!(chosen(true, fine), fine);
        }
        assert_eq!(
            chosen(true, "https://app.example/a#access_token=x"),
            "https://app.example/a"
        );
        assert_eq!(
            chosen(false, "http://localhost:5173/a"),
            "http://localhost:5173/a"
        );
    }

    #[test]
    fn everything_else_is_the_site() {
        for bad in [
            "",
            "/relative",
            "https://app.example.evil.test/",
            "https://evil.test/https://app.example",
            "http://app.example/",
            "https://app.example:444/",
            "https://app.example@evil.test/",
            "https://x@app.example/",
            "javascript:alert(1)",
            "//evil.test",
            "https:\\\\evil.test",
            "http://localhost:5173/a",
            "data:text/html,x",
        ] {
            assert_eq!(chosen(true, bad), "https://app.example/", "{bad}");
        }
        assert_eq!(
            chosen(false, "http://localhost.evil.test/"),
            "https://app.example/"
        );
        assert!(Redirects::new(&[], true).is_none());
        assert!(Redirects::new(&["not an address".into()], true).is_none());
    }
}
