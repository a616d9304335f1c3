//! Keys and gate from the settings.

use super::{Access, External, Gate, Keys};
use crate::runtime::Env;
use crate::store::Store;

impl Keys {
    /// The keys of `SECRET`; what was signed under `SECRET_PREVIOUS`, if set, is still believed.
    #[must_use]
    pub fn read(env: &Env) -> Self {
        let secret = env.text("SECRET");
        let previous = env.optional("SECRET_PREVIOUS");
        Self::derive(&secret, previous.as_deref()).unwrap_or_else(|err| {
            if !secret.is_empty() {
                env.problem(format!("SECRET or SECRET_PREVIOUS {err}"));
            }
            Self::none()
        })
    }
}

impl Gate {
    /// The gate of `SECRET` and `PUBLIC_URL`, and of `EXTERNAL_ISSUER` with `EXTERNAL_JWT_SECRET` or
    /// `EXTERNAL_JWKS_URL`, if set.
    #[must_use]
    pub fn new(env: &Env, store: Store) -> Self {
        let access = Access::new(Keys::read(env), &env.text("PUBLIC_URL"));
        Self::over(access, external(env), store)
    }
}

fn external(env: &Env) -> Option<External> {
    let issuer = env.optional("EXTERNAL_ISSUER")?;
    match (
        env.optional("EXTERNAL_JWT_SECRET"),
        env.optional("EXTERNAL_JWKS_URL"),
    ) {
        (Some(secret), None) => Some(External::with_secret(&issuer, &secret)),
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
    #![allow(clippy::unwrap_used)]
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
                .contains("fewer than 32 characters")
        );
        let issuer = ("EXTERNAL_ISSUER", "https://x");
        assert!(
            problems(&[SECRET, URL, issuer])
                .await
                .contains("EXTERNAL_ISSUER needs")
        );
        assert_eq!(
            problems(&[SECRET, URL, issuer, ("EXTERNAL_JWT_SECRET", "s")]).await,
            ""
        );
    }
}
