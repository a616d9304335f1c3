//! Proxy URLs under which a search engine may fetch one picture for two to five minutes.
//!
//! A token names user, picture and end, sealed with a key of its own: nothing is kept, any environment
//! can read it, and it opens nothing else. What was put away meanwhile is not given out.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde::Serialize;
use uuid::Uuid;

use crate::auth::Keys;
use crate::domain::{Error, ImageId, ImageStatus, Result, Timestamp, UserId};
use crate::objects::{Objects, key};
use crate::store::Store;

/// How long an address is good for if nothing is said, at least and at most, in seconds.
const DEFAULT_LIFE_SECONDS: i64 = 180;
const MIN_LIFE_SECONDS: i64 = 120;
const MAX_LIFE_SECONDS: i64 = 300;

/// User, picture, end.
const BODY: usize = 16 + 16 + 8;

/// The most bytes of a picture; a derivative is smaller.
const MAX_BYTES: usize = 5 * 1024 * 1024;

/// What the proxy's routes need.
#[derive(Clone)]
pub struct Proxy {
    /// The table.
    pub store: Store,
    /// The bucket.
    pub objects: Objects,
    /// Seal the tokens.
    pub keys: Keys,
    /// Where the API is reached.
    pub public_url: String,
}

/// A public address of an image.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ProxyLink))]
#[serde(rename_all = "camelCase")]
pub struct ProxyLink {
    /// Its last part.
    pub token: String,
    /// All of it.
    pub url: String,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl Proxy {
    /// An address for a picture of hers, good for about so many seconds.
    pub async fn link(
        &self,
        user: UserId,
        image: ImageId,
        seconds: Option<i64>,
        now: Timestamp,
    ) -> Result<ProxyLink> {
        if !self.is_shown(user, image).await? {
            return Err(Error::not_found(
                "IMAGE_NOT_FOUND",
                "This picture does not exist.",
            ));
        }
        let life = seconds
            .unwrap_or(DEFAULT_LIFE_SECONDS)
            .clamp(MIN_LIFE_SECONDS, MAX_LIFE_SECONDS);
        let token = Token {
            user,
            image,
            expires: now.epoch_seconds() + life,
        };
        let text = token.seal(&self.keys);
        let expires_at = now.plus_seconds(life);
        self.store.count_proxy_link(expires_at).await?;
        Ok(ProxyLink {
            url: format!("{}/api/v1/proxy/images/{text}", self.public_url),
            token: text,
            expires_at,
        })
    }

    /// The picture behind a token, unless it is unknown, over, or put away.
    pub async fn picture(&self, token: &str, now: Timestamp) -> Result<Option<Bytes>> {
        let Some(token) = Token::open(token, &self.keys) else {
            return Ok(None);
        };
        if token.expires <= now.epoch_seconds() || !self.is_shown(token.user, token.image).await? {
            return Ok(None);
        }
        self.objects
            .get(&key::display(token.user, token.image), MAX_BYTES)
            .await
    }

    /// How many addresses are good now.
    pub async fn active(&self, now: Timestamp) -> Result<u64> {
        self.store.proxy_links(now).await
    }

    async fn is_shown(&self, user: UserId, image: ImageId) -> Result<bool> {
        let row = self.store.image(user, image).await?;
        Ok(row.is_some_and(|it| it.image.status == ImageStatus::Active && it.image.is_viewable()))
    }
}

/// What a token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Token {
    user: UserId,
    image: ImageId,
    expires: i64,
}

impl Token {
    fn seal(self, keys: &Keys) -> String {
        let mut body = Vec::with_capacity(BODY);
        body.extend_from_slice(Uuid::from(self.user).as_bytes());
        body.extend_from_slice(Uuid::from(self.image).as_bytes());
        body.extend_from_slice(&self.expires.to_be_bytes());
        let body = URL_SAFE_NO_PAD.encode(body);
        let mac = keys.sign_proxy(&body);
        format!("{body}.{mac}")
    }

    fn open(text: &str, keys: &Keys) -> Option<Self> {
        let (body, mac) = text.split_once('.')?;
        if !keys.check_proxy(body, mac) {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(body).ok()?;
        let bytes: [u8; BODY] = bytes.try_into().ok()?;
        let (ids, expires) = bytes.split_at(32);
        Some(Self {
            user: Uuid::from_slice(&ids[..16]).ok()?.into(),
            image: Uuid::from_slice(&ids[16..]).ok()?.into(),
            expires: i64::from_be_bytes(expires.try_into().ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_as_it_was_made_and_changed_not_at_all() {
        let keys = Keys::derive("a-secret-of-more-than-thirty-two-characters", None).unwrap();
        let token = Token {
            user: UserId::random(),
            image: ImageId::next(),
            expires: 1_800_000_000,
        };
        let text = token.seal(&keys);
        assert_eq!(Token::open(&text, &keys), Some(token));
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(Token::open(&changed, &keys), None, "{at}");
        }
        // A picture's address is signed with another key.
        let body = text.split_once('.').unwrap().0;
        let other = format!("{body}.{}", keys.sign_url(body));
        assert_eq!(Token::open(&other, &keys), None);
        for text in ["", ".", "a.b", "x"] {
            assert_eq!(Token::open(text, &keys), None, "{text}");
        }
    }
}
