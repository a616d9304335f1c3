//! Sessions as she sees them: list, name, end, confirm with the password; and what is recorded of them.
//!
//! The contract's sign-in sets no cookie, and the app would not send one. So a device is recognised by account,
//! network address and browser, as the delays of wrong passwords are (`throttle`).

use serde::Serialize;

use super::throttle::{Attempt, Client};
use super::{AuthRefusal, AuthService, SignInGrant, checked_password};
use crate::auth::{Caller, verify_password};
use crate::clock;
use crate::domain::event::{
    Actor, SessionConfirmed, SessionDeviceAdded, SessionEndCause, SessionEnded, SessionNamed,
    SessionStarted,
};
use crate::domain::socket::SILENT_AFTER_SECONDS;
use crate::domain::{
    AccountOrigin, Error, Result, Session, SessionId, Timestamp, UserId, notice, session_name,
};
use crate::store::{Append, NewSession};

/// The assurance level of all sessions, as long as there is no second factor.
const AAL: &str = "aal1";

/// A session as the user sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Session))]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    /// The id.
    pub id: SessionId,
    /// Whether this is the session of the call.
    pub current: bool,
    /// Words for the device; none for a session from before they were kept.
    #[cfg_attr(feature = "openapi", schema(required, example = "Firefox on Android"))]
    pub device: Option<String>,
    /// What the user calls it.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub name: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When its tokens were last refreshed, which an open app does within the hour.
    pub last_seen_at: Timestamp,
    /// The assurance level.
    #[cfg_attr(feature = "openapi", schema(example = "aal1"))]
    pub aal: &'static str,
    /// How many sockets of it are open.
    pub sockets: u32,
}

impl AuthService {
    /// Her sessions, the one used last first.
    pub async fn sessions(&self, caller: &Caller) -> Result<Vec<SessionView>> {
        let now = clock::now();
        let mut rows = self.store.session_rows(caller.user).await?;
        rows.retain(|it| !it.is_over(self.session_life, now));
        rows.sort_by(|a, b| b.refreshed_at.cmp(&a.refreshed_at).then(a.id.cmp(&b.id)));
        let mut open = self.store.sockets(caller.user).await?;
        // One whose client said nothing for so long is closed, whether or not its row is gone.
        open.retain(|it| now.millis_since(it.seen_at) < SILENT_AFTER_SECONDS * 1000);
        let sockets_of = |id: SessionId| {
            let count = open.iter().filter(|it| it.session == Some(id)).count();
            u32::try_from(count).unwrap_or(u32::MAX)
        };
        let view = |it: Session| SessionView {
            sockets: sockets_of(it.id),
            current: Some(it.id) == caller.session,
            id: it.id,
            device: it.device,
            name: it.name,
            created_at: it.created_at,
            last_seen_at: it.refreshed_at,
            aal: AAL,
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// Names a session of hers, or removes its name.
    pub async fn name_session(
        &self,
        caller: &Caller,
        id: SessionId,
        name: Option<&str>,
    ) -> Result<SessionView> {
        let name = session_name(name)?;
        self.required(caller.user, id).await?;
        let said = SessionNamed {
            session_id: id,
            name: name.clone(),
        };
        let event = self.event(caller, "session.named", &said).await?;
        let whose = (caller.user, id);
        if !self
            .store
            .name_session(whose, name.as_deref(), event)
            .await?
        {
            return Err(no_session());
        }
        let all = self.sessions(caller).await?;
        all.into_iter()
            .find(|it| it.id == id)
            .ok_or_else(no_session)
    }

    /// Ends a session of hers. Its tokens are refused from now on.
    pub async fn end_session(&self, caller: &Caller, id: SessionId) -> Result<()> {
        self.required(caller.user, id).await?;
        let cause = match caller.session == Some(id) {
            true => SessionEndCause::SignedOut,
            false => SessionEndCause::EndedByHer,
        };
        let event = self.ended(caller, &[id], cause).await?;
        if self.store.end_session((caller.user, id), event).await? {
            return Ok(());
        }
        Err(no_session())
    }

    /// Confirms that it is she who is signed in, by her password, which is limited as signing in is. The new
    /// access token says so; so does the session, until the moment is too long ago.
    pub async fn confirm_password(
        &self,
        caller: &Caller,
        password: Option<&str>,
        client: &Client,
    ) -> Result<SignInGrant, AuthRefusal> {
        let password = checked_password(password)?;
        self.publication.ensure().await?;
        let account = self.account(caller.user).await?;
        let elsewhere = AuthRefusal::Invalid(
            "Your password is kept where you signed in. Please sign in there again.",
        );
        let id = match (account.origin, caller.session) {
            (AccountOrigin::Own, Some(id)) => id,
            _ => return Err(elsewhere),
        };
        let attempt = Attempt::begin(self, &account.email, Some(&account), client).await?;
        let hash = self.store.password_hash(account.id()).await?;
        if !verify_password(password.to_owned(), hash).await? {
            return Err(AuthRefusal::WrongPassword);
        }
        let now = clock::now();
        let said = SessionConfirmed { session_id: id };
        let event = self.event(caller, "session.confirmed", &said).await?;
        let whose = (caller.user, id);
        let confirmed = self.store.confirm_session(whose, now, event).await?;
        let session = self.store.session(caller.user, id).await?;
        let session = session
            .filter(|_| confirmed)
            .ok_or(AuthRefusal::SessionEnded)?;
        attempt.succeed(self, account.id()).await;
        let role = self.store.role(account.id()).await?;
        Ok(self.grant(account, role, &session, now)?)
    }

    /// A session that is to begin, with its events, and what she is told if the device is new to her account.
    /// Of her first device she is told nothing.
    pub(super) async fn recorded_start<'a>(
        &self,
        session: &'a Session,
        is_known_device: bool,
        now: Timestamp,
    ) -> Result<NewSession<'a>> {
        let user = session.user_id;
        let actor = || Actor::user(user, Some(session.id));
        let said = SessionStarted {
            session_id: session.id,
            method: session.method,
            device: session.device.clone(),
        };
        let started = self
            .log
            .tell((user, actor()), "session.started", &said, now);
        let mut new = NewSession {
            session,
            events: vec![started.await?],
            alert: None,
        };
        if !is_known_device && self.store.knows_any_device(user).await? {
            let said = SessionDeviceAdded {
                session_id: session.id,
                device: session.device.clone(),
            };
            let added = self
                .log
                .tell((user, actor()), "session.device_added", &said, now);
            new.events.push(added.await?);
            let device = session.device.as_deref().unwrap_or_default();
            new.alert = Some(notice::new_device_alert(user, device, now));
        }
        Ok(new)
    }

    /// Ends these sessions of hers and records why.
    pub(super) async fn end_telling(
        &self,
        caller: &Caller,
        ids: &[SessionId],
        cause: SessionEndCause,
    ) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let event = self.ended(caller, ids, cause).await?;
        self.store
            .end_sessions_telling(caller.user, ids, event)
            .await
    }

    /// Ends a session that nobody asked to end, and records why.
    pub(super) async fn end_by_itself(
        &self,
        session: &Session,
        cause: SessionEndCause,
        now: Timestamp,
    ) -> Result<()> {
        let (user, ids) = (session.user_id, [session.id]);
        let said = SessionEnded {
            session_ids: ids.to_vec(),
            cause,
        };
        let whose = (user, Actor::system());
        let event = self.log.tell(whose, "session.ended", &said, now).await?;
        self.store.end_sessions_telling(user, &ids, event).await
    }

    /// The event of sessions that end by an act of hers.
    pub(super) async fn ended(
        &self,
        caller: &Caller,
        ids: &[SessionId],
        cause: SessionEndCause,
    ) -> Result<Append> {
        let said = SessionEnded {
            session_ids: ids.to_vec(),
            cause,
        };
        self.event(caller, "session.ended", &said).await
    }

    /// The event of an act of hers.
    pub(super) async fn event(
        &self,
        caller: &Caller,
        name: &'static str,
        said: &impl Serialize,
    ) -> Result<Append> {
        let whose = caller.whose();
        self.log.tell(whose, name, said, clock::now()).await
    }

    /// Refuses an id that is of no session of hers, before anything is sealed for it.
    async fn required(&self, user: UserId, id: SessionId) -> Result<()> {
        let found = self.store.session(user, id).await?;
        found.map(drop).ok_or_else(no_session)
    }
}

fn no_session() -> Error {
    Error::not_found("SESSION_NOT_FOUND", "This sign-in does not exist any more.")
}
