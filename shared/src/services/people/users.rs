//! User account: read, rename, delete (erasure of everything of hers).

use bytes::Bytes;
use futures_util::future::{try_join_all, try_join3};
use serde::Serialize;

use crate::auth::{Caller, Keys};
use crate::clock;
use crate::domain::event::{AccountRested, Actor};
use crate::domain::{Account, Error, Profile, Result, SessionId, Timestamp, UserId, user};
use crate::objects::{Objects, key};
use crate::queues::{Queues, SignInMail, SignInMailKind};
use crate::services::notices::mail_links::{MailLinks, UsableMailLink};
use crate::services::record::event_log::EventLog;
use crate::store::{MailLinkPurpose, Rest, RestingAccount, RestoreOutcome, Store};

/// After the first sweep there is a second, so long after: a message that was under way, or an upload
/// whose ticket was still good, may have written something more.
const SECOND_SWEEP: i64 = 3600;

/// How many rows of hers are removed while she waits. Few women have more.
const WHILE_SHE_WAITS: usize = 500;

/// How many sweeps there are.
const SWEEPS: u32 = 2;

/// The account as the user sees it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub email_verified: bool,
    pub created_at: Timestamp,
    pub profile: Profile,
}

impl From<Account> for User {
    fn from(account: Account) -> Self {
        Self {
            id: account.id(),
            email_verified: account.email_confirmed_at.is_some(),
            email: account.email,
            created_at: account.profile.created_at,
            profile: account.profile,
        }
    }
}

/// Reads, renames and deletes accounts.
#[derive(Clone)]
pub struct Users {
    store: Store,
    keys: Keys,
    eraser: AccountEraser,
    rest: Option<AccountRest>,
}

/// How deleted accounts rest before they are erased.
#[derive(Clone)]
pub struct AccountRest {
    /// Records what is done.
    pub log: EventLog,
    /// For how many seconds.
    pub seconds: i64,
    /// Asks for the mail that says how an account is brought back.
    pub mails: RestMails,
}

/// Asks for mails about accounts that rest.
#[derive(Clone)]
pub struct RestMails {
    /// The queue service.
    pub queues: Queues,
    /// The queue of mails that are asked for.
    pub queue: String,
}

/// What became of a link that brings an account back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restoring {
    /// The account is back.
    Done,
    /// The address has a newer account.
    AddressTaken,
    /// The link does not work.
    NoLink,
}

/// Removes what is left of whoever left.
#[derive(Clone)]
pub struct AccountEraser {
    store: Store,
    objects: Objects,
    mails: Option<RestMails>,
}

impl Users {
    /// The service over this table and this bucket. `keys` name addresses.
    #[must_use]
    pub fn new(store: Store, objects: Objects, keys: Keys) -> Self {
        Self {
            eraser: AccountEraser::new(store.clone(), objects),
            store,
            keys,
            rest: None,
        }
    }

    /// The same, whose deleted accounts rest so before they are erased; without it they are erased at once.
    #[must_use]
    pub fn resting(self, rest: Option<AccountRest>) -> Self {
        Self { rest, ..self }
    }

    /// Her account.
    pub async fn me(&self, user: UserId) -> Result<User> {
        self.store
            .account(user)
            .await?
            .map(User::from)
            .ok_or_else(not_found)
    }

    /// Sets her display name (`Some`), clears it (`Some(None)` or nothing but spaces) or leaves it (`None`).
    pub async fn update(&self, user: UserId, name: Option<Option<&str>>) -> Result<Profile> {
        let account = match name {
            Some(name) => {
                self.store
                    .rename(user, user::display_name(name)?.as_deref(), clock::now())
                    .await?
            }
            None => self.store.account(user).await?,
        };
        account.map(|it| it.profile).ok_or_else(not_found)
    }

    /// Deletes her account. When this returns it is gone for her and everybody; for a while she can bring it back
    /// by a mailed link, if accounts rest here.
    pub async fn delete(&self, caller: &Caller) -> Result<()> {
        match &self.rest {
            Some(rest) => self.begin_rest(caller, rest).await,
            None => self.erase(caller).await,
        }
    }

    async fn begin_rest(&self, caller: &Caller, rest: &AccountRest) -> Result<()> {
        let (user, now) = (caller.user, clock::now());
        let account = self.store.account(user).await?.ok_or_else(not_found)?;
        let sessions = self.sessions(caller).await?;
        let until = now.plus_seconds(rest.seconds);
        let whose = caller.whose();
        let said = AccountRested { until };
        let event = rest.log.tell(whose, "account.rested", &said, now).await?;
        let address = self.keys.address_name(&account.email);
        let began = Rest { until, event };
        let begun = self
            .store
            .begin_rest(&account, &address, &sessions, began, now);
        if !begun.await? {
            return Err(changed());
        }
        // What fails from here on is taken up by the schedule within minutes.
        if let Err(err) = self.store.end_sessions(user, &sessions).await {
            tracing::warn!(error.chain = err.chain(), "sign-ins are ended later");
        }
        if let Err(err) = rest.mails.ask(user, &account.email, now).await {
            tracing::warn!(
                error.chain = err.chain(),
                "the mail about a deleted account is asked for later"
            );
        }
        Ok(())
    }

    /// Whether a link brings an account back.
    pub async fn can_restore(&self, token: &str, now: Timestamp) -> Result<bool> {
        Ok(self.resting_by(token, now).await?.is_some())
    }

    /// Brings back an account that rests, by a mailed link, which is used up.
    pub async fn restore(&self, token: &str, now: Timestamp) -> Result<Restoring> {
        let (Some(rest), Some((link, resting))) = (&self.rest, self.resting_by(token, now).await?)
        else {
            return Ok(Restoring::NoLink);
        };
        let whose = (link.user, Actor::user(link.user, None));
        let event = rest
            .log
            .tell_of_resting(whose, &resting.data_key, "account.restored", now);
        let event = event.await?;
        let restored = self.store.restore_account(&resting, &link.hash, event, now);
        Ok(match restored.await? {
            RestoreOutcome::Done => Restoring::Done,
            RestoreOutcome::AddressTaken => Restoring::AddressTaken,
            RestoreOutcome::Gone => Restoring::NoLink,
        })
    }

    /// The link of this token and the account it brings back.
    async fn resting_by(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<(UsableMailLink, RestingAccount)>> {
        let links = MailLinks::new(self.store.clone());
        let purpose = MailLinkPurpose::Restore;
        let Some(link) = links.find(token, purpose, now).await? else {
            return Ok(None);
        };
        let resting = self.store.resting_account(link.user).await?;
        let resting = resting.filter(|it| it.rests_until > now);
        Ok(resting.map(|it| (link, it)))
    }

    /// Her sign-ins, the one of the call first: it is among those that end in the first step.
    async fn sessions(&self, caller: &Caller) -> Result<Vec<SessionId>> {
        let all = self.store.sessions(caller.user).await?;
        let others = all.into_iter().filter(|it| Some(*it) != caller.session);
        Ok(caller.session.into_iter().chain(others).collect())
    }

    /// Erases her. When this returns she is signed out everywhere and cannot come back; everything of hers
    /// is gone, or will be: what is too much or could not be removed now is taken up by the schedule.
    pub async fn erase(&self, caller: &Caller) -> Result<()> {
        let user = caller.user;
        let account = self.store.account(user).await?.ok_or_else(not_found)?;
        let sessions = self.sessions(caller).await?;
        let address = self.keys.address_name(&account.email);
        if !self
            .store
            .begin_erasure(&account, &address, &sessions, clock::now())
            .await?
        {
            return Err(changed());
        }
        self.store.end_sessions(user, &sessions).await?;
        if let Err(err) = self.eraser.sweep(user, WHILE_SHE_WAITS).await {
            tracing::warn!(
                error.chain = err.chain(),
                "an erasure was begun and will be finished later"
            );
        }
        Ok(())
    }
}

impl AccountEraser {
    /// The service over this table and this bucket.
    #[must_use]
    pub fn new(store: Store, objects: Objects) -> Self {
        Self {
            store,
            objects,
            mails: None,
        }
    }

    /// The same, which asks for mails about accounts that rest.
    #[must_use]
    pub fn with_mails(self, mails: RestMails) -> Self {
        Self {
            mails: Some(mails),
            ..self
        }
    }

    /// Removes what is left of somebody who left, unless the account rests: then it does what was left undone when
    /// the rest began. Can be repeated, and killed, at any point; does nothing to somebody who did not leave.
    pub async fn finish(&self, user: UserId, now: Timestamp) -> Result<()> {
        let erasure = self.store.erasure(user).await?;
        if let Some(until) = erasure.as_ref().and_then(|it| it.rests_until) {
            if now < until {
                let is_mailed = erasure.is_some_and(|it| it.mailed_at.is_some());
                return self.look_after_rest(user, until, is_mailed, now).await;
            }
            if !self.store.end_rest(user, until).await? {
                return Ok(());
            }
            tracing::info!("a deleted account has rested long enough and is erased");
        }
        self.sweep(user, usize::MAX).await
    }

    /// Ends the sign-ins that one step did not hold, and sees to it that she is mailed.
    async fn look_after_rest(
        &self,
        user: UserId,
        until: Timestamp,
        is_mailed: bool,
        now: Timestamp,
    ) -> Result<()> {
        let sessions = self.store.sessions(user).await?;
        self.store.end_sessions(user, &sessions).await?;
        if is_mailed {
            return self.store.put_off_rest(user, until, until).await;
        }
        let resting = self.store.resting_account(user).await?;
        if let (Some(mails), Some(resting)) = (&self.mails, resting) {
            mails.ask(user, &resting.account.email, now).await?;
        }
        Ok(())
    }

    async fn sweep(&self, user: UserId, most: usize) -> Result<()> {
        let Some(erasure) = self.store.erasure(user).await? else {
            return Ok(());
        };
        // Before the table forgets that anything is left to do.
        let at = Bytes::from(erasure.erased_at.to_string());
        let name = key::erased(user);
        let noted = self.objects.put_new(&name, "text/plain", at);
        let folders = key::all_of(user);
        let pictures = try_join_all(folders.iter().map(|it| self.objects.delete_prefix(it)));
        let removed = self.store.erase_all_rows(user, most);
        let ((), _, (rows, whole)) = try_join3(noted, pictures, removed).await?;
        if !whole {
            tracing::info!(rows, "the rest of an erasure is left to the schedule");
            return Ok(());
        }
        let sweeps = erasure.sweeps + 1;
        let next = (sweeps < SWEEPS).then(|| clock::now().plus_seconds(SECOND_SWEEP));
        self.store.swept(user, sweeps, next).await?;
        tracing::info!(rows, sweeps, "an erasure was swept");
        Ok(())
    }
}

impl RestMails {
    /// Asks for the mail that says how her account is brought back.
    async fn ask(&self, user: UserId, address: &str, now: Timestamp) -> Result<()> {
        let message = SignInMail {
            kind: SignInMailKind::AccountRests,
            email: address.to_owned(),
            user_id: Some(user),
            redirect_to: None,
            key: None,
            asked_at: now,
        };
        self.queues.send(&self.queue, &message).await
    }
}

fn changed() -> Error {
    Error::unavailable("deleting an account", "it changed in between")
}

fn not_found() -> Error {
    Error::not_found("USER_NOT_FOUND", "There is no such account.")
}
