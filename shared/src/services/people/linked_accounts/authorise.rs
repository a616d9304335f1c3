//! OAuth authorisation of a linked account: authorisation code flow with PKCE.
//!
//! The network sends her browser back to the API, which only hands the code on to the web app; the web
//! app ends the flow as her. So an authorisation that somebody else began, and sent her the link of,
//! can never give him what she agreed to: its state is not hers.

use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use super::{Accounts, Connected, changed, out_of_reach};
use crate::auth::OneTime;
use crate::domain::{Error, Linked, LinkedKind, Platform, Result, Timestamp, UserId};
use crate::engines::{EngineError, OAuthTokens};
use crate::store::{Authorisation, LinkedRow};

/// How long she may take at the network, in seconds.
const AUTHORISATION_SECONDS: i64 = 600;

/// What the network said when it sent her back.
#[derive(Clone, Debug, Default)]
pub struct Returned {
    /// For finishing.
    pub code: Option<String>,
    /// Which authorisation it was.
    pub state: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
}

/// Where her browser goes on to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landing(pub String);

/// What lets us in, as it is sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct SealedTokens {
    pub(super) access: String,
    pub(super) refresh: Option<String>,
    pub(super) expires_at: Timestamp,
}

impl Accounts {
    pub(super) async fn begin(
        &self,
        user: UserId,
        platform: Platform,
        now: Timestamp,
    ) -> Result<Connected> {
        let OneTime { token, hash } = OneTime::draw()?;
        let verifier = self.keys.verifier(&token);
        let page = self
            .oauth
            .page(platform, &token, &verifier, &self.redirect(platform));
        let authorization_url = page.ok_or_else(|| {
            Error::invalid(
                "PLATFORM_NOT_SUPPORTED",
                "This network cannot be connected yet. You can add your handle there instead.",
            )
        })?;
        let expires_at = now.plus_seconds(AUTHORISATION_SECONDS);
        let begun = Authorisation {
            user_id: user,
            platform,
            expires_at,
        };
        self.store.begin_authorisation(&hash, &begun).await?;
        Ok(Connected::Authorisation {
            authorization_url,
            expires_at,
        })
    }

    /// Where the network sends her back to.
    fn redirect(&self, platform: Platform) -> String {
        let platform = platform.as_str().to_lowercase();
        format!(
            "{}/api/v1/accounts/callback/{platform}",
            self.public_url.trim_end_matches('/')
        )
    }

    /// Hands what the network said on to the web app. Nothing is believed or stored here.
    #[must_use]
    pub fn land(&self, platform: Platform, returned: &Returned) -> Landing {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("platform", platform.as_str());
        let said = [
            ("code", &returned.code),
            ("state", &returned.state),
            ("error", &returned.error),
        ];
        for (name, value) in said {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        let site = self.site.trim_end_matches('/');
        Landing(format!("{site}/settings?{}", query.finish()))
    }

    pub(super) async fn finish(
        &self,
        user: UserId,
        platform: Platform,
        code: &str,
        state: &str,
        now: Timestamp,
    ) -> Result<Connected> {
        let hash = OneTime::hash(state);
        let begun = self.store.authorisation(&hash).await?;
        let hers = |it: &Authorisation| {
            it.user_id == user && it.platform == platform && now < it.expires_at
        };
        if !begun.as_ref().is_some_and(hers) || !self.store.use_authorisation(&hash).await? {
            return Err(Error::invalid(
                "ACCOUNT_STATE_INVALID",
                "This connection was not begun by you, or too long ago. Please begin again.",
            ));
        }
        let verifier = self.keys.verifier(state);
        let redirect = self.redirect(platform);
        let tokens = self.oauth.exchange(platform, code, &verifier, &redirect);
        let tokens = tokens.await.map_err(refused)?;
        let profile = self.oauth.profile(platform, &tokens.access);
        let profile = profile.await.map_err(refused)?;

        let kind = LinkedKind::OAuth;
        let new = Linked::new(user, platform, kind, &profile.handle, now);
        let row = self.known(&new.into()).await?;
        let mut after = row.with_profile(&profile, now);
        after.account.platform_user_id.clone_from(&profile.handle);
        after.account.verified_at = Some(now);
        after.tokens = Some(self.seal(&row, tokens, now).await?);
        if !self.store.change_linked(&row, &after).await? {
            return Err(changed());
        }
        tracing::info!(user.id = %user, account.id = %after.account.id, "an account was connected");
        Ok(Connected::Account {
            account: Box::new(after.account),
            verification: None,
        })
    }

    pub(super) async fn seal(
        &self,
        row: &LinkedRow,
        tokens: OAuthTokens,
        now: Timestamp,
    ) -> Result<String> {
        let kept = SealedTokens {
            expires_at: now.plus_seconds(tokens.expires_in),
            access: tokens.access,
            refresh: tokens.refresh,
        };
        let text = serde_json::to_string(&kept).map_err(|err| Error::bug("sealing", err))?;
        self.vault.close(&owner(row), &text).await
    }

    pub(super) async fn unseal(&self, row: &LinkedRow) -> Result<Option<SealedTokens>> {
        let Some(sealed) = &row.tokens else {
            return Ok(None);
        };
        let text = self.vault.open(&owner(row), sealed).await?;
        let kept = serde_json::from_str(&text).map_err(|err| Error::bug("unsealing", err))?;
        Ok(Some(kept))
    }
}

/// Whose the sealed thing is.
fn owner(row: &LinkedRow) -> String {
    format!("{}/{}", row.account.user_id, row.account.id)
}

fn refused(err: EngineError) -> Error {
    match err {
        EngineError::Refused(_) => Error::invalid(
            "ACCOUNT_AUTHORIZATION_FAILED",
            "The network did not let us in. Please begin again.",
        ),
        err => out_of_reach(err),
    }
}
