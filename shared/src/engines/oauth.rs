//! The networks' authorisation servers (RFC 6749, with PKCE, RFC 7636), and the one profile that each
//! lets us read with her leave.

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use reqwest::{Client, Response};
use serde::{Deserialize, Deserializer, Serialize, de};
use url::Url;
use url::form_urlencoded;

use super::asking::{self, EngineError, read, retry_after};
use crate::domain::{BoxError, Platform, PublicProfile};

/// How long an access token is taken to work if the server does not say, in seconds.
const USUAL_LIFE: i64 = 3600;

/// One network's server, as it is configured.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Provider {
    #[serde(deserialize_with = "address")]
    authorize_url: Url,
    #[serde(deserialize_with = "address")]
    token_url: Url,
    #[serde(deserialize_with = "address")]
    profile_url: Url,
    client_id: String,
    client_secret: String,
    #[serde(default)]
    scope: String,
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    Url::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
}

/// What lets us in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuthTokens {
    /// For reading.
    pub access: String,
    /// For another one of these.
    pub refresh: Option<String>,
    /// How long the first works, in seconds.
    pub expires_in: i64,
}

impl std::fmt::Debug for OAuthTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OAuthTokens")
    }
}

#[derive(Deserialize)]
struct TokenResponse {
    access_token: String,
    refresh_token: Option<String>,
    expires_in: Option<i64>,
}

/// The servers that are configured.
#[derive(Clone)]
pub struct OAuth {
    client: Client,
    providers: Arc<HashMap<Platform, Provider>>,
}

impl std::fmt::Debug for OAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.providers.keys()).finish()
    }
}

impl OAuth {
    /// Its name in logs.
    pub const NAME: &'static str = "oauth";

    /// The servers of this JSON: `{"INSTAGRAM": {"authorizeUrl", "tokenUrl", "profileUrl", "clientId",
    /// "clientSecret", "scope"}, …}`; nothing means none.
    pub fn new(providers: Option<&str>) -> Result<Self, BoxError> {
        Ok(Self {
            client: asking::client()?,
            providers: Arc::new(serde_json::from_str(providers.unwrap_or("{}"))?),
        })
    }

    /// Where she gives her leave, if the network is configured. `verifier` stays with us.
    #[must_use]
    pub fn page(
        &self,
        platform: Platform,
        state: &str,
        verifier: &str,
        redirect: &str,
    ) -> Option<String> {
        let provider = self.providers.get(&platform)?;
        let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
        let mut url = provider.authorize_url.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.client_id)
            .append_pair("redirect_uri", redirect)
            .append_pair("scope", &provider.scope)
            .append_pair("state", state)
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(hash))
            .append_pair("code_challenge_method", "S256");
        Some(url.into())
    }

    /// What lets us in, for the code she came back with. Refused: the code is not good.
    pub async fn exchange(
        &self,
        platform: Platform,
        code: &str,
        verifier: &str,
        redirect: &str,
    ) -> Result<OAuthTokens, EngineError> {
        let said = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect),
            ("code_verifier", verifier),
        ];
        self.token(platform, &said).await
    }

    /// What lets us in from now on. Refused: she took her leave back.
    pub async fn refresh(
        &self,
        platform: Platform,
        refresh: &str,
    ) -> Result<OAuthTokens, EngineError> {
        let said = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        let tokens = self.token(platform, &said).await?;
        Ok(OAuthTokens {
            refresh: tokens.refresh.or_else(|| Some(refresh.to_owned())),
            ..tokens
        })
    }

    /// Her profile. Refused: the token is not good any more.
    pub async fn profile(
        &self,
        platform: Platform,
        access: &str,
    ) -> Result<PublicProfile, EngineError> {
        let provider = self.provider(platform)?;
        let asked = || self.read(provider, access);
        let bytes = asking::asked(Self::NAME, asked).await?;
        serde_json::from_slice(&bytes).map_err(|_| EngineError::Garbage("not the format"))
    }

    async fn read(&self, provider: &Provider, access: &str) -> Result<Bytes, EngineError> {
        let asked = self.client.get(provider.profile_url.clone());
        let sent = asked.bearer_auth(access).send().await;
        judged(sent.map_err(|_| EngineError::Silent)?).await
    }

    /// Asked once only: a code and a refresh token work once.
    async fn token(
        &self,
        platform: Platform,
        said: &[(&str, &str)],
    ) -> Result<OAuthTokens, EngineError> {
        let provider = self.provider(platform)?;
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(said)
            .append_pair("client_id", &provider.client_id)
            .append_pair("client_secret", &provider.client_secret)
            .finish();
        let asked = self
            .client
            .post(provider.token_url.clone())
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(form);
        let sent = asked.send().await.map_err(|_| EngineError::Silent)?;
        let bytes = judged(sent).await?;
        let granted: TokenResponse =
            serde_json::from_slice(&bytes).map_err(|_| EngineError::Garbage("not the format"))?;
        Ok(OAuthTokens {
            access: granted.access_token,
            refresh: granted.refresh_token,
            expires_in: granted
                .expires_in
                .filter(|it| *it > 0)
                .unwrap_or(USUAL_LIFE),
        })
    }

    fn provider(&self, platform: Platform) -> Result<&Provider, EngineError> {
        self.providers
            .get(&platform)
            .ok_or(EngineError::Refused(404))
    }
}

async fn judged(reply: Response) -> Result<Bytes, EngineError> {
    let (status, after) = (reply.status().as_u16(), retry_after(&reply));
    match status {
        200..=299 => read(reply).await,
        400..=403 => Err(EngineError::Refused(status)),
        429 | 500.. => Err(EngineError::Busy { status, after }),
        _ => Err(EngineError::Garbage("an unknown status")),
    }
}

#[cfg(test)]
mod tests;
