//! Undoing a change of the password by the link that was mailed with it.
//!
//! Whoever has her device can change her password without the present one, as the app does not send it. The link gives
//! the earlier one back. It holds the only key to the stored hash of it.

use sha2::{Digest, Sha256};

use super::{AuthRefusal, AuthService};
use crate::auth::{Caller, DataKey, OneTime};
use crate::domain::event::SessionEndCause;
use crate::domain::{Account, Error, Result, Role, SessionId, Timestamp, UserId};
use crate::services::notices::mail_links::user_of;
use crate::store::{ENDED_AT_ONCE, PasswordRestore, PasswordUndo};

/// How long the link works, in seconds.
const UNDO_SECONDS: i64 = 72 * 3600;

/// A link that was drawn, with its token.
pub(super) struct DrawnUndo {
    pub(super) token: String,
    pub(super) undo: PasswordUndo,
}

impl DrawnUndo {
    /// A link that gives this hash of a password back.
    pub(super) fn draw(user: UserId, earlier: String, now: Timestamp) -> Result<Self> {
        let token = format!("{user}.{}", OneTime::draw()?.token);
        let undo = PasswordUndo {
            hash: OneTime::hash(&token),
            sealed: key_of(&token)?.close(&purpose(user), earlier.into_bytes())?,
            expires_at: now.plus_seconds(UNDO_SECONDS),
        };
        Ok(Self { token, undo })
    }
}

impl AuthService {
    /// Whether a link gives an earlier password back.
    pub async fn can_undo_password(&self, token: &str, now: Timestamp) -> Result<bool> {
        Ok(self.undo_of(token, now).await?.is_some())
    }

    /// Gives the earlier password back by a mailed link, which is used up with all others of its kind. All her
    /// sign-ins end. `false`: the link does not work.
    pub async fn undo_password(&self, token: &str, now: Timestamp) -> Result<bool, AuthRefusal> {
        let Some((account, undo)) = self.undo_of(token, now).await? else {
            return Ok(false);
        };
        let user = account.id();
        let opened = key_of(token)?.open(&purpose(user), &undo.sealed);
        let earlier = opened.and_then(|it| String::from_utf8(it).ok());
        let damaged = || Error::bug("opening an earlier password", "it is not what was sealed");
        let earlier = earlier.ok_or_else(damaged)?;
        let nobody = Caller {
            user,
            email: account.email.clone(),
            session: None,
            role: Role::User,
            confirmed_at: None,
        };
        let mut ended: Vec<SessionId> = self.others(&nobody).await?;
        ended.truncate(ENDED_AT_ONCE);
        let said = serde_json::json!({});
        let mut events = vec![
            self.event(&nobody, "account.password_restored", &said)
                .await?,
        ];
        if !ended.is_empty() {
            let cause = SessionEndCause::PasswordChanged;
            events.push(self.ended(&nobody, &ended, cause).await?);
        }
        let how = PasswordRestore {
            undo: &undo,
            password_hash: &earlier,
            ended: &ended,
            events,
            at: now,
        };
        if !self.store.restore_password(&account, how).await? {
            let what = "undoing a change of a password";
            return Err(Error::unavailable(what, "the account changed in between").into());
        }
        // Those that one step could not hold, and any that began with the other password in between.
        let left = self.others(&nobody).await?;
        self.store.end_sessions(user, &left).await?;
        Ok(true)
    }

    /// The link of this token, and whose account it is about.
    async fn undo_of(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<(Account, PasswordUndo)>> {
        let Some(user) = user_of(token) else {
            return Ok(None);
        };
        let hash = OneTime::hash(token);
        let undo = self.store.password_undo(user, &hash).await?;
        let undo = undo.filter(|it| it.expires_at > now);
        let account = self.store.account(user).await?;
        Ok(account.zip(undo))
    }
}

/// The key that a token gives. The table knows another digest of it.
fn key_of(token: &str) -> Result<DataKey> {
    let digest = Sha256::digest(format!("password-undo/{token}"));
    DataKey::new(&digest.into())
        .map_err(|_| Error::bug("making the key of a link", "it cannot be derived"))
}

fn purpose(user: UserId) -> String {
    format!("password-undo/{user}")
}
