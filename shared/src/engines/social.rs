//! Profile directory client: read one public profile, search similar ones.
//!
//! No network offers this to everybody. The format is that of a service which an operator runs or buys
//! (`infra/engines/README.md`); without one, profile scans say that nothing was looked at.

use bytes::Bytes;
use reqwest::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::asking::{self, EngineError, read, retry_after};
use crate::domain::{BoxError, Platform, PublicProfile};

/// The most profiles of one search that are looked at.
const MAX_PROFILES: usize = 50;

/// The longest text of a profile that is kept.
const MAX_TEXT: usize = 2000;

/// The directory.
#[derive(Clone, Debug)]
pub struct Social {
    client: Client,
    base: Url,
}

#[derive(Deserialize)]
struct ProfileList {
    profiles: Vec<PublicProfile>,
}

impl Social {
    /// Its name in stored things.
    pub const NAME: &'static str = "social";

    /// The directory at `base`, which ends with a slash.
    pub fn new(base: &str) -> Result<Self, BoxError> {
        Ok(Self {
            client: asking::client()?,
            base: Url::parse(base)?,
        })
    }

    /// The profile of this name. `None`: there is none.
    pub async fn profile(
        &self,
        platform: Platform,
        handle: &str,
    ) -> Result<Option<PublicProfile>, EngineError> {
        let path = format!("{}/profiles/{}", platform.as_str(), encoded(handle));
        let found: Option<PublicProfile> = self.asked(&path).await?;
        Ok(found.map(trimmed))
    }

    /// Profiles that may be like this name, best first.
    pub async fn search(
        &self,
        platform: Platform,
        name: &str,
    ) -> Result<Vec<PublicProfile>, EngineError> {
        let path = format!("{}/search?q={}", platform.as_str(), encoded(name));
        let found: Option<ProfileList> = self.asked(&path).await?;
        let found = found.map(|it| it.profiles).unwrap_or_default().into_iter();
        Ok(found.take(MAX_PROFILES).map(trimmed).collect())
    }

    async fn asked<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, EngineError> {
        asking::asked(Self::NAME, || self.try_asked(path)).await
    }

    async fn try_asked<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, EngineError> {
        let Some(bytes) = self.ask(path).await? else {
            return Ok(None);
        };
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|_| EngineError::Garbage("not the format"))
    }

    async fn ask(&self, path: &str) -> Result<Option<Bytes>, EngineError> {
        let url = self.base.join(path);
        let url = url.map_err(|_| EngineError::Garbage("no address"))?;
        let sent = self.client.get(url).send().await;
        let reply = sent.map_err(|_| EngineError::Silent)?;
        let (status, after) = (reply.status().as_u16(), retry_after(&reply));
        match status {
            200 => Ok(Some(read(reply).await?)),
            404 => Ok(None),
            401..=403 => Err(EngineError::Refused(status)),
            429 | 500.. => Err(EngineError::Busy { status, after }),
            _ => Err(EngineError::Garbage("an unknown status")),
        }
    }
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

/// A profile whose texts are no longer than a row should hold.
fn trimmed(mut profile: PublicProfile) -> PublicProfile {
    for text in [&mut profile.name, &mut profile.bio, &mut profile.handle] {
        if text.chars().count() > MAX_TEXT {
            *text = text.chars().take(MAX_TEXT).collect();
        }
    }
    profile
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    async fn engines() -> String {
        vara_engines::start().await.unwrap()
    }

    async fn post(engines: &str, path: &str, body: serde_json::Value) {
        let sent = reqwest::Client::new()
            .post(format!("{engines}{path}"))
            .body(body.to_string())
            .send()
            .await;
        assert!(sent.unwrap().status().is_success());
    }

    #[tokio::test]
    async fn profiles_are_read_and_found() {
        let engines = engines().await;
        let social = Social::new(&format!("{engines}/social/")).unwrap();
        let ana =
            json!({ "platform": "INSTAGRAM", "handle": "ana.k", "name": "Ana K", "followers": 7 });
        post(&engines, "/_web/profiles", ana).await;
        let found = social
            .profile(Platform::Instagram, "ana.k")
            .await
            .unwrap()
            .unwrap();
        assert_eq!((found.name.as_str(), found.followers), ("Ana K", 7));
        assert_eq!(social.profile(Platform::TikTok, "ana.k").await, Ok(None));
        let alike = social.search(Platform::Instagram, "ana k").await.unwrap();
        assert_eq!(alike, [found]);
        assert_eq!(social.search(Platform::Instagram, "zoe").await, Ok(vec![]));
    }

    #[tokio::test]
    async fn trouble_is_told_apart() {
        let engines = engines().await;
        let social = Social::new(&format!("{engines}/social/")).unwrap();
        let ask = async || social.profile(Platform::Instagram, "ana").await;
        for (fault, want) in [
            (
                json!({ "mode": "error", "status": 403 }),
                EngineError::Refused(403),
            ),
            (
                json!({ "mode": "error", "status": 503 }),
                EngineError::Busy {
                    status: 503,
                    after: None,
                },
            ),
            (
                json!({ "mode": "garbage" }),
                EngineError::Garbage("not the format"),
            ),
        ] {
            let mut fault = fault;
            fault["engine"] = json!("social");
            post(&engines, "/_fault", fault).await;
            assert_eq!(ask().await, Err(want));
        }
    }
}
