//! Keys and gate from the settings; minimum lengths and rotation of secrets.

use super::keys::SECRET_CHARS;
use super::published::PublishedKeys;
use super::{Access, External, Gate, Keys};
use crate::settings::Env;
use crate::store::Store;

impl Keys {
    /// The keys of `SECRET`, and of `SIGNING_SECRET` where it is set; what was signed under
    /// `SECRET_PREVIOUS` and `SIGNING_SECRET_PREVIOUS`, if set, is believed as well. They may be several,
    /// separated by spaces: while a secret is changed, some functions have the old one and some the new.
    #[must_use]
    pub fn read(env: &Env) -> Self {
        env.text("SECRET");
        let shared = secrets(env, &["SECRET", "SECRET_PREVIOUS"]);
        let signing = secrets(env, &["SIGNING_SECRET", "SIGNING_SECRET_PREVIOUS"]);
        let (Some(shared), Some(signing)) = (shared, signing) else {
            return Self::none();
        };
        Self::of(&shared, &signing).unwrap_or_else(|err| {
            if !shared.is_empty() {
                env.problem(format!("SECRET or SIGNING_SECRET {err}"));
            }
            Self::none()
        })
    }
}

/// The secrets of these names that are set. `None`: noted that one of them could be guessed.
fn secrets(env: &Env, names: &[&str]) -> Option<Vec<String>> {
    let set = names.iter().flat_map(|name| {
        let value = env.optional(name).unwrap_or_default();
        let may_be_several = name.ends_with("_PREVIOUS");
        let values = value.split(|it: char| may_be_several && it.is_whitespace());
        let values = values.filter(|it| !it.is_empty());
        values.map(|it| (name, it.to_owned())).collect::<Vec<_>>()
    });
    let checked = set.map(|(name, secret)| {
        let is_long = secret.chars().count() >= SECRET_CHARS;
        if !is_long {
            env.problem(format!("{name} has fewer than {SECRET_CHARS} characters"));
        }
        is_long.then_some(secret)
    });
    // All of them are checked, so that all problems are told.
    checked.collect::<Vec<_>>().into_iter().collect()
}

impl Gate {
    /// The gate of `SECRET` and `PUBLIC_URL`, and of `EXTERNAL_ISSUER` with `EXTERNAL_JWT_SECRET` or
    /// `EXTERNAL_JWKS_URL`, if set. Without `SIGNING_SECRET` it verifies with the published keys.
    #[must_use]
    pub fn new(env: &Env, store: Store) -> Self {
        let (keys, public_url) = (Keys::read(env), env.text("PUBLIC_URL"));
        let access = if keys.can_sign() {
            Access::new(keys, &public_url)
        } else {
            Access::verifying(keys, &public_url, PublishedKeys::new(store.clone()))
        };
        Self::over(access, external(env), store)
    }
}

fn external(env: &Env) -> Option<External> {
    let issuer = env.optional("EXTERNAL_ISSUER")?;
    match (
        env.optional("EXTERNAL_JWT_SECRET"),
        env.optional("EXTERNAL_JWKS_URL"),
    ) {
        (Some(secret), None) => {
            // An HS256 key shorter than its hash can be guessed from any one token (RFC 7518, 3.2).
            secrets(env, &["EXTERNAL_JWT_SECRET"])?;
            Some(External::with_secret(&issuer, &secret))
        }
        (None, Some(url)) => External::with_keys_at(&issuer, &url)
            .inspect_err(|err| {
                env.problem(format!("EXTERNAL_JWKS_URL cannot be used: {}", err.chain()))
            })
            .ok(),
        _ => {
            env.problem(
                "EXTERNAL_ISSUER needs either EXTERNAL_JWT_SECRET or EXTERNAL_JWKS_URL".into(),
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn problems(values: &[(&str, &str)]) -> String {
        let env = Env::of(
            values
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into())),
        );
        let store = crate::testing::store().await;
        let _gate = Gate::new(&env, store);
        env.check()
            .map_or_else(|err| err.to_string(), |()| String::new())
    }

    const SECRET: (&str, &str) = ("SECRET", "a-secret-of-more-than-thirty-two-characters");
    const URL: (&str, &str) = ("PUBLIC_URL", "http://localhost:4000");

    /// Whichever of two secrets a function finds when it starts, it believes both.
    #[test]
    fn while_a_secret_changes_both_are_believed() {
        let (old, new) = (
            SECRET.1,
            "another-secret-of-more-than-thirty-two-characters",
        );
        let keys = |present: &str, previous: &str| {
            Keys::read(&Env::of([
                ("SECRET".into(), present.into()),
                ("SECRET_PREVIOUS".into(), previous.into()),
            ]))
        };
        let both = format!("{old} {new}");
        let (before, after) = (keys(old, &both), keys(new, &both));
        for (by, of) in [(&before, &after), (&after, &before), (&before, &before)] {
            assert!(by.check_url("a", &of.sign_url("a")));
        }
        assert!(!keys(new, "").check_url("a", &before.sign_url("a")));
    }

    #[tokio::test]
    async fn what_is_missing_or_weak_is_named() {
        assert_eq!(problems(&[SECRET, URL]).await, "");
        assert!(
            problems(&[])
                .await
                .ends_with("SECRET is missing; PUBLIC_URL is missing")
        );
        assert!(
            problems(&[("SECRET", "short"), URL])
                .await
                .ends_with("SECRET has fewer than 32 characters")
        );
        let issuer = ("EXTERNAL_ISSUER", "https://x");
        assert!(
            problems(&[SECRET, URL, issuer])
                .await
                .contains("EXTERNAL_ISSUER needs")
        );
        let long = ("EXTERNAL_JWT_SECRET", "the-secret-of-a-project-elsewhere");
        assert_eq!(problems(&[SECRET, URL, issuer, long]).await, "");
        for name in [
            "SECRET_PREVIOUS",
            "SIGNING_SECRET",
            "SIGNING_SECRET_PREVIOUS",
            "EXTERNAL_JWT_SECRET",
        ] {
            let weak = (name, "only-thirty-one-characters-long");
            let told = problems(&[SECRET, URL, issuer, long, weak]).await;
            let named = format!("{name} has fewer than 32 characters");
            assert!(told.ends_with(&named), "{told}");
        }
    }
}
