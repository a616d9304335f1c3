//! Reads a linked account now and stores a snapshot.

use super::authorise::SealedTokens;
use super::{Accounts, changed, no_account, out_of_reach};
use crate::domain::{
    AccountId, Error, Linked, LinkedKind, PublicProfile, Result, Timestamp, UserId,
};
use crate::engines::EngineError;
use crate::store::LinkedRow;

/// How long before its end an access token is not used any more, in seconds.
const MARGIN: i64 = 60;

impl Accounts {
    /// Looks at an account and keeps what it sees.
    pub async fn sync(&self, user: UserId, id: AccountId, now: Timestamp) -> Result<Linked> {
        let row = self.find(user, id).await?;
        let profile = match row.account.kind {
            LinkedKind::OAuth => self.read_as_her(row.clone(), now).await?,
            LinkedKind::Handle => self.read_as_anybody(&row).await?,
            LinkedKind::Email | LinkedKind::Phone => {
                return Err(Error::invalid(
                    "ACCOUNT_SYNC_NOT_SUPPORTED",
                    "There is nothing to look at here.",
                ));
            }
        };
        let kept = self.store.keep_profile(user, id, &profile, now).await?;
        kept.map(|it| it.account).ok_or_else(no_account)
    }

    async fn read_as_anybody(&self, row: &LinkedRow) -> Result<PublicProfile> {
        if !row.account.is_hers() {
            return Err(Error::conflict(
                "ACCOUNT_NOT_VERIFIED",
                "Please prove first that this profile is yours.",
            ));
        }
        let Some(social) = &self.social else {
            return Err(Error::unavailable(
                "reading a profile",
                "there is no directory",
            ));
        };
        let account = &row.account;
        let profile = social.profile(account.platform, &account.platform_user_id);
        let profile = profile.await.map_err(out_of_reach)?;
        profile.ok_or_else(|| {
            Error::conflict(
                "ACCOUNT_PROFILE_NOT_FOUND",
                "We could not see a public profile of this name.",
            )
        })
    }

    async fn read_as_her(&self, row: LinkedRow, now: Timestamp) -> Result<PublicProfile> {
        let platform = row.account.platform;
        let kept = self.unseal(&row).await?.ok_or_else(reconnect)?;
        let fresh = now < kept.expires_at.minus_seconds(MARGIN);
        if fresh {
            match self.oauth.profile(platform, &kept.access).await {
                Err(EngineError::Refused(_)) => {}
                read => return read.map_err(out_of_reach),
            }
        }
        let access = self.renewed(row, &kept, now).await?;
        let read = self.oauth.profile(platform, &access).await;
        read.map_err(|err| match err {
            EngineError::Refused(_) => reconnect(),
            err => out_of_reach(err),
        })
    }

    /// A new access token. What lets us get the next is kept before this one is used.
    async fn renewed(&self, row: LinkedRow, kept: &SealedTokens, now: Timestamp) -> Result<String> {
        let refresh = kept.refresh.as_deref().ok_or_else(reconnect)?;
        match self.oauth.refresh(row.account.platform, refresh).await {
            Ok(tokens) => {
                let access = tokens.access.clone();
                let mut after = row.clone();
                after.tokens = Some(self.seal(&row, tokens, now).await?);
                if self.store.change_linked(&row, &after).await? {
                    Ok(access)
                } else {
                    Err(changed())
                }
            }
            // Somebody else of us may have used it a moment ago; then what he got is there.
            Err(EngineError::Refused(_)) => {
                let by_now = self.find(row.account.user_id, row.account.id).await?;
                let other = by_now.tokens != row.tokens;
                let theirs = self.unseal(&by_now).await?.filter(|_| other);
                theirs.map(|it| it.access).ok_or_else(reconnect)
            }
            Err(err) => Err(out_of_reach(err)),
        }
    }
}

fn reconnect() -> Error {
    Error::conflict(
        "ACCOUNT_RECONNECT_REQUIRED",
        "The network does not let us in any more. Please connect it again.",
    )
}
