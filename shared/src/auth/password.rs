//! Password hashing: argon2id, off the async runtime.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::domain::{Error, Result};

/// Memory in KiB, passes and lanes: OWASP's advice for argon2id.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// What a password is checked against when there is no account, so that both take the same time.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$tR0Vb7pZ0mFTrJmDGYzFcA$0dLx1fZBQdJCkz6dXv3mJwZkXK9ruZoFsoyTgUyqZdQ";

/// The text to keep for a password.
pub async fn hash_password(password: String) -> Result<String> {
    off_the_reactor(move || {
        let hash = hasher()?
            .hash_password(password.as_bytes())
            .map_err(|err| Error::bug("hashing a password", err))?;
        Ok(hash.to_string())
    })
    .await
}

/// Whether this is the password kept as `hash`. Without one it is not, after as long a time.
pub async fn verify_password(password: String, hash: Option<String>) -> Result<bool> {
    off_the_reactor(move || {
        let kept = PasswordHash::new(hash.as_deref().unwrap_or(NOBODY))
            .map_err(|err| Error::bug("reading a password hash", err))?;
        let fits = hasher()?
            .verify_password(password.as_bytes(), &kept)
            .is_ok();
        Ok(fits && hash.is_some())
    })
    .await
}

fn hasher() -> Result<Argon2<'static>> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None)
        .map_err(|err| Error::bug("setting up argon2", err))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

async fn off_the_reactor<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|err| Error::bug("hashing on another thread", err))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_right_password_and_no_other() {
        let hash = hash_password("Correct1horse".into()).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert_ne!(hash, hash_password("Correct1horse".into()).await.unwrap());
        assert!(
            verify_password("Correct1horse".into(), Some(hash.clone()))
                .await
                .unwrap()
        );
        assert!(
            !verify_password("correct1horse".into(), Some(hash))
                .await
                .unwrap()
        );
    }

    #[tokio::test]
    async fn nobody_has_no_password_but_is_asked_at_the_same_cost() {
        let kept = PasswordHash::new(NOBODY).unwrap();
        assert_eq!(kept.params.get_decimal("m"), Some(COST.0));
        assert_eq!(kept.params.get_decimal("t"), Some(COST.1));
        assert!(kept.salt.is_some() && kept.hash.is_some());
        assert!(!verify_password("anything".into(), None).await.unwrap());
    }

    #[tokio::test]
    async fn all_128_characters_count() {
        let long = format!("Aa1{}", "x".repeat(125));
        let hash = hash_password(long.clone()).await.unwrap();
        assert!(
            verify_password(long.clone(), Some(hash.clone()))
                .await
                .unwrap()
        );
        let other = format!("{}y", &long[..127]);
        assert!(!verify_password(other, Some(hash)).await.unwrap());
    }
}
