//! Have I Been Pwned, version 3: which known breaches hold an address.
//!
//! Where the plan allows it only the first characters of the address' hash are sent (k-anonymity);
//! else the address itself. Breaches the service calls sensitive are never told to third parties, so
//! an empty answer is no proof that nothing happened.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::digest;
use bytes::Bytes;
use reqwest::Client;
use reqwest::header::USER_AGENT;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::asking::{self, EngineError, read, retry_after};
use crate::domain::{BoxError, Breach};

/// Where the service is.
const BASE: &str = "https://haveibeenpwned.com/api/v3/";

/// The service refuses who does not say a name.
const NAME_OF_OURS: &str = "Vara";

/// How many characters of the hash are sent.
const PREFIX: usize = 6;

/// The most breaches of one address that are kept.
const MAX_BREACHES: usize = 200;

/// The service, with a key.
#[derive(Clone)]
pub struct Hibp {
    client: Client,
    base: Url,
    key: String,
    /// Whether the plan allows asking by hash, once we know.
    by_hash: Arc<OnceLock<bool>>,
}

impl std::fmt::Debug for Hibp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hibp").finish_non_exhaustive()
    }
}

impl Hibp {
    /// Its name in stored things.
    pub const NAME: &'static str = "hibp";

    /// The service at `base`, or where it really is.
    pub fn new(key: String, base: Option<&str>) -> Result<Self, BoxError> {
        Ok(Self {
            client: asking::client()?,
            base: Url::parse(base.unwrap_or(BASE))?,
            key,
            by_hash: Arc::default(),
        })
    }

    /// The breaches that hold `address`, verified or not. `None`: the service cannot say anything of
    /// such an address.
    pub async fn breaches(&self, address: &str) -> Result<Option<Vec<Breach>>, EngineError> {
        let address = address.trim().to_lowercase();
        asking::asked(Self::NAME, || self.try_breaches(&address)).await
    }

    async fn try_breaches(&self, address: &str) -> Result<Option<Vec<Breach>>, EngineError> {
        if self.may_ask_by_hash().await? {
            self.by_hash(address).await
        } else {
            self.by_address(address).await
        }
    }

    async fn by_address(&self, address: &str) -> Result<Option<Vec<Breach>>, EngineError> {
        let path = format!(
            "breachedaccount/{}?truncateResponse=false",
            encoded(address)
        );
        match self.ask(&path).await? {
            HibpReply::Found(bytes) => Ok(Some(breaches(parsed::<Vec<Wire>>(&bytes)?))),
            HibpReply::None => Ok(Some(vec![])),
            HibpReply::Unsuitable => Ok(None),
        }
    }

    async fn by_hash(&self, address: &str) -> Result<Option<Vec<Breach>>, EngineError> {
        let hash = sha1(address);
        let path = format!("breachedaccount/range/{}", &hash[..PREFIX]);
        let HibpReply::Found(bytes) = self.ask(&path).await? else {
            return Ok(Some(vec![]));
        };
        let names = parsed::<Vec<Suffix>>(&bytes)?
            .into_iter()
            .filter(|it| hash[PREFIX..].eq_ignore_ascii_case(&it.hash_suffix))
            .flat_map(|it| it.websites);
        let mut found = Vec::new();
        for name in names.take(MAX_BREACHES) {
            if let HibpReply::Found(bytes) = self.ask(&format!("breach/{}", encoded(&name))).await?
            {
                found.push(parsed::<Wire>(&bytes)?);
            }
        }
        // A sensitive breach is not told by address either; the hash must not tell more.
        found.retain(|it| !it.is_sensitive);
        Ok(Some(breaches(found)))
    }

    async fn may_ask_by_hash(&self) -> Result<bool, EngineError> {
        if let Some(known) = self.by_hash.get() {
            return Ok(*known);
        }
        let HibpReply::Found(bytes) = self.ask("subscription/status").await? else {
            return Ok(false);
        };
        let allowed = parsed::<SubscriptionReply>(&bytes)?.includes_k_anon;
        Ok(*self.by_hash.get_or_init(|| allowed))
    }

    async fn ask(&self, path: &str) -> Result<HibpReply, EngineError> {
        let url = self
            .base
            .join(path)
            .map_err(|_| EngineError::Garbage("no address"))?;
        let sent = self
            .client
            .get(url)
            .header("hibp-api-key", &self.key)
            .header(USER_AGENT, NAME_OF_OURS)
            .send()
            .await;
        let reply = sent.map_err(|_| EngineError::Silent)?;
        let (status, after) = (reply.status().as_u16(), retry_after(&reply));
        match status {
            200 => Ok(HibpReply::Found(read(reply).await?)),
            404 => Ok(HibpReply::None),
            400 => Ok(HibpReply::Unsuitable),
            401..=403 => Err(EngineError::Refused(status)),
            429 | 500.. => Err(EngineError::Busy { status, after }),
            _ => Err(EngineError::Garbage("an unknown status")),
        }
    }
}

enum HibpReply {
    Found(Bytes),
    None,
    Unsuitable,
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// The hash the service knows an address by. Nothing is protected by it.
fn sha1(address: &str) -> String {
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, address.as_bytes());
    hex::encode_upper(hash)
}

fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, EngineError> {
    serde_json::from_slice(bytes).map_err(|_| EngineError::Garbage("not the format"))
}

fn breaches(found: Vec<Wire>) -> Vec<Breach> {
    found
        .into_iter()
        .take(MAX_BREACHES)
        .map(Breach::from)
        .collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SubscriptionReply {
    #[serde(default)]
    includes_k_anon: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Suffix {
    hash_suffix: String,
    #[serde(default)]
    websites: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wire {
    name: String,
    title: Option<String>,
    breach_date: Option<String>,
    #[serde(default)]
    data_classes: Vec<String>,
    #[serde(default)]
    is_verified: bool,
    #[serde(default)]
    is_fabricated: bool,
    #[serde(default)]
    is_sensitive: bool,
    #[serde(default)]
    is_retired: bool,
    #[serde(default)]
    is_spam_list: bool,
}

impl From<Wire> for Breach {
    fn from(it: Wire) -> Self {
        Self {
            title: it.title.unwrap_or_else(|| it.name.clone()),
            name: it.name,
            date: it.breach_date,
            data_classes: it.data_classes,
            verified: it.is_verified,
            fabricated: it.is_fabricated,
            sensitive: it.is_sensitive,
            retired: it.is_retired,
            spam_list: it.is_spam_list,
        }
    }
}

#[cfg(test)]
mod tests;
