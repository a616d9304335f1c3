//! The row `SIGNING-KEYS`: the public keys that access tokens are verified with. Only the function that
//! signs may write it (`template.yaml`).

use serde::Deserialize;

use super::tx::Change;
use super::{Key, Store};
use crate::domain::Result;

#[derive(Deserialize)]
struct SigningKeys {
    /// A key set (RFC 7517), as JSON.
    keys: String,
}

fn key() -> Key {
    Key::lone("SIGNING-KEYS")
}

impl Store {
    /// The published key set.
    pub async fn signing_keys(&self) -> Result<Option<String>> {
        let row: Option<SigningKeys> = self.get(&key()).await?;
        Ok(row.map(|it| it.keys))
    }

    /// Publishes a key set for a release, unless a later one has published its own. `false`: one has.
    pub async fn publish_signing_keys(&self, keys: &str, release: &str) -> Result<bool> {
        let change = Change::default()
            .set("keys", keys)
            .set("release", release)
            .when_or_absent("release", "<=", release);
        let published: Option<SigningKeys> = self.change(&key(), change).await?;
        Ok(published.is_some())
    }
}

#[cfg(test)]
mod tests {

    #[tokio::test]
    async fn an_earlier_release_does_not_replace_what_a_later_one_published() {
        let store = crate::testing::store().await;
        assert_eq!(store.signing_keys().await.unwrap(), None);
        for (keys, release, published) in [
            ("a", "1700000001-abc", true),
            ("b", "1700000001-abc", true),
            ("c", "1700000000-fff", false),
            ("d", "1700000002", true),
        ] {
            let done = store.publish_signing_keys(keys, release).await.unwrap();
            assert_eq!(done, published, "{keys}");
        }
        assert_eq!(store.signing_keys().await.unwrap().as_deref(), Some("d"));
    }
}
